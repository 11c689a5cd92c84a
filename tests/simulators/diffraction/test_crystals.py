"""Hidden structures deviate a little, in a fixed way, and keep their symmetry."""

import pytest

from campaigns.materials.phases import PhaseTable
from simulators.diffraction.crystals import (
    LARGEST_CELL_DEVIATION,
    Structures,
    blend,
    composition,
)

TABLE = PhaseTable.load()
NAMES = [name for name, phase in TABLE.items() if phase.has_structure]


def test_cited_structures_are_those_of_the_table() -> None:
    assert Structures.cited().phase("NiO") == TABLE["NiO"]
    assert Structures.cited().phase("Y2(CO3)3-3H2O") is None
    assert Structures.cited().phase("no such phase") is None


@pytest.mark.parametrize("name", NAMES)
def test_deviations_are_small_and_keep_equal_edges_equal(name: str) -> None:
    cited, true = TABLE[name], Structures.of_seed(11).phase(name)
    ratios = [b / a for a, b in zip(cited.cell[:3], true.cell[:3], strict=True)]
    assert all(abs(ratio - 1) <= LARGEST_CELL_DEVIATION for ratio in ratios)
    assert ratios != [1.0, 1.0, 1.0]
    assert len(set(cited.cell[:3])) == len(set(true.cell[:3]))
    assert cited.cell[3:] == true.cell[3:]


def test_a_seed_fixes_the_deviations() -> None:
    first, again = Structures.of_seed(4), Structures.of_seed(4)
    assert first.phase("CuO") == again.phase("CuO")
    assert first.phase("CuO") != Structures.of_seed(5).phase("CuO")


def test_composition_of_a_melt_and_a_phase() -> None:
    assert composition("Ba3Cu5O7(l)") == pytest.approx(composition("Ba3Cu5O7"))
    assert composition("TiO2-anatase")["Ti"] == pytest.approx(0.5993, abs=1e-3)
    assert sum(blend({"CuO": 1, "BaO": 2, "amorphous": 1}).values()) == pytest.approx(1)
