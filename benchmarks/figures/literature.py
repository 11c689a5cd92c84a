"""Held-out compounds of a file of reactions, rivals, and how answers are judged."""

import random
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from campaigns.materials.formula import Formula
from loop.knowledge.literatureindex import Index, build
from loop.knowledge.literaturemodel import Model, Regression, choices, train
from loop.knowledge.literatureranking import guesses, reaction_of
from loop.knowledge.literaturereports import Amounts, Report, Tally, target_amounts
from loop.knowledge.literaturesimilarity import learn

Precursors = frozenset[Amounts]
Ranker = Callable[[str], Sequence[Precursors]]
"""From a formula to precursor sets, the likeliest first."""
TOP = 5


@dataclass(frozen=True)
class HeldOut:
    """A compound taken out of the knowledge, and every set that is reported for it."""

    text: str
    elements: frozenset[str]
    sets: frozenset[Precursors]
    whole: frozenset[Precursors]
    """Of reports whose every solid belongs to the compound: no dopant, no flux."""
    celsius: float | None
    """Median of the hottest firing before sintering, else of the hottest."""


@dataclass(frozen=True)
class Split:
    """What is asked, and what may be known."""

    held_out: tuple[HeldOut, ...]
    reports: tuple[Report, ...]


def ratio(amounts: Amounts) -> Amounts:
    """Return what all compounds count as one that differ in oxygen and water alone."""
    kept = {e: n for e, n in amounts if e not in {"O", "H"}}
    total = sum(kept.values())
    return tuple((e, round(n / total, 3)) for e, n in sorted(kept.items()))


def by_compound(reports: Iterable[Report]) -> dict[Amounts, list[Report]]:
    """Return the reports of each compound."""
    found: dict[Amounts, list[Report]] = defaultdict(list)
    for report in reports:
        for key in dict.fromkeys(ratio(made.amounts) for made in report.made):
            found[key].append(report)
    return found


def draw(
    reports: Sequence[Report], *, n: int, seed: int, not_from: Collection[int] = ()
) -> list[Amounts]:
    """Return compounds drawn evenly, no two of one report.

    Args:
        reports: To draw from.
        n: How many.
        seed: Of the draw.
        not_from: Numbers of reports whose compounds are not to be drawn.
    """
    known = by_compound(reports)
    keys = sorted(known)
    random.Random(seed).shuffle(keys)
    taken: list[Amounts] = []
    used = set(not_from)
    for key in keys:
        numbers = {report.number for report in known[key]}
        if not numbers & used and len(taken) < n:
            taken.append(key)
            used |= numbers
    return taken


def numbers_of(reports: Sequence[Report], keys: Collection[Amounts]) -> set[int]:
    """Return the numbers of all reports that make one of the compounds."""
    known = by_compound(reports)
    return {report.number for key in keys for report in known[key]}


def split(
    reports: Sequence[Report],
    keys: Sequence[Amounts],
    *,
    known: Sequence[Report] | None = None,
    is_by_paper: bool = False,
) -> Split:
    """Take compounds out of the knowledge.

    Args:
        reports: Where the answers are.
        keys: The compounds.
        known: What may be known, less reports of the compounds; all if absent.
        is_by_paper: Whether all other reports of the same papers go too.
    """
    answers = by_compound(reports)
    wanted = set(keys)
    papers = {r.doi.lower() for key in keys for r in answers[key]}
    kept = tuple(
        report
        for report in (reports if known is None else known)
        if not (is_by_paper and report.doi.lower() in papers)
        and not wanted & {ratio(made.amounts) for made in report.made}
    )
    return Split(tuple(_held_out(key, answers[key]) for key in keys), kept)


def _held_out(key: Amounts, reports: Sequence[Report]) -> HeldOut:
    made = [(r, m) for r in reports for m in r.made if ratio(m.amounts) == key]
    told = [c for report in reports if (c := powder_celsius(report)) is not None]
    return HeldOut(
        made[0][1].text,
        frozenset(element for element, _ in key),
        frozenset(m.precursors for _, m in made),
        frozenset(m.precursors for r, m in made if m.precursors == r.solids),
        float(np.median(told)) if told else None,
    )


def powder_celsius(report: Report) -> float | None:
    """Return at what a report fires its powder, degrees Celsius."""
    every = [f for f in report.firings if f.celsius is not None]
    before = [f for f in every if f.kind != "sinter"] or every
    return max((f.celsius for f in before if f.celsius is not None), default=None)


def ours(known: Sequence[Report], tally: Tally) -> Model:
    """Return what reports teach."""
    index = build(known, tally)
    return Model(index, learn(index), train(index))


def ranker(model: Model) -> Ranker:
    """Return the ranking behind `athanor literature`."""

    def rank(text: str) -> list[Precursors]:
        found = guesses(model, Formula.parse(text), top=TOP)
        return [frozenset(guess.amounts) for guess in found]

    return rank


def variants(model: Model) -> dict[str, Model]:
    """Return the model with each of its parts off."""
    return {
        "without the pairs": replace(model, pair_weight=0.0),
        "without the regression": replace(model, share_regression=0.0),
        "without the vote": replace(model, share_regression=1.0),
        "elements all unlike": replace(model, similarity=learn(model.index, 0.0)),
    }


def most_frequent(model: Model) -> Ranker:
    """Return a rival that knows each element's sources by their number alone."""
    index = model.index
    ends, sources, logs = [], [], []
    for element in range(len(index.elements)):
        _, named, weights = choices(index, element)
        names, inverse = np.unique(named, return_inverse=True)
        counts = np.bincount(inverse, weights, len(names))
        sources += names.tolist()
        logs += np.log(counts / counts.sum()).tolist()
        ends.append(len(sources))
    plain = replace(model, pair_weight=0.0, share_regression=1.0)
    # A regression whose only feature that counts is the constant, the last one.
    weights = np.zeros((len(sources), plain.regression.weights.shape[1]), np.float32)
    weights[:, -1] = logs
    frequencies = Regression(
        np.array(ends, dtype=np.int32), np.array(sources, dtype=np.int32), weights
    )
    return ranker(replace(plain, regression=frequencies))


def nearest_composition(model: Model, reports: Sequence[Report]) -> Ranker:
    """Return a rival that takes over the sets of the nearest compositions as they are.

    Distances are sums of absolute differences of mole fractions; a set must balance.
    """
    index = model.index
    sets = _sets_of(index, reports)
    fractions = _mole_fractions(index.fractions)

    def rank(text: str) -> list[Precursors]:
        formula = Formula.parse(text)
        row = index.fraction(dict(target_amounts(formula)))
        distance = np.abs(fractions - _mole_fractions(row[None])).sum(axis=1)
        found: list[Precursors] = []
        for target in np.argsort(distance, kind="stable")[:300].tolist():
            for one in sets[target]:
                names = [index.precursors[index.precursor_numbers[p]] for p in one]
                if one not in found and reaction_of(names, formula) is not None:
                    found.append(one)
            if len(found) >= TOP:
                break
        return found

    return rank


def _sets_of(index: Index, reports: Sequence[Report]) -> list[list[Precursors]]:
    """Return each compound's sets, the most reported first."""
    counts: list[dict[Precursors, float]] = [{} for _ in index.targets]
    made = (one for report in reports for one in report.made)
    for (target, _), one in zip(index.makings.tolist(), made, strict=True):
        counts[target][one.precursors] = counts[target].get(one.precursors, 0) + 1
    return [sorted(c, key=lambda s, c=c: -c[s]) for c in counts]  # type: ignore[misc]


def _mole_fractions(fractions: NDArray[np.float32]) -> NDArray[np.float32]:
    total: NDArray[np.float32] = fractions / fractions.sum(axis=1, keepdims=True)
    return total


def ranks(rank: Ranker, held_out: Iterable[HeldOut]) -> NDArray[np.int64]:
    """Return the place of the first reported set of each compound, from 1.

    `TOP + 1` where none is among the first `TOP`.
    """
    return np.array([_place(rank(one.text), one.sets) for one in held_out])


def _place(found: Sequence[Precursors], reported: Collection[Precursors]) -> int:
    hits = (i for i, one in enumerate(found[:TOP], start=1) if one in reported)
    return next(hits, TOP + 1)


def interval(hits: NDArray[np.bool_], *, n: int = 2000) -> tuple[float, float]:
    """Return a bootstrap interval of a share, 95 %."""
    rng = np.random.default_rng(0)
    means = hits[rng.integers(len(hits), size=(n, len(hits)))].mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)


def year_of(doi: str) -> int | None:
    """Return when a paper appeared, as its publisher's DOIs tell; none if they do not.

    Years of the two that a scheme leaves open (ACS before 2010) are the later ones.
    """
    text = doi.lower()
    rules: Mapping[str, Callable[[re.Match[str]], int]] = {
        r"10\.1016/j\.[a-z-]+\.((?:19|20)\d\d)\.": lambda m: int(m[1]),
        r"10\.1016/s[0-9x]{4}-?[0-9x]{4}\((\d\d)\)": lambda m: _century(int(m[1])),
        r"10\.1039/([bcd])(\d)": lambda m: _rsc(m[1], int(m[2])),
        r"10\.(?:1007|1038)/s\d{5}-0(\d\d)-": lambda m: 2000 + int(m[1]),
        r"10\.1021/acs\.[a-z]+\.(\d)[a-z]": lambda m: 2010 + int(m[1]),
        r"10\.1021/[a-z]{2}(\d\d)\d{4,5}": lambda m: min(_century(int(m[1])), 2015),
        r"10\.1111/j\.\d{4}-\d{3}[0-9x]\.((?:19|20)\d\d)\.": lambda m: int(m[1]),
        r"10\.1002/[a-z]+\.((?:19|20)\d\d)\d{5}": lambda m: int(m[1]),
        r"10\.1149/2\.\d{4}(\d\d)[a-z]+": lambda m: 2000 + int(m[1]),
        r"10\.1103/physrevb\.(\d+)\.": lambda m: 2010 + (int(m[1]) - 81) // 2,
        r"10\.1103/physrevlett\.(\d+)\.": lambda m: 2010 + (int(m[1]) - 104) // 2,
    }
    for pattern, year in rules.items():
        if match := re.match(pattern, text):
            return year(match)
    return None


def _century(two_digits: int) -> int:
    return two_digits + (1900 if two_digits > 30 else 2000)


def _rsc(letter: str, digit: int) -> int:
    return {"b": 2000, "c": 2010, "d": 2020}[letter] + digit
