"""Every balanced reaction of a few solids, whatever its energy."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from campaigns.errors import MaterialError
from campaigns.materials.formula import Formula
from campaigns.materials.reactions import OXYGEN, Reaction, Term, carriers, solve

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
MOST_PRODUCTS = 4
"""Products beside oxygen of one reaction. The corners of a hull in n elements beside
oxygen have n - 1; more than five elements in one pair are rare."""
_ZERO = 1e-9


@dataclass(frozen=True, slots=True)
class Balanced:
    """A balanced reaction of one to three solids, per mole of atoms on either side."""

    reactants: tuple[str, ...]
    products: tuple[str, ...]
    """Solids formed, one or more."""
    moles: Mapping[str, float]
    """Solid to moles; below 0 where consumed."""
    gases: Mapping[str, float]
    """Gas, such as `CO2`, to moles given off; only O2 may be below 0."""


def atoms_of(formula: Formula) -> float:
    """Return the number of atoms in a formula unit."""
    return sum(float(n) for _, n in formula.composition)


def balances(
    reactants: Sequence[str], solids: Mapping[str, Formula]
) -> Iterator[Balanced]:
    """Yield every reaction in which all reactants take part, in exactly one proportion.

    Oxygen comes and goes; carbon, hydrogen and nitrogen only leave, or stay in a
    product: furnace gases hold too little of them.

    Args:
        reactants: One to three formulas.
        solids: What may form, by name.
    """
    formulas = [Formula.parse(name) for name in reactants]
    present = frozenset[str]().union(*(f.elements for f in formulas))
    elements = sorted(present - {"O"})
    made = [
        name
        for name, formula in solids.items()
        if name not in reactants and formula.elements <= present | {"O"}
    ]
    gases = carriers(formulas, [])[1:]
    everything = [*formulas, *(solids[name] for name in made), *gases]
    amounts = np.array([[float(f.amount(e)) for e in elements] for f in everything])
    names = [*reactants, *made, *map(str, gases)]
    n, n_made = len(reactants), len(made)
    for chosen, moles in _sets(amounts, n, n_made):
        which = [*range(n), *(n + i for i in chosen)]
        yield _scaled(
            [(names[i], everything[i]) for i in which], moles, n, n_made, chosen
        )


def exact(balanced: Balanced) -> Reaction:
    """Return a reaction with exact amounts, no gas but its own allowed.

    Raises:
        MaterialError: If it does not balance.
    """
    first, *others = map(Formula.parse, balanced.products)
    left = [Formula.parse(name) for name in balanced.reactants]
    right = [*others, *map(Formula.parse, balanced.gases)]
    elements = sorted(frozenset[str]().union(*(f.elements for f in left)) | {"O"})
    rows = [
        [*(f.amount(e) for f in left), *(-f.amount(e) for f in right)] for e in elements
    ]
    values = solve(rows, [first.amount(e) for e in elements]).values
    if values is None:
        names = " + ".join(balanced.reactants), " + ".join(balanced.products)
        raise MaterialError(f"{names[0]} to {names[1]} does not balance")
    consumed = [Term(f, n) for f, n in zip(left, values, strict=False)]
    formed = [Term(first, Fraction(1))]
    for i, (formula, n) in enumerate(zip(right, values[len(left) :], strict=True)):
        term = Term(formula, abs(n), is_gas=i >= len(others))
        (formed if n > 0 else consumed).append(term)
    return Reaction(tuple(consumed), tuple(formed))


def _sets(
    amounts: Floats, n_reactants: int, n_solids: int
) -> Iterator[tuple[Ints, Floats]]:
    """Yield the sets of products that balance in exactly one way, all made.

    Args:
        amounts: Atoms of each element but oxygen, shape substances x elements: the
            reactants, the solids that may form, then the gases.
        n_reactants: How many of them are reactants.
        n_solids: How many are solids that may form.

    Yields:
        Indices of the products, and moles of reactants and then products, > 0.
    """
    left, right = -amounts[:n_reactants], amounts[n_reactants:]
    most = min(amounts.shape[1] - n_reactants + 1, MOST_PRODUCTS, len(right))
    for k in range(1, most + 1):
        sets = np.array(list(combinations(range(len(right)), k)), dtype=np.int64)
        covered = (right[sets] > 0).any(axis=1) == (left < 0).any(axis=0)
        sets = sets[covered.all(axis=1) & (sets[:, 0] < n_solids)]
        if not len(sets):
            continue
        reactants = np.broadcast_to(left, (len(sets), *left.shape))
        both = np.concatenate([reactants, right[sets]], axis=1)
        _, singular, vectors = np.linalg.svd(np.swapaxes(both, 1, 2))
        rank = (singular > _ZERO * singular[:, :1]).sum(axis=1)
        moles = vectors[:, -1] * np.sign(vectors[:, -1, :1])
        good = (rank == n_reactants + k - 1) & (moles > _ZERO).all(axis=1)
        yield from zip(sets[good], moles[good], strict=True)


def _scaled(
    substances: Sequence[tuple[str, Formula]],
    moles: Floats,
    n_reactants: int,
    n_made: int,
    chosen: Ints,
) -> Balanced:
    """Return a reaction with its oxygen, per mole of atoms."""
    signs = [-1.0] * n_reactants + [1.0] * len(chosen)
    signed = [s * float(m) for s, m in zip(signs, moles, strict=True)]
    formulas = [formula for _, formula in substances]
    oxygen = -sum(
        m * float(f.amount("O")) for m, f in zip(signed, formulas, strict=True)
    )
    atoms = max(oxygen, 0.0) + sum(
        m * atoms_of(f) for m, f in zip(signed, formulas, strict=True) if m > 0
    )
    amounts = {name: m / atoms for (name, _), m in zip(substances, signed, strict=True)}
    names = list(amounts)
    products = [
        name for name, i in zip(names[n_reactants:], chosen, strict=True) if i < n_made
    ]
    solids = (*names[:n_reactants], *products)
    gases = {name: m for name, m in amounts.items() if name not in solids}
    if abs(oxygen) > _ZERO * atoms:
        gases[str(OXYGEN)] = oxygen / 2 / atoms
    return Balanced(
        tuple(names[:n_reactants]),
        tuple(products),
        {name: amounts[name] for name in solids},
        gases,
    )
