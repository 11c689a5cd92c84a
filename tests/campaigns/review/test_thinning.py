"""Fewer points that keep every extreme."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from campaigns.review.thinning import rounded, thinned

VALUES = arrays(np.float64, st.integers(0, 400), elements=st.floats(-1e6, 1e6))


@given(values=VALUES, most=st.integers(4, 100))
def test_extremes_and_ends_stay(values, most):
    kept = thinned(values, most=most)
    assert (np.diff(kept) > 0).all()
    assert len(kept) <= max(most, 4)
    if len(values):
        assert values[kept].max() == values.max()
        assert values[kept].min() == values.min()
        assert (kept[0], kept[-1]) == (0, len(values) - 1)


def test_a_narrow_peak_keeps_its_height():
    values = np.zeros(100_000)
    values[54_321] = 7.0
    kept = thinned(values, most=1000)
    assert values[kept].max() == 7.0
    assert len(kept) <= 1000


def test_numbers_are_rounded_and_gaps_stay_gaps():
    assert rounded(np.array([1234567.0, 0.000123456, np.nan])) == [
        1234600.0, 0.00012346, None,
    ]  # fmt: skip
