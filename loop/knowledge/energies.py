"""Energies of crystal structures by a model, whichever model it is.

Energies are per atom and of the model's own zero: only differences between structures
of equal composition mean anything. Nothing here imports pymatgen, torch or a model
before it is used.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from loop.errors import EnergyModelError

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

MOST_ATOMS = 200
"""Atoms of a primitive cell; more would take minutes and much memory."""
CLOSEST_ANGSTROM = 0.5
"""Atoms nearer than this are a mistake: the shortest bond, H-H, has 0.74 Å."""
_DECIMALS = 5
"""Å and fractions to which two structures count as one."""


@dataclass(frozen=True, slots=True)
class Relaxed:
    """A structure moved to where its forces and stress vanish."""

    structure: "Structure"
    """Primitive cell, without oxidation states."""
    energy: float
    """eV per atom."""
    n_steps: int
    is_converged: bool
    """Whether the largest force came below the limit."""


class EnergyModel(Protocol):
    """Gives energies of structures; what it needs to compute is its own affair."""

    @property
    def identity(self) -> str:
        """Name of the model with its version and a digest of its weights."""
        ...

    def energy(self, structures: Sequence["Structure"]) -> NDArray[np.float64]:
        """Return eV per atom of n structures as they stand, shape `n`.

        Raises:
            EnergyModelError: If one is none that the model can take.
        """
        ...

    def relax(self, structures: Sequence["Structure"]) -> list[Relaxed]:
        """Return n structures with cell and positions relaxed.

        Raises:
            EnergyModelError: If one is none that the model can take.
        """
        ...

    def features(self, structures: Sequence["Structure"]) -> NDArray[np.float64]:
        """Return the model's own description of n structures, shape `n x d`.

        Raises:
            EnergyModelError: If one is none that the model can take.
        """
        ...


def prepared(structure: "Structure", known: Iterable[int] | None = None) -> "Structure":
    """Return the primitive cell without charges, or say why a model cannot take it.

    Args:
        structure: Any cell.
        known: Atomic numbers that the model was made for; all if not given.

    Raises:
        EnergyModelError: If sites are shared or partly filled, an element is unknown,
            the cell is too large, or atoms coincide.
    """
    from pymatgen.core.structure import Structure

    _refuse_species(structure, None if known is None else frozenset(known))
    primitive = structure.get_primitive_structure()
    plain = Structure(
        primitive.lattice,
        [site.specie.symbol for site in primitive],
        primitive.frac_coords,
    )
    name = plain.composition.reduced_formula
    if len(plain) > MOST_ATOMS:
        raise EnergyModelError(
            f"{name}: the primitive cell has {len(plain)} atoms; allowed: up to"
            f" {MOST_ATOMS}; take a smaller approximant"
        )
    distances = plain.distance_matrix + 9.0 * np.eye(len(plain))
    if distances.min() < CLOSEST_ANGSTROM:
        raise EnergyModelError(
            f"{name}: two atoms are {distances.min():.2f} Å apart; allowed:"
            f" {CLOSEST_ANGSTROM} Å or more; correct coordinates or space group"
        )
    return plain


def _refuse_species(structure: "Structure", known: frozenset[int] | None) -> None:
    from pymatgen.core.periodic_table import DummySpecies

    name = structure.composition.reduced_formula
    if not len(structure):
        raise EnergyModelError("the structure holds no atoms; give one with sites")
    for site in structure:
        label = site.species_string
        if any(isinstance(each, DummySpecies) for each in site.species):
            raise EnergyModelError(f"{name}: {label} is no element; name the element")
        if not site.is_ordered:
            raise EnergyModelError(
                f"{name}: the site of {label} is shared or partly filled; an energy"
                " needs whole atoms: give an ordered approximant"
            )
        if known is not None and site.specie.Z not in known:
            raise EnergyModelError(
                f"{name}: the model was not made for {site.specie.symbol}; take another"
            )


def structure_sha256(structure: "Structure") -> str:
    """Return a digest of a cell: lattice, elements and positions, to 1e-5.

    Args:
        structure: As `prepared` returns it; the order of its sites does not matter,
            its setting does.
    """
    cell = np.round(structure.lattice.matrix, _DECIMALS) + 0.0
    positions = np.round(structure.frac_coords % 1.0, _DECIMALS) % 1.0
    sites = sorted(
        (site.specie.Z, *map(float, xyz))
        for site, xyz in zip(structure, positions, strict=True)
    )
    return hashlib.sha256(repr((cell.tolist(), sites)).encode()).hexdigest()
