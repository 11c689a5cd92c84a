"""A pattern made ready for fitting, and what is linear in it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import BSpline
from scipy.linalg import cho_solve, solve_triangular
from scipy.ndimage import gaussian_filter1d, percentile_filter
from scipy.optimize import nnls

from instruments.quantities import Floats

MODEL_ERROR = 0.06
"""Relative error of a calculated line shape that no parameter here can cure."""
_KNOT_DEGREES = 9.0
_SAME = 1e-5
"""Square of a column's part that single precision leaves when all of it is covered."""
RIDGE = 1e-9
"""Keeps normal equations of unit columns regular."""


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
    normal = design.T @ design + RIDGE * np.eye(design.shape[1])
    triangle = np.linalg.cholesky(normal).T
    projected = solve_triangular(triangle, design.T @ target, trans="T")
    solution, _ = nnls(triangle, projected, maxiter=30 * len(triangle))
    residual = target - design @ solution
    solution = solution / size
    k = curves.shape[1]
    return solution[:k], problem.background @ solution[k:], float(residual @ residual)


def project(problem: Problem, curves: Floats, columns: Floats) -> Floats:
    """Return weighted columns made orthogonal to weighted curves and background.

    Args:
        problem: The pattern, `n` points.
        curves: Phase curves, shape `n x k`.
        columns: Already weighted by `problem.root`, shape `n x m`.
    """
    design, triangle = _factored(problem, curves)
    inner = cho_solve((triangle, True), design.T @ columns)
    rest: Floats = columns - design @ inner
    return rest


def gain(problem: Problem, curves: Floats, columns: NDArray[np.float32]) -> Floats:
    """Return how far each column by itself, not below 0, would lower chi squared.

    Args:
        problem: The pattern, `n` points.
        curves: Phase curves already in the fit, shape `n x k`.
        columns: Already weighted by `problem.root`, shape `n x m`.
    """
    design, triangle = _factored(problem, curves)
    target = problem.observed * problem.root
    residual = target - design @ cho_solve((triangle, True), design.T @ target)
    total = np.einsum("nm,nm->m", columns, columns)
    # Only lengths are needed of what is left of the many columns, not they themselves.
    inner = design.T.astype(np.float32) @ columns
    covered = solve_triangular(triangle, inner, lower=True)
    free = np.maximum(total - (covered**2).sum(0), _SAME * total + 1e-30)
    gains: Floats = np.maximum(residual.astype(np.float32) @ columns, 0.0) ** 2 / free
    return gains.astype(np.float64)


def _factored(problem: Problem, curves: Floats) -> tuple[Floats, Floats]:
    """Return weighted unit columns, and their normal equations' lower triangle."""
    design = np.hstack([curves, problem.background]) * problem.root[:, None]
    size = np.linalg.norm(design, axis=0)
    design /= np.where(size > 0.0, size, 1.0)
    normal = design.T @ design + RIDGE * np.eye(design.shape[1])
    triangle: Floats = np.linalg.cholesky(normal).astype(np.float64, copy=False)
    return design, triangle
