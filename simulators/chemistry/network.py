"""The reactions that a powder can undergo in its crucible, as arrays.

Energies prune the list: what no temperature and no gas of a furnace ever drives, in any
world within four standard deviations of the tabulated one, is left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from campaigns.materials.thermo import species_formula
from simulators.chemistry.enumeration import CARRIERS, Compositions, Found, enumerated
from simulators.chemistry.pruning import Candidates, driven
from simulators.chemistry.substances import (
    SUBSTANCES,
    VAPOURS,
    WALLS,
    metals,
)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """Reactions among `s` species, `r` of them, exchanging `g` gases."""

    species: tuple[str, ...]
    """Condensed substances, length s; the crucible wall is the last, if it reacts."""
    gases: tuple[str, ...]
    """Gases that can leave or enter, length g: those of `CARRIERS`, then vapours; NO2
    and NH3 only where there is nitrogen."""
    wall: int
    """Index of the crucible wall among the species, -1 if it is inert."""
    melts: Ints
    """Indices of the liquids."""
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
    """Indices of the condensed products, shape r x 3; absent ones are s."""
    atoms: Floats
    """Atoms in the condensed products per cation mole, shape r."""
    group: Ints
    """Index of the reactant set of each reaction, shape r, in ascending order."""
    starts: Ints
    """First reaction of each group, shape groups."""
    groups: tuple[tuple[int, ...], ...]
    """Reactant indices of each group; one, two or three of them."""
    coexistence: Ints
    """Groups that must not react for the products to coexist, shape r x 6; absent
    ones are the number of groups."""
    vapour: Ints
    """Index among the gases of the vapour that each reaction gives off, else -1."""

    @property
    def size(self) -> Ints:
        """Return the number of reactants of each reaction, shape r."""
        return np.asarray((self.reactants < len(self.species)).sum(axis=1))

    def label(self, group: tuple[int, ...]) -> str:
        """Return the name under which a powder keeps a group's product layer."""
        return "|".join(self._name(i) for i in group)

    def _name(self, index: int) -> str:
        return self.species[index] + (" wall" if index == self.wall else "")


def network(phases: frozenset[str], crucible: str) -> Network:
    """Return the reactions that a powder of these phases can undergo.

    Args:
        phases: Names of the substances in the powder.
        crucible: Material of the crucible; see `substances.WALLS`.
    """
    elements = frozenset(e for n in phases for e in species_formula(n).elements)
    reagents = {n for n in phases if n in SUBSTANCES and SUBSTANCES[n].reagent}
    later = {SUBSTANCES[n].becomes for n in reagents} - {""}
    while later - reagents:
        reagents |= later
        later = {SUBSTANCES[n].becomes for n in later} - {""}
    return _network(elements, frozenset(reagents), WALLS.get(crucible, ""))


@lru_cache(maxsize=64)
def _network(elements: frozenset[str], reagents: frozenset[str], wall: str) -> Network:
    # Oxygen, carbon dioxide and steam come with the furnace's gas.
    present = elements | {"O", "C", "H"} | (metals(wall) if wall else set())
    names = [
        name
        for name, row in SUBSTANCES.items()
        if species_formula(name).elements <= present
        and (not row.reagent or name in reagents)
    ]
    names += [wall] if wall else []
    vapours = [v for v in VAPOURS if species_formula(v).elements <= present]
    found = Compositions(
        [*names, *vapours],
        n_vapours=len(vapours),
        wall=len(names) - 1 if wall else -1,
    )
    reactions = list(enumerated(found))
    return _assemble(found, names, tuple(vapours), reactions or [_nothing()])


def _assemble(
    found: Compositions,
    names: Sequence[str],
    vapours: tuple[str, ...],
    reactions: Sequence[Found],
) -> Network:
    n, wall = len(names), found.wall
    has_nitrogen = found.volatile[:, 2].any()
    carriers = CARRIERS if has_nitrogen else CARRIERS[:3]
    gases = (*carriers, *vapours)
    columns = [_columns(part, n, len(vapours), len(carriers)) for part in reactions]
    reactants = np.concatenate([_three(part.reactants, n) for part in reactions])
    products = np.concatenate([_three(part.products, n) for part in reactions])
    change = np.concatenate([c[0] for c in columns], axis=1)
    gas_change = np.concatenate([c[1] for c in columns], axis=1)
    order = np.lexsort(reactants.T[::-1])
    candidates = Candidates(tuple(names), gases, change[:, order], gas_change[:, order])
    keep = order[driven(candidates)]
    change, gas_change = change[:, keep], gas_change[:, keep]
    reactants, products = reactants[keep], products[keep]
    groups, group, starts = grouped(reactants, n)
    padded = np.vstack([change, np.full(len(keep), -1.0)])
    amounts = -np.take_along_axis(padded.T, reactants, axis=1)
    whole = found.metals.sum(axis=1) + found.volatile.sum(axis=1)
    carried = len(carriers)
    # The row of zeros stands for no vapour at all.
    leaving = np.vstack([np.full(len(keep), 1e-12), gas_change[carried:]])
    vapour = leaving.argmax(axis=0) - 1
    vapour[vapour >= 0] += carried
    return Network(
        tuple(names),
        gases,
        wall,
        np.array([i for i in range(n) if names[i].endswith("(l)")], dtype=np.int64),
        found.metals.sum(axis=1)[:n],
        change,
        gas_change,
        reactants,
        amounts,
        products,
        whole[:n] @ np.maximum(change, 0.0),
        group,
        starts,
        groups,
        coexisting(products, groups, n),
        vapour.astype(np.int64),
    )


def _nothing() -> Found:
    none = np.zeros((0, 1), dtype=np.int64)
    return Found(none, none, np.zeros((0, 2)), np.zeros((0, len(CARRIERS))))


def _columns(
    part: Found, n: int, n_vapours: int, n_carriers: int
) -> tuple[Floats, Floats]:
    """Return a part's changes of species, shape n x r, and of gases, g x r."""
    a, r = part.reactants.shape[1], len(part.reactants)
    whole = np.zeros((n + n_vapours, r))
    at = np.arange(r)
    for k in range(a):
        whole[part.reactants[:, k], at] -= part.amounts[:, k]
    for k in range(part.products.shape[1]):
        whole[part.products[:, k], at] += part.amounts[:, a + k]
    return whole[:n], np.vstack([part.gases.T[:n_carriers], whole[n:]])


def _three(indices: Ints, n: int) -> Ints:
    """Return indices padded to three columns; vapours count as absent."""
    padded = np.pad(indices, ((0, 0), (0, 3 - indices.shape[1])), constant_values=n)
    return np.sort(np.minimum(padded, n), axis=1)


def grouped(reactants: Ints, n: int) -> tuple[tuple[tuple[int, ...], ...], Ints, Ints]:
    """Return sets of reactants, the set of each sorted row, and where each begins."""
    if len(reactants) == 0:
        empty = np.zeros(0, dtype=np.int64)
        return (), empty, empty
    is_new = np.append(True, (np.diff(reactants, axis=0) != 0).any(axis=1))
    starts = np.flatnonzero(is_new).astype(np.int64)
    sets = tuple(tuple(int(i) for i in reactants[s] if i < n) for s in starts)
    return sets, np.cumsum(is_new).astype(np.int64) - 1, starts


def coexisting(products: Ints, groups: tuple[tuple[int, ...], ...], n: int) -> Ints:
    """Return the groups that each reaction's products make up, shape r x 6."""
    codes = {group: k for k, group in enumerate(groups)}
    absent = len(groups)
    table = np.full((n + 1, n + 1), absent, dtype=np.int64)
    for group, k in codes.items():
        if len(group) == 1:
            table[group[0], n] = table[n, group[0]] = k
        elif len(group) == 2:
            table[group[0], group[1]] = table[group[1], group[0]] = k
    columns = [table[products[:, k], n] for k in range(3)]
    columns += [
        table[products[:, i], products[:, j]] for i, j in combinations((0, 1, 2), 2)
    ]
    return np.stack(columns, axis=1)
