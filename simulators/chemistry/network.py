"""Every balanced reaction between the substances that a set of elements can form.

A reaction has one, two or three condensed reactants and up to three condensed
products; gases balance the rest. Only compositions enter here: energies, and so which
reactions run, belong to the hidden truth and to the furnace.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from campaigns.materials.thermo import species_formula
from simulators.chemistry.substances import SUBSTANCES

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

GASES = ("O2(g)", "CO2(g)", "H2O(g)", "NO2(g)")
"""Gases that reactions exchange with the furnace; order of every gas axis."""
VOLATILE = frozenset({"O", "C", "H", "N"})
_GAS_ELEMENTS = ("C", "H", "N", "O")
_WALL = "Al2O3"


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """Reactions among `s` species, `r` of them, exchanging `g` gases."""

    species: tuple[str, ...]
    """Condensed substances, length s."""
    cations: Floats
    """Cations per formula unit, shape s."""
    change: Floats
    """Moles of each species per cation mole of reaction, shape s x r; < 0 consumed."""
    gas_change: Floats
    """Moles of each gas given off per cation mole, shape g x r; < 0 taken up."""
    reactants: Ints
    """Indices of the reactants, shape r x 3; absent ones are s."""
    amounts: Floats
    """Moles of each reactant per cation mole, shape r x 3; 1 where absent."""
    products: Ints
    """Indices of the first three products, shape r x 3; absent ones are s."""
    atoms: Floats
    """Atoms in the condensed products per cation mole, shape r."""
    group: Ints
    """Index of the reactant set that each reaction belongs to, shape r."""
    groups: tuple[tuple[int, ...], ...]
    """Reactant indices of each group; one, two or three of them."""
    coexistence: Ints
    """Groups that must not react for the products to coexist, shape r x 6; absent
    ones are the number of groups."""

    @property
    def size(self) -> Ints:
        """Return the number of reactants of each reaction, shape r."""
        return np.asarray((self.reactants < len(self.species)).sum(axis=1))


@dataclass(frozen=True, slots=True)
class _Reaction:
    reactants: tuple[int, ...]
    products: tuple[int, ...]
    solids: tuple[float, ...]
    gases: tuple[float, ...]


@lru_cache(maxsize=32)
def network(elements: frozenset[str], has_wall: bool) -> Network:
    """Return the reactions that a powder of these elements can undergo.

    Args:
        elements: Element symbols in the powder; oxygen and carbon come with the gas.
        has_wall: Whether an alumina crucible wall takes part.
    """
    present = elements | {"O", "C"} | ({"Al"} if has_wall else set())
    names = tuple(
        name for name in SUBSTANCES if species_formula(name).elements <= present
    )
    metals = sorted({e for n in names for e in species_formula(n).elements} - VOLATILE)
    amounts = np.array(
        [[float(species_formula(n).amount(e)) for e in metals] for n in names]
    )
    volatile = np.array(
        [[float(species_formula(n).amount(e)) for e in _GAS_ELEMENTS] for n in names]
    )
    found = list(_reactions(names, amounts, volatile))
    return _assemble(names, amounts, volatile, found)


def _reactions(
    names: tuple[str, ...], metals: Floats, volatile: Floats
) -> Iterator["_Reaction"]:
    """Yield the balanced reactions of one, two and three reactants."""
    # Both sides must hold the same metals: a bit mask weeds most sets out early.
    masks = [sum(1 << k for k, n in enumerate(row) if n) for row in metals]
    usable = [i for i, n in enumerate(names) if SUBSTANCES[n].reacts]
    solid = [i for i in usable if names[i] != _WALL]
    for i in range(len(names)):
        made = [p for p in solid if p != i] + _children(names, i)
        if names[i] != _WALL:
            for products in _sets(made, 3, masks, masks[i]):
                yield from _balance((i,), products, metals, volatile)
    for pair in combinations(usable, 2):
        held = masks[pair[0]] | masks[pair[1]]
        for products in _sets([p for p in solid if p not in pair], 2, masks, held):
            yield from _balance(pair, products, metals, volatile)
    for triple in combinations(solid, 3):
        held = masks[triple[0]] | masks[triple[1]] | masks[triple[2]]
        for products in _sets([p for p in solid if p not in triple], 1, masks, held):
            yield from _balance(triple, products, metals, volatile)


def _sets(
    members: list[int], most: int, masks: list[int], held: int
) -> Iterator[tuple[int, ...]]:
    """Yield sets of one to `most` members that together hold just these metals."""
    fitting = [m for m in members if masks[m] | held == held]
    for size in range(1, most + 1):
        for chosen in combinations(fitting, size):
            together = 0
            for m in chosen:
                together |= masks[m]
            if together == held:
                yield chosen


def _children(names: tuple[str, ...], parent: int) -> list[int]:
    """Return reagent-only substances that another reagent falls apart into."""
    chain = ("Y2(CO3)3-3H2O", "Y2(CO3)3", "Y2O2CO3")
    if names[parent] not in chain:
        return []
    later = chain[chain.index(names[parent]) + 1 :]
    return [names.index(n) for n in later[:1]]


def _balance(
    reactants: tuple[int, ...],
    products: tuple[int, ...],
    metals: Floats,
    volatile: Floats,
) -> Iterator["_Reaction"]:
    """Yield the reaction if the metals balance in exactly one way, all forward."""
    rows = metals[[*reactants, *products]].T
    rows = rows[rows.any(axis=1)]
    signs = np.array([-1.0] * len(reactants) + [1.0] * len(products))
    if rows.shape[0] < len(signs) - 1:
        return
    _, singular, vectors = np.linalg.svd(rows * signs)
    rank = int((singular > 1e-9).sum())
    if rank != len(signs) - 1:
        return
    amounts = vectors[-1]
    amounts = amounts * np.sign(amounts[np.argmax(abs(amounts))])
    if amounts.min() < 1e-9:
        return
    total = float(metals[list(reactants)].sum(axis=1) @ amounts[: len(reactants)])
    solids = signs * amounts / total
    gases = _gases(-(volatile[[*reactants, *products]].T @ solids))
    if gases is not None:
        yield _Reaction(reactants, products, tuple(solids), gases)


def _gases(given_off: Floats) -> tuple[float, ...] | None:
    """Return moles of O2, CO2, H2O, NO2 that carry C, H, N, O off."""
    carbon, hydrogen, nitrogen, oxygen = given_off
    rest = oxygen - 2 * carbon - hydrogen / 2 - 2 * nitrogen
    gases = np.array([rest / 2, carbon, hydrogen / 2, nitrogen])
    gases[abs(gases) < 1e-12] = 0.0
    # No furnace gas brings steam or nitrogen oxides back.
    return None if gases[2] < 0 or gases[3] < 0 else tuple(gases)


def _assemble(
    names: tuple[str, ...], metals: Floats, volatile: Floats, found: list[_Reaction]
) -> Network:
    n, r = len(names), len(found)
    change, gas = np.zeros((n, r)), np.zeros((len(GASES), r))
    reactants, products = np.full((r, 3), n), np.full((r, 3), n)
    amounts = np.ones((r, 3))
    groups: dict[tuple[int, ...], int] = {}
    group = np.zeros(r, dtype=np.int64)
    for j, reaction in enumerate(found):
        change[[*reaction.reactants, *reaction.products], j] = reaction.solids
        gas[:, j] = reaction.gases
        k = len(reaction.reactants)
        reactants[j, :k] = reaction.reactants
        products[j, : len(reaction.products)] = reaction.products
        amounts[j, :k] = -np.array(reaction.solids[:k])
        group[j] = groups.setdefault(reaction.reactants, len(groups))
    coexistence = np.full((r, 6), len(groups))
    for j, reaction in enumerate(found):
        made: list[tuple[int, ...]] = [(p,) for p in reaction.products]
        made += [*combinations(sorted(reaction.products), 2)]
        keys = [groups[m] for m in made if m in groups]
        coexistence[j, : len(keys)] = keys
    atoms = (metals.sum(axis=1) + volatile.sum(axis=1)) @ np.maximum(change, 0.0)
    return Network(
        names,
        metals.sum(axis=1),
        change,
        gas,
        reactants.astype(np.int64),
        amounts,
        products.astype(np.int64),
        atoms,
        group,
        tuple(groups),
        coexistence.astype(np.int64),
    )
