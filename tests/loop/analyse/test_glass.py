"""Powders that show a hump and no line are amorphous; all others are not."""

import numpy as np
import pytest

from instruments.quantities import Pattern
from loop.analyse.glass import is_glass
from loop.analyse.patterns import rebin
from loop.analyse.phases import identify
from loop.analyse.problem import prepare
from tests.loop.analyse.synthetic import WAVELENGTHS, make, references


def hump(height, *, seed=1, width=6.0):
    """A pattern without a line, with Poisson counts."""
    x = np.arange(15.0, 90.0, 0.04)
    y = 300.0 * (1 + 4 / x) + height * np.exp(-(((x - 28) / width) ** 2))
    rng = np.random.Generator(np.random.Philox(key=seed))
    return Pattern(x, rng.poisson(y).astype(float), 1.0, WAVELENGTHS)


def judged(pattern):
    binned = rebin(pattern)
    return is_glass(prepare(binned.two_theta, binned.counts))


@pytest.mark.parametrize("height", [100.0, 600.0, 20000.0])
def test_a_hump_without_lines_is_glass(height):
    assert all(judged(hump(height, seed=seed)) for seed in range(4))


def test_an_empty_pattern_is_none():
    assert not any(judged(hump(0.0, seed=seed)) for seed in range(4))


def test_a_few_lines_on_a_hump_are_crystals():
    weak = make({"YBa2Cu3O7": 1.0}, peak=250.0, hump=600.0)
    assert not judged(weak)
    assert not judged(make({"YBa2Cu3O7": 1.0}))


def test_no_candidate_is_read_into_a_hump():
    found, fit = identify(hump(600.0), references("YBa2Cu3O7", "BaCuO2"))
    assert dict(zip(found.fractions.phases, found.fractions.mean, strict=True)) == {
        "unknown": 0.0, "amorphous": 1.0,
    }  # fmt: skip
    assert not found.hypotheses
    assert not found.is_usable
    assert "nothing crystalline" in found.quality[0]
    assert fit.phases == {}
