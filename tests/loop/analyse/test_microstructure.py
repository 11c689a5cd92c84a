"""Size and strain come from the phase's own width, with a calibrated instrument."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import least_squares

from loop.analyse.calibration import calibrate
from loop.analyse.microstructure import size_and_strain
from loop.analyse.problem import linear, prepare
from loop.analyse.profile import Broadening, Instrument
from loop.analyse.shapes import Shape
from tests.loop.analyse.standardpatterns import measured
from tests.loop.analyse.synthetic import references

(NIO,) = references("NiO")
OPTICS = Instrument(
    gauss_degrees=0.04,
    lorentz_degrees=0.02,
    lorentz_tan_degrees=0.033,
    is_calibrated=True,
)


def test_none_without_calibration():
    assert size_and_strain(Shape(NIO), Instrument()) is None


def test_formulas():
    wide = Shape(NIO, broadening=Broadening(0.166, 0.23))
    found = size_and_strain(wide, OPTICS)
    assert found.size_nanometres == pytest.approx(
        0.94 * 0.1540598 / np.radians(0.166), rel=1e-6
    )
    assert found.strain == pytest.approx(np.radians(0.23) / 4)
    sharp = size_and_strain(Shape(NIO, broadening=Broadening(0.001, 0.001)), OPTICS)
    assert (sharp.size_nanometres, sharp.strain) == (None, None)
    assert sharp.largest_nanometres > 500


def test_instrument_widths_add_to_those_of_the_phase():
    grid = np.arange(30.0, 60.0, 0.02)
    together = Shape(NIO, broadening=Broadening(0.10, 0.05)).curve(
        grid, replace(OPTICS, lorentz_degrees=0.0, lorentz_tan_degrees=0.0)
    )
    apart = Shape(NIO, broadening=Broadening(0.08, 0.017)).curve(grid, OPTICS)
    assert np.allclose(together, apart)


@pytest.mark.parametrize("nanometres", [20.0, 60.0])
def test_size_of_a_simulated_powder(nanometres):
    optics = calibrate(measured({"LaB6": 1.0}, high=120.0)).instrument
    pattern = measured({"NiO": 1.0}, high=100.0, nanometres=nanometres, seed=4)
    problem = prepare(pattern.two_theta, pattern.counts)

    def drawn(values):
        own = Broadening(float(np.exp(values[0])), values[1])
        shape = Shape(NIO, (values[2],), own)
        there = replace(optics, displacement_millimetres=values[3])
        return shape, shape.curve(problem.grid, there)[:, None]

    def residual(values):
        curve = drawn(values)[1]
        scales, background, _ = linear(problem, curve)
        return (problem.observed - background - curve @ scales) * problem.root

    start = np.array([np.log(0.2), 0.0, 0.0, 0.0])
    found = least_squares(residual, start, x_scale=[0.3, 0.05, 1e-4, 0.05])
    size = size_and_strain(drawn(found.x)[0], optics).size_nanometres
    assert size == pytest.approx(nanometres, rel=0.15)
