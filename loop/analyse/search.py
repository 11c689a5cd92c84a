"""Find which phases are in a pattern: screen, build up, challenge, cut down."""

import math

import numpy as np

from loop.analyse.evidence import Evidence, evidence
from loop.analyse.problem import Problem, linear
from loop.analyse.profile import Instrument
from loop.analyse.references import Reference
from loop.analyse.refine import Solution, refine, with_texture
from loop.analyse.screening import (
    Offer,
    Screen,
    Singles,
    find_displacement,
    offers,
    screen,
    stretched,
)

_MOST_PHASES = 8
_RIVALS, _ADDITIONS = 3, 2
_REFINING = 4.0
"""How much more of chi squared a candidate may explain once its widths are refined."""
_HOPELESS = 10.0
"""A phase worth this many times its price needs no fit without it."""
_NEAR = 60.0
"""Rivals this close in evidence are refined together with the phases they join."""
_DOUBTFUL = 15.0
"""An additional phase this close in evidence is refined together with the others."""
_RIVAL_SHARE = 0.5
"""A rival is refined if it alone explains this share of what the phase explains."""


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
    drawn: Screen, best: Solution, judge: Evidence, columns: Singles
) -> list[Solution]:
    """Return the sets with one phase more that could be worth their price."""
    problem, out = drawn.problem, []
    for offer in offers(drawn, best.curves[:, best.scales > 0.0], columns)[:_ADDITIONS]:
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
