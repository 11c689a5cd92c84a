"""Pareto fronts and hypervolumes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from campaigns.goals import Objective
from campaigns.pareto import (
    hypervolume,
    hypervolume_trace,
    oriented,
    pareto_mask,
    reference_point,
    scores_of,
)
from campaigns.results import Score, Trial

YIELD = Objective(measure="yield", goal="maximize", threshold=0.2)
TIME = Objective(measure="time", goal="minimize")


def test_the_front_keeps_what_nothing_beats():
    Y = np.array([[1, 3], [2, 2], [3, 1], [1, 1], [2, 2], [np.nan, 9]])
    assert pareto_mask(Y).tolist() == [True, True, True, False, True, False]


@pytest.mark.parametrize(
    ("Y", "reference", "volume"),
    [
        ([[2.0]], [0.5], 1.5),
        ([[1, 3], [2, 2], [3, 1]], [0, 0], 6.0),
        ([[1, 3], [2, 2], [3, 1]], [1, 1], 1.0),
        ([[1, 1, 1]], [0, 0, 0], 1.0),
        ([[2, 1, 1], [1, 2, 1], [1, 1, 2]], [0, 0, 0], 4.0),
        ([[1, 1, 1, 1], [2, 1, 1, 1]], [0, 0, 0, 0], 2.0),
        ([[-1, 5]], [0, 0], 0.0),
        ([[np.nan, 5]], [0, 0], 0.0),
    ],
)
def test_volumes_known_by_hand(Y, reference, volume):
    assert hypervolume(np.array(Y, float), np.array(reference, float)) == volume


@given(arrays(float, (5, 3), elements=st.floats(0, 1)))
def test_volume_agrees_with_counting_boxes(Y):
    Y = np.round(Y * 4)
    cells = np.stack(np.meshgrid(*[np.arange(4) + 0.5] * 3), -1).reshape(-1, 3)
    counted = (Y[:, None] >= cells[None]).all(-1).any(0).sum()
    assert hypervolume(Y, np.zeros(3)) == pytest.approx(counted)


@given(arrays(float, (6, 2), elements=st.floats(-1, 1)))
def test_more_results_never_shrink_it(Y):
    trace = hypervolume_trace(Y, np.array([-0.5, -0.5]))
    assert (np.diff(trace) >= -1e-12).all()


def test_width_must_agree():
    with pytest.raises(ValueError, match="2 objectives and the reference point 3"):
        hypervolume(np.ones((1, 2)), np.zeros(3))


def test_the_reference_point_is_the_threshold_or_a_little_worse_than_the_worst():
    Y = np.array([[0.5, 10.0], [0.9, 30.0], [np.nan, np.nan]])
    assert reference_point(Y, [YIELD, TIME]) == pytest.approx([0.2, -32.0])
    assert oriented(Y, [YIELD, TIME])[0].tolist() == [0.5, -10.0]


def test_scores_missing_are_nan():
    trial = Trial(
        sample="S1",
        load=1,
        role="search",
        planned={},
        measured={},
        status="scored",
        scores={"yield": Score(mean=0.4, variance=0.0)},
    )
    found = scores_of([trial], [YIELD, TIME])
    assert found[0, 0] == 0.4
    assert np.isnan(found[0, 1])
