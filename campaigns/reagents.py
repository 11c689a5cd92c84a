"""What reagents bring: their formulas, cations, and blends of like ones."""

from collections.abc import Sequence
from fractions import Fraction

from campaigns.materials.formula import Formula
from campaigns.materials.reactions import VOLATILE
from campaigns.spec import Precursor

Kind = tuple[tuple[str, Fraction], ...]


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


def kind_of(formula: Formula) -> Kind:
    """Return the ratio of cations: equal for reagents that could replace each other."""
    found = {e: formula.amount(e) for e in sorted(cations(formula))}
    if not found:
        return ((str(formula), Fraction(1)),)  # supplies gas alone: like no other
    total = sum(found.values())
    return tuple((e, n / total) for e, n in found.items())


def blend_share(formula: Formula, kinds: Sequence[Kind]) -> Fraction:
    """Return moles of a reagent in one mole of its blend (one mole of cations)."""
    like = kinds.count(kind_of(formula))
    if like == 1:
        return Fraction(1)
    total = sum((formula.amount(e) for e in cations(formula)), Fraction(0))
    return 1 / (like * total)


def blends_of(precursors: Sequence[Precursor]) -> tuple[Formula, ...]:
    """Merge sources of the same cations; a reagent without a double stays itself."""
    formulas = [formula_of(precursor) for precursor in precursors]
    kinds = [kind_of(formula) for formula in formulas]
    merged: dict[Kind, Formula] = {}
    for formula, kind in zip(formulas, kinds, strict=True):
        share = formula if kinds.count(kind) == 1 else (
            formula * blend_share(formula, kinds)
        )  # fmt: skip
        merged[kind] = merged[kind] + share if kind in merged else share
    return tuple(merged.values())
