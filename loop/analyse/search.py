"""Find which phases are in a pattern: screen, build up, challenge, cut down."""

import math
from dataclasses import dataclass, replace

import numpy as np

from instruments.quantities import Floats
from loop.analyse import profile
from loop.analyse.problem import Problem, gain, linear
from loop.analyse.profile import Broadening, Instrument
from loop.analyse.references import Reference
from loop.analyse.refine import Solution, refine, with_texture
from loop.analyse.shapes import CELL_LIMIT, STRETCH_SIGMA, Shape

_SCREEN_WIDTH = Broadening(size_degrees=0.1)
_SCREEN_REACH_DEGREES = 1.0
_DISPLACEMENTS = np.linspace(-0.35, 0.35, 15)
_STRETCHES = np.linspace(-0.75 * CELL_LIMIT, 0.75 * CELL_LIMIT, 13)
_LEAST_POINTS_PER_ERROR = 2.0
_MID_RANGE_DEGREES = 45.0
_MOST_PHASES = 8
_RIVALS = 3
_REFINING = 4.0
"""How much more of chi squared a candidate may explain once its widths are refined."""
_HOPELESS = 10.0
"""A phase worth this many times its price needs no fit without it."""
_STRETCH_TYPICAL = 0.0015
_LIGHT = frozenset({"H", "C", "N", "O"})
"""Elements that leave as gas or that X-rays hardly see."""
_HIDDEN_ELEMENT = 2.0 * math.log(100.0)
"""Cost of a set that lacks a known element: odds of 1 % that all of it is hidden."""
_NEAR = 60.0
"""Rivals this close in evidence are refined together with the phases they join."""
_DOUBTFUL = 15.0
"""An additional phase this close in evidence is refined together with the others."""
_RIVAL_SHARE = 0.5
"""A rival is refined if it alone explains this share of what the phase explains."""


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

    def at(self, displacement: float) -> Instrument:
        """Return the instrument with a displacement, mm."""
        return replace(self.instrument, displacement_millimetres=displacement)

    def moved(self, displacement: float, stretch: float) -> Floats:
        """Return the curves shifted by displacement (mm) and a relative stretch.

        Source:
            Bragg's law differentiated: delta(2 theta) = -2 (delta d / d) tan theta.
        """
        grid = self.problem.grid
        shift = profile.displacement_degrees(grid, self.at(displacement)) - np.degrees(
            2.0 * stretch * np.tan(np.radians(grid) / 2.0)
        )
        return profile.shifted(grid, self.curves, shift)


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
    return Screen(problem, instrument, references, expected, np.stack(curves, 1))


def find_displacement(drawn: Screen) -> float:
    """Return the displacement at which all candidates together fit best, mm."""
    chi2 = [linear(drawn.problem, drawn.moved(s, 0.0))[2] for s in _DISPLACEMENTS]
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


def stretched(drawn: Screen, displacement: float) -> Floats:
    """Return all candidates at all trial stretches, weighted.

    Args:
        drawn: The screened candidates, `m` of them.
        displacement: Specimen displacement, mm.

    Returns:
        Shape `n x (stretches m)`, the candidates of one stretch side by side.
    """
    columns = np.hstack([drawn.moved(displacement, float(s)) for s in _STRETCHES])
    columns *= drawn.problem.root[:, None]
    return columns


def offers(drawn: Screen, kept: Floats, columns: Floats) -> list[Offer]:
    """Rank candidates by how much each alone would improve the fit.

    Args:
        drawn: The screened candidates.
        kept: Curves of phases already taken, shape `n x k`.
        columns: What `stretched` gives.
    """
    gains = gain(drawn.problem, kept, columns).reshape(len(_STRETCHES), -1)
    gains -= ((_STRETCHES / STRETCH_SIGMA) ** 2)[:, None]
    best = np.argmax(gains, axis=0)
    found = [
        Offer(reference, float(_STRETCHES[i]), float(gains[i][j]))
        for j, (reference, i) in enumerate(zip(drawn.references, best, strict=True))
    ]
    return sorted(found, key=lambda offer: -offer.gain)


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
            math.log1p((change / _STRETCH_TYPICAL) ** 2)
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


def search(
    problem: Problem,
    references: tuple[Reference, ...],
    instrument: Instrument,
    *,
    expected: frozenset[str] = frozenset(),
) -> tuple[Evidence, tuple[Solution, ...]]:
    """Return the judged sets of phases, the best first.

    Args:
        problem: The pattern.
        references: Candidates, at least one.
        instrument: The diffractometer; its width, asymmetry and displacement are
            refined from what it says.
        expected: Elements known to be in the powder, a weak argument for sets that
            hold them all.

    Returns:
        How they were judged, and every refined set that was in the running: the best,
        the best with one phase exchanged, and with one phase left out. Empty if no
        candidate explains anything.
    """
    drawn = screen(problem, references, instrument, expected)
    best = _grow(drawn)
    if best is None:
        return Evidence(1.0, float(len(problem.grid)), len(references)), ()
    best = _finish(drawn, best)
    # What strong texture hid from the first look shows once that is drawn.
    while _is_turned(best):
        more = _grow(drawn, best=best)
        if more is None or more is best:
            break
        best = _finish(drawn, more)
    for _ in range(_MOST_PHASES):
        judge = evidence(drawn, best)
        ranked = sorted([best, *_challenge(drawn, best, judge)], key=judge.of)
        if ranked[0] is best:
            break
        best = _finish(drawn, ranked[0])
    return judge, (best, *(other for other in ranked if other is not best))


def _finish(drawn: Screen, solution: Solution) -> Solution:
    """Refine to the end, with texture where it is asked for."""
    problem = drawn.problem
    best = refine(problem, solution.shapes, solution.instrument, iterations=8)
    turned = with_texture(problem, best, evidence(drawn, best).spread)
    return refine(
        problem, turned.shapes, best.instrument, iterations=10, with_optics=True
    )


def _is_turned(solution: Solution) -> bool:
    """Say whether a phase of it has texture."""
    return any(shape.texture is not None for shape in solution.shapes)


def _grow(drawn: Screen, *, best: Solution | None = None) -> Solution | None:
    """Add the most useful phase until the evidence no longer asks for one.

    Args:
        drawn: The screened candidates.
        best: Where to start; an empty pattern if absent.

    Returns:
        The grown set; `best` itself where nothing is worth adding.
    """
    problem, n = drawn.problem, len(drawn.references)
    if best is None:
        instrument = drawn.at(find_displacement(drawn))
        kept = np.empty((len(problem.grid), 0))
    else:
        instrument = best.instrument
        kept = best.curves[:, best.scales > 0.0]
    while best is None or len(best.shapes) < min(_MOST_PHASES, n):
        names = best.names if best else ()
        shapes = best.shapes if best else ()
        better = None
        columns = stretched(drawn, instrument.displacement_millimetres)
        ranked = offers(drawn, kept, columns)
        new = [o for o in ranked if o.gain > 0.0 and o.reference.name not in names]
        for offer in new[:_RIVALS]:
            if best and not _is_promising(evidence(drawn, best), offer):
                break
            trial = refine(
                problem,
                (*shapes, offer.shape),
                instrument,
                iterations=3,
                only=len(shapes) if shapes else None,
            )
            judge = evidence(drawn, trial)
            if best is None or judge.of(trial) < judge.of(best):
                better = refine(problem, trial.shapes, instrument, iterations=2)
                break
        if better is None:
            return best
        best, instrument = better, better.instrument
        kept = best.curves[:, best.scales > 0.0]
    return best


def _is_promising(judge: Evidence, offer: Offer) -> bool:
    """Say whether an offer, improved as much as refining may, could pay for itself."""
    price = judge.spread * offer.shape.n_free * math.log(judge.points)
    return _REFINING * offer.gain > price


def _with_one_more(
    drawn: Screen, best: Solution, judge: Evidence, columns: Floats
) -> list[Solution]:
    """Return the sets with one phase more that could be worth their price."""
    problem, out = drawn.problem, []
    for offer in offers(drawn, best.curves[:, best.scales > 0.0], columns)[:_RIVALS]:
        if offer.reference.name in best.names or not _is_promising(judge, offer):
            continue
        trial = refine(
            problem,
            (*best.shapes, offer.shape),
            best.instrument,
            iterations=4,
            only=len(best.shapes),
        )
        if judge.of(trial) - judge.of(best) < _DOUBTFUL:
            trial = refine(problem, trial.shapes, trial.instrument, iterations=3)
        out.append(trial)
    return out


def _challenge(drawn: Screen, best: Solution, judge: Evidence) -> list[Solution]:
    """Add a phase; leave out each in turn, and try what could stand in its place."""
    problem = drawn.problem
    columns = stretched(drawn, best.instrument.displacement_millimetres)
    out = _with_one_more(drawn, best, judge, columns)
    for index in range(len(best.shapes)):
        rest = (*best.shapes[:index], *best.shapes[index + 1 :])
        kept = np.delete(best.curves, index, axis=1)
        lost = linear(problem, kept)[2] - best.chi2
        price = judge.spread * best.shapes[index].n_free * math.log(judge.points)
        if rest and lost < _HOPELESS * price:
            out.append(refine(problem, rest, best.instrument, iterations=3))
        rivals = [
            offer
            for offer in offers(drawn, kept, columns)
            if offer.gain > _RIVAL_SHARE * lost
            and offer.reference.name not in best.names
        ]
        for offer in rivals[:_RIVALS]:
            shapes = (*rest, offer.shape)
            trial = refine(
                problem, shapes, best.instrument, iterations=5, only=len(rest)
            )
            if judge.of(trial) - judge.of(best) < _NEAR:
                trial = refine(problem, trial.shapes, trial.instrument, iterations=4)
            out.append(trial)
    return out
