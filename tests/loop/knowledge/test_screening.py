"""Compositions and structures screened without a model where the table suffices."""

import pytest

from campaigns.errors import MaterialError
from campaigns.materials.formula import Formula
from campaigns.materials.phases import PhaseTable
from campaigns.materials.thermo import cited
from loop.errors import MissingPackageError
from loop.knowledge.databases import Entry
from loop.knowledge.novelty import novelty
from loop.knowledge.screening import Conditions, Screening
from tests.loop.knowledge.structures import CitedModel, rocksalt

TABLE = PhaseTable.load()


def no_model():
    raise MissingPackageError("chgnet", "energies", "not there")


def screening(open_model=no_model, *, routes=0):
    conditions = Conditions(900.0, "air")
    return Screening(TABLE, cited(), open_model, conditions, most_routes=routes)


def test_a_known_formula_needs_no_model():
    found = screening(routes=2).formula(Formula.parse("CaTiO3"))
    assert found.judged[0].name == "CaTiO3"
    assert found.judged[0].stability.is_stable
    assert found.mixture == {"CaTiO3": 1.0}
    assert len(found.routes) == 2
    assert found.computed == ()


def test_a_phase_without_an_energy_asks_for_the_package():
    with pytest.raises(MissingPackageError, match=r"athanor-lab\[energies\]"):
        screening().formula(Formula.parse("CaMoO4"))


def test_it_is_computed_where_there_is_a_model():
    found = screening(
        lambda: CitedModel(TABLE, {Formula.parse("CaMoO4"): -2.6})
    ).formula(Formula.parse("CaMoO4"))
    assert found.judged[0].status == "computed"
    assert [row.name for row in found.computed] == ["CaMoO4"]
    assert found.judged[0].stability.sigma_mev_per_atom == pytest.approx(15, abs=1)


def test_a_system_lists_phases_by_distance_and_those_without_an_energy():
    found = screening().system(["Ca", "Mo", "O"])
    above = [each.stability.mev_per_atom for each in found.judged]
    assert above == sorted(above)
    assert "athanor-lab[energies]" in found.without["CaMoO4"]


def test_a_structure_is_found_again_and_a_new_one_is_computed():
    known = TABLE["TiO2-anatase"].structure()
    known.scale_lattice(known.volume * 1.02)
    found = screening().formula(Formula.parse("TiO2"), structure=known)
    assert found.novelty.same_structure == ("TiO2-anatase",)
    assert [each.name for each in found.judged] == ["TiO2-anatase"]
    strained = rocksalt("Zn", 4.3)
    found = screening(lambda: CitedModel(TABLE)).formula(
        Formula.parse("ZnO"), structure=strained
    )
    assert not found.novelty.is_known
    assert found.judged[0].name == "ZnO-screened"


def test_what_a_provider_holds_is_compared_and_computed():
    entry = Entry("p-1", rocksalt("Mg", 4.25), "a provider")
    new = novelty(
        Formula.parse("MgO"), rocksalt("Mg", 4.21), TABLE, provider="p", entries=[entry]
    )
    assert new.entries_same == ("p-1",)
    assert new.is_known


def test_an_unknown_composition_says_what_it_would_be():
    found = screening().formula(Formula.parse("Ca5Ti3O11"))
    assert found.judged == ()
    assert set(found.mixture) >= {"CaTiO3"}
    assert any("give a CIF file" in note for note in found.notes)


def test_what_is_no_powder_or_has_no_phase_is_refused():
    with pytest.raises(MaterialError, match="besides C, H, N and O"):
        screening().formula(Formula.parse("CO2"))
    with pytest.raises(MaterialError, match="no phase of the table"):
        screening().system(["Rh", "O"])


def test_a_given_enthalpy_stands_in_where_nothing_compares():
    formula = Formula.parse("CuO2")
    peroxide = rocksalt("Cu", 4.3)
    peroxide.append("O", [0.25, 0.25, 0.25])
    peroxide.append("O", [0.75, 0.75, 0.75])
    peroxide.append("O", [0.25, 0.75, 0.75])
    peroxide.append("O", [0.75, 0.25, 0.25])
    with pytest.raises(MaterialError, match="no mixture"):
        screening().formula(formula, structure=peroxide)
    given = screening()
    given.enthalpy = -100.0
    (found,) = given.formula(formula, structure=peroxide).judged
    assert "Bartel" in found.source
    assert not found.stability.is_stable
    assert found.stability.sigma_mev_per_atom == pytest.approx(50, abs=1)
