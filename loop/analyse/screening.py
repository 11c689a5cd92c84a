"""A fast look at all candidates: drawn once, then shifted and compared."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from instruments.quantities import Floats
from loop.analyse import profile
from loop.analyse.problem import Problem, gain, linear
from loop.analyse.profile import Broadening, Instrument
from loop.analyse.references import Reference
from loop.analyse.shapes import Shape

Singles = NDArray[np.float32]
_SCREEN_WIDTH = Broadening(size_degrees=0.1)
_SCREEN_REACH_DEGREES = 1.0
_DISPLACEMENTS = np.linspace(-0.35, 0.35, 15)
_STRETCH_STEP, _STRETCH_REACH = 0.0015, 0.75
"""Trial cells are this far apart and reach over this part of a candidate's limit."""


@dataclass(frozen=True, slots=True, eq=False)
class Screen:
    """All candidates drawn once, to be shifted instead of drawn again."""

    problem: Problem
    instrument: Instrument
    """Without displacement."""
    references: tuple[Reference, ...]
    expected: frozenset[str]
    """Elements known to be in the powder; empty if nothing is known."""
    curves: Floats
    """Undisplaced curves, shape n x candidates."""
    trials: tuple[tuple[float, NDArray[np.int64]], ...]
    """Relative stretches to try, each with the candidates that may be so far off."""

    def at(self, displacement: float) -> Instrument:
        """Return the instrument with a displacement, mm."""
        return replace(self.instrument, displacement_millimetres=displacement)

    def moved(self, displacement: float, stretch: float, curves: Floats) -> Floats:
        """Return curves shifted by displacement (mm) and a relative stretch.

        Source:
            Bragg's law differentiated: delta(2 theta) = -2 (delta d / d) tan theta.
        """
        grid = self.problem.grid
        shift = profile.displacement_degrees(grid, self.at(displacement)) - np.degrees(
            2.0 * stretch * np.tan(np.radians(grid) / 2.0)
        )
        return profile.shifted(grid, curves, shift)


def screen(
    problem: Problem,
    references: tuple[Reference, ...],
    instrument: Instrument,
    expected: frozenset[str],
) -> Screen:
    """Draw every candidate once with a middling width."""
    instrument = replace(instrument, displacement_millimetres=0.0)
    curves = [
        Shape(reference, broadening=_SCREEN_WIDTH).curve(
            problem.grid, instrument, reach_degrees=_SCREEN_REACH_DEGREES
        )
        for reference in references
    ]
    return Screen(
        problem,
        instrument,
        references,
        expected,
        np.stack(curves, 1),
        _trials(references),
    )


def _trials(
    references: tuple[Reference, ...],
) -> tuple[tuple[float, NDArray[np.int64]], ...]:
    steps = np.array(
        [_STRETCH_REACH * one.cell_limit / _STRETCH_STEP for one in references]
    )
    most = int(steps.max())
    return tuple(
        (_STRETCH_STEP * i, np.flatnonzero(steps >= abs(i)))
        for i in range(-most, most + 1)
    )


def find_displacement(drawn: Screen) -> float:
    """Return the displacement at which all candidates together fit best, mm."""
    chi2 = [
        linear(drawn.problem, drawn.moved(s, 0.0, drawn.curves))[2]
        for s in _DISPLACEMENTS
    ]
    return float(_DISPLACEMENTS[int(np.argmin(chi2))])


@dataclass(frozen=True, slots=True)
class Offer:
    """A candidate as a possible addition."""

    reference: Reference
    stretch: float
    gain: float
    """Fall of chi squared, before its widths are refined."""

    @property
    def shape(self) -> Shape:
        """Return where to start its refinement."""
        return Shape(
            self.reference,
            (self.stretch,) * sum(1 for g in self.reference.ties if g[0] < 3)
            + (0.0,) * sum(1 for g in self.reference.ties if g[0] > 2),
            _SCREEN_WIDTH,
        )


def stretched(drawn: Screen, displacement: float) -> Singles:
    """Return all candidates at all their trial stretches, weighted, shape n x trials.

    In single precision, as hundreds of candidates take up most of the memory.

    Args:
        drawn: The screened candidates.
        displacement: Specimen displacement, mm.
    """
    root = drawn.problem.root[:, None]
    return np.hstack(
        [
            (drawn.moved(displacement, s, drawn.curves[:, of]) * root).astype(
                np.float32
            )
            for s, of in drawn.trials
        ]
    )


def offers(drawn: Screen, kept: Floats, columns: Singles) -> list[Offer]:
    """Rank candidates by how much each alone would improve the fit.

    Args:
        drawn: The screened candidates.
        kept: Curves of phases already taken, shape `n x k`.
        columns: What `stretched` gives.
    """
    stretch = np.concatenate([np.full(len(of), s) for s, of in drawn.trials])
    owner = np.concatenate([of for _, of in drawn.trials])
    limits = np.array([one.cell_limit for one in drawn.references])
    gains = gain(drawn.problem, kept, columns) - (3.0 * stretch / limits[owner]) ** 2
    order = np.argsort(-gains, kind="stable")
    _, first = np.unique(owner[order], return_index=True)
    found = [
        Offer(drawn.references[owner[i]], float(stretch[i]), float(gains[i]))
        for i in order[first]
    ]
    return sorted(found, key=lambda offer: -offer.gain)
