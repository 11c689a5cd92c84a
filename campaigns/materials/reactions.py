"""Reactions balanced exactly over fractions, with the gases that come and go."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from campaigns.errors import MaterialError
from campaigns.materials.formula import Formula

VOLATILE = frozenset("CHNO")
"""Elements that leave or enter as gas when a powder is fired."""
OXYGEN = Formula.parse("O2")
_CARBON_DIOXIDE, _WATER = Formula.parse("CO2"), Formula.parse("H2O")
_NITROGEN, _NITROGEN_DIOXIDE = Formula.parse("N2"), Formula.parse("NO2")
_AMMONIA = Formula.parse("NH3")


@dataclass(frozen=True, slots=True)
class Term:
    """A substance and how much of it, per mole of the first product."""

    formula: Formula
    moles: Fraction
    is_gas: bool = False

    def __str__(self) -> str:
        """Write `2 CO2(g)`; a coefficient of 1 is left out."""
        moles = "" if self.moles == 1 else f"{self.moles} "
        return f"{moles}{self.formula}{'(g)' if self.is_gas else ''}"


@dataclass(frozen=True, slots=True)
class Reaction:
    """A balanced reaction; every amount is above 0."""

    reactants: tuple[Term, ...]
    products: tuple[Term, ...]

    def __str__(self) -> str:
        """Write `1/2 Y2O3 + 2 BaCO3 + ... → YBa2Cu3O7 + 2 CO2(g)`."""
        left, right = (
            " + ".join(map(str, side)) for side in (self.reactants, self.products)
        )
        return f"{left} → {right}"

    @property
    def gases(self) -> dict[str, Fraction]:
        """Return moles of each gas per mole of first product; negative if taken up."""
        taken = {str(t.formula): -t.moles for t in self.reactants if t.is_gas}
        freed = {str(t.formula): t.moles for t in self.products if t.is_gas}
        return taken | freed

    @property
    def imbalance(self) -> dict[str, Fraction]:
        """Return element to products minus reactants; empty when balanced."""
        total: dict[str, Fraction] = {}
        for sign, side in ((-1, self.reactants), (1, self.products)):
            for term in side:
                for symbol, n in term.formula.composition:
                    total[symbol] = total.get(symbol, Fraction(0)) + sign * n * (
                        term.moles
                    )
        return {symbol: n for symbol, n in total.items() if n}


def balance(reactants: Sequence[Formula], products: Sequence[Formula]) -> Reaction:
    """Balance a reaction in air: solids given, gases found.

    C leaves as CO2, H as H2O, N as NH3 (ammonium reagents), NO2 (nitrates) or N2 (both
    present), and O2 is released or taken up. Only O2 may be taken up.

    Args:
        reactants: Solids consumed; each must be needed.
        products: Solids formed; amounts are per mole of the first.

    Raises:
        MaterialError: If no amounts balance, if more than one choice does, or if a
            substance would have to run the wrong way; the message says which.
    """
    gases = carriers(reactants, products)
    solids = [*reactants, *products[1:]]
    signs = [1] * len(reactants) + [-1] * (len(products) - 1) + [-1] * len(gases)
    columns = [*solids, *gases]
    elements = sorted({e for f in (*columns, products[0]) for e in f.elements})
    rows = [
        [sign * formula.amount(e) for sign, formula in zip(signs, columns, strict=True)]
        for e in elements
    ]
    solution = solve(rows, [products[0].amount(e) for e in elements])
    if solution.values is None:
        raise MaterialError(_why_none(reactants, products, gases))
    if solution.free:
        names = ", ".join(str(columns[i]) for i in solution.free)
        raise MaterialError(
            f"{_names(reactants)} make {_names(products)} in more than one proportion:"
            f" {names} could be varied freely; leave out one source"
        )
    n_solids = len(solids)
    _refuse_wrong_way(solids, solution.values[:n_solids])
    made = Fraction(1), *solution.values[len(reactants) : n_solids]
    return _reaction(
        zip(reactants, solution.values, strict=False),
        zip(products, made, strict=True),
        zip(gases, solution.values[n_solids:], strict=True),
    )


def complete(amounts: Sequence[tuple[Formula, Fraction]], product: Formula) -> Reaction:
    """Find the gases of a reaction whose solids are all known.

    Args:
        amounts: Each solid consumed, with its moles per mole of product, > 0.
        product: The one solid formed.

    Raises:
        MaterialError: If gases cannot make up the difference.
    """
    gases = gas_balance(amounts, product)
    if gases is None:
        raise MaterialError(
            f"{_names([f for f, _ in amounts])} in these amounts leave more or less"
            f" than {product} and gas"
        )
    return _reaction(amounts, [(product, Fraction(1))], gases)


def gas_balance(
    amounts: Sequence[tuple[Formula, Fraction]], product: Formula
) -> tuple[tuple[Formula, Fraction], ...] | None:
    """Return gases and their moles that make up for some solids, negative if taken up.

    Args:
        amounts: Each solid consumed, with its moles per mole of product; below 0 for
            one that would have to be given back.
        product: The one solid formed.

    Returns:
        None where gases cannot make up the difference.
    """
    gases = carriers([formula for formula, _ in amounts], [product])
    elements = sorted({e for f, _ in amounts for e in f.elements} | product.elements)
    surplus = [
        sum((f.amount(e) * n for f, n in amounts), Fraction(0)) - product.amount(e)
        for e in elements
    ]
    values = solve([[g.amount(e) for g in gases] for e in elements], surplus).values
    return None if values is None else tuple(zip(gases, values, strict=True))


def carriers(
    reactants: Sequence[Formula], products: Sequence[Formula]
) -> tuple[Formula, ...]:
    """Return the gases by which C, H, N and O leave, or O enters."""
    present = frozenset[str]().union(*(f.elements for f in (*reactants, *products)))
    gases = [OXYGEN]
    if "C" in present:
        gases.append(_CARBON_DIOXIDE)
    if "H" in present:
        gases.append(_WATER)
    if "N" in present:
        kinds = {"NH4" in str(f) for f in reactants if "N" in f.elements}
        gases.append(
            _NITROGEN if len(kinds) != 1 else _AMMONIA if True in kinds
            else _NITROGEN_DIOXIDE
        )  # fmt: skip
    return tuple(gases)


@dataclass(frozen=True, slots=True)
class Solution:
    """What Gauss-Jordan elimination finds; `values` is None if nothing fits."""

    values: tuple[Fraction, ...] | None
    """One solution, with free unknowns at 0."""
    free: tuple[int, ...]
    """Unknowns that take part in more than one solution."""


def solve(rows: Sequence[Sequence[Fraction]], right: Sequence[Fraction]) -> Solution:
    """Solve linear equations exactly.

    Args:
        rows: Coefficients, m equations of n unknowns.
        right: Right-hand sides, length m.
    """
    work = [[*row, value] for row, value in zip(rows, right, strict=True)]
    n = len(work[0]) - 1
    pivots: list[int] = []
    for column in range(n):
        top = len(pivots)
        found = next((i for i in range(top, len(work)) if work[i][column]), None)
        if found is None:
            continue
        work[top], work[found] = work[found], work[top]
        scale = work[top][column]
        work[top] = [value / scale for value in work[top]]
        for i, row in enumerate(work):
            if i != top and row[column]:
                factor = row[column]
                work[i] = [a - factor * b for a, b in zip(row, work[top], strict=True)]
        pivots.append(column)
    if any(row[n] for row in work[len(pivots) :]):
        return Solution(None, ())
    values = [Fraction(0)] * n
    for i, column in enumerate(pivots):
        values[column] = work[i][n]
    loose = set(range(n)) - set(pivots)
    tied = {c for i, c in enumerate(pivots) if any(work[i][f] for f in loose)}
    return Solution(tuple(values), tuple(sorted(loose | tied)))


def _reaction(
    reactants: Iterable[tuple[Formula, Fraction]],
    products: Iterable[tuple[Formula, Fraction]],
    gases: Iterable[tuple[Formula, Fraction]],
) -> Reaction:
    """Put gases on the side where they belong; refuse any taken up but oxygen."""
    left = [Term(formula, moles) for formula, moles in reactants]
    right = [Term(formula, moles) for formula, moles in products]
    for gas, moles in gases:
        if moles > 0:
            right.append(Term(gas, moles, is_gas=True))
        elif moles < 0 and gas == OXYGEN:
            left.append(Term(gas, -moles, is_gas=True))
        elif moles < 0:
            raise MaterialError(
                f"{-moles} {gas} per {right[0].formula} would have to be taken up;"
                " only O2 can be"
            )
    return Reaction(tuple(left), tuple(right))


def _refuse_wrong_way(solids: Sequence[Formula], values: Sequence[Fraction]) -> None:
    for formula, moles in zip(solids, values, strict=True):
        if moles < 0:
            raise MaterialError(
                f"{formula} stands on the wrong side: {moles} would be needed"
            )
        if moles == 0:
            raise MaterialError(f"{formula} is not needed: the rest balances without")


def _why_none(
    reactants: Sequence[Formula], products: Sequence[Formula], gases: Sequence[Formula]
) -> str:
    """Say why no amounts balance, naming the element where there is one."""
    supplied = frozenset[str]().union(*(f.elements for f in reactants))
    wanted = frozenset[str]().union(*(f.elements for f in products))
    carried = frozenset[str]().union(*(f.elements for f in gases))
    start = f"{_names(reactants)} cannot make {_names(products)}: "
    if missing := sorted(wanted - supplied - {"O"}):
        return f"{start}no source of {', '.join(missing)}"
    if stuck := sorted(supplied - wanted - carried):
        return f"{start}{', '.join(stuck)} has nowhere to go"
    return f"{start}no proportions give the right ratio of elements"


def _names(formulas: Sequence[Formula]) -> str:
    return " + ".join(map(str, formulas))
