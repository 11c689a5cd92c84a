"""Figures that are known before anything is fired."""

from math import inf

import numpy as np
import pytest
import torch

from campaigns.spec import Objective
from loop.propose.calculated import Figures, known
from loop.propose.columns import N_PHYSICS
from loop.propose.scaling import Scaled

YIELD = Objective(measure="yield", goal="maximize")
TIME = Objective(measure="time", goal="minimize", threshold=20.0)


def figures(*objectives):
    physics = np.zeros((3, N_PHYSICS))
    physics[:, 0] = [1173.15, 1223.15, 1273.15]
    physics[:, -2] = [30.0, 15.0, 10.0]
    return Figures(objectives, physics)


def test_values_are_in_the_figures_own_unit():
    assert figures().values("time").tolist() == [30.0, 15.0, 10.0]
    assert figures().values("peak_temperature") == pytest.approx([900, 950, 1000])
    assert figures().values("yield") is None


def test_profiles_beyond_a_threshold_are_left_out_unless_all_are():
    allowed = torch.tensor([[True, True], [True, False], [True, True]])
    useful = figures(YIELD, TIME).within_thresholds(allowed)
    assert useful.tolist() == [[False, False], [True, False], [True, True]]
    hard = TIME.model_copy(update={"threshold": 1.0})
    assert torch.equal(figures(hard).within_thresholds(allowed), allowed)


def test_burden_orders_profiles_by_what_is_calculated():
    assert figures(YIELD, TIME).burden().argsort().tolist() == [2, 1, 0]
    assert figures(YIELD).burden().tolist() == [0, 0, 0]


def test_the_ideal_is_the_limit_or_the_best_of_any_profile():
    scales = {
        "yield": Scaled("yield", 1.0, 0.0, 0.5),
        "time": Scaled("time", -1.0, 20.0, 5.0),
    }
    limit = torch.tensor([2.0, inf], dtype=torch.float64)
    assert figures(YIELD, TIME).ideal(limit, scales, {}).tolist() == [2.0, 2.0]


def test_only_calculated_figures_stand_in_a_column():
    assert known(Scaled("yield", 1.0, 0.0, 0.3)) is None
    found = known(Scaled("time", -1.0, 12.0, 4.0))
    assert found is not None
    assert (20.0 - found.less) * found.slope + found.intercept == pytest.approx(-2.0)
