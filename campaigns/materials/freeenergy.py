"""The free energy of a reaction in a furnace gas, with its doubt and what it lacks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import log, sqrt

from campaigns.materials.atmospheres import pressure_bar
from campaigns.materials.formula import Formula
from campaigns.materials.reactions import Reaction, Term
from campaigns.materials.thermo import GAS_CONSTANT, Species

JOULES_PER_MEV = 96.48533212
"""J/mol in 1 meV per particle. Source: CODATA 2018, e times the Avogadro constant."""
ZERO_CELSIUS = 273.15
_SPAN_CELSIUS = (25.0, 1500.0)
"""Temperatures between which a change of sign is looked for."""
_STEP_CELSIUS = 12.5
_EXACT_CELSIUS = 0.01
Terms = tuple[tuple[float, tuple[str, ...]], ...]
"""Moles, products positive, and possible species of each substance."""


@dataclass(frozen=True, slots=True)
class FreeEnergy:
    """Free energy of a reaction per mole of its first product."""

    joules_per_mole: float
    sigma_joules_per_mole: float
    """One standard deviation; errors that phases share are counted once."""
    atoms: float
    """Atoms on either side, gases included, per mole of first product."""

    @property
    def mev_per_atom(self) -> float:
        """Return the free energy per reacting atom, meV."""
        return self.joules_per_mole / self.atoms / JOULES_PER_MEV

    @property
    def sigma_mev_per_atom(self) -> float:
        """Return its standard deviation, meV per atom."""
        return self.sigma_joules_per_mole / self.atoms / JOULES_PER_MEV


@dataclass(frozen=True, slots=True)
class Crossing:
    """A temperature at which the free energy changes sign."""

    celsius: float
    sigma_celsius: float
    """Standard deviation, from that of the energy and its slope."""
    is_driven_above: bool
    """Whether the reaction is driven above the temperature, not below it."""


@dataclass(frozen=True, slots=True)
class Energies:
    """Species with energies, and which of a composition's forms are meant."""

    species: Mapping[str, Species]
    pinned: Mapping[Formula, str]
    """Composition to the one form that was asked for; else the most stable counts."""

    def forms(self, formula: Formula) -> tuple[str, ...]:
        """Return the solid species that a composition may be."""
        if formula in self.pinned:
            name = self.pinned[formula]
            return (name,) if name in self.species else ()
        return tuple(
            name
            for name, row in self.species.items()
            if not name.endswith(("(g)", "(l)")) and row.formula == formula
        )

    def named(self, reaction: Reaction, kelvin: float) -> dict[str, float]:
        """Return species to moles, products positive; solids in their stable form.

        Species without an energy are left out; see `missing`.
        """
        return self._stable(self._terms(reaction), kelvin)

    def _terms(self, reaction: Reaction) -> Terms:
        """Return moles, products positive, and possible species of each substance."""
        return tuple(
            (sign * float(term.moles), self._may_be(term))
            for sign, side in ((-1, reaction.reactants), (1, reaction.products))
            for term in side
        )

    def _may_be(self, term: Term) -> tuple[str, ...]:
        if not term.is_gas:
            return self.forms(term.formula)
        name = f"{term.formula}(g)"
        return (name,) if name in self.species else ()

    def _stable(self, terms: Terms, kelvin: float) -> dict[str, float]:
        amounts: dict[str, float] = {}
        for moles, forms in terms:
            if forms:
                name = min(forms, key=lambda n: self.species[n].gibbs(kelvin))
                amounts[name] = amounts.get(name, 0.0) + moles
        return amounts

    def missing(self, reaction: Reaction) -> tuple[str, ...]:
        """Return the substances of a reaction that have no energy."""
        return tuple(
            self.pinned.get(term.formula, str(term.formula))
            + ("(g)" if term.is_gas else "")
            for term in (*reaction.reactants, *reaction.products)
            if not self._may_be(term)
        )

    def of(self, reaction: Reaction, kelvin: float, atmosphere: str) -> FreeEnergy:
        """Return `dG = sum(n G) + RT sum(n ln p)` over the gases.

        Args:
            reaction: A reaction that misses no energy.
            kelvin: Temperature, 290 to 2000 K.
            atmosphere: Furnace gas, one of `atmospheres.PRESSURES`.
        """
        terms = self._terms(reaction)
        atoms = sum(
            float(term.moles * sum(n for _, n in term.formula.composition))
            for term in reaction.products
        )
        sigma = shared_sigma(self._stable(terms, kelvin), self.species)
        return FreeEnergy(self._joules(terms, kelvin, atmosphere), sigma, atoms)

    def _joules(self, terms: Terms, kelvin: float, atmosphere: str) -> float:
        total = 0.0
        for name, moles in self._stable(terms, kelvin).items():
            energy = self.species[name].gibbs(kelvin)
            if name.endswith("(g)"):
                pressure = pressure_bar(name.removesuffix("(g)"), atmosphere)
                energy += GAS_CONSTANT * kelvin * log(pressure)
            total += moles * energy
        return total

    def crossings(self, reaction: Reaction, atmosphere: str) -> tuple[Crossing, ...]:
        """Return where the free energy changes sign between 25 and 1500 °C."""
        low, high = _SPAN_CELSIUS
        terms = self._terms(reaction)

        def joules(celsius: float) -> float:
            return self._joules(terms, celsius + ZERO_CELSIUS, atmosphere)

        steps = round((high - low) / _STEP_CELSIUS)
        grid = [
            (t, joules(t)) for t in (low + i * _STEP_CELSIUS for i in range(steps + 1))
        ]
        return tuple(
            self._crossing(terms, joules, (start, end))
            for (start, before), (end, after) in pairwise(grid)
            if (before < 0) != (after < 0)
        )

    def _crossing(
        self,
        terms: Terms,
        joules: Callable[[float], float],
        between: tuple[float, float],
    ) -> Crossing:
        """Halve an interval whose ends differ in sign."""
        low, high = between
        slope = (joules(high) - joules(low)) / (high - low)
        while high - low > _EXACT_CELSIUS:
            middle = (low + high) / 2
            if (joules(middle) < 0) == (slope < 0):
                high = middle
            else:
                low = middle
        amounts = self._stable(terms, low + ZERO_CELSIUS)
        sigma = shared_sigma(amounts, self.species) / abs(slope)
        return Crossing(low, sigma, is_driven_above=slope < 0)


def shared_sigma(amounts: Mapping[str, float], species: Mapping[str, Species]) -> float:
    """Return the standard deviation of a sum of energies, J/mol.

    Args:
        amounts: Species to moles, products positive.
        species: Rows by name.
    """
    return sqrt(sum(error**2 for error in shared_errors(amounts, species).values()))


def shared_errors(
    amounts: Mapping[str, float], species: Mapping[str, Species]
) -> dict[str, float]:
    """Return the row that each error is of, to what one deviation of it adds, J/mol.

    A row's error is its own plus those of the rows that it was calibrated against,
    each as many times as `follows` says, so that what they share cancels between
    reactants and products. A row that follows none has its whole doubt of its own.

    Args:
        amounts: Species to moles, products positive.
        species: Rows by name.
    """
    own: dict[str, float] = {}
    waiting = list(amounts.items())
    while waiting:
        name, moles = waiting.pop()
        own[name] = own.get(name, 0.0) + moles
        waiting += [(other, moles * n) for other, n in species[name].follows]
    return {name: n * _own_sigma(species[name]) for name, n in own.items()}


def _own_sigma(row: Species) -> float:
    return row.sigma_invariant if row.follows else row.sigma_joules_per_mole
