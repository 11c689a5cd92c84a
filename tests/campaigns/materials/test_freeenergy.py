"""Free energies of reactions against textbook equilibria, and shared errors."""

import pytest

from campaigns.materials.formula import Formula
from campaigns.materials.freeenergy import Energies, shared_sigma
from campaigns.materials.reactions import balance
from campaigns.materials.thermo import read_table, table


def made(reactants: str, products: str):
    left, right = (
        [Formula.parse(text) for text in side.split(" + ")]
        for side in (reactants, products)
    )
    return balance(left, right)


ENERGIES = Energies(table(), {})


@pytest.mark.parametrize(
    ("reactants", "product", "atmosphere", "low", "high"),
    [
        ("CaCO3", "CaO", "CO2", 890, 900),
        ("CuO", "Cu2O", "air", 1025, 1032),
        ("CuO", "Cu2O", "O2", 1100, 1125),
        ("BaTiO3 + BaCO3", "Ba2TiO4", "CO2", 1080, 1120),
    ],
)
def test_invariants_come_out(reactants, product, atmosphere, low, high):
    (crossing,) = ENERGIES.crossings(made(reactants, product), atmosphere)
    assert low < crossing.celsius < high
    assert crossing.is_driven_above


def test_a_pressure_of_gas_moves_the_energy_by_rt_ln_p():
    reaction = made("CaCO3", "CaO")
    pure = ENERGIES.of(reaction, 1000.0, "CO2").joules_per_mole
    air = ENERGIES.of(reaction, 1000.0, "air").joules_per_mole
    assert air - pure == pytest.approx(8.314462618 * 1000.0 * -7.775256, rel=1e-6)


def test_energy_per_atom_counts_gases():
    found = ENERGIES.of(made("CaCO3", "CaO"), 1200.0, "air")
    assert found.atoms == 5
    volts = found.joules_per_mole / 96485.33212
    assert found.mev_per_atom == pytest.approx(1000 * volts / 5)


def test_the_stable_form_counts_unless_one_is_named():
    reaction = made("BaCO3 + TiO2", "BaTiO3")
    anatase = Energies(table(), {Formula.parse("TiO2"): "TiO2-anatase"})
    free, pinned = (e.of(reaction, 1173.15, "air") for e in (ENERGIES, anatase))
    assert pinned.joules_per_mole < free.joules_per_mole
    assert "TiO2-anatase" in anatase.named(reaction, 1173.15)


def test_what_phases_share_cancels():
    rows = table()
    alone = shared_sigma({"Ba2TiO4": 1.0}, rows)
    between = shared_sigma({"Ba2TiO4": 1.0, "BaTiO3": -1.0, "BaCO3": -1.0}, rows)
    assert alone == pytest.approx((8000.0**2 + 4000.0**2) ** 0.5)
    assert between == pytest.approx(4000.0)
    oxidised = {"YBa2Cu3O7": 1.0, "YBa2Cu3O6": -1.0, "O2(g)": -0.5}
    assert shared_sigma(oxidised, rows) == 0.0


def test_two_forms_of_one_compound_share_their_error():
    both = {"BaTiO3-cubic": 1.0, "BaTiO3": -1.0}
    assert shared_sigma(both, table()) == 0.0


def test_missing_energies_are_named():
    assert ENERGIES.missing(made("La2O3 + TiO2", "La2TiO5")) == ("La2O3", "La2TiO5")
    ammonium = made("NH4H2PO4 + Li2CO3", "LiPO3")
    assert ENERGIES.missing(ammonium) == ()
    assert ENERGIES.missing(made("NH4H2PO4 + Na2CO3", "NaPO3")) == ("NaPO3",)


def test_rows_of_ones_own_join_the_table():
    text = """
[La2O3]
status = "tabulated"
source = "a test"
dHf298 = -1793.7
S298 = 127.3
sigma = 1.0
cp = [50.0, 0, 0, 0]
"""
    rows = read_table(text, table())
    assert set(rows) == {*table(), "La2O3"}
    assert "La2O3" not in table()
