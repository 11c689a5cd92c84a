"""Cells and positions relaxed by ASE with whatever calculator a model brings."""

from typing import TYPE_CHECKING, Any

from loop.knowledge.energies import Relaxed

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

LARGEST_FORCE = 0.03
"""eV/Å at which a relaxation ends; a tenth of it moves the energies of the oxides by
less than 1 meV/atom (measured with CHGNet)."""
MOST_STEPS = 500


def atoms_of(structure: "Structure") -> Any:  # noqa: ANN401 - ASE has no types
    """Return a structure as ASE's atoms."""
    from ase import Atoms

    return Atoms(
        numbers=[site.specie.Z for site in structure],
        cell=structure.lattice.matrix,
        scaled_positions=structure.frac_coords,
        pbc=True,
    )


def relax_with(
    calculator: Any,  # noqa: ANN401 - an ASE calculator
    structure: "Structure",
) -> Relaxed:
    """Relax cell and positions together; symmetry is kept as far as forces have it.

    Args:
        calculator: ASE calculator with energy, forces and stress.
        structure: As `energies.prepared` returns it.

    Source:
        The cell moves by the exponential of its strain: ASE's `FrechetCellFilter`;
        steps by BFGS.
    """
    from ase.filters import FrechetCellFilter
    from ase.optimize import BFGS
    from pymatgen.core.structure import Structure

    atoms = atoms_of(structure)
    atoms.calc = calculator
    optimizer = BFGS(FrechetCellFilter(atoms), logfile=None)
    is_converged = bool(optimizer.run(fmax=LARGEST_FORCE, steps=MOST_STEPS))
    relaxed = Structure(
        atoms.cell.array, structure.species, atoms.get_scaled_positions(wrap=False)
    )
    energy = float(atoms.get_potential_energy()) / len(atoms)
    return Relaxed(relaxed, energy, int(optimizer.nsteps), is_converged)
