"""How far single lines of a fitted pattern lie from where they are calculated."""

from dataclasses import dataclass

import numpy as np

from instruments.quantities import Floats

_REACH_DEGREES = 0.35
_APART_DEGREES = 0.8
_LEAST_SIGNIFICANCE = 25.0


@dataclass(frozen=True, slots=True)
class LineShift:
    """One line: observed against calculated."""

    hkl: tuple[int, int, int]
    two_theta: float
    """As calculated, degrees."""
    shift_degrees: float
    """Observed less calculated."""
    sigma_degrees: float
    """Of the shift, from counting."""
    ratio: float
    """Observed over calculated intensity."""


def line_shifts(
    grid: Floats,
    observed: Floats,
    *,
    background: Floats,
    calculated: Floats,
    reflections: tuple[Floats, Floats],
) -> tuple[LineShift, ...]:
    """Return shift and intensity of each strong line that stands apart.

    The shift is the one that lowers the residual most, to first order: the residual
    projected on the slope of the calculated line.

    Args:
        grid: Angles, degrees, shape n.
        observed: Counts, shape n.
        background: Counts, shape n.
        calculated: Lines without background, counts, shape n.
        reflections: Miller indices, shape m x 3, and K-alpha1 positions, degrees,
            shape m.
    """
    hkl, at = reflections
    slope = np.gradient(calculated, grid)
    variance = np.maximum(background + calculated, 1.0)
    found = []
    for index in np.argsort(at):
        place = float(at[index])
        others = np.delete(at, index)
        if not grid[0] + _REACH_DEGREES < place < grid[-1] - _REACH_DEGREES:
            continue
        if len(others) and np.abs(others - place).min() < _APART_DEGREES:
            continue
        near = np.abs(grid - place) < _REACH_DEGREES
        lines, weight = calculated[near], 1.0 / variance[near]
        if float((lines**2 * weight).sum()) < _LEAST_SIGNIFICANCE**2:
            continue
        net = observed[near] - background[near]
        curvature = float((slope[near] ** 2 * weight).sum())
        shift = -float(((net - lines) * slope[near] * weight).sum()) / curvature
        h, k, m = (int(value) for value in hkl[index])
        found.append(
            LineShift(
                hkl=(h, k, m),
                two_theta=place,
                shift_degrees=shift,
                sigma_degrees=curvature**-0.5,
                ratio=float(net.sum() / lines.sum()),
            )
        )
    return tuple(found)
