"""The reactions that a set of powders can undergo at one temperature, as arrays."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

import numpy as np

from campaigns.errors import MaterialError
from campaigns.materials.atmospheres import pressure_bar
from campaigns.materials.freeenergy import JOULES_PER_MEV, ZERO_CELSIUS, shared_errors
from campaigns.materials.heat import first
from campaigns.materials.reactions import carriers
from campaigns.materials.thermo import GAS_CONSTANT
from loop.knowledge.pairwise import Chemistry
from loop.knowledge.pairwise_balance import Balanced, Floats, Ints, atoms_of

RIVAL_MEV = 60.0
"""Rivals of the most driven reaction of a group that count, meV/atom: beyond that lead
the first is what forms (Szymanski et al., Sci. Adv. 10 (2024) eadp3309)."""
MOST_RIVALS = 4
INERT_MEV = 5.0
"""Pairs less driven than this leave their contacts to a third powder. Estimated."""
MELTS_KELVIN = 1300.0
"""Of a substance of which no melting or decomposition is known. Estimated."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A reaction that a group may undergo."""

    balanced: Balanced
    mev_per_atom: float
    """Free energy at the tables' own figures."""
    errors: Mapping[str, float]
    """Row of the thermochemistry to the error that it brings, meV/atom."""


@dataclass(frozen=True, slots=True)
class Mobility:
    """Which substance lets a group react, and how warm that one has to be."""

    substance: str
    kelvin: float
    """Where it melts; where it falls apart, if it does so without melting."""
    falls_apart: bool


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """Reactions (r of them, in g groups) among s solids at one temperature and gas."""

    kelvin: float
    atmosphere: str
    solids: tuple[str, ...]
    candidates: tuple[Candidate, ...]
    """Length r, those of a group beside each other."""
    groups: tuple[tuple[str, ...], ...]
    """Reactants of each group, length g."""
    mobility: tuple[Mobility, ...]
    """Length g."""
    group: Ints
    """Group of each reaction, shape r."""
    starts: Ints
    """First reaction of each group, shape g."""
    change: Floats
    """Moles of each solid per mole of reacting atoms, shape r x s; < 0 consumed."""
    reactants: Ints
    """Solids consumed, shape r x 3; the first again where there are fewer."""
    needed: Floats
    """Moles of each of those, > 0, shape r x 3."""
    atoms: Floats
    """Atoms in a formula unit, shape s."""

    @property
    def energies(self) -> Floats:
        """Return free energies at the tables' own figures, meV/atom, shape r."""
        return np.array([c.mev_per_atom for c in self.candidates])


class Conditions:
    """A chemistry at one temperature and furnace gas; keeps what it has weighed."""

    def __init__(self, chemistry: Chemistry, kelvin: float, atmosphere: str) -> None:
        """Find the energy of every solid and gas."""
        self.chemistry, self.kelvin, self.atmosphere = chemistry, kelvin, atmosphere
        self._energy: dict[str, tuple[float, Mapping[str, float]]] = {}
        self._found: dict[tuple[str, ...], tuple[Candidate, ...]] = {}
        self._mobility: dict[tuple[str, ...], Mobility] = {}
        self._current: dict[str, str] = {}
        self._networks: dict[frozenset[str], Network] = {}

    def solid(self, name: str) -> tuple[float, Mapping[str, float]]:
        """Return the energy of the most stable form, J/mol, and its errors."""
        if name not in self._energy:
            energies = self.chemistry.energies
            forms = energies.forms(self.chemistry.formula(name))
            found = {form: energies.species[form].gibbs(self.kelvin) for form in forms}
            form = min(found, key=found.__getitem__)
            self._energy[name] = (
                found[form],
                shared_errors({form: 1.0}, energies.species),
            )
        return self._energy[name]

    def gas(self, name: str) -> float:
        """Return the energy of a gas at its pressure in the furnace, J/mol.

        Raises:
            MaterialError: If it has none.
        """
        species = self.chemistry.energies.species.get(f"{name}(g)")
        if species is None:
            raise MaterialError(
                f"the gas {name} has no free energy: add a row {name}(g) to a file and"
                " give it with --energies"
            )
        pressure = pressure_bar(name, self.atmosphere)
        thermal = GAS_CONSTANT * self.kelvin
        return species.gibbs(self.kelvin) + thermal * float(np.log(pressure))

    def _has_gases(self, balanced: Balanced) -> bool:
        known = self.chemistry.energies.species
        return all(f"{gas}(g)" in known for gas in balanced.gases)

    def weigh(self, balanced: Balanced) -> Candidate:
        """Return a reaction with its energy, without the substances that have none."""
        joules, errors = 0.0, dict[str, float]()
        for gas, moles in balanced.gases.items():
            joules += moles * self.gas(gas)
        for name, moles in balanced.moles.items():
            if self.chemistry.has_energy(name):
                energy, own = self.solid(name)
                joules += moles * energy
                for row, error in own.items():
                    errors[row] = errors.get(row, 0.0) + moles * error
        scaled = {row: e / JOULES_PER_MEV for row, e in errors.items() if e}
        return Candidate(balanced, joules / JOULES_PER_MEV, scaled)

    def free_energy(self, moles: Mapping[str, float]) -> tuple[float, float]:
        """Return free energy (meV mol) and atoms (mol) of a change of solids.

        Gases follow from the balance; atoms are those of either side, gases included.

        Args:
            moles: Solid with an energy to moles, below 0 where consumed.
        """
        formulas = {name: self.chemistry.formula(name) for name in moles}
        gases = carriers([f for n, f in formulas.items() if moles[n] < 0], [])
        freed = [
            -sum(n * float(formulas[name].amount(e)) for name, n in moles.items())
            for e in "CHNO"
        ]
        amounts = np.array([[float(g.amount(e)) for g in gases] for e in "CHNO"])
        given_off, *_ = np.linalg.lstsq(amounts, np.array(freed), rcond=None)
        joules = sum(n * self.solid(name)[0] for name, n in moles.items())
        atoms = sum(n * atoms_of(formulas[name]) for name, n in moles.items() if n > 0)
        for gas, n in zip(gases, given_off, strict=True):
            if abs(n) > 1e-9:
                joules += float(n) * self.gas(str(gas))
            atoms += max(float(n), 0.0) * atoms_of(gas)
        return joules / JOULES_PER_MEV, atoms

    def candidates(self, group: tuple[str, ...]) -> tuple[Candidate, ...]:
        """Return the reactions that a group may undergo, the most driven first."""
        if group not in self._found:
            weighed = sorted(
                (
                    self.weigh(balanced)
                    for balanced in self.chemistry.balanced(group)
                    if self._is_current(balanced) and self._has_gases(balanced)
                ),
                key=lambda c: c.mev_per_atom,
            )
            driven = [c for c in weighed if c.mev_per_atom < 0]
            self._found[group] = tuple(
                c
                for c in driven[:MOST_RIVALS]
                if c.mev_per_atom < driven[0].mev_per_atom + RIVAL_MEV
            )
        return self._found[group]

    def stand_in(self, name: str) -> dict[str, float]:
        """Return moles of solids with energies for one mole of a substance.

        Raises:
            MaterialError: If it has no energy and is no sum of solids that have.
        """
        if self.chemistry.has_energy(name):
            return {name: 1.0}
        found = [
            self.weigh(balanced)
            for balanced in self.chemistry.balanced((name,))
            if self._has_gases(balanced)
        ]
        if not found:
            raise MaterialError(
                f"{name} has no free energy and is no sum of substances that have one:"
                " add a row to a file and give it with --energies"
            )
        best = min(found, key=lambda c: c.mev_per_atom / -c.balanced.moles[name])
        amounts = best.balanced.moles
        return {p: amounts[p] / -amounts[name] for p in best.balanced.products}

    def mobility(self, group: tuple[str, ...]) -> Mobility:
        """Return what lets a group react.

        Of two powders, the one that melts lower comes to the other (Tammann); of three,
        two must. A carbonate's cation stays until its own lattice lets go. What reacts
        by itself does so where it is seen to fall apart, if that is known.
        """
        if group not in self._mobility:
            known, gas = self.chemistry, self.atmosphere
            falls = _seen(known, group[0], gas, "decomposes")
            if len(group) == 1 and falls:
                found = Mobility(group[0], falls, falls_apart=True)
            else:
                each = [_lets_go(known, name, gas) for name in group]
                each.sort(key=lambda m: m.kelvin)
                found = each[max(0, len(group) - 2)]
                for other in each:
                    if "C" in known.formula(other.substance).elements:
                        found = max(found, other, key=lambda m: m.kelvin)
            self._mobility[group] = found
        return self._mobility[group]

    def current(self, name: str) -> str:
        """Return the state in which a phase of variable oxygen stands here."""
        if name not in self._current:
            family = self.chemistry.states.get(name, (name,))
            self._current[name] = min(family, key=self._open_energy)
        return self._current[name]

    def _open_energy(self, name: str) -> float:
        """Return the energy without that of the oxygen, J/mol."""
        oxygen = float(self.chemistry.formula(name).amount("O"))
        return self.solid(name)[0] - oxygen / 2 * self.gas("O2")

    def _is_current(self, balanced: Balanced) -> bool:
        return all(self.current(name) == name for name in balanced.products)

    def network(self, solids: Iterable[str]) -> Network:
        """Return all reactions of these solids and of what they become.

        Args:
            solids: In their current states, in any order.
        """
        key = frozenset(solids)
        if key not in self._networks:
            self._networks[key] = self._grown(sorted(key))
        return self._networks[key]

    def _grown(self, present: list[str]) -> Network:
        found: dict[tuple[str, ...], tuple[Candidate, ...]] = {}
        fresh = present[:]
        while fresh:
            for group in self._groups(present, fresh):
                if candidates := self.candidates(group):
                    found[group] = candidates
            made = dict.fromkeys(
                p for cs in found.values() for c in cs for p in c.balanced.products
            )
            fresh = [name for name in made if name not in present]
            present += fresh
        return _assemble(self, tuple(present), found)

    def _groups(self, all_: list[str], fresh: list[str]) -> Iterator[tuple[str, ...]]:
        """Yield the groups of one, two or three that hold something fresh."""
        new = set(fresh)
        for name in fresh:
            yield (name,)
        ordered = sorted(all_)
        inert = set[tuple[str, str]]()
        for pair in combinations(ordered, 2):
            if not new.isdisjoint(pair):
                yield pair
            best = self.candidates(pair)
            if not best or best[0].mev_per_atom > -INERT_MEV:
                inert.add(pair)
        for triple in combinations(ordered, 3):
            if new.isdisjoint(triple):
                continue
            if all(pair in inert for pair in combinations(triple, 2)):
                yield triple


@lru_cache(maxsize=256)
def conditions(chemistry: Chemistry, celsius: float, atmosphere: str) -> Conditions:
    """Return a chemistry at a temperature, °C, and furnace gas, kept for later."""
    return Conditions(chemistry, celsius + ZERO_CELSIUS, atmosphere)


def _lets_go(chemistry: Chemistry, name: str, gas: str) -> Mobility:
    """Return where the lattice of a substance lets go in a furnace gas."""
    if melts := _seen(chemistry, name, gas, "melts"):
        return Mobility(name, melts, falls_apart=False)
    if falls := _seen(chemistry, name, gas, "decomposes"):
        return Mobility(name, falls, falls_apart=True)
    return Mobility(name, MELTS_KELVIN, falls_apart=False)


def _seen(chemistry: Chemistry, name: str, gas: str, event: str) -> float | None:
    """Return where heat does something, K: in this gas if known, else in any."""
    rows = chemistry.phases.by_formula(chemistry.formula(name))
    changes = [change for row in rows for change in row.heat]
    here = first(changes, event, gas)
    celsius = first(changes, event) if here is None else here
    return None if celsius is None else celsius + ZERO_CELSIUS


def _assemble(
    at: Conditions,
    solids: tuple[str, ...],
    found: Mapping[tuple[str, ...], tuple[Candidate, ...]],
) -> Network:
    index = {name: i for i, name in enumerate(solids)}
    groups = tuple(found)
    candidates = tuple(c for group in groups for c in found[group])
    sizes = [len(found[group]) for group in groups]
    change = np.zeros((len(candidates), len(solids)))
    reactants = np.zeros((len(candidates), 3), dtype=np.int64)
    for j, candidate in enumerate(candidates):
        balanced = candidate.balanced
        for name, moles in balanced.moles.items():
            change[j, index[name]] += moles
        own = [index[name] for name in balanced.reactants]
        reactants[j] = (own + own[:1] * 2)[:3]
    rows = np.arange(len(candidates))[:, None]
    return Network(
        at.kelvin,
        at.atmosphere,
        solids,
        candidates,
        groups,
        tuple(map(at.mobility, groups)),
        np.repeat(np.arange(len(groups)), sizes),
        np.cumsum([0, *sizes[:-1]], dtype=np.int64) if sizes else np.zeros(0, np.int64),
        change,
        reactants,
        -change[rows, reactants],
        np.array([atoms_of(at.chemistry.formula(name)) for name in solids]),
    )
