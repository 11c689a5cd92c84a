"""Which phases are stable in a furnace gas, and by how much others are not.

The gas is a reservoir: oxygen, carbon, hydrogen and nitrogen have the chemical
potentials that its pressures fix, and the hull is that of the grand potential over the
other elements, by pymatgen. The only module to import its phase diagrams.

Source:
    Ong et al., Chem. Mater. 20 (2008) 1798: grand-potential phase diagrams.
    Richards et al., Chem. Mater. 28 (2016) 266: reactions at an interface lie where the
    line between two compositions crosses edges of the hull.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import log
from operator import truediv
from typing import Any

from campaigns.errors import MaterialError
from campaigns.materials.atmospheres import PRESSURES, pressure_bar
from campaigns.materials.descriptor import JOULES_PER_EV
from campaigns.materials.formula import Formula
from campaigns.materials.freeenergy import shared_sigma
from campaigns.materials.reactions import VOLATILE
from campaigns.materials.thermo import GAS_CONSTANT, Species

_ZERO = 1e-6
MEV = 1000.0


@dataclass(frozen=True, slots=True)
class Stability:
    """Where one phase stands."""

    name: str
    mev_per_atom: float
    """Grand potential above the hull, per atom of the phase, 0 if stable; of the phase
    that is stable, minus how far the hull would rise without it."""
    sigma_mev_per_atom: float
    """Standard deviation of that difference."""
    products: Mapping[str, float]
    """Species that it would become, or would be made of, to moles of each a mole."""

    @property
    def is_stable(self) -> bool:
        """Return whether it lies on the hull."""
        return self.mev_per_atom < _ZERO


@dataclass(frozen=True, slots=True)
class Meeting:
    """The most driven reaction where two solids touch; no products if nothing is."""

    reactants: Mapping[str, float]
    """The two species to moles of each."""
    products: Mapping[str, float]
    """Species that form to moles of each; gases make up the rest."""


@dataclass(frozen=True)
class Hull:
    """Solids of a system in a furnace gas."""

    species: Mapping[str, Species]
    """All rows, with the gases."""
    names: tuple[str, ...]
    """The solids that count."""
    kelvin: float
    atmosphere: str

    @classmethod
    def of(
        cls,
        species: Mapping[str, Species],
        elements: Iterable[str],
        kelvin: float,
        atmosphere: str,
    ) -> "Hull":
        """Return the hull of all solids made of some elements and of the gas's.

        Args:
            species: Rows by name, gases among them.
            elements: Symbols.
            kelvin: Temperature, 290 to 2000 K.
            atmosphere: Furnace gas, one of `atmospheres.PRESSURES`.

        Raises:
            MaterialError: If an element has no solid with an energy.
        """
        wanted = frozenset(elements) | {"O"}
        if "CO2" in PRESSURES[atmosphere]:
            wanted |= {"C"}  # its carbonates compete whether they are asked for or not
        names = tuple(
            name
            for name, row in species.items()
            if not name.endswith(("(g)", "(l)"))
            and row.formula.elements <= wanted
            and row.formula.elements - VOLATILE
        )
        hull = cls(species, names, kelvin, atmosphere)
        hull.check(wanted - VOLATILE)
        return hull

    def check(self, elements: Iterable[str]) -> None:
        """Refuse a system in which an element has no solid of its own.

        Raises:
            MaterialError: If there is one.
        """
        alone = {
            next(iter(held))
            for name in self.names
            if len(held := self.species[name].formula.elements - VOLATILE) == 1
        }
        if lacking := sorted(frozenset(elements) - alone):
            raise MaterialError(
                f"no energy of an oxide, carbonate or the like of {', '.join(lacking)}:"
                " without it there is nothing to compare with; give a row of"
                " thermochemistry with --energies"
            )

    def stability(self, name: str) -> Stability:
        """Return where a solid of the hull stands."""
        entry = self._entries[name]
        above = float(self._diagram.get_e_above_hull(entry))
        if above < _ZERO:
            others = tuple(each for each in self.names if each != name)
            rest = Hull(self.species, others, self.kelvin, self.atmosphere)
            if not rest.holds(self.species[name].formula):
                return Stability(name, 0.0, 0.0, {name: 1.0})
            below = entry.energy_per_atom - rest.level(self.species[name].formula)
            return self._stability(name, below, rest)
        return self._stability(name, above, self)

    def mixture(self, formula: Formula) -> dict[str, float]:
        """Return the stable solids at a composition, moles of each a mole of it."""
        composition = _projected(formula)
        found = self._diagram.get_decomposition(composition)
        return {
            entry.attribute: float(share)
            * float(composition.num_atoms)
            / float(entry.composition.num_atoms)
            for entry, share in found.items()
            if share > _ZERO
        }

    def level(self, formula: Formula) -> float:
        """Return the hull's grand potential, eV per atom that is no gas."""
        return float(self._diagram.get_hull_energy_per_atom(_projected(formula)))

    def holds(self, formula: Formula) -> bool:
        """Return whether each element that is no gas has a solid of its own."""
        try:
            self.check(formula.elements - VOLATILE)
        except MaterialError:
            return False
        return True

    def meeting(self, first: str, second: str) -> Meeting:
        """Return the reaction by which two solids gain most by touching.

        What either gains by itself, as a carbonate that the gas decomposes does, does
        not count.
        """
        a, b = (
            _projected(self.species[name].formula).fractional_composition
            for name in (first, second)
        )
        best, share = 0.0, 0.0
        for between in self._diagram.get_critical_compositions(a, b):
            x = _share(between, a, b)
            gain = (
                self._energy(between) - x * self._energy(a) - (1 - x) * self._energy(b)
            )
            if _ZERO < x < 1 - _ZERO and gain < best - _ZERO:
                best, share = gain, x
        if not share:
            return Meeting({}, {})
        found = self._diagram.get_decomposition(a * share + b * (1 - share))
        sizes = (self._solid_atoms(name) for name in (first, second))
        return Meeting(
            dict(
                zip(
                    (first, second),
                    map(truediv, (share, 1 - share), sizes),
                    strict=True,
                )
            ),
            {
                entry.attribute: float(n) / float(entry.composition.num_atoms)
                for entry, n in found.items()
                if n > _ZERO
            },
        )

    def _energy(self, composition: Any) -> float:  # noqa: ANN401 - pymatgen's
        return float(self._diagram.get_hull_energy_per_atom(composition))

    def _solid_atoms(self, name: str) -> float:
        composition = self.species[name].formula.composition
        return float(sum(n for e, n in composition if e not in VOLATILE))

    def _stability(self, name: str, per_solid_atom: float, rest: "Hull") -> Stability:
        formula = self.species[name].formula
        products = rest.mixture(formula)
        solid = self._solid_atoms(name)
        atoms = float(sum(n for _, n in formula.composition))
        amounts = {product: -n for product, n in products.items()}
        amounts[name] = amounts.get(name, 0.0) + 1.0
        sigma = shared_sigma(amounts, self.species) / atoms / JOULES_PER_EV
        return Stability(
            name, MEV * per_solid_atom * solid / atoms, MEV * sigma, products
        )

    @cached_property
    def potentials(self) -> dict[str, float]:
        """Return eV per atom of each element that the gas fixes."""
        oxygen = self._gas("O2") / 2
        carbon = self._gas("CO2") - 2 * oxygen
        hydrogen = (self._gas("H2O") - oxygen) / 2
        return {"O": oxygen, "C": carbon, "H": hydrogen, "N": self._gas("N2") / 2}

    def _gas(self, gas: str) -> float:
        """Return the chemical potential of a gas, eV per molecule."""
        pressure = pressure_bar(gas, self.atmosphere)
        energy = self.species[f"{gas}(g)"].gibbs(self.kelvin)
        return (energy + GAS_CONSTANT * self.kelvin * log(pressure)) / JOULES_PER_EV

    @cached_property
    def _plain(self) -> dict[str, Any]:
        from pymatgen.analysis.phase_diagram import PDEntry

        return {
            name: PDEntry(
                _composition(self.species[name].formula),
                self.species[name].gibbs(self.kelvin) / JOULES_PER_EV,
                attribute=name,
            )
            for name in self.names
        }

    @cached_property
    def _diagram(self) -> Any:  # noqa: ANN401 - pymatgen has no types
        from pymatgen.analysis.phase_diagram import GrandPotentialPhaseDiagram
        from pymatgen.core.periodic_table import Element

        potentials = {Element(e): value for e, value in self.potentials.items()}
        return GrandPotentialPhaseDiagram(list(self._plain.values()), potentials)

    @cached_property
    def _entries(self) -> dict[str, Any]:
        return {entry.attribute: entry for entry in self._diagram.all_entries}


def _composition(formula: Formula) -> Any:  # noqa: ANN401 - pymatgen has no types
    from pymatgen.core.composition import Composition

    return Composition({e: float(n) for e, n in formula.composition})


def _projected(formula: Formula) -> Any:  # noqa: ANN401 - pymatgen has no types
    """Return a composition without the elements that the gas fixes."""
    from pymatgen.core.composition import Composition

    solid = {e: float(n) for e, n in formula.composition if e not in VOLATILE}
    return Composition(solid)


def _share(between: Any, first: Any, second: Any) -> float:  # noqa: ANN401
    """Return x of `between = x first + (1 - x) second`, all per atom."""
    span = {e: first[e] - second[e] for e in first + second}
    element = max(span, key=lambda e: abs(span[e]))
    if abs(span[element]) < _ZERO:
        return 0.0
    return float(
        (between.fractional_composition[element] - second[element]) / span[element]
    )
