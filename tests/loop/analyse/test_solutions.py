"""Solid solutions between the ends of a composition space."""

import pytest

from campaigns.composition import shares_of
from campaigns.materials.phases import PhaseTable
from loop.analyse.candidates import target_phases
from loop.analyse.solutions import at_composition, solutions
from tests.campaigns.solutions import titanate

TABLE = PhaseTable.load()


def point(strontium: float) -> dict[str, float | str]:
    return {"share.Ba": round(1 - strontium, 3), "share.Sr": strontium}


def found(strontium: float):
    spec = titanate()
    return solutions(spec, TABLE, shares_of(spec, point(strontium)))


def test_between_like_ends_the_cell_follows_the_composition():
    (one,) = found(0.5)
    low, high = TABLE["SrTiO3"].cell, TABLE["BaTiO3-cubic"].cell
    assert one.name == "Ba0.5Sr0.5TiO3"
    assert one.cell[0] == pytest.approx((low[0] + high[0]) / 2)
    held = {(a.element, a.occupancy) for a in one.sites if a.element in ("Ba", "Sr")}
    assert held == {("Ba", 0.5), ("Sr", 0.5)}
    structure = one.structure()
    assert structure.composition.reduced_formula == "SrBaTi2O6" or (
        structure.composition["Ba"] == pytest.approx(0.5)
    )


def test_near_an_end_its_other_structures_count_too():
    names = [one.name for one in found(0.1)]
    assert names == ["Ba0.9Sr0.1TiO3", "Ba0.9Sr0.1TiO3 as BaTiO3-cubic"]
    assert found(0.1)[0].cell == TABLE["BaTiO3"].cell


def test_an_end_is_itself():
    spec, table = at_composition(titanate(), TABLE, point(0.0))
    assert spec.target.formula == "BaTiO3"
    assert set(target_phases(spec, table)) == {"BaTiO3", "BaTiO3-cubic"}


def test_the_solution_is_the_sample_s_target():
    spec, table = at_composition(titanate(), TABLE, point(0.4))
    assert target_phases(spec, table) == ("Ba0.6Sr0.4TiO3",)
    assert table["Ba0.6Sr0.4TiO3"].formula.amount("Sr") == pytest.approx(0.4)
    assert len(table) == len(TABLE) + 1


def test_phases_that_the_file_accepts_stay_so():
    fixed = titanate().target.model_copy(update={"phases": ("SrTiO3",)})
    spec, _ = at_composition(
        titanate().model_copy(update={"target": fixed}), TABLE, point(0.4)
    )
    assert spec.target.phases == ("SrTiO3",)
