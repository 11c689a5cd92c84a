"""Free energies of compounds that no table holds, by the best layer that is sound.

1. A cited row, as it stands.
2. Neumann-Kopp: the enthalpy of formation from cited solids by a model, heat capacity
   and entropy their sum. Bound carbon dioxide counts as fitted to known carbonates.
3. Bartel's descriptor, where the enthalpy of formation is known and nothing else.

Reactions that change an element's charge, or need a gas other than carbon dioxide, get
no row: models are not good enough for them.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from campaigns.errors import MaterialError
from campaigns.materials.descriptor import JOULES_PER_EV
from campaigns.materials.formula import Formula
from campaigns.materials.freeenergy import shared_sigma
from campaigns.materials.phases import PhaseTable
from campaigns.materials.thermo import Species, read_table
from loop.errors import EnergyModelError
from loop.knowledge.accuracy import GasFit, Trial, sigma_of
from loop.knowledge.energies import EnergyModel
from loop.knowledge.mixtures import CARBON_DIOXIDE, Mixture, mixture_of

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

COMPUTED = "computed"
"""Status of rows made here."""
BARTEL_SIGMA = 50.0
"""meV per atom. Source: Bartel et al., Nat. Commun. 9 (2018) 4168: mean absolute error
of the Gibbs energy on compounds not trained on, about 50 meV/atom to 1800 K."""
_KILO = 1000.0


@dataclass(frozen=True, slots=True)
class Compound:
    """What is to have an energy."""

    name: str
    """Key of the row; a formula, with a suffix to tell polymorphs apart."""
    formula: Formula
    structure: "Structure"

    @property
    def atoms(self) -> float:
        """Return the atoms of one formula unit."""
        return float(sum(n for _, n in self.formula.composition))


@dataclass(frozen=True, slots=True)
class Row:
    """A computed row of thermochemistry, as text and as what the text says."""

    name: str
    text: str
    """TOML in the format of `thermochemistry.toml`."""
    species: Species


@dataclass(frozen=True)
class Layers:
    """A model and the tables that its energies are tied to."""

    model: EnergyModel
    phases: PhaseTable
    species: Mapping[str, Species]

    def row(self, compound: Compound) -> Row:
        """Return the Neumann-Kopp row of a compound.

        Raises:
            MaterialError: If no mixture of cited solids can be compared with it.
            EnergyModelError: If the model cannot take its structure.
        """
        mixture = compared_with(compound, self.phases, self.species)
        enthalpy = self._enthalpy(compound, mixture)
        entropy = float(mixture.parts.get(CARBON_DIOXIDE, 0)) * self._entropy(mixture)
        own = self._sigma(mixture) * compound.atoms * JOULES_PER_EV
        text = _neumann_kopp(
            compound.name, mixture, self.species,
            numbers=(enthalpy / _KILO, entropy, own / _KILO),
            source=self._source(mixture),
        )  # fmt: skip
        species = read_table(text, self.species)[compound.name]
        return Row(compound.name, text, species)

    @cached_property
    def carbonates(self) -> GasFit:
        """What the model has to take for carbon dioxide bound in a solid."""
        return self._trial.carbonates()

    @cached_property
    def oxide_sigma(self) -> float:
        """Doubt of the model's reactions of oxides, meV per atom."""
        return sigma_of(self._trial)

    @property
    def _trial(self) -> Trial:
        return Trial(self.model, self.phases, self.species)

    def _enthalpy(self, compound: Compound, mixture: Mixture) -> float:
        """Return the enthalpy of formation from a mixture, J/mol."""
        solids = {n: x for n, x in mixture.parts.items() if n != CARBON_DIOXIDE}
        structures = [self.phases[name].structure() for name in solids]
        first, *rest = self.model.relax([compound.structure, *structures])
        for relaxed, name in zip((first, *rest), (compound.name, *solids), strict=True):
            if not relaxed.is_converged:
                raise EnergyModelError(
                    f"{name}: forces do not vanish in {relaxed.n_steps} steps by"
                    f" {self.model.identity}; its energy is not to be trusted"
                )
        energy = first.energy * compound.atoms
        for relaxed, (name, moles) in zip(rest, solids.items(), strict=True):
            atoms = sum(n for _, n in self.phases[name].formula.composition)
            energy -= float(moles * atoms) * relaxed.energy
        if gas := float(mixture.parts.get(CARBON_DIOXIDE, 0)):
            energy -= gas * self.carbonates.energy
        return energy * JOULES_PER_EV

    def _entropy(self, mixture: Mixture) -> float:
        """Return the entropy of binding a mole of carbon dioxide, J/mol/K."""
        return self.carbonates.entropy if CARBON_DIOXIDE in mixture.parts else 0.0

    def _sigma(self, mixture: Mixture) -> float:
        """Return the doubt of a formation from a mixture, eV per atom."""
        sigma = self.oxide_sigma
        if CARBON_DIOXIDE in mixture.parts:
            sigma = max(sigma, self.carbonates.sigma_mev_per_atom)
        return sigma / _KILO

    def _source(self, mixture: Mixture) -> str:
        words = f"computed: enthalpy from {mixture} by {self.model.identity}"
        if CARBON_DIOXIDE in mixture.parts:
            n = len(self.carbonates.errors)
            return f"{words}, CO2 as fitted to {n} carbonates; Neumann-Kopp Cp"
        return f"{words}; Neumann-Kopp Cp and entropy"


def compared_with(
    compound: Compound, phases: PhaseTable, species: Mapping[str, Species]
) -> Mixture:
    """Return the cited solids that a compound is compared with; no model is needed.

    Raises:
        MaterialError: If there are none.
    """
    alone = {compound.name}
    try:
        return mixture_of(compound.formula, phases, species, without=alone)
    except MaterialError:
        if "C" not in compound.formula.elements:
            raise
    return mixture_of(
        compound.formula, phases, species, without=alone, may_hold_gas=True
    )


def _neumann_kopp(
    name: str,
    mixture: Mixture,
    species: Mapping[str, Species],
    *,
    numbers: tuple[float, float, float],
    source: str,
) -> str:
    """Write a row; numbers are enthalpy, entropy and own sigma, kJ and J/K."""
    enthalpy, entropy, own = numbers
    parts = {part: float(n) for part, n in mixture.parts.items()}
    shared = {p: n for p, n in parts.items() if species[p].sigma_joules_per_mole}
    total = (own**2 + (shared_sigma(shared, species) / _KILO) ** 2) ** 0.5
    lines = [
        f"[{json.dumps(name, ensure_ascii=False)}]",
        f'status = "{COMPUTED}"',
        f"source = {json.dumps(source, ensure_ascii=False)}",
        f"oxides = {{ {_pairs(parts)} }}",
        f"from_oxides = [{enthalpy:.2f}, {entropy:.1f}]",
        f"sigma = {total:.2f}",
    ]
    if shared:
        lines += [f"sigma_invariant = {own:.2f}", f"follows = {{ {_pairs(shared)} }}"]
    return "\n".join(lines) + "\n"


def _pairs(parts: Mapping[str, float]) -> str:
    return ", ".join(f"{json.dumps(name)} = {n!r}" for name, n in parts.items())


def bartel_row(
    compound: Compound,
    *,
    kilojoules_per_mole: float,
    source: str,
    sigma_enthalpy: float = 0.0,
) -> Row:
    """Return a row of known enthalpy whose temperature dependence is Bartel's.

    Args:
        compound: A solid of at least two elements.
        kilojoules_per_mole: Enthalpy of formation from the elements at 298 K, per
            mole of formula units.
        source: Where the enthalpy comes from.
        sigma_enthalpy: Its standard deviation, kJ/mol.

    Raises:
        MaterialError: If the compound is an element.
    """
    volume = float(compound.structure.volume) / len(compound.structure)
    descriptor = BARTEL_SIGMA / _KILO * compound.atoms * JOULES_PER_EV / _KILO
    sigma = (descriptor**2 + sigma_enthalpy**2) ** 0.5
    said = f"{source}; temperature dependence by Bartel et al. (2018)"
    text = (
        f"[{json.dumps(compound.name, ensure_ascii=False)}]\n"
        f'status = "{COMPUTED}"\nsource = {json.dumps(said, ensure_ascii=False)}\n'
        f"dHf298 = {kilojoules_per_mole:.2f}\nsigma = {sigma:.2f}\n"
        f"bartel = {{ cubic_angstrom_per_atom = {volume:.4f} }}\n"
    )
    return Row(compound.name, text, read_table(text)[compound.name])
