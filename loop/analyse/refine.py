"""Fit a given set of phases to a pattern: variable projection with priors."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from instruments.quantities import Floats
from loop.analyse.problem import RIDGE, Problem, linear, project
from loop.analyse.profile import Instrument, displacement_degrees
from loop.analyse.shapes import (
    MOUNT,
    OPTICS,
    SHIFTS,
    Axis,
    Row,
    Shape,
    Texture,
    pack,
    rows,
    unpack,
)

_AXES: tuple[Axis, ...] = (0, 1, 2)
_SMALL_STEP = 0.03
"""After a step that gains less than this share, slopes serve once more."""
_TEXTURE_GAIN = 12.0
_TEXTURE_STEP = 0.05
_RIVAL_AXIS = 0.5
"""Axes that promise this share of the best one's gain are tried out."""


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """A refined set of phases."""

    shapes: tuple[Shape, ...]
    instrument: Instrument
    scales: Floats
    """Weights on a common arbitrary scale, one a phase."""
    curves: Floats
    """Counts per unit of scale, shape n x phases."""
    background: Floats
    """Counts, shape n."""
    chi2: float
    """Sum of squared residuals over `Problem.variance`."""
    penalty: float
    """Priors on cells, widths, texture and displacement, in the same unit."""

    @property
    def calculated(self) -> Floats:
        """Return background plus phases, counts."""
        total: Floats = self.background + self.curves @ self.scales
        return total

    @property
    def names(self) -> tuple[str, ...]:
        """Return the phase names."""
        return tuple(shape.reference.name for shape in self.shapes)


def _solve(
    problem: Problem,
    shapes: tuple[Shape, ...],
    instrument: Instrument,
    values: Floats,
    *,
    still: Solution | None = None,
    only: int | None = None,
) -> Solution:
    """Return amounts and background for figures; `still` but for phase `only`."""
    shapes, instrument = unpack(shapes, instrument, values)
    if still is None or only is None:
        curves = np.stack([s.curve(problem.grid, instrument) for s in shapes], 1)
    else:
        curves = still.curves.copy()
        curves[:, only] = shapes[only].curve(problem.grid, instrument)
    scales, background, chi2 = linear(problem, curves)
    penalty = sum(
        ((value - row.centre) / row.sigma) ** 2
        for value, row in zip(values, rows(shapes, instrument), strict=True)
    )
    return Solution(
        shapes, instrument, scales, curves, background, chi2, float(penalty)
    )


def _jacobian(
    problem: Problem, solution: Solution, values: Floats, moving: NDArray[np.bool_]
) -> Floats:
    """Return weighted derivatives of the calculated pattern, by differences.

    A figure of one phase changes that phase's curve only, so each costs one curve.
    """
    columns = []
    for index, row in enumerate(rows(solution.shapes, solution.instrument)):
        if not moving[index]:
            columns.append(np.zeros_like(problem.grid))
        elif row in SHIFTS:
            columns.append(_shifted(problem, solution, SHIFTS[row]))
        else:
            columns.append(_difference(problem, solution, values, (index, row)))
    return np.stack(columns, 1)


def _difference(
    problem: Problem, solution: Solution, values: Floats, which: tuple[int, Row]
) -> Floats:
    index, row = which
    moved = values.copy()
    moved[index] += row.step
    shapes, instrument = unpack(solution.shapes, solution.instrument, moved)
    change = np.zeros_like(problem.grid)
    for j, shape in enumerate(shapes):
        if row.owner in (MOUNT, OPTICS, j) and solution.scales[j] > 0.0:
            there = shape.curve(problem.grid, instrument)
            change += (there - solution.curves[:, j]) * (solution.scales[j] / row.step)
    column: Floats = change * problem.root
    return column


def _shifted(
    problem: Problem, solution: Solution, millimetres: tuple[float, float]
) -> Floats:
    """Return the weighted derivative by what moves all lines at one angle alike.

    Args:
        problem: The pattern.
        solution: Where the derivative is taken.
        millimetres: Change of displacement and of transparency.
    """
    displacement, transparency = millimetres
    unit = replace(
        solution.instrument,
        displacement_millimetres=displacement,
        transparency_millimetres=transparency,
    )
    net = np.gradient(solution.curves @ solution.scales, problem.grid)
    change = -net * displacement_degrees(problem.grid, unit)
    column: Floats = change * problem.root
    return column


def _unexplained(problem: Problem, solution: Solution, columns: Floats) -> Floats:
    """Return weighted columns less what amounts and background can mend of them."""
    active = solution.curves[:, solution.scales > 0.0]
    return project(problem, active, columns)


def _step(
    normal: Floats, slope: Floats, damping: float, free: NDArray[np.bool_]
) -> Floats:
    step = np.zeros_like(slope)
    damped = normal[np.ix_(free, free)]
    damped = damped + damping * np.diag(np.diag(damped))
    step[free] = np.linalg.solve(damped, slope[free])
    return step


def _moving(
    table: tuple[Row, ...], only: int | None, *, with_optics: bool
) -> NDArray[np.bool_]:
    if only is not None:
        return np.array([row.owner == only for row in table])
    return np.array([with_optics or row.owner != OPTICS for row in table])


def refine(
    problem: Problem,
    shapes: tuple[Shape, ...],
    instrument: Instrument,
    *,
    iterations: int = 6,
    tolerance: float = 2e-3,
    only: int | None = None,
    with_optics: bool = False,
) -> Solution:
    """Fit amounts, background, cells, widths, texture and the instrument's few figures.

    Args:
        problem: The pattern.
        shapes: Where to start, at least one phase.
        instrument: Where to start.
        iterations: Most accepted or refused steps.
        tolerance: Stop when the cost falls by less than this share.
        only: Index of the one phase that moves; all and the mount if absent.
        with_optics: Refine axial tail and K-beta too, when `only` is absent.

    Source:
        Kaufman, BIT 15 (1975) 49: variable projection; Levenberg-Marquardt damping;
        slopes kept over small steps as in the chord method.
    """
    values = pack(shapes, instrument)
    table = rows(shapes, instrument)
    centre = np.array([row.centre for row in table])
    sigma = np.array([row.sigma for row in table])
    low = np.array([row.low for row in table])
    high = np.array([row.high for row in table])
    values = np.clip(values, low, high)
    moving = _moving(table, only, with_optics=with_optics)
    best = _solve(problem, shapes, instrument, values)
    damping, is_fresh = 1e-2, False
    jacobian = np.empty((0, 0))
    for _ in range(iterations):
        if not is_fresh:
            jacobian = _jacobian(problem, best, values, moving)
            jacobian = _unexplained(problem, best, jacobian)
            is_fresh = is_current = True
        residual = (problem.observed - best.calculated) * problem.root
        normal = jacobian.T @ jacobian + np.diag(sigma**-2)
        slope = jacobian.T @ residual - (values - centre) / sigma**2
        # A figure at a bound stays there while it is pushed outwards.
        free = ~((values <= low) & (slope < 0) | (values >= high) & (slope > 0))
        free &= moving
        trial = np.clip(values + _step(normal, slope, damping, free), low, high)
        there = _solve(problem, shapes, instrument, trial, still=best, only=only)
        gain = best.chi2 + best.penalty - there.chi2 - there.penalty
        if gain > 0.0:
            values, best = trial, there
            damping = max(damping / 5.0, 1e-5)
            is_fresh, is_current = gain < _SMALL_STEP * best.chi2, False
            if gain < tolerance * best.chi2:
                break
        elif is_current:
            damping *= 8.0
            if damping > 1e3:
                break
        else:
            is_fresh = False
    return best


def with_texture(problem: Problem, solution: Solution, spread: float) -> Solution:
    """Let phases take up preferred orientation where the residual asks for it.

    Args:
        problem: The pattern.
        solution: A refined set.
        spread: Chi squared that one independent error is worth.

    Returns:
        The same solution with textures started, not yet refined; the same object
        where nothing asks for it. Cubic phases have no single axis and keep none.
    """
    residual = (problem.observed - solution.calculated) * problem.root
    shapes = list(solution.shapes)
    for j, shape in enumerate(shapes):
        if shape.texture is not None or len(shape.reference.ties) < 2:
            continue
        gains = {}
        # Axes tied by symmetry carry one texture.
        tied = [group[0] for group in shape.reference.ties]
        axes = [axis for axis in _AXES if axis in tied]
        for axis in axes:
            turned = replace(shape, texture=Texture(axis, _TEXTURE_STEP))
            change = turned.curve(problem.grid, solution.instrument)
            column = (change - solution.curves[:, j]) * problem.root
            column = column * (solution.scales[j] / _TEXTURE_STEP)
            column = _unexplained(problem, solution, column[:, None])[:, 0]
            power = float(column @ column) + spread / 0.3**2
            gains[axis] = float(column @ residual) ** 2 / power
        ranked = sorted(axes, key=lambda axis: -gains[axis])
        if gains[ranked[0]] > _TEXTURE_GAIN * spread:
            least = _RIVAL_AXIS * gains[ranked[0]]
            asked = [axis for axis in ranked if gains[axis] > least]
            shapes[j] = _turned(problem, solution, j, asked, spread)
    if tuple(shapes) == solution.shapes:
        return solution
    return replace(solution, shapes=tuple(shapes))


def _turned(
    problem: Problem, solution: Solution, j: int, axes: list[Axis], spread: float
) -> Shape:
    """Return phase `j` with texture about the likeliest of `axes`, best slope first.

    The slope at no texture misleads where texture is strong, as amounts and widths have
    by then adapted to its lack: another axis is taken if it clearly fits better.
    """
    turned = [replace(solution.shapes[j], texture=Texture(axis)) for axis in axes]
    if len(turned) == 1:
        return turned[0]
    costs = []
    for shape in turned:
        shapes = (*solution.shapes[:j], shape, *solution.shapes[j + 1 :])
        trial = refine(problem, shapes, solution.instrument, iterations=3, only=j)
        costs.append(trial.chi2 + trial.penalty)
    best = costs.index(min(costs))
    return turned[best if costs[0] - costs[best] > _TEXTURE_GAIN * spread else 0]


def scale_covariance(problem: Problem, solution: Solution) -> Floats:
    """Return the covariance of the scales for unit spread, shape k x k.

    Other figures (background, cells, widths, texture) are integrated over, with their
    priors; phases at zero have no covariance.
    """
    values = pack(solution.shapes, solution.instrument)
    table = rows(solution.shapes, solution.instrument)
    design = np.hstack([solution.curves, problem.background]) * problem.root[:, None]
    jacobian = np.hstack(
        [design, _jacobian(problem, solution, values, np.ones(len(table), bool))]
    )
    size = np.linalg.norm(jacobian, axis=0)
    size[size == 0.0] = 1.0
    prior = np.zeros(len(size))
    prior[-len(table) :] = [row.sigma**-2 for row in table]
    normal = (jacobian / size).T @ (jacobian / size) + np.diag(prior / size**2)
    inverse = np.linalg.inv(normal + RIDGE * np.eye(len(size)))
    k = len(solution.scales)
    covariance: Floats = inverse[:k, :k] / np.outer(size[:k], size[:k])
    return covariance
