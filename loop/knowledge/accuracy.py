"""How well a model's energies agree with measured enthalpies of reaction.

Enthalpies are those of the cited rows at 298 K; a model's energies are of structures
at rest, and the difference of their heat contents is left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from campaigns.materials.descriptor import JOULES_PER_EV
from campaigns.materials.phases import PhaseTable
from campaigns.materials.thermo import REFERENCE_KELVIN, Species, species_formula
from loop.errors import EnergyModelError
from loop.knowledge.energies import EnergyModel
from loop.knowledge.mixtures import CARBON_DIOXIDE, CITED

OXIDES: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "MgAl2O4": {"MgO": 1, "Al2O3": 1},
        "CaTiO3": {"CaO": 1, "TiO2-rutile": 1},
        "BaTiO3": {"BaO": 1, "TiO2-rutile": 1},
        "SrTiO3": {"SrO": 1, "TiO2-rutile": 1},
        "ZnAl2O4": {"ZnO": 1, "Al2O3": 1},
        "Mg2SiO4": {"MgO": 2, "SiO2": 1},
        "CaSiO3": {"CaO": 1, "SiO2": 1},
        "CaAl4O7": {"CaO": 1, "Al2O3": 2},
    }
)
"""Compounds with ordered structures, and the oxides they form from: one of each
structure type of the table whose enthalpy is cited. Chosen before their energies were
computed, but for CaSiO3, which took the place of YAlO3 when the table turned out to
hold only an estimate of that."""
CARBONATES: Mapping[str, str] = MappingProxyType(
    {
        "CaCO3": "CaO", "BaCO3": "BaO", "SrCO3": "SrO", "MnCO3": "MnO",
        "ZnCO3": "ZnO", "MgCO3": "MgO", "Li2CO3": "Li2O", "Na2CO3": "Na2O",
    }
)  # fmt: skip
"""Carbonates and their oxides; those without a structure or cited row are left out."""
REDOX: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "CuO": {"Cu2O": 0.5}, "Co3O4": {"CoO": 3}, "Mn2O3": {"Mn3O4": 2 / 3},
        "MnO2": {"Mn2O3": 0.5}, "Mn3O4": {"MnO": 3}, "Fe2O3": {"Fe3O4": 2 / 3},
    }
)  # fmt: skip
"""Oxides and the lower ones that take up oxygen to become them."""
FEWEST = 3
"""Compounds without which nothing is fitted."""


@dataclass(frozen=True, slots=True)
class Error:
    """A model against one measured enthalpy."""

    compound: str
    model: float
    """Enthalpy of the reaction by the model, kJ per mole of compound."""
    cited: float
    """The same as measured."""
    atoms: float
    """Atoms of one formula unit of the compound."""

    @property
    def mev_per_atom(self) -> float:
        """Return model minus cited, meV per atom of the compound."""
        return 1e6 * (self.model - self.cited) / self.atoms / JOULES_PER_EV


@dataclass(frozen=True, slots=True)
class GasFit:
    """What a model has to take for one molecule of a gas bound in a solid."""

    energy: float
    """eV per molecule, in place of the model's own."""
    entropy: float
    """Mean entropy of binding a mole, J/mol/K."""
    errors: tuple[Error, ...]
    """Each compound, by the fit to all others."""

    @property
    def sigma_mev_per_atom(self) -> float:
        """Return the root mean square of the left-out errors, meV per atom."""
        return root_mean_square(self.errors)


def mean_absolute(errors: tuple[Error, ...]) -> float:
    """Return the mean absolute error, meV per atom."""
    return float(np.mean([abs(each.mev_per_atom) for each in errors]))


def root_mean_square(errors: tuple[Error, ...]) -> float:
    """Return the root mean square error, meV per atom."""
    return float(np.sqrt(np.mean([each.mev_per_atom**2 for each in errors])))


@dataclass(frozen=True, slots=True)
class Trial:
    """A model, and the tables that it is tried on."""

    model: EnergyModel
    phases: PhaseTable
    species: Mapping[str, Species]

    def oxides(self) -> tuple[Error, ...]:
        """Return the errors for reactions of oxides.

        Raises:
            EnergyModelError: If fewer than three have structures and cited rows.
        """
        chosen = self._known(OXIDES)
        self._refuse_few(chosen, "reactions of oxides")
        return tuple(
            _error(name, self._solids(amounts), self._cited(amounts))
            for name, amounts in chosen.items()
        )

    def carbonates(self) -> GasFit:
        """Fit what carbon dioxide in a solid counts as; each compound left out once.

        Raises:
            EnergyModelError: If fewer than three have structures and cited rows.
        """
        parts = {name: {oxide: 1.0} for name, oxide in CARBONATES.items()}
        return self._fit(parts, CARBON_DIOXIDE, "C", 1)

    def oxygen(self) -> GasFit:
        """Fit what oxygen counts as in reactions that change charges.

        Raises:
            EnergyModelError: If fewer than three have structures and cited rows.
        """
        return self._fit(REDOX, "O2(g)", "O", 2)

    def energy(self, name: str) -> float:
        """Return eV of one formula unit of a phase, relaxed."""
        (relaxed,) = self.model.relax([self.phases[name].structure()])
        return relaxed.energy * atoms_of(name)

    def _fit(
        self,
        parts: Mapping[str, Mapping[str, float]],
        gas: str,
        element: str,
        in_gas: int,
    ) -> GasFit:
        """Fit one energy to reactions that take up a gas, by an element's balance."""
        chosen = self._known(parts)
        self._refuse_few(chosen, f"compounds of {gas}")
        moles = {
            name: _amount(amounts, element) / in_gas for name, amounts in chosen.items()
        }
        full = {
            name: {**amounts, gas: -moles[name]} for name, amounts in chosen.items()
        }
        bound = {
            name: (self._solids(chosen[name]) - self._cited(full[name])) / moles[name]
            for name in chosen
        }
        errors = []
        for name in chosen:
            others = np.mean([each for other, each in bound.items() if other != name])
            model = self._solids(chosen[name]) - float(others) * moles[name]
            errors.append(_error(name, model, self._cited(full[name])))
        entropies = [
            sum(n * entropy_at_298(self.species[each]) for each, n in amounts.items())
            / moles[name]
            for name, amounts in full.items()
        ]
        energy = float(np.mean(list(bound.values())))
        return GasFit(energy, float(np.mean(entropies)), tuple(errors))

    def _known(
        self, parts: Mapping[str, Mapping[str, float]]
    ) -> dict[str, dict[str, float]]:
        """Return species to moles, products positive, of the reactions that can be.

        All energies are computed at once; the model keeps them.
        """
        chosen = {
            name: {name: 1.0, **{part: -n for part, n in each.items()}}
            for name, each in parts.items()
            if all(map(self._is_known, (name, *each)))
        }
        names = sorted({name for each in chosen.values() for name in each})
        self.model.relax([self.phases[name].structure() for name in names])
        return chosen

    def _is_known(self, name: str) -> bool:
        return (
            name in self.phases
            and self.phases[name].has_structure
            and name in self.species
            and self.species[name].status in CITED
        )

    def _refuse_few(self, chosen: Mapping[str, object], what: str) -> None:
        if len(chosen) < FEWEST:
            raise EnergyModelError(
                f"only {len(chosen)} {what} have structures and cited energies;"
                f" {FEWEST} are needed to tell a model's error"
            )

    def _solids(self, amounts: Mapping[str, float]) -> float:
        """Return the model's energy of a reaction's solids, eV."""
        return sum(n * self.energy(name) for name, n in amounts.items())

    def _cited(self, amounts: Mapping[str, float]) -> float:
        """Return the cited enthalpy of a reaction at 298 K, eV."""
        joules = sum(
            n * enthalpy_at_298(self.species[name]) for name, n in amounts.items()
        )
        return joules / JOULES_PER_EV


def atoms_of(name: str) -> float:
    """Return the atoms of one formula unit of a species."""
    return float(sum(n for _, n in species_formula(name).composition))


def entropy_at_298(row: Species) -> float:
    """Return the entropy at 298 K, J/mol/K: the slope of the Gibbs energy."""
    step = 0.5
    high, low = REFERENCE_KELVIN + step, REFERENCE_KELVIN - step
    return (row.gibbs(low) - row.gibbs(high)) / (2 * step)


def enthalpy_at_298(row: Species) -> float:
    """Return the enthalpy at 298 K, J/mol."""
    return row.gibbs(REFERENCE_KELVIN) + REFERENCE_KELVIN * entropy_at_298(row)


def _amount(amounts: Mapping[str, float], element: str) -> float:
    return sum(
        n * float(species_formula(name).amount(element)) for name, n in amounts.items()
    )


def _error(compound: str, model: float, cited: float) -> Error:
    """Make an error of two energies in eV per formula unit."""
    kilojoules = JOULES_PER_EV / 1000.0
    return Error(compound, model * kilojoules, cited * kilojoules, atoms_of(compound))


def known_sigma(identity: str) -> float | None:
    """Return the doubt of a reaction of oxides, meV per atom, of a model tried before.

    Source:
        `benchmarks/figures/chemistry_energies.py`: mean absolute errors on `OXIDES`.
    """
    for words, sigma in _KNOWN.items():
        if all(word in identity.split() for word in words):
            return sigma
    return None


_KNOWN = {("chgnet", "r2scan"): 15.0, ("chgnet", "0.3.0"): 28.0}


def sigma_of(trial: Trial) -> float:
    """Return the doubt of a model's reactions of oxides, meV per atom.

    A model that was not tried before is tried now, and is trusted no better than the
    best of those that were.
    """
    known = known_sigma(trial.model.identity)
    if known is not None:
        return known
    return max(root_mean_square(trial.oxides()), min(_KNOWN.values()))
