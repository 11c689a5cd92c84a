"""Free energies by layers: exact where the model is, refused where they are unsound."""

import pytest

from campaigns.errors import MaterialError
from campaigns.materials.formula import Formula
from campaigns.materials.phases import PhaseTable
from campaigns.materials.thermo import cited, read_table, table
from loop.knowledge.accuracy import Trial, enthalpy_at_298
from loop.knowledge.layers import Compound, Layers, bartel_row
from loop.knowledge.mixtures import mixture_of
from tests.loop.knowledge.structures import CitedModel

TABLE = PhaseTable.load()
SPECIES = cited()


def compound(name):
    return Compound(name, TABLE[name].formula, TABLE[name].structure())


@pytest.fixture(scope="module")
def layers():
    new = {Formula.parse("BaTi5O11"): -3.4, Formula.parse("CaMoO4"): -2.6}
    return Layers(CitedModel(TABLE, new), TABLE, SPECIES)


def without(*names):
    return {name: row for name, row in SPECIES.items() if name not in names}


def test_the_most_stable_mixture_is_taken():
    spinel = mixture_of(Formula.parse("MgAl2O4"), TABLE, SPECIES, without={"MgAl2O4"})
    assert set(spinel.parts) == {"MgO", "Al2O3"}
    assert sum(spinel.parts.values()) == 2


def test_a_mixture_of_another_charge_is_refused():
    """CuMnO2 is Cu(I) and Mn(III); CuO with MnO has its composition."""
    with pytest.raises(MaterialError, match="oxygen or another gas"):
        mixture_of(Formula.parse("LiCoO2"), TABLE, SPECIES, without={"LiCoO2"})
    with pytest.raises(MaterialError, match="charge"):
        mixture_of(Formula.parse("CuMnO2"), TABLE, SPECIES)


def test_neumann_kopp_gives_back_a_cited_enthalpy(layers):
    """By a model that is exact, the row's enthalpy is the cited one."""
    row = Layers(layers.model, TABLE, without("MgAl2O4")).row(compound("MgAl2O4"))
    assert row.species.status == "computed"
    assert "MgO" in row.species.source
    found = enthalpy_at_298(row.species)
    assert found == pytest.approx(enthalpy_at_298(SPECIES["MgAl2O4"]), abs=50.0)


def test_the_doubt_is_the_models_and_that_of_what_it_builds_on(layers):
    row = layers.row(compound("BaTi5O11"))
    assert row.species.follows == (("BaTiO3", 1.0),)
    shared = SPECIES["BaTiO3"].sigma_joules_per_mole
    own = row.species.sigma_invariant
    assert row.species.sigma_joules_per_mole == pytest.approx(
        (own**2 + shared**2) ** 0.5, rel=1e-2
    )
    assert own / 17 / 96.485 == pytest.approx(15.0, abs=0.1)


def test_bound_carbon_dioxide_counts_as_fitted(layers):
    """The fit to cited carbonates finds a carbonate's cited enthalpy again."""
    hidden = Layers(layers.model, TABLE, without("MgCO3"))
    row = hidden.row(compound("MgCO3"))
    assert "CO2(g)" in row.text
    found, known = (enthalpy_at_298(each) for each in (row.species, SPECIES["MgCO3"]))
    assert abs(found - known) < 1e3
    assert 150 < -row.species.excess[1] < 190


def test_an_exact_model_has_no_error():
    trial = Trial(CitedModel(TABLE), TABLE, SPECIES)
    assert len(trial.oxides()) == 8
    assert max(abs(each.mev_per_atom) for each in trial.oxides()) < 1e-6
    for fit in (trial.carbonates(), trial.oxygen()):
        assert fit.sigma_mev_per_atom < 1e-6


def test_a_row_that_is_written_is_read_as_it_was(layers):
    row = layers.row(compound("CaMoO4"))
    again = read_table(row.text, SPECIES)["CaMoO4"]
    assert again.gibbs(1000.0) == row.species.gibbs(1000.0)


def test_bartels_row_is_that_of_pymatgen():
    from pymatgen.entries.computed_entries import (
        G_ELEMS,
        GibbsComputedStructureEntry,
    )

    whole = compound("MgAl2O4")
    row = bartel_row(whole, kilojoules_per_mole=-2299.0, source="a paper")
    cell = whole.structure.get_primitive_structure()
    for kelvin in (300, 1000, 1800):
        entry = GibbsComputedStructureEntry(
            cell, formation_enthalpy_per_atom=-2299.0 / 7 / 96.48533212, temp=kelvin
        )
        elements = sum(
            n * G_ELEMS[str(kelvin)][e]
            for e, n in cell.composition.get_el_amt_dict().items()
        )
        wanted = (entry.gf_sisso() + elements) / 2 * 96485.33212
        assert row.species.gibbs(kelvin) == pytest.approx(wanted, abs=20.0)
    assert row.species.sigma_joules_per_mole == pytest.approx(33.8e3, abs=100.0)


def test_bartel_is_not_for_elements_and_needs_a_volume():
    with pytest.raises(MaterialError, match="an element has none"):
        bartel_row(compound("Cu"), kilojoules_per_mole=0.0, source="none")
    text = (
        '[MgO]\nstatus="computed"\nsource="x"\nsigma=1.0\ndHf298=-600.0\n'
        "bartel={cubic_angstrom_per_atom=-1.0}\n"
    )
    with pytest.raises(MaterialError, match="above 0"):
        read_table(text)


def test_computed_rows_come_below_cited_ones():
    rows = table()
    computed = {name for name, row in rows.items() if row.status == "computed"}
    assert computed
    assert not computed & SPECIES.keys()
    formulas = {row.formula.reduced for row in SPECIES.values()}
    assert not {rows[name].formula.reduced for name in computed} & formulas
    assert all("chgnet" in rows[name].source for name in computed)
    assert all(rows[name].sigma_joules_per_mole > 0 for name in computed)
