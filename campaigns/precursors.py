"""Precursor sets that balance to the target, and how much of each they take."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from itertools import combinations, product

from campaigns.composition import composed, corners, generic, sites
from campaigns.errors import MaterialError
from campaigns.materials.formula import Formula
from campaigns.materials.reactions import Reaction, balance, complete, solve
from campaigns.reagents import (
    Kind,
    blend_share,
    blends_of,
    cations,
    formula_of,
    kind_of,
)
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

    @property
    def target(self) -> Formula:
        """Return what the reaction makes."""
        return self.reaction.products[0].formula

    def moles(self, excess: Mapping[str, Fraction]) -> tuple[Fraction, ...]:
        """Return moles of each precursor per mole of target, length k.

        0 for the source of a cation that this composition of the target lacks.

        Args:
            excess: Element to mole fraction beyond the balance, such as 1/20.

        Raises:
            MaterialError: If these precursors cannot supply that excess alone.
        """
        found = self.supply(self.target, excess)
        if found is None or min(found) < 0:
            given = ", ".join(f"excess.{e} = {float(n):g}" for e, n in excess.items())
            raise MaterialError(
                f"{self.label} cannot supply {given}: its elements come in fixed ratios"
            )
        return found

    def at(self, target: Formula) -> "PrecursorSet":
        """Return the set with its reaction to another composition of the target.

        Raises:
            MaterialError: If these precursors cannot make it.
        """
        moles = self.supply(target, {})
        if moles is None or min(moles) < 0:
            raise MaterialError(
                f"{self.label} cannot make {target}: one of them would bring too much"
            )
        formulas = map(formula_of, self.precursors)
        amounts = [(f, n) for f, n in zip(formulas, moles, strict=True) if n]
        return replace(self, reaction=complete(amounts, target))

    def supply(
        self, target: Formula, excess: Mapping[str, Fraction]
    ) -> tuple[Fraction, ...] | None:
        """Return moles that give a target's cations, also below 0; length k.

        Args:
            target: What is to be made, of cations that the precursors bring.
            excess: Element to mole fraction beyond the balance.

        Returns:
            None where no amounts do.
        """
        blends, parts = self.parts
        elements = sorted(
            cations(target).union(*(cations(formula) for formula in blends))
        )
        wanted = [target.amount(e) * (1 + excess.get(e, Fraction(0))) for e in elements]
        rows = [[formula.amount(e) for formula in blends] for e in elements]
        values = solve(rows, wanted).values
        if values is None or not any(values):
            return None
        return tuple(values[blend] * share for blend, share in parts)

    @property
    def parts(self) -> tuple[tuple[Formula, ...], tuple[tuple[int, Fraction], ...]]:
        """Return the blends that supply cations, and each precursor's part in them.

        Sources of the same cations are one blend; a part is a blend's index with moles
        of the precursor in a mole of it, length k.
        """
        blends = blends_of(self.precursors)
        kinds = [kind_of(blend) for blend in blends]
        return blends, tuple(
            (kinds.index(kind_of(formula_of(precursor))), share)
            for precursor, share in zip(self.precursors, self.shares, strict=True)
        )


def searched_cations(spec: CampaignSpec) -> frozenset[str]:
    """Return the cations of the target at every composition that is searched."""
    return cations(composed(spec, generic(spec)[0]))


def precursor_sets(spec: CampaignSpec) -> tuple[PrecursorSet, ...]:
    """Return the precursor sets of a campaign, in a fixed order.

    `space.sets = "all"` gives every set of at most `space.max_precursors` reagents
    that balances in exactly one way with each reagent needed; a set that holds a
    smaller such set does not balance uniquely and so is never listed. Sets written in
    the file may hold several sources of the same cations; these share them equally, by
    moles of cation.

    Where the target's composition is searched, a set is listed if it balances on some
    part of the space, with the reaction to the middle of it or else to a corner; see
    `gaps`.

    Raises:
        MaterialError: If a listed set names an unknown precursor or does not balance,
            or if no set does.
    """
    return _sets(
        tuple(str(composed(spec, shares)) for shares in generic(spec)),
        _landmarks(spec),
        spec.precursors,
        spec.space.sets,
        spec.space.max_precursors,
    )


def _landmarks(spec: CampaignSpec) -> tuple[str, ...]:
    """Return the middle composition and the corners; none where it is fixed."""
    found = sites(spec)
    if not found or not all(site.corners for site in found):
        return ()
    middle = {
        name: Fraction(repr(share))
        for site in found
        for name, share in site.middle.items()
    }
    return tuple(str(composed(spec, shares)) for shares in (middle, *corners(spec)))


def _shown(found: PrecursorSet, landmarks: Sequence[str]) -> PrecursorSet:
    """Return a set with its reaction to the first of some targets that it makes."""
    made = (_made(found, Formula.parse(text)) for text in landmarks)
    return next((one for one in made if one is not None), found)


def _made(one: PrecursorSet, target: Formula) -> PrecursorSet | None:
    try:
        return one.at(target)
    except MaterialError:
        return None


def gaps(spec: CampaignSpec, found: PrecursorSet) -> tuple[Formula, ...]:
    """Return the corners of the composition space that a set cannot make.

    A set that makes every corner makes everything between them, for amounts follow the
    composition linearly.
    """
    targets = (composed(spec, one) for one in corners(spec))
    return tuple(target for target in targets if _made(found, target) is None)


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
    blends = blends_of(precursors)
    if len(blends) == len(formulas):
        ones = (Fraction(1),) * len(formulas)
        return PrecursorSet(tuple(precursors), ones, balance(formulas, [target]))
    terms = balance(blends, [target]).reactants
    moles = {kind_of(term.formula): term.moles for term in terms if not term.is_gas}
    kinds = [kind_of(formula) for formula in formulas]
    shares = tuple(blend_share(f, kinds) for f in formulas)
    amounts = [
        (formula, moles[kind] * share)
        for formula, kind, share in zip(formulas, kinds, shares, strict=True)
    ]
    return PrecursorSet(tuple(precursors), shares, complete(amounts, target))


@lru_cache(maxsize=64)
def _sets(
    targets: tuple[str, ...],
    landmarks: tuple[str, ...],
    precursors: tuple[Precursor, ...],
    wanted: str | tuple[tuple[str, ...], ...],
    largest: int,
) -> tuple[PrecursorSet, ...]:
    """Return the sets that balance to at least one of the targets."""
    formulas = [Formula.parse(text) for text in targets]
    if isinstance(wanted, str):
        sets = _joined([_enumerate(f, precursors, largest) for f in formulas])
        if not sets:
            raise MaterialError(_why_no_set(formulas[0], precursors, largest))
    else:
        by_label = {precursor.label: precursor for precursor in precursors}
        sets = []
        for labels in wanted:
            if unknown := [label for label in labels if label not in by_label]:
                raise MaterialError(f"{', '.join(unknown)}: no precursor of that name")
            members = [p for p in precursors if p.label in labels]
            sets.append(balanced_somewhere(members, formulas))
    return tuple(_shown(found, landmarks) for found in sets)


def _joined(lists: Sequence[Sequence[PrecursorSet]]) -> list[PrecursorSet]:
    """Return the sets of all lists, each once, smaller first."""
    found = {one.precursors: one for sets in reversed(lists) for one in sets}
    order = {one.precursors: (len(one.precursors), i, j)
             for i, sets in reversed(list(enumerate(lists)))
             for j, one in enumerate(sets)}  # fmt: skip
    return sorted(found.values(), key=lambda one: order[one.precursors])


def balanced_somewhere(
    precursors: Sequence[Precursor], targets: Sequence[Formula]
) -> PrecursorSet:
    """Balance one set to the first of some targets that it makes; see `balanced`.

    Raises:
        MaterialError: If it makes none; says why not the last.
    """
    for target in targets[:-1]:
        with suppress(MaterialError):
            return balanced(precursors, target)
    return balanced(precursors, targets[-1])


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
            members.setdefault(kind_of(formula), []).append(i)
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
