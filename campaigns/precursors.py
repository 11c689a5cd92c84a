"""Precursor sets that balance to the target, and how much of each they take."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import combinations, product

from campaigns.errors import MaterialError
from campaigns.materials.formula import Formula
from campaigns.materials.reactions import VOLATILE, Reaction, balance, complete, solve
from campaigns.spec import CampaignSpec, Precursor


@dataclass(frozen=True, slots=True)
class PrecursorSet:
    """Reagents that together make the target, and the reaction by which they do."""

    precursors: tuple[Precursor, ...]
    """In the order of the campaign file, length k."""
    shares: tuple[Fraction, ...]
    """For each, the share of the like sources of the same cations, length k."""
    reaction: Reaction

    @property
    def label(self) -> str:
        """Return the value of the parameter `precursors`."""
        return " + ".join(precursor.label for precursor in self.precursors)

    def moles(self, excess: Mapping[str, Fraction]) -> tuple[Fraction, ...]:
        """Return moles of each precursor per mole of target, length k.

        Args:
            excess: Element to mole fraction beyond the balance, such as 1/20.

        Raises:
            MaterialError: If these precursors cannot supply that excess alone.
        """
        target = self.reaction.products[0].formula
        blends = _blends(self.precursors)
        elements = sorted(cations(target))
        wanted = [target.amount(e) * (1 + excess.get(e, Fraction(0))) for e in elements]
        rows = [[formula.amount(e) for formula in blends] for e in elements]
        values = solve(rows, wanted).values
        if values is None or min(values) <= 0:
            given = ", ".join(f"excess.{e} = {float(n):g}" for e, n in excess.items())
            raise MaterialError(
                f"{self.label} cannot supply {given}: its elements come in fixed ratios"
            )
        by_kind = dict(zip(map(_kind, blends), values, strict=True))
        formulas = map(formula_of, self.precursors)
        return tuple(
            by_kind[_kind(formula)] * share
            for formula, share in zip(formulas, self.shares, strict=True)
        )


def cations(formula: Formula) -> frozenset[str]:
    """Return the elements that precursors must supply: all but C, H, N and O.

    A target of C, H, N and O alone has no cations and is no powder made by firing.
    """
    return formula.elements - VOLATILE


def formula_of(precursor: Precursor) -> Formula:
    """Return a precursor's formula, hydrate water included.

    Raises:
        MaterialError: If the formula cannot be read.
    """
    return Formula.parse(precursor.formula)


def precursor_sets(spec: CampaignSpec) -> tuple[PrecursorSet, ...]:
    """Return the precursor sets of a campaign, in a fixed order.

    `space.sets = "all"` gives every set of at most `space.max_precursors` reagents
    that balances in exactly one way with each reagent needed; a set that holds a
    smaller such set does not balance uniquely and so is never listed. Sets written in
    the file may hold several sources of the same cations; these share them equally, by
    moles of cation.

    Raises:
        MaterialError: If a listed set names an unknown precursor or does not balance,
            or if no set does.
    """
    return _sets(
        spec.target.formula,
        spec.precursors,
        spec.space.sets,
        spec.space.max_precursors,
    )


def find_set(spec: CampaignSpec, label: str) -> PrecursorSet:
    """Return the set with a label.

    Raises:
        MaterialError: If the campaign has no such set.
    """
    for candidate in precursor_sets(spec):
        if candidate.label == label:
            return candidate
    raise MaterialError(f"{label!r} is not a precursor set of campaign {spec.name}")


def balanced(precursors: Sequence[Precursor], target: Formula) -> PrecursorSet:
    """Balance one set, sharing equally between sources of the same cations.

    Raises:
        MaterialError: If the set does not balance to the target.
    """
    formulas = tuple(map(formula_of, precursors))
    blends = _blends(precursors)
    if len(blends) == len(formulas):
        ones = (Fraction(1),) * len(formulas)
        return PrecursorSet(tuple(precursors), ones, balance(formulas, [target]))
    terms = balance(blends, [target]).reactants
    moles = {_kind(term.formula): term.moles for term in terms if not term.is_gas}
    kinds = [_kind(formula) for formula in formulas]
    shares = tuple(_blend_share(f, kinds) for f in formulas)
    amounts = [
        (formula, moles[kind] * share)
        for formula, kind, share in zip(formulas, kinds, shares, strict=True)
    ]
    return PrecursorSet(tuple(precursors), shares, complete(amounts, target))


Kind = tuple[tuple[str, Fraction], ...]


def _kind(formula: Formula) -> Kind:
    """Return the ratio of cations: equal for reagents that could replace each other."""
    found = {e: formula.amount(e) for e in sorted(cations(formula))}
    if not found:
        return ((str(formula), Fraction(1)),)  # supplies gas alone: like no other
    total = sum(found.values())
    return tuple((e, n / total) for e, n in found.items())


def _blend_share(formula: Formula, kinds: Sequence[Kind]) -> Fraction:
    """Return moles of a reagent in one mole of its blend (one mole of cations)."""
    like = kinds.count(_kind(formula))
    if like == 1:
        return Fraction(1)
    total = sum((formula.amount(e) for e in cations(formula)), Fraction(0))
    return 1 / (like * total)


def _blends(precursors: Sequence[Precursor]) -> tuple[Formula, ...]:
    """Merge sources of the same cations; a reagent without a double stays itself."""
    formulas = [formula_of(precursor) for precursor in precursors]
    kinds = [_kind(formula) for formula in formulas]
    merged: dict[Kind, Formula] = {}
    for formula, kind in zip(formulas, kinds, strict=True):
        share = formula if kinds.count(kind) == 1 else (
            formula * _blend_share(formula, kinds)
        )  # fmt: skip
        merged[kind] = merged[kind] + share if kind in merged else share
    return tuple(merged.values())


@lru_cache(maxsize=64)
def _sets(
    target_text: str,
    precursors: tuple[Precursor, ...],
    wanted: str | tuple[tuple[str, ...], ...],
    largest: int,
) -> tuple[PrecursorSet, ...]:
    target = Formula.parse(target_text)
    if isinstance(wanted, str):
        found = _enumerate(target, precursors, largest)
        if not found:
            raise MaterialError(_why_no_set(target, precursors, largest))
        return found
    by_label = {precursor.label: precursor for precursor in precursors}
    sets = []
    for labels in wanted:
        if unknown := [label for label in labels if label not in by_label]:
            raise MaterialError(f"{', '.join(unknown)}: no precursor of that name")
        members = [p for p in precursors if p.label in labels]
        sets.append(balanced(members, target))
    return tuple(sets)


def _enumerate(
    target: Formula, precursors: Sequence[Precursor], largest: int
) -> tuple[PrecursorSet, ...]:
    """List the sets, smaller first, then in file order.

    Whether a set balances in one way depends on the ratios of its cations alone, since
    C, H, N and O each have a gas of their own: so combinations of ratios are solved,
    and then filled with every choice of reagents.
    """
    members: dict[Kind, list[int]] = {}
    for i, precursor in enumerate(precursors):
        formula = formula_of(precursor)
        if cations(formula) and cations(formula) <= cations(target):
            members.setdefault(_kind(formula), []).append(i)
    chosen = sorted(
        (tuple(sorted(indices)) for kinds in _kinds(target, members, largest)
         for indices in product(*(members[kind] for kind in kinds))),
        key=lambda indices: (len(indices), indices),
    )  # fmt: skip
    found = []
    for indices in chosen:
        reagents = tuple(precursors[i] for i in indices)
        try:
            reaction = balance([formula_of(p) for p in reagents], [target])
        except MaterialError:
            continue  # the cations fit, but a gas other than O2 would be taken up
        found.append(PrecursorSet(reagents, (Fraction(1),) * len(reagents), reaction))
    return tuple(found)


def _kinds(
    target: Formula, kinds: Iterable[Kind], largest: int
) -> Iterator[tuple[Kind, ...]]:
    """Yield combinations of cation ratios that give the target's in just one way."""
    elements = sorted(cations(target))
    wanted = [target.amount(e) for e in elements]
    known = tuple(kinds)
    for size in range(1, min(largest, len(elements)) + 1):
        for chosen in combinations(known, size):
            ratios = [dict(kind) for kind in chosen]
            if frozenset[str]().union(*ratios) != frozenset(elements):
                continue
            rows = [[r.get(e, Fraction(0)) for r in ratios] for e in elements]
            solution = solve(rows, wanted)
            if solution.values and not solution.free and min(solution.values) > 0:
                yield chosen


def _why_no_set(target: Formula, precursors: Sequence[Precursor], largest: int) -> str:
    """Say why nothing balances: an element without a source, or too small sets."""
    supplied = frozenset[str]().union(*(formula_of(p).elements for p in precursors))
    if missing := sorted(cations(target) - supplied):
        return f"no precursor supplies {', '.join(missing)} of {target}"
    return (
        f"no set of up to {largest} precursors balances to {target};"
        " raise space.max_precursors or add precursors"
    )
