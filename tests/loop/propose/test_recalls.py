"""How far forecasts of earlier campaigns are believed."""

import pytest
import torch

from loop.propose.recalls import Recalls, even


def test_beforehand_the_own_prior_is_one_voice_among_all():
    found = even(slice(3, 5))
    assert found is not None
    assert found.shares == pytest.approx((1 / 3, 1 / 3))
    assert even(slice(3, 3)) is None


def test_weights_are_those_of_a_draw_among_campaigns_and_none():
    found = Recalls(slice(0, 2), (0.5, 0.2))
    outcomes = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]).double()
    chances = torch.tensor([0.5, 0.2, 0.3]).double()
    mean = chances @ outcomes
    apart = outcomes - mean
    assert torch.allclose(found.mean, mean)
    assert torch.allclose(found.covariance, (apart.mT * chances) @ apart)


def test_settled_weights_are_not_learned_a_second_time():
    found = Recalls(slice(0, 2), (0.5, 0.2), is_settled=True)
    assert not found.covariance.any()
