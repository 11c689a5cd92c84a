"""Curves as files."""

import numpy as np
import pytest

from campaigns.review.curves import Band, Curves
from campaigns.review.pictures import WRITERS, write_curves


@pytest.mark.parametrize("suffix", list(WRITERS))
def test_curves_are_written_alike_each_time(tmp_path, suffix):
    x = np.arange(1.0, 6.0)
    band = Band(middle=x / 6, low=x / 7, high=x / 5)
    view = Curves("a <title>", "experiments", "share", x, {"one": band, "two": band})
    first, again = tmp_path / f"1{suffix}", tmp_path / f"2{suffix}"
    write_curves(view, first)
    write_curves(view, again)
    assert first.read_bytes() == again.read_bytes()
    assert first.stat().st_size > 1000
