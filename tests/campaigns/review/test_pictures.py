"""Pictures show the fit to one scale, and say what is in the powder."""

import numpy as np
import pytest

from campaigns.fit import Fit
from campaigns.review import traces
from campaigns.review.diffractogram import diffractogram
from campaigns.review.pictures import WRITERS

WEIGHTS = {"B": (0.3, 0.04), "A2O3": (0.7, 0.04)}


@pytest.fixture
def fit():
    x = np.linspace(10.0, 90.0, 2001)
    lines = {
        name: 900.0 * np.exp(-(((x - at) / 0.2) ** 2))
        for name, at in (("B", 30.0), ("A2O3", 50.0))
    }
    background = np.full_like(x, 100.0)
    calculated = background + sum(lines.values())
    observed = calculated + 20.0 * np.sin(x)
    ticks = {"B": np.array([30.0]), "A2O3": np.array([50.0, 70.0])}
    return Fit(x, observed, calculated, background, lines, ticks)


def test_differences_are_drawn_to_the_scale_of_the_pattern(fit):
    view = diffractogram(fit)
    bottom, top = view.pattern_range
    low, high = view.difference_range
    assert bottom == 0.0
    assert top > fit.observed.max()
    assert low < view.difference.min()
    assert high > view.difference.max()
    layout = traces.pattern(view)["layout"]
    pixels = layout["height"]
    above = (layout["yaxis"]["domain"][1] - layout["yaxis"]["domain"][0]) * pixels
    below = (layout["yaxis3"]["domain"][1] - layout["yaxis3"]["domain"][0]) * pixels
    assert below / (high - low) == pytest.approx(above / (top - bottom), rel=0.02)


def test_phases_stand_by_weight_with_their_errors(fit):
    view = diffractogram(fit, weights=WEIGHTS)
    captions = [phase.caption for phase in view.phases]
    assert captions == ["A₂O₃  70.0 ± 4.0 wt%", "B  30.0 ± 4.0 wt%"]
    assert [phase.caption for phase in diffractogram(fit).phases] == ["B", "A₂O₃"]


def test_roots_of_counts_keep_noise_even(fit):
    view = diffractogram(fit, is_root=True)
    assert np.allclose(view.observed**2, fit.observed)
    assert np.allclose(view.difference, np.sqrt(fit.observed) - np.sqrt(fit.calculated))
    assert view.pattern_range[0] > 0.0
    assert "√" in view.quantity
    assert traces.pattern(view)["layout"]["updatemenus"] == []


@pytest.mark.parametrize("suffix", list(WRITERS))
def test_each_kind_of_file_is_written_the_same_each_time(fit, tmp_path, suffix):
    view = diffractogram(fit, title="a<b", remarks=("Rwp 3.1 %",), weights=WEIGHTS)
    paths = [tmp_path / f"{name}{suffix}" for name in "ab"]
    for path in paths:
        WRITERS[suffix](view, path)
    content = paths[0].read_bytes()
    if suffix == ".png":
        assert content.startswith(b"\x89PNG")
    else:
        text = content.decode()
        assert "a&lt;b" in text
        assert "70.0 ± 4.0 wt%" in text.replace("\\u00b1", "±")
    assert paths[1].read_bytes() == content


def test_a_fit_without_phases_is_drawn_too(fit, tmp_path):
    bare = Fit(fit.two_theta, fit.observed, fit.background, fit.background, {}, {})
    for suffix, write in WRITERS.items():
        path = tmp_path / f"bare{suffix}"
        write(diffractogram(bare), path)
        assert path.stat().st_size > 1000
