"""Line shapes: areas, widths and asymmetry."""

import numpy as np
import pytest

from simulators.diffraction.profile import STEP_DEGREES, Widths, axial_shifts, lay


def widths(gauss: float, lorentz: float, n: int = 1) -> Widths:
    return Widths(np.full(n, gauss), np.full(n, lorentz))


def test_limits_of_the_pseudo_voigt_are_gauss_and_lorentz() -> None:
    assert widths(0.1, 1e-9).total[0] == pytest.approx(0.1, rel=1e-6)
    assert widths(0.1, 1e-9).lorentz_share[0] == pytest.approx(0.0, abs=1e-6)
    assert widths(1e-9, 0.1).total[0] == pytest.approx(0.1, rel=1e-6)
    assert widths(1e-9, 0.1).lorentz_share[0] == pytest.approx(1.0, abs=1e-4)


def test_lines_laid_on_the_grid_keep_area_place_and_width() -> None:
    shape = widths(0.08, 0.03)
    curve = lay(np.array([20.0012]), np.array([5.0]), shape, grid=(10.0, 4001))
    angles = 10.0 + np.arange(4001) * STEP_DEGREES
    # The Lorentzian tails outside ±10° hold about 0.1 %.
    assert curve.sum() * STEP_DEGREES == pytest.approx(5.0, rel=3e-3)
    assert angles[np.argmax(curve)] == pytest.approx(20.0012, abs=STEP_DEGREES)
    above = angles[curve > curve.max() / 2]
    assert np.ptp(above) == pytest.approx(shape.total[0], abs=2 * STEP_DEGREES)


def test_each_line_keeps_its_own_width() -> None:
    shape = Widths(np.array([0.05, 0.2]), np.array([0.01, 0.1]))
    curve = lay(np.array([15.0, 25.0]), np.ones(2), shape, grid=(10.0, 4001))
    heights = curve[[1000, 3000]]
    for height, width, share in zip(
        heights, shape.total, shape.lorentz_share, strict=True
    ):
        gauss = 2 * np.sqrt(np.log(2) / np.pi) / width
        expected = share * 2 / np.pi / width + (1 - share) * gauss
        assert height == pytest.approx(expected, rel=0.01)


def test_lines_outside_the_grid_are_left_out() -> None:
    curve = lay(np.array([99.0]), np.ones(1), widths(0.1, 0.1), grid=(10.0, 101))
    assert not curve.any()


def test_axial_divergence_acts_below_ninety_degrees_downwards() -> None:
    angles, shares = axial_shifts(np.array([15.0, 90.0, 150.0]), 0.02)
    assert shares.sum(axis=1) == pytest.approx(1.0)
    mean = (angles * shares).sum(axis=1) - [15.0, 90.0, 150.0]
    assert mean[0] < -0.01
    assert mean[1] == pytest.approx(0.0, abs=1e-6)
    assert mean[2] > 0.01
