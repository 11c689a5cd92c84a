"""Fit a given set of phases to a pattern: variable projection with priors."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import BSpline
from scipy.linalg import cho_factor, cho_solve, solve_triangular
from scipy.ndimage import gaussian_filter1d, percentile_filter
from scipy.optimize import nnls

from instruments.quantities import Floats
from loop.analyse.profile import Instrument, displacement_degrees
from loop.analyse.shapes import Axis, Shape, Texture, pack, rows, unpack

MODEL_ERROR = 0.06
"""Relative error of a calculated line shape that no parameter here can cure."""
_KNOT_DEGREES = 9.0
_RIDGE = 1e-9
_TEXTURE_GAIN = 12.0
_TEXTURE_STEP = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """A pattern made ready for fitting; arrays of one length n."""

    grid: Floats
    observed: Floats
    variance: Floats
    """Of a count about the best possible model: counting plus model error."""
    background: Floats
    """Non-negative smooth functions, shape n x m."""

    @property
    def root(self) -> Floats:
        """Return the weight of each residual, 1 / sigma."""
        weight: Floats = 1.0 / np.sqrt(self.variance)
        return weight


def prepare(grid: Floats, observed: Floats) -> Problem:
    """Weigh each point and lay the background functions.

    Args:
        grid: Even angles, degrees, shape `n`.
        observed: Counts, shape `n`.
    """
    step = float(grid[1] - grid[0])
    width = max(3, int(4.0 / step))
    floor = gaussian_filter1d(percentile_filter(observed, 20, width), width / 4)
    net = np.maximum(observed - floor, 0.0)
    counting = np.maximum(gaussian_filter1d(observed, 1.0), 1.0)
    inner = np.arange(grid[0], grid[-1], _KNOT_DEGREES)
    inner = np.append(inner[: max(1, len(inner) - 1)], grid[-1] + step)
    knots = np.concatenate([[inner[0]] * 3, inner, [inner[-1]] * 3])
    return Problem(
        grid=grid,
        observed=observed,
        variance=counting + (MODEL_ERROR * net) ** 2,
        background=BSpline.design_matrix(grid, knots, 3).toarray(),
    )


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


def linear(problem: Problem, curves: Floats) -> tuple[Floats, Floats, float]:
    """Solve for non-negative scales and background.

    Args:
        problem: The pattern, `n` points.
        curves: Phase curves, shape `n x k`.

    Returns:
        Scales (`k`), background counts (`n`), and chi squared.
    """
    root = problem.root
    design = np.hstack([curves, problem.background]) * root[:, None]
    size = np.linalg.norm(design, axis=0)
    size[size == 0.0] = 1.0
    target = problem.observed * root
    design /= size
    # The triangle of the normal equations is a far smaller problem of equal minimum.
    normal = design.T @ design + _RIDGE * np.eye(design.shape[1])
    triangle = np.linalg.cholesky(normal).T
    projected = solve_triangular(triangle, design.T @ target, trans="T")
    solution, _ = nnls(triangle, projected, maxiter=30 * len(triangle))
    residual = target - design @ solution
    solution = solution / size
    k = curves.shape[1]
    return solution[:k], problem.background @ solution[k:], float(residual @ residual)


def _solve(
    problem: Problem, shapes: tuple[Shape, ...], instrument: Instrument, values: Floats
) -> Solution:
    shapes, instrument = unpack(shapes, instrument, values)
    curves = np.stack([s.curve(problem.grid, instrument) for s in shapes], 1)
    scales, background, chi2 = linear(problem, curves)
    penalty = sum(
        ((value - row.centre) / row.sigma) ** 2
        for value, row in zip(values, rows(shapes), strict=True)
    )
    return Solution(
        shapes, instrument, scales, curves, background, chi2, float(penalty)
    )


def _jacobian(
    problem: Problem, solution: Solution, values: Floats, only: int | None
) -> Floats:
    """Return weighted derivatives of the calculated pattern, by differences.

    A figure of one phase changes that phase's curve only, so each costs one curve.
    """
    columns = [_displaced(problem, solution) if only is None else problem.grid * 0.0]
    for index, row in enumerate(rows(solution.shapes)):
        if index == 0:
            continue
        change = np.zeros_like(problem.grid)
        if only is None or row.owner == only:
            moved = values.copy()
            moved[index] += row.step
            shapes, instrument = unpack(solution.shapes, solution.instrument, moved)
            for j, shape in enumerate(shapes):
                if row.owner in (-1, j) and solution.scales[j] > 0.0:
                    there = shape.curve(problem.grid, instrument)
                    share = solution.scales[j] / row.step
                    change += (there - solution.curves[:, j]) * share
        columns.append(change * problem.root)
    return np.stack(columns, 1)


def _displaced(problem: Problem, solution: Solution) -> Floats:
    """Return the weighted derivative by displacement: every line moves alike."""
    unit = replace(solution.instrument, displacement_millimetres=1.0)
    net = np.gradient(solution.curves @ solution.scales, problem.grid)
    change = -net * displacement_degrees(problem.grid, unit)
    column: Floats = change * problem.root
    return column


def _unexplained(problem: Problem, solution: Solution, columns: Floats) -> Floats:
    """Return weighted columns less what amounts and background can mend of them."""
    active = solution.curves[:, solution.scales > 0.0]
    return project(problem, active, columns)


def project(problem: Problem, curves: Floats, columns: Floats) -> Floats:
    """Return weighted columns made orthogonal to weighted curves and background.

    Args:
        problem: The pattern, `n` points.
        curves: Phase curves, shape `n x k`.
        columns: Already weighted by `problem.root`, shape `n x m`.
    """
    design = np.hstack([curves, problem.background]) * problem.root[:, None]
    size = np.linalg.norm(design, axis=0)
    design = design / np.where(size > 0.0, size, 1.0)
    normal = design.T @ design + _RIDGE * np.eye(design.shape[1])
    rest: Floats = columns - design @ cho_solve(cho_factor(normal), design.T @ columns)
    return rest


def _step(
    normal: Floats, slope: Floats, damping: float, free: NDArray[np.bool_]
) -> Floats:
    step = np.zeros_like(slope)
    damped = normal[np.ix_(free, free)]
    damped = damped + damping * np.diag(np.diag(damped))
    step[free] = np.linalg.solve(damped, slope[free])
    return step


def refine(
    problem: Problem,
    shapes: tuple[Shape, ...],
    instrument: Instrument,
    *,
    iterations: int = 6,
    tolerance: float = 2e-3,
    only: int | None = None,
) -> Solution:
    """Fit amounts, background, cells, widths, texture and the instrument's few figures.

    Args:
        problem: The pattern.
        shapes: Where to start, at least one phase.
        instrument: Where to start.
        iterations: Most accepted or refused steps.
        tolerance: Stop when the cost falls by less than this share.
        only: Index of the one phase that moves; all and the instrument if absent.

    Source:
        Kaufman, BIT 15 (1975) 49: variable projection; Levenberg-Marquardt damping.
    """
    values = pack(shapes, instrument)
    table = rows(shapes)
    centre = np.array([row.centre for row in table])
    sigma = np.array([row.sigma for row in table])
    low = np.array([row.low for row in table])
    high = np.array([row.high for row in table])
    values = np.clip(values, low, high)
    best = _solve(problem, shapes, instrument, values)
    damping, is_new = 1e-2, True
    for _ in range(iterations):
        if is_new:
            jacobian = _jacobian(problem, best, values, only)
            jacobian = _unexplained(problem, best, jacobian)
            residual = (problem.observed - best.calculated) * problem.root
            normal = jacobian.T @ jacobian + np.diag(sigma**-2)
            slope = jacobian.T @ residual - (values - centre) / sigma**2
            # A figure at a bound stays there while it is pushed outwards.
            free = ~((values <= low) & (slope < 0) | (values >= high) & (slope > 0))
            if only is not None:
                free &= np.array([row.owner == only for row in table])
        trial = np.clip(values + _step(normal, slope, damping, free), low, high)
        there = _solve(problem, shapes, instrument, trial)
        gain = best.chi2 + best.penalty - there.chi2 - there.penalty
        is_new = gain > 0.0
        if is_new:
            values, best = trial, there
            damping = max(damping / 5.0, 1e-5)
            if gain < tolerance * best.chi2:
                break
        else:
            damping *= 8.0
            if damping > 1e3:
                break
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
        axes: tuple[Axis, ...] = (0, 1, 2)
        for axis in axes:
            turned = replace(shape, texture=Texture(axis, _TEXTURE_STEP))
            change = turned.curve(problem.grid, solution.instrument)
            column = (change - solution.curves[:, j]) * problem.root
            column = column * (solution.scales[j] / _TEXTURE_STEP)
            column = _unexplained(problem, solution, column[:, None])[:, 0]
            power = float(column @ column) + spread / 0.3**2
            gains[axis] = float(column @ residual) ** 2 / power
        axis = max(gains, key=lambda key: gains[key])
        if gains[axis] > _TEXTURE_GAIN * spread:
            shapes[j] = replace(shape, texture=Texture(axis))
    if tuple(shapes) == solution.shapes:
        return solution
    return replace(solution, shapes=tuple(shapes))


def scale_covariance(problem: Problem, solution: Solution) -> Floats:
    """Return the covariance of the scales for unit spread, shape k x k.

    Other figures (background, cells, widths, texture) are integrated over, with their
    priors; phases at zero have no covariance.
    """
    values = pack(solution.shapes, solution.instrument)
    table = rows(solution.shapes)
    design = np.hstack([solution.curves, problem.background]) * problem.root[:, None]
    jacobian = np.hstack([design, _jacobian(problem, solution, values, None)])
    size = np.linalg.norm(jacobian, axis=0)
    size[size == 0.0] = 1.0
    prior = np.zeros(len(size))
    prior[-len(table) :] = [row.sigma**-2 for row in table]
    normal = (jacobian / size).T @ (jacobian / size) + np.diag(prior / size**2)
    inverse = np.linalg.inv(normal + _RIDGE * np.eye(len(size)))
    k = len(solution.scales)
    covariance: Floats = inverse[:k, :k] / np.outer(size[:k], size[:k])
    return covariance
