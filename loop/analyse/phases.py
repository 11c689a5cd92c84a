"""Identify the phases of a powder: `identify(pattern, references)`."""

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

import numpy as np

from campaigns.fit import Fit
from campaigns.results import Crystallites, Hypothesis, Identification
from instruments.quantities import Floats, Pattern
from loop.analyse import quantify
from loop.analyse.evidence import Evidence
from loop.analyse.glass import is_glass
from loop.analyse.microstructure import size_and_strain
from loop.analyse.patterns import check, rebin
from loop.analyse.problem import Problem, linear, prepare
from loop.analyse.profile import Instrument
from loop.analyse.references import Reference
from loop.analyse.refine import Solution
from loop.analyse.search import search
from loop.errors import AnalysisError

METHOD = "4"
"""Raised when the same pattern and candidates may give another answer."""
LOOK_ALIKE_RWP = 0.005
"""A look-alike fits within half a point of Rwp."""
_LOOK_ALIKES = 3
_LEAST_PROBABILITY = 1e-3
_MOST_HYPOTHESES = 5
_AMBIGUOUS = 0.8
_SHORT_SPAN_DEGREES = 30.0
_DISPLACED_MILLIMETRES = 0.25
_UNKNOWN_FLAG, _UNKNOWN_UNUSABLE = 0.02, 0.25
_POOR_RWP, _POOR_GOF = 0.3, 6.0
_WEAK_NET_SIGMAS = 8.0


def identify(
    pattern: Pattern,
    references: tuple[Reference, ...],
    *,
    instrument: Instrument | None = None,
    expected: frozenset[str] = frozenset(),
) -> tuple[Identification, Fit]:
    """Say which candidates are in the powder, how much of each, and how surely.

    Pure: the same input gives the same answer. The pattern's sample id is not used.

    Args:
        pattern: As measured.
        references: Candidates for this pattern's wavelength, at least one.
        instrument: The diffractometer; by default what the pattern says of it.
        expected: Elements known to be in the powder: sets of phases without one of
            them are held to be less likely.

    Returns:
        The identification, its fractions averaged over hypotheses (`hypotheses[0]` is
        the single best), and the fit of the best.

    Raises:
        AnalysisError: If the pattern cannot be analysed or there are no candidates.

    Source:
        See `refine`, `search` and `quantify`.
    """
    check(pattern)
    names = [reference.name for reference in references]
    if not names or len(set(names)) < len(names):
        raise AnalysisError(
            f"found {len(names)} candidates, {len(set(names))} names; give at least "
            "one candidate phase and no name twice"
        )
    binned = rebin(pattern)
    problem = prepare(binned.two_theta, binned.counts)
    instrument = instrument or Instrument.of(pattern)
    if is_glass(problem):
        return _found_nothing(pattern, problem, is_amorphous=True)
    judge, solutions = search(problem, references, instrument, expected=expected)
    if not solutions:
        return _found_nothing(pattern, problem, is_amorphous=False)
    return _report(pattern, problem, judge, solutions)


@dataclass(frozen=True, slots=True)
class _Quality:
    """Agreement of a fit with the pattern."""

    rwp: float
    gof: float


def _quality(problem: Problem, solution: Solution) -> _Quality:
    """Return Rwp and goodness of fit with pure counting weights.

    Source:
        Toby, Powder Diffr. 21 (2006) 67.
    """
    weight = 1.0 / np.maximum(problem.observed, 1.0)
    misfit = float((weight * (problem.observed - solution.calculated) ** 2).sum())
    free = sum(shape.n_free for shape in solution.shapes) + problem.background.shape[1]
    total = float((weight * problem.observed**2).sum())
    n = len(problem.grid)
    return _Quality(float(np.sqrt(misfit / total)), float(np.sqrt(misfit / (n - free))))


def _report(
    pattern: Pattern,
    problem: Problem,
    judge: Evidence,
    solutions: tuple[Solution, ...],
) -> tuple[Identification, Fit]:
    best = solutions[0]
    kept, probability = _probable(judge, solutions)
    weighed = [quantify.weigh(problem, one, judge) for one in kept]
    unknown = quantify.unexplained(problem, best)
    bragg = float((best.curves @ best.scales).sum())
    amorphous = quantify.hump(problem, best.background, bragg)
    quality = _quality(problem, best)
    doubts, is_usable = _doubts(
        pattern, problem, best, quality, unknown, amorphous, float(probability[0])
    )
    identification = Identification(
        fractions=quantify.whole(
            quantify.mix(weighed, probability), unknown, amorphous
        ),
        rwp=quality.rwp,
        gof=quality.gof,
        hypotheses=tuple(
            Hypothesis(
                weights=dict(zip(one.names, map(float, one.weights), strict=True)),
                probability=float(p),
                rwp=_quality(problem, solution).rwp,
            )
            for one, p, solution in zip(weighed, probability, kept, strict=True)
        ),
        alternatives=_look_alikes(problem, judge, solutions, quality.rwp),
        cells={s.reference.name: s.cell[:3] for s in best.shapes},
        crystallites=_crystallites(best),
        quality=doubts,
        is_usable=is_usable,
        versions=versions(),
    )
    return identification, _fit(problem, best)


def _crystallites(best: Solution) -> dict[str, Crystallites]:
    """Return size and strain of each phase, nothing if the optics are not known."""
    found = {
        shape.reference.name: size_and_strain(shape, best.instrument)
        for shape, scale in zip(best.shapes, best.scales, strict=True)
        if scale > 0.0
    }
    return {name: one for name, one in found.items() if one is not None}


def versions() -> dict[str, str]:
    """Return what the answer depends on besides pattern and candidates."""
    try:
        installed = version("athanor-lab")
    except PackageNotFoundError:
        installed = "source"
    return {"athanor-lab": installed, "identify": METHOD, "numpy": np.__version__}


def _probable(
    judge: Evidence, solutions: tuple[Solution, ...]
) -> tuple[list[Solution], Floats]:
    """Return the sets worth keeping and their probabilities, the best first."""
    cost = np.array([judge.of(solution) for solution in solutions])
    relative = np.exp(-0.5 * (cost - cost[0]))
    seen: dict[frozenset[str], int] = {}
    for index, solution in enumerate(solutions):
        names = frozenset(solution.names)
        if solution.scales.sum() > 0.0 and relative[index] > _LEAST_PROBABILITY:
            seen.setdefault(names, index)
    chosen = list(seen.values())[:_MOST_HYPOTHESES]
    share = relative[chosen] / relative[chosen].sum()
    return [solutions[index] for index in chosen], share


def _look_alikes(
    problem: Problem, judge: Evidence, solutions: tuple[Solution, ...], rwp: float
) -> dict[str, tuple[str, ...]]:
    """Return for each phase of the best set what fits nearly as well in its place."""
    best = set(solutions[0].names)
    found: dict[str, tuple[str, ...]] = {}
    for other in sorted(solutions[1:], key=judge.of):
        gone, new = best - set(other.names), set(other.names) - best
        if len(gone) != 1 or len(new) != 1:
            continue
        if _quality(problem, other).rwp > rwp + LOOK_ALIKE_RWP:
            continue
        (phase,), (rival,) = gone, new
        listed = found.get(phase, ())
        if rival not in listed and len(listed) < _LOOK_ALIKES:
            found[phase] = (*listed, rival)
    return found


def _doubts(
    pattern: Pattern,
    problem: Problem,
    best: Solution,
    quality: _Quality,
    unknown: float,
    amorphous: float | None,
    probability: float,
) -> tuple[tuple[str, ...], bool]:
    """Return what makes the result doubtful, and whether it may be used as truth."""
    minor, serious = _doubts_of_pattern(pattern, problem)
    displacement = best.instrument.displacement_millimetres
    if abs(displacement) > _DISPLACED_MILLIMETRES:
        minor.append(f"specimen {displacement:+.2f} mm off the axis")
    if unknown > _UNKNOWN_UNUSABLE:
        serious.append(f"unknown phase: {unknown:.0%} of the scattering unexplained")
    elif unknown > _UNKNOWN_FLAG:
        minor.append(f"unknown phase: {unknown:.0%} of the scattering unexplained")
    if amorphous is not None:
        minor.append(
            f"broad hump of about {amorphous:.0%} of the scattering: amorphous phase, "
            "holder or glue"
        )
    if quality.rwp > _POOR_RWP and quality.gof > _POOR_GOF:
        serious.append(f"poor fit: Rwp {quality.rwp:.1%}, GOF {quality.gof:.1f}")
    if probability < _AMBIGUOUS:
        minor.append(f"ambiguous: the best set of phases has {probability:.0%}")
    return (*serious, *minor), not serious


def _doubts_of_pattern(
    pattern: Pattern, problem: Problem
) -> tuple[list[str], list[str]]:
    minor, serious = [], []
    span = float(problem.grid[-1] - problem.grid[0])
    if span < _SHORT_SPAN_DEGREES:
        minor.append(f"short range: {span:.0f} degrees of 2 theta")
    level = float(np.median(problem.observed))
    top = float(problem.observed.max())
    if top - level < _WEAK_NET_SIGMAS * np.sqrt(max(level, 1.0)):
        serious.append("too few counts: no line stands clear of the background")
    peak = float(pattern.counts.max())
    flat = pattern.counts >= peak
    if peak > 1000.0 and (flat[:-2] & flat[1:-1] & flat[2:]).any():
        serious.append(f"saturated: the detector stops at {peak:.0f} counts")
    return minor, serious


def _fit(problem: Problem, best: Solution) -> Fit:
    low, high = problem.grid[0], problem.grid[-1]
    ticks = {}
    for shape in best.shapes:
        at = shape.positions(best.instrument)
        ticks[shape.reference.name] = np.sort(at[(at >= low) & (at <= high)])
    return Fit(
        two_theta=problem.grid,
        observed=problem.observed,
        calculated=best.calculated,
        background=best.background,
        phases={
            name: best.curves[:, index] * best.scales[index]
            for index, name in enumerate(best.names)
        },
        ticks=ticks,
    )


def _found_nothing(
    pattern: Pattern, problem: Problem, *, is_amorphous: bool
) -> tuple[Identification, Fit]:
    """Report a pattern that no candidate explains: recorded, not fed as truth."""
    _, background, chi2 = linear(problem, np.empty((len(problem.grid), 0)))
    weight = 1.0 / np.maximum(problem.observed, 1.0)
    misfit = float((weight * (problem.observed - background) ** 2).sum())
    rwp = np.sqrt(misfit / float((weight * problem.observed**2).sum()))
    minor, serious = _doubts_of_pattern(pattern, problem)
    identification = Identification(
        fractions=quantify.amorphous() if is_amorphous else quantify.nothing(),
        rwp=float(rwp),
        gof=float(np.sqrt(chi2 / len(problem.grid))),
        quality=(
            "nothing crystalline: a broad hump and no line"
            if is_amorphous
            else "no candidate explains a line",
            *serious,
            *minor,
        ),
        is_usable=False,
        versions=versions(),
    )
    fit = Fit(problem.grid, problem.observed, background, background, {}, {})
    return identification, fit
