"""Reactions of powders that touch: every balanced one, ranked by driving force.

Two powders react where they touch, at whatever proportion their contact makes: the
products lie on the convex hull along the join of the two (Richards et al., Chem. Mater.
28 (2016) 266). Its corners are balanced reactions, so all of those are listed once per
group of reactants; temperature, gas and doubt enter only when they are weighed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from campaigns.errors import MaterialError
from campaigns.materials.formula import Formula
from campaigns.materials.freeenergy import Energies, FreeEnergy
from campaigns.materials.phases import PhaseTable
from campaigns.materials.products import read_reactants
from campaigns.materials.reactions import OXYGEN, Reaction, Term, carriers, solve
from campaigns.materials.thermo import Species, species_formula

Floats = NDArray[np.float64]
MOST_PRODUCTS = 4
"""Products beside oxygen of one reaction. The corners of a hull in n elements beside
oxygen have n - 1; more than five elements in one pair are rare."""
_ZERO = 1e-9


@dataclass(frozen=True, slots=True)
class Meeting:
    """A balanced reaction of one to three solids, per mole of atoms on either side."""

    reactants: tuple[str, ...]
    products: tuple[str, ...]
    """Solids formed, one or more."""
    moles: Mapping[str, float]
    """Solid to moles; below 0 where consumed."""
    gases: Mapping[str, float]
    """Gas, such as `CO2`, to moles given off; only O2 may be below 0."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """One reaction of a group at a temperature and gas."""

    reaction: Reaction
    energy: FreeEnergy
    is_on_hull: bool
    """Whether it is a corner of the hull along the join: nothing undercuts it."""
    lead_mev_per_atom: float
    """How much more driven than the next reaction to other products; negative for all
    but the first. From 60 on the first is what forms (Szymanski et al., Sci. Adv. 10
    (2024) eadp3309)."""


class Chemistry:
    """What is known of matter: compositions with energies, and where they melt.

    Keeps the reactions it has listed; otherwise a pure function of its two tables.
    """

    def __init__(self, species: Mapping[str, Species], phases: PhaseTable) -> None:
        """Index the solids that have an energy."""
        self.energies = Energies(species, {})
        self.phases = phases
        self.solids: dict[str, Formula] = {}
        self._names: dict[Formula, str] = {}
        for name in species:
            if not name.endswith(("(g)", "(l)")):
                self.solids.setdefault(self._add(species_formula(name)), Formula.parse(
                    str(species_formula(name))))  # fmt: skip
        self.states = _states(species)
        self._listed: dict[tuple[str, ...], tuple[Meeting, ...]] = {}

    def _add(self, formula: Formula) -> str:
        return self._names.setdefault(formula, str(formula))

    def name(self, text: str) -> str:
        """Return the name by which a composition goes here.

        Args:
            text: A formula, or a row of either table such as `TiO2-anatase`.

        Raises:
            MaterialError: If it is neither.
        """
        if text in self.phases:
            return self._add(self.phases[text].formula)
        if text in self.energies.species:
            return self._add(species_formula(text))
        return self._add(Formula.parse(text))

    def formula(self, name: str) -> Formula:
        """Return the composition of a name."""
        return self.solids.get(name) or Formula.parse(name)

    def has_energy(self, name: str) -> bool:
        """Say whether a composition has an energy."""
        return name in self.solids

    def meetings(self, reactants: Sequence[str]) -> tuple[Meeting, ...]:
        """Return every balanced reaction in which all of one to three solids take part.

        All amounts follow from the balance of the elements; oxygen comes and goes.
        """
        key = tuple(sorted(reactants))
        if key not in self._listed:
            self._listed[key] = tuple(self._list(key))
        return self._listed[key]

    def _list(self, reactants: tuple[str, ...]) -> Iterator[Meeting]:
        formulas = [self.formula(name) for name in reactants]
        present = frozenset[str]().union(*(f.elements for f in formulas))
        elements = sorted(present - {"O"})
        made = [
            name
            for name, formula in self.solids.items()
            if name not in reactants and formula.elements <= present | {"O"}
        ]
        gases = [str(gas) for gas in carriers(formulas, [])[1:]]
        amounts = _amounts((*reactants, *made, *gases), (*elements, "O"))
        n = len(reactants)
        for chosen, moles in _balances(amounts[:, :-1], n, len(made)):
            yield _meeting((*reactants, *made, *gases), n, len(made), chosen, moles)

    def weigh(
        self, meeting: Meeting, kelvin: float, atmosphere: str
    ) -> tuple[Reaction, FreeEnergy]:
        """Return a reaction with exact amounts, and its free energy and doubt."""
        reaction = self._exact(meeting)
        return reaction, self.energies.of(reaction, kelvin, atmosphere)

    def _exact(self, meeting: Meeting) -> Reaction:
        """Balance the substances of a meeting over fractions, no other gas allowed."""
        first, *others = meeting.products
        gases = [Formula.parse(gas) for gas in meeting.gases]
        left = [self.formula(name) for name in meeting.reactants]
        right = [*map(self.formula, others), *gases]
        product = self.formula(first)
        elements = sorted(frozenset[str]().union(*(f.elements for f in left)) | {"O"})
        rows = [
            [*(f.amount(e) for f in left), *(-f.amount(e) for f in right)]
            for e in elements
        ]
        values = solve(rows, [product.amount(e) for e in elements]).values
        if values is None:
            raise MaterialError(f"{meeting.reactants} and {meeting.products}: unbalanced")
        consumed = [Term(f, n) for f, n in zip(left, values, strict=False)]
        formed = [Term(product, Fraction(1))]
        for i, (formula, moles) in enumerate(
            zip(right, values[len(left) :], strict=True)
        ):
            term = Term(formula, abs(moles), is_gas=i >= len(others))
            (formed if moles > 0 else consumed).append(term)
        return Reaction(tuple(consumed), tuple(formed))

    def ranked(
        self, reactants: Sequence[str], kelvin: float, atmosphere: str
    ) -> tuple[Ranked, ...]:
        """Return the driven reactions of a group, the most driven first.

        Args:
            reactants: One to three formulas; each must take part.
            kelvin: Temperature, 290 to 2000 K.
            atmosphere: Furnace gas, one of `atmospheres.PRESSURES`.

        Raises:
            MaterialError: If one has no energy.
        """
        names = [self.name(text) for text in reactants]
        for name in names:
            if not self.has_energy(name):
                raise MaterialError(
                    f"{name} has no free energy: add a row to a file and give it with"
                    " --energies"
                )
        found = [
            (meeting, *self.weigh(meeting, kelvin, atmosphere))
            for meeting in self.meetings(names)
        ]
        found = [one for one in found if one[2].joules_per_mole < 0]
        found.sort(key=lambda one: (one[2].mev_per_atom, str(one[1])))
        corners = on_hull(
            [_share(self, one[0]) for one in found],
            [one[2].mev_per_atom for one in found],
        )
        return tuple(
            Ranked(reaction, energy, i in corners, _lead(i, [e for _, _, e in found]))
            for i, (_, reaction, energy) in enumerate(found)
        )


@lru_cache(maxsize=4)
def packaged() -> Chemistry:
    """Return what the tables that come along know."""
    from campaigns.materials.thermo import table

    return Chemistry(table(), PhaseTable.load())


def pairs(chemistry: Chemistry, text: str) -> tuple[tuple[str, str], ...]:
    """Return the pairs of a set written `BaCO3 + CuO + Y2O3`.

    Raises:
        MaterialError: If the text cannot be read.
    """
    names = [chemistry.name(part) for part in read_reactants(text)]
    return tuple(combinations(names, 2))


def _states(species: Mapping[str, Species]) -> dict[str, tuple[str, ...]]:
    """Return each composition that is one phase with others, to all of them.

    A row that shares the whole error of another of the same cations, and has none of
    its own, is that phase in another state, such as YBa2Cu3O7 of YBa2Cu3O6.
    """
    families: dict[str, list[str]] = {}
    for row in species.values():
        if len(row.follows) == 1 and not row.sigma_invariant:
            ((parent, share),) = row.follows
            whole = species[parent].formula
            if share == 1.0 and _without_oxygen(whole) == _without_oxygen(row.formula):
                family = families.setdefault(str(whole), [str(whole)])
                if str(row.formula) not in family:
                    family.append(str(row.formula))
    return {
        name: tuple(family)
        for family in families.values()
        if len(family) > 1
        for name in family
    }


def _without_oxygen(formula: Formula) -> dict[str, Fraction]:
    return {e: n for e, n in formula.composition if e != "O"}


def on_hull(shares: Sequence[float], energies: Sequence[float]) -> frozenset[int]:
    """Return which points are corners of the lower convex hull over a join.

    Args:
        shares: Where each point lies, 0 to 1, the two ends being at energy 0.
        energies: Below 0, any unit.
    """
    order = sorted(range(len(shares)), key=lambda i: (shares[i], energies[i]))
    hull: list[tuple[float, float, int]] = [(0.0, 0.0, -1)]
    for x, y, i in [*((shares[i], energies[i], i) for i in order), (1.0, 0.0, -2)]:
        if i >= 0 and x == hull[-1][0] and hull[-1][2] >= 0:
            continue  # as balanced, and less driven
        while len(hull) > 1 and not _turns_up(hull[-2], hull[-1], (x, y, i)):
            hull.pop()
        hull.append((x, y, i))
    return frozenset(i for _, _, i in hull if i >= 0)


def _turns_up(
    first: tuple[float, float, int],
    middle: tuple[float, float, int],
    last: tuple[float, float, int],
) -> bool:
    return (middle[1] - first[1]) * (last[0] - first[0]) < (last[1] - first[1]) * (
        middle[0] - first[0]
    ) - _ZERO


def _share(chemistry: Chemistry, meeting: Meeting) -> float:
    """Return the first reactant's share of the reactants' atoms, 0 to 1."""
    atoms = [
        -meeting.moles[name] * sum(float(n) for _, n in chemistry.formula(name)
                                   .composition)
        for name in meeting.reactants
    ]  # fmt: skip
    return atoms[0] / sum(atoms) if len(atoms) > 1 else 0.5


def _lead(at: int, energies: Sequence[FreeEnergy]) -> float:
    if len(energies) == 1:
        return -energies[0].mev_per_atom
    rival = energies[1] if at == 0 else energies[0]
    return rival.mev_per_atom - energies[at].mev_per_atom


def _amounts(names: Sequence[str], elements: Sequence[str]) -> Floats:
    """Return atoms of each element in each substance, shape names x elements."""
    formulas = [Formula.parse(name) for name in names]
    return np.array([[float(f.amount(e)) for e in elements] for f in formulas])


def _balances(
    amounts: Floats, n_reactants: int, n_solids: int
) -> Iterator[tuple[NDArray[np.int64], Floats]]:
    """Yield the sets of products that balance in exactly one way, all made.

    Args:
        amounts: Atoms of each element but oxygen, shape substances x elements: the
            reactants, the solids that may form, then the gases.
        n_reactants: How many of them are reactants.
        n_solids: How many are solids that may form.

    Yields:
        Indices of the products, and moles of reactants and then products, > 0.
    """
    n_elements = amounts.shape[1]
    left, right = -amounts[:n_reactants], amounts[n_reactants:]
    most = min(n_elements - n_reactants + 1, MOST_PRODUCTS, len(right))
    for k in range(1, most + 1):
        sets = np.array(list(combinations(range(len(right)), k)), dtype=np.int64)
        covered = (right[sets] > 0).any(axis=1) == (left < 0).any(axis=0)
        sets = sets[covered.all(axis=1) & (sets[:, 0] < n_solids)]
        if not len(sets):
            continue
        both = np.concatenate(
            [np.broadcast_to(left, (len(sets), *left.shape)), right[sets]], axis=1
        )
        _, singular, vectors = np.linalg.svd(np.swapaxes(both, 1, 2))
        rank = (singular > _ZERO * singular[:, :1]).sum(axis=1)
        moles = vectors[:, -1] * np.sign(vectors[:, -1, :1])
        good = (rank == n_reactants + k - 1) & (moles > _ZERO).all(axis=1)
        yield from zip(sets[good], moles[good], strict=True)


def _meeting(
    names: Sequence[str],
    n: int,
    n_made: int,
    chosen: NDArray[np.int64],
    moles: Floats,
) -> Meeting:
    """Return a reaction with its oxygen, per mole of atoms."""
    products = [names[n + i] for i in chosen]
    formulas = [Formula.parse(name) for name in (*names[:n], *products)]
    signed = [-m for m in moles[:n]] + list(moles[n:])
    oxygen = -sum(
        m * float(f.amount("O")) for m, f in zip(signed, formulas, strict=True)
    )
    atoms = max(2 * 0.5 * oxygen, 0.0) + sum(
        m * sum(float(a) for _, a in f.composition)
        for m, f in zip(signed, formulas, strict=True)
        if m > 0
    )
    is_solid = [True] * n + [i < n_made for i in chosen]
    amounts = [
        (name, float(m / atoms), solid)
        for name, m, solid in zip(
            (*names[:n], *products), signed, is_solid, strict=True
        )
    ]
    gases = {name: m for name, m, solid in amounts if not solid}
    if abs(oxygen) > _ZERO * atoms:
        gases[str(OXYGEN)] = float(oxygen / 2 / atoms)
    return Meeting(
        tuple(names[:n]),
        tuple(name for name, m, solid in amounts if solid and m > 0),
        {name: m for name, m, solid in amounts if solid},
        gases,
    )
