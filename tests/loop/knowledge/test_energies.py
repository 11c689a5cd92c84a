"""Structures that a model may take, and how they are told apart."""

import pytest
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure

from campaigns.materials.phases import PhaseTable
from loop.errors import EnergyModelError
from loop.knowledge.energies import MOST_ATOMS, prepared, structure_sha256
from tests.loop.knowledge.structures import rocksalt

TABLE = PhaseTable.load()


def test_the_primitive_cell_without_charges_is_taken():
    charged = rocksalt("Mg", 4.21)
    charged.add_oxidation_state_by_element({"Mg": 2, "O": -2})
    assert len(prepared(charged)) == 2
    assert {site.species_string for site in prepared(charged)} == {"Mg", "O"}


def cube(*symbols, edge=4.0, positions=None):
    places = positions or [[i / len(symbols), 0, 0] for i in range(len(symbols))]
    return Structure(Lattice.cubic(edge), symbols, places)


@pytest.mark.parametrize(
    ("structure", "reason"),
    [
        (Structure(Lattice.cubic(4), [], []), "holds no atoms"),
        (cube({"Mg": 0.5, "Ca": 0.5}, "O"), "shared or partly filled"),
        (cube({"Mg": 0.5}, "O"), "shared or partly filled"),
        (cube("X", "O"), "is no element"),
        (cube("Mg", "O", positions=[[0, 0, 0], [0.05, 0, 0]]), "0.20 Å apart"),
    ],
)
def test_what_a_model_cannot_take_is_refused(structure, reason):
    with pytest.raises(EnergyModelError, match=reason):
        prepared(structure)


def test_deuterium_counts_as_hydrogen():
    heavy = cube("D", "O", positions=[[0, 0, 0], [0.25, 0, 0]])
    assert {site.specie.symbol for site in prepared(heavy)} == {"H", "O"}


def test_a_huge_cell_is_refused():
    cell = rocksalt("Mg", 4.21) * (3, 3, 3)
    cell.replace(0, "Ca")
    cell = cell * (2, 1, 1)
    cell.replace(1, "Ba")
    with pytest.raises(EnergyModelError, match=f"atoms; allowed: up to {MOST_ATOMS}"):
        prepared(cell)


def test_an_element_that_the_model_does_not_know_is_refused():
    with pytest.raises(EnergyModelError, match="not made for Mg"):
        prepared(rocksalt("Mg", 4.21), known=(8, 20))


def test_the_digest_is_of_the_cell_not_of_the_order_of_its_sites():
    cell = prepared(TABLE["MgAl2O4"].structure())
    turned = Structure.from_sites(list(reversed(cell)))
    assert structure_sha256(cell) == structure_sha256(turned)
    moved = cell.copy()
    moved.translate_sites([0], [1e-3, 0, 0])
    assert structure_sha256(cell) != structure_sha256(moved)
    assert structure_sha256(cell) != structure_sha256(
        cell.scale_lattice(cell.volume * 1.01) or cell
    )
