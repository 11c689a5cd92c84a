"""Precursor sets for a compound, the likeliest first, each balanced in just one way."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import exp, log

from campaigns.errors import MaterialError
from campaigns.materials.formula import Formula
from campaigns.materials.reactions import Reaction, balance, complete, solve
from loop.knowledge.literaturemodel import FLOOR, Affinity, Model
from loop.knowledge.literaturereports import Amounts, needed, target_amounts

N_SOURCES = 10
"""Sources tried for each element."""
N_BEAM = 60
"""Partial sets kept while elements are added one at a time."""
N_BALANCED = 24
"""Sets balanced at most; the rest share too little to matter."""

Source = frozenset[Amounts]
PrecursorSet = frozenset[Amounts]


@dataclass(frozen=True, slots=True)
class Guess:
    """A precursor set for a compound."""

    precursors: tuple[str, ...]
    """As written on the shelf, or most often in the file."""
    amounts: tuple[Amounts, ...]
    """By which each is known."""
    probability: float
    """Share of reports that would use it, over all sets that balance, 0 to 1."""
    reaction: Reaction


@dataclass(frozen=True)
class Slots:
    """A compound's elements that solids must bring, and how likely each source is."""

    model: Model
    target: Formula

    @cached_property
    def elements(self) -> tuple[str, ...]:
        """Return the elements, alphabetically."""
        return tuple(sorted(needed(self.target.elements)))

    @cached_property
    def shares(self) -> Mapping[str, Mapping[Source, float]]:
        """Return element to its sources' probabilities; empty where never met."""
        index = self.model.index
        known = index.precursor_amounts
        found = self.model.source_shares(dict(target_amounts(self.target)))
        by_name = {
            index.elements[element]: {
                frozenset(known[p] for p in index.sources[source]): share
                for source, share in shares.items()
            }
            for element, shares in found.items()
        }
        return {element: by_name.get(element, {}) for element in self.elements}

    @cached_property
    def affinities(self) -> Mapping[tuple[str, str], Affinity]:
        """Return how sources of each two elements go together."""
        numbers = {e: i for i, e in enumerate(self.model.index.elements)}
        met = [e for e in self.elements if e in numbers]
        return {
            (a, b): self.model.affinity(numbers[a], numbers[b])
            for i, a in enumerate(met)
            for b in met[i + 1 :]
        }

    def log_share(self, element: str, source: Source) -> float:
        """Return the logarithm of the probability of an element's source.

        F may come along with Ba in BaF2 and with Y in YF3. Where nobody reports just
        these together, what counts is how often the element comes along at all: with
        which others follows from their sources.
        """
        share = self.shares[element].get(source)
        if share is None and source and self._comes_along(element, source):
            share = self._along[element]
        return log((share or 0.0) + FLOOR)

    @cached_property
    def _along(self) -> Mapping[str, float]:
        """Return element to the probability that it comes along with others."""
        return {
            element: sum(p for s, p in shares.items() if self._comes_along(element, s))
            for element, shares in self.shares.items()
        }

    def _comes_along(self, element: str, source: Source) -> bool:
        """Return whether every member brings another element of the target too."""
        others = set(self.elements) - {element}
        return all(any(e in others for e, _ in member) for member in source)

    def log_score(self, precursors: Collection[Amounts]) -> float:
        """Return the logarithm of a set's probability, but for a constant."""
        sources = {e: _source(precursors, e) for e in self.elements}
        total = sum(self.log_share(e, s) for e, s in sources.items())
        if self.model.pair_weight:
            numbers = {e: self._number(e, s) for e, s in sources.items()}
            total += self.model.pair_weight * sum(
                affinity.log_lift(numbers[a], numbers[b])
                for (a, b), affinity in self.affinities.items()
            )
        return total

    def _number(self, element: str, source: Source) -> int:
        index = self.model.index
        if element not in index.elements:
            return -1
        known = [index.precursor_numbers.get(p, -1) for p in source]
        key = index.elements.index(element), tuple(sorted(known))
        return index.source_numbers.get(key, -1)


def guesses(
    model: Model,
    target: Formula,
    *,
    shelf: Sequence[str] | None = None,
    top: int = 5,
) -> tuple[Guess, ...]:
    """Return the likeliest precursor sets of a compound, at most `top`.

    Args:
        model: What a file taught.
        target: The compound.
        shelf: Formulas to choose from; every precursor of the file if absent.
        top: Sets wanted, 1 or more.

    Raises:
        MaterialError: If a formula of the shelf cannot be read.
    """
    slots = Slots(model, target)
    spelled = _spelling(model, shelf)
    candidates = _combined(slots, None if shelf is None else spelled)
    scored = sorted(
        ((slots.log_score(one), sorted(one)) for one in candidates), reverse=True
    )
    found: list[tuple[float, list[Amounts], Reaction]] = []
    for score, members in scored[:N_BALANCED]:
        reaction = reaction_of([spelled[m] for m in members], target)
        if reaction is not None:
            found.append((score, members, reaction))
    total = sum(exp(score - found[0][0]) for score, *_ in found)
    return tuple(
        Guess(
            tuple(spelled[m] for m in members),
            tuple(members),
            exp(score - found[0][0]) / total,
            reaction,
        )
        for score, members, reaction in found[:top]
    )


def reaction_of(precursors: Sequence[str], target: Formula) -> Reaction | None:
    """Return the one reaction of solids to a compound, none if none or several."""
    formulas = [Formula.parse(text) for text in precursors]
    try:
        return balance(formulas, [target])
    except MaterialError:
        if not {"C", "N"} & target.elements:
            return None
    # A carbide or nitride of carbon and metals alone: no gas need come or go.
    elements = sorted(frozenset[str]().union(target.elements, *(
        f.elements for f in formulas)))  # fmt: skip
    rows = [[f.amount(e) for f in formulas] for e in elements]
    moles = solve(rows, [target.amount(e) for e in elements])
    if moles.values is None or moles.free or min(moles.values) <= 0:
        return None
    try:
        return complete(list(zip(formulas, moles.values, strict=True)), target)
    except MaterialError:
        return None


def _source(precursors: Collection[Amounts], element: str) -> Source:
    return frozenset(p for p in precursors if any(e == element for e, _ in p))


def _spelling(model: Model, shelf: Sequence[str] | None) -> dict[Amounts, str]:
    """Return how each precursor is written."""
    if shelf is None:
        index = model.index
        return dict(zip(index.precursor_amounts, index.precursors, strict=True))
    found: dict[Amounts, str] = {}
    for text in shelf:
        known = shelf_amounts(text)
        if known is not None:
            found.setdefault(known, text)
    return found


def shelf_amounts(text: str) -> Amounts | None:
    """Return the amounts of a formula of a shelf, without hydrate water."""
    from loop.knowledge.literaturereports import precursor_amounts

    return precursor_amounts(text)


def _combined(
    slots: Slots, shelf: Mapping[Amounts, str] | None
) -> Collection[PrecursorSet]:
    """Return the likeliest sets: sources of elements that agree on each precursor.

    A source of one element may hold others; then their sources must hold it too. The
    elements with the fewest sources come first.
    """
    options = {e: _options(slots, e, shelf) for e in slots.elements}
    states: dict[PrecursorSet, float] = {frozenset(): 0.0}
    done: list[str] = []
    for element in sorted(options, key=lambda e: (len(options[e]), e)):
        grown: dict[PrecursorSet, float] = {}
        for held, score in states.items():
            already = _source(held, element)
            along = [already] if already else []
            for source in dict.fromkeys([*options[element], *along]):
                added = source - held
                if not already <= source or any(
                    _source(added, earlier) for earlier in done
                ):
                    continue
                one = held | added
                total = score + slots.log_share(element, source)
                grown[one] = max(grown.get(one, total), total)
        best = sorted(grown.items(), key=lambda item: (-item[1], sorted(item[0])))
        states = dict(best[:N_BEAM])
        done.append(element)
    return states if done else ()


def _options(
    slots: Slots, element: str, shelf: Mapping[Amounts, str] | None
) -> list[Source]:
    """Return the likeliest sources of an element."""
    shares = dict(slots.shares[element])
    cations = needed(slots.target.elements)
    if shelf is not None:
        shares = {s: p for s, p in shares.items() if all(m in shelf for m in s)}
        for precursor in shelf:
            if any(e == element for e, _ in precursor):
                shares.setdefault(frozenset([precursor]), 0.0)
    useful = {
        source: share
        for source, share in shares.items()
        if all(needed(e for e, _ in member) <= cations for member in source)
    }
    best = sorted(
        useful.items(), key=lambda item: (-item[1], sorted(map(sorted, item[0])))
    )
    return [source for source, _ in best[:N_SOURCES]]
