"""How sets of phases are judged against each other: fit against what it cost."""

import math
from dataclasses import dataclass

import numpy as np

from loop.analyse import profile
from loop.analyse.refine import Solution
from loop.analyse.screening import Screen

_LEAST_POINTS_PER_ERROR = 2.0
_MID_RANGE_DEGREES = 45.0
_STRETCH_TYPICAL = 1.0 / 8.0
"""Of the limit: how far most cells are off."""
_LIGHT = frozenset({"H", "C", "N", "O"})
"""Elements that leave as gas or that X-rays hardly see."""
_HIDDEN_ELEMENT = 2.0 * math.log(100.0)
"""Cost of a set that lacks a known element: odds of 1 % that all of it is hidden."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """How a set of phases is judged against others."""

    spread: float
    """Chi squared that one independent error is worth."""
    points: float
    """Independent points."""
    candidates: int
    expected: frozenset[str] = frozenset()
    """Elements known to be in the powder."""

    def of(self, solution: Solution) -> float:
        """Return the extended Bayesian information criterion; lower is better.

        Source:
            Chen & Chen, Biometrika 95 (2008) 759, gamma = 1.
        """
        free = sum(shape.n_free for shape in solution.shapes)
        n = len(solution.shapes)
        # Long tails: most cells agree with the published one, a few do not at all.
        strain = sum(
            math.log1p((change / (_STRETCH_TYPICAL * shape.reference.cell_limit)) ** 2)
            for shape in solution.shapes
            for change in shape.stretch
        )
        found = frozenset().union(*(s.reference.elements for s in solution.shapes))
        hidden = len(self.expected - found - _LIGHT)
        choices = math.log(math.comb(self.candidates, min(n, self.candidates)))
        return (
            (solution.chi2 + solution.penalty) / self.spread
            + free * math.log(self.points)
            + 2.0 * choices
            + 2.0 * strain
            + _HIDDEN_ELEMENT * hidden
        )


def evidence(drawn: Screen, best: Solution) -> Evidence:
    """Scale chi squared so that the best fit leaves one unit per independent error.

    What a line is drawn wrong by, all points within its width share.
    """
    grid = drawn.problem.grid
    n = len(grid)
    sharing = _line_width(best) / float(grid[1] - grid[0])
    sharing = max(_LEAST_POINTS_PER_ERROR, sharing)
    reduced = max(1.0, best.chi2 / n)
    return Evidence(
        spread=reduced * sharing,
        points=n / sharing,
        candidates=max(2, len(drawn.references)),
        expected=drawn.expected,
    )


def _line_width(solution: Solution) -> float:
    """Return the phases' full width at half maximum in mid-range, degrees."""
    middle = np.array([_MID_RANGE_DEGREES])
    width = [
        float(profile.widths(middle, shape.broadening, solution.instrument)[0][0])
        for shape in solution.shapes
    ]
    # A broad phase beside a sharp one counts by its amount.
    return float(np.average(width, weights=solution.scales + 1e-12))
