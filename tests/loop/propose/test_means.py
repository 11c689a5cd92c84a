"""The rate law behind yields, and figures that follow from the settings."""

from math import log

import pytest
import torch

from loop.propose.columns import N_PHYSICS
from loop.propose.means import (
    CONSTANTS,
    Calculated,
    CalculatedMean,
    RateMean,
    RatePrior,
)

AIR, OXYGEN = 0.0, log(1 / 0.2095)


def law():
    return RateMean(RatePrior(1100.0, 70.0, 1290.0, 40.0), scale=1.0)


def rows(kelvin, *, hours=10.0, carbonate=0.0, chance=1.0, oxygen=AIR):
    column = torch.as_tensor(kelvin, dtype=torch.float64).reshape(-1)
    rest = torch.tensor([log(hours), carbonate, chance, oxygen, 0.0, 0.0, 0.0])
    return torch.cat([column[:, None], rest.double().expand(len(column), -1)], dim=1)


def best_kelvin(mean, **settings):
    kelvin = torch.arange(1000.0, 1400.0, 2.0)
    with torch.no_grad():
        return float(kelvin[int(mean(rows(kelvin, **settings)).argmax())])


def test_yields_rise_with_time_and_fall_with_carbonate_and_beyond_the_limit():
    mean = law()
    with torch.no_grad():
        plain, longer, slow, hot, never = (
            float(mean(X))
            for X in (
                rows(1150.0),
                rows(1150.0, hours=24.0),
                rows(1150.0, carbonate=0.5),
                rows(1400.0),
                rows(1150.0, chance=0.0),
            )
        )
    assert longer > plain > slow > 0
    assert hot < plain
    assert never == 0


def test_more_oxygen_moves_onset_and_limit_up():
    mean = law()
    shift = best_kelvin(mean, oxygen=OXYGEN) - best_kelvin(mean)
    # Half of CuO -> Cu2O, which moves by 77 K from air to oxygen at 1290 K.
    assert 20 < shift < 60
    with torch.no_grad():
        cold = rows(1120.0), rows(1120.0, oxygen=OXYGEN)
        assert float(mean(cold[0])) > float(mean(cold[1]))


def test_other_constants_broadcast_against_rows():
    mean = law()
    deviates = [torch.zeros(4, 1, dtype=torch.float64) for _ in CONSTANTS]
    X = rows([1100.0, 1200.0])
    found = mean.at(X, deviates)
    assert found.shape == (4, 2)
    assert torch.allclose(found, mean(X).expand(4, 2))


def test_a_calculated_figure_is_its_column_scaled():
    # Hours, minimised: sign -1, shift 12 h, scale 4 h.
    mean = CalculatedMean(Calculated(-1, 0.0, -0.25, 3.0))
    X = torch.zeros(2, N_PHYSICS, dtype=torch.float64)
    X[:, -1] = torch.tensor([12.0, 20.0])
    with torch.no_grad():
        assert mean(X).tolist() == pytest.approx([0.0, -2.0])
