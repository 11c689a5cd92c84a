"""From a refined set of phases to weight fractions that say how far to trust them."""

from dataclasses import dataclass

import numpy as np

from campaigns.results import PhaseFractions
from instruments.quantities import Floats
from loop.analyse.evidence import Evidence
from loop.analyse.problem import Problem
from loop.analyse.refine import Solution, scale_covariance

SCALE_ERROR = 0.065
"""Relative error of a phase's scale that a good fit does not show: texture, grain
statistics, displacement parameters, disordered surfaces. Source: set on 100 simulated
mixtures, whose 90 % intervals then hold 92 % of the weights; the documentation says why
not 90."""
GRAIN_MICROMETRES = 2.0
"""Median grain of a powder of unknown grains. Source: assumed beforehand; reagents and
ground products are sold and made from below 1 to above 5 µm."""
_GRAIN_SPREAD, _MEASURED_SPREAD = 0.7, 0.2
"""Standard deviation of the logarithm of that size, each phase for itself; and of a
size that was measured."""
_MEAN_PATH = 0.75
"""Mean way of X-rays in a sphere, in and out, in diameters. Source: Brindley (1945)."""
_DEEPEST = 1.0
"""Largest exponent to which Brindley's theory is trusted."""
UNKNOWN, AMORPHOUS = "unknown", "amorphous"
_UNKNOWN_SIGMA, _AMORPHOUS_SIGMA = 0.01, 0.04
_LEAST_HUMP = 0.1
"""Share of scattering below which a hump is not told from holder and air. Source: the
largest that the measured mixtures, which hold no glass, show by themselves is 0.09."""
_RUN_SIGMAS = 4.0
_WINDOW_DEGREES = 1.0
_WRONG_SHARE = 0.1
"""Part of drawn intensity that may be missing beside it without being unknown."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """One hypothesis in weight fractions of the crystalline, known part."""

    names: tuple[str, ...]
    weights: Floats
    covariance: Floats
    """Shape k x k; every row sums to 0."""


def weigh(problem: Problem, solution: Solution, evidence: Evidence) -> Weighed:
    """Return weight fractions and covariance of one refined set.

    Args:
        problem: The pattern.
        solution: A refined set of `k` phases, at least one with a scale above 0.
        evidence: Its spread inflates the covariance of the fit.

    Source:
        Hill & Howard, J. Appl. Cryst. 20 (1987) 467: W proportional to S Z M V, which
        `Reference.strength` holds already; over the share that the grains let out.
    """
    hidden = hidden_in_grains(solution)
    amounts = solution.scales * np.exp(hidden)
    total = float(amounts.sum())
    weights = amounts / total
    let_out = np.exp(hidden)
    covariance = evidence.spread * scale_covariance(problem, solution)
    covariance = covariance * np.outer(let_out, let_out)
    spread = np.array(
        [
            _GRAIN_SPREAD
            if shape.reference.grain_micrometres is None
            else _MEASURED_SPREAD
            for shape in solution.shapes
        ]
    )
    errors = np.hypot(SCALE_ERROR, spread * np.abs(hidden))
    covariance = covariance + np.diag((errors * amounts) ** 2)
    change = (np.eye(len(amounts)) - weights[:, None]) / total
    return Weighed(solution.names, weights, change @ covariance @ change.T)


def hidden_in_grains(solution: Solution) -> Floats:
    """Return by how much its grains weaken each phase, shape k.

    Grains that nobody measured are taken for typical ones.

    A grain that absorbs more than the powder as a whole hides part of itself. The
    intensity is exp(-value) of what an even powder would give; below 0 for the phases
    that absorb less than the mean.

    Source:
        Brindley, Philos. Mag. 36 (1945) 347: exp(-(mu - mean mu) x) over the ways x
        in a grain, here for the mean way; mean mu by volume.
    """
    shapes = solution.shapes
    mu = np.array([shape.reference.attenuation for shape in shapes])
    density = np.array([shape.reference.density for shape in shapes])
    grains = [shape.reference.grain_micrometres for shape in shapes]
    path = _MEAN_PATH * 1e-4 * np.array([g or GRAIN_MICROMETRES for g in grains])
    hidden = np.zeros(len(shapes))
    for _ in range(4):  # the mean depends on the amounts; a few rounds settle it
        volume = solution.scales * np.exp(hidden) / density
        hidden = np.clip((mu - mu @ volume / volume.sum()) * path, -_DEEPEST, _DEEPEST)
    return hidden


def mix(weighed: list[Weighed], probability: Floats) -> Weighed:
    """Average hypotheses, their disagreement added to the covariance.

    Args:
        weighed: `m` hypotheses.
        probability: Shape `m`, sum 1.
    """
    names = tuple(dict.fromkeys(name for one in weighed for name in one.names))
    k = len(names)
    weights, covariance = np.zeros((len(weighed), k)), np.zeros((k, k))
    for row, (one, p) in enumerate(zip(weighed, probability, strict=True)):
        at = [names.index(name) for name in one.names]
        weights[row, at] = one.weights
        covariance[np.ix_(at, at)] += p * one.covariance
    mean = probability @ weights
    apart = weights - mean
    covariance += apart.T @ (probability[:, None] * apart)
    return Weighed(names, mean, covariance)


def whole(known: Weighed, unknown: float, amorphous: float | None) -> PhaseFractions:
    """Add the unknown and the amorphous part as components of their own.

    Args:
        known: The crystalline, identified part.
        unknown: Share of the powder, 0 to 1, that no candidate explains.
        amorphous: Share of the powder, 0 to 1; none where no hump is seen, which
            counts as 0 with its uncertainty.
    """
    glass = amorphous or 0.0
    rest = max(0.0, 1.0 - unknown - glass)
    k = len(known.names)
    mean = np.concatenate([rest * known.weights, [unknown, glass]])
    change = np.zeros((k + 2, k + 2))
    change[:k, :k] = rest * np.eye(k)
    change[:k, k:] = -known.weights[:, None]
    change[k, k] = change[k + 1, k + 1] = 1.0
    inner = np.zeros((k + 2, k + 2))
    inner[:k, :k] = known.covariance
    inner[k, k] = (_UNKNOWN_SIGMA + 0.5 * unknown) ** 2
    inner[k + 1, k + 1] = (_AMORPHOUS_SIGMA + 0.7 * glass) ** 2
    covariance = change @ inner @ change.T
    mean = mean / mean.sum()
    return PhaseFractions(
        phases=(*known.names, UNKNOWN, AMORPHOUS),
        mean=tuple(map(float, mean)),
        covariance=tuple(tuple(map(float, row)) for row in covariance),
    )


def nothing() -> PhaseFractions:
    """Return the fractions of a powder in which no candidate was found."""
    return PhaseFractions(
        phases=(UNKNOWN, AMORPHOUS),
        mean=(0.5, 0.5),
        covariance=((0.25, -0.25), (-0.25, 0.25)),
    )


def unexplained(problem: Problem, solution: Solution) -> float:
    """Return the share of Bragg scattering that the phases leave over, 0 to 1.

    Runs of residual beyond 4 sigma are added up; where a line is merely drawn too
    broad or too narrow, surplus and deficit cancel within a degree, and a tenth of what
    is drawn there is put down to wrong intensities.

    Args:
        problem: The pattern.
        solution: The best set.
    """
    step = float(problem.grid[1] - problem.grid[0])
    width = max(2, round(0.2 / step))
    kernel = np.ones(width)
    residual = problem.observed - solution.calculated
    run = np.convolve(residual, kernel, "same")
    sigma = np.sqrt(np.convolve(problem.variance, kernel, "same"))
    strong = np.where(np.abs(run) > _RUN_SIGMAS * sigma, residual, 0.0)
    window = np.ones(max(1, round(_WINDOW_DEGREES / step)))
    drawn = solution.curves @ solution.scales
    balance = np.convolve(strong - _WRONG_SHARE * drawn, window, "same") / len(window)
    left = float(np.maximum(balance, 0.0).sum())
    explained = float(drawn.sum())
    return left / (left + explained) if left > 0.0 else 0.0


def amorphous() -> PhaseFractions:
    """Return the fractions of a powder that shows a broad hump and no line."""
    return PhaseFractions(
        phases=(UNKNOWN, AMORPHOUS),
        mean=(0.0, 1.0),
        covariance=((0.0, 0.0), (0.0, 0.0)),
    )


def hump(problem: Problem, background: Floats, bragg: float) -> float | None:
    """Return the share of scattering in a broad hump, none where none is seen.

    The fitted background is compared with a stiff one (constant, slopes and 1 / 2
    theta for air scatter) with and without one broad Gaussian. A hump of the holder or
    of glue looks the same, so the share is an upper estimate.

    Args:
        problem: The pattern.
        background: Fitted with the best set, shape of the pattern.
        bragg: Counts in the lines of that set, >= 0.
    """
    x, y = problem.grid, background
    t = (x - x.mean()) / np.ptp(x)
    stiff = np.stack([np.ones_like(x), t, t**2, 10.0 / x, (10.0 / x) ** 2], 1)
    base = _misfit(stiff, y)[0]
    best: tuple[float, Floats] | None = None
    for centre in np.arange(max(18.0, x[0] + 6.0), min(45.0, x[-1] - 6.0), 3.0):
        for fwhm in (6.0, 9.0, 12.0):
            shape = np.exp(-4.0 * np.log(2.0) * ((x - centre) / fwhm) ** 2)
            left, coefficients = _misfit(np.column_stack([stiff, shape]), y)
            if coefficients[-1] > 0.0 and (best is None or left < best[0]):
                best = (left, coefficients[-1] * shape)
    if best is None:
        return None
    left, bump = best
    level = float(y[int(np.argmax(bump))])
    share = float(bump.sum()) / (float(bump.sum()) + bragg)
    is_seen = left < 0.25 * base and bump.max() > 0.12 * level and share > _LEAST_HUMP
    return share if is_seen else None


def _misfit(design: Floats, y: Floats) -> tuple[float, Floats]:
    coefficients: Floats = np.linalg.lstsq(design, y, rcond=None)[0].astype(np.float64)
    residual = y - design @ coefficients
    return float(residual @ residual), coefficients
