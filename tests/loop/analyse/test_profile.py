"""Lines fall, weigh and widen as the textbooks say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loop.analyse import profile
from loop.analyse.profile import Broadening, Instrument

CU = Instrument()


def test_silicon_111():
    (angle,) = profile.bragg_degrees(np.array([3.13560]), 1.540593)
    assert angle == pytest.approx(28.441, abs=2e-3)  # NIST SRM 640
    assert np.isnan(profile.bragg_degrees(np.array([0.5]), 1.54)).all()


def test_displacement_lowers_low_angles_most():
    instrument = Instrument(displacement_millimetres=0.1)
    low, high = profile.displacement_degrees(np.array([10.0, 120.0]), instrument)
    assert low == pytest.approx(-0.0787, abs=1e-3)
    assert low < high < 0


def test_overspill_only_at_low_angles():
    share = profile.overspill(np.array([5.0, 10.0, 60.0]), CU)
    assert share[0] < share[1] < 1.0
    assert share[1] == pytest.approx(13.0 / 29.0, abs=0.01)
    assert share[2] == 1.0


@given(st.floats(0.02, 0.4), st.floats(0.005, 1.0))
def test_width_lies_between_its_parts_and_their_sum(gauss, size):
    fwhm, share = profile.widths(
        np.array([1e-6]), Broadening(size), Instrument(gauss_degrees=gauss)
    )
    assert max(gauss, size) <= fwhm[0] * 1.001
    assert fwhm[0] <= gauss + size + 1e-9
    assert 0.0 <= share[0] <= 1.0


@given(st.floats(20.0, 80.0), st.floats(0.08, 0.4), st.floats(0.0, 0.5))
def test_area_of_a_line(centre, fwhm, share):
    grid = np.arange(10.0, 90.0, 0.02)
    drawn = profile.curve(
        grid,
        np.array([centre]),
        np.array([3.0]),
        fwhm=np.array([fwhm]),
        lorentz=np.array([share]),
        reach_degrees=8.0,
    )
    assert drawn.sum() * 0.02 == pytest.approx(3.0, rel=0.03)


def test_lines_of_the_tube():
    position, intensity = profile.lines(np.array([60.0, 30.0]), np.ones(2), CU)
    assert intensity.sum() == pytest.approx(3.0)
    assert position.max() == pytest.approx(60.165, abs=0.01)
    tail = position[position < 30.0]
    assert tail.min() == pytest.approx(29.896, abs=2e-3)  # 30 - 0.06 cot 30
    beta, _ = profile.lines(np.array([60.0]), np.ones(1), Instrument(beta_ratio=0.01))
    assert beta.min() == pytest.approx(53.7, abs=0.1)


def test_shifted_curves():
    grid = np.arange(10.0, 40.0, 0.02)
    bump = np.exp(-(((grid - 20) / 0.3) ** 2))[:, None]
    moved = profile.shifted(grid, bump, np.full_like(grid, 0.5))
    assert grid[moved[:, 0].argmax()] == pytest.approx(20.5, abs=0.02)
