"""Thermochemistry: invariants, rows and refusals."""

from math import exp, log

import pytest
from scipy.optimize import brentq

from campaigns.errors import MaterialError
from campaigns.materials.thermo import (
    GAS_CONSTANT,
    gibbs,
    read_table,
    species_formula,
    table,
)

ATMOSPHERE = 1.01325


def reaction(kelvin, **amounts):
    return sum(n * gibbs(name, kelvin).joules_per_mole for name, n in amounts.items())


def crosses(change, low, high):
    return brentq(change, low + 273.15, high + 273.15) - 273.15


def test_calcite_reaches_one_atmosphere_at_890_to_900_celsius():
    def change(kelvin):
        solids = reaction(kelvin, CaO=1, CaCO3=-1)
        carbon = gibbs("CO2(g)", kelvin).joules_per_mole
        return solids + carbon + GAS_CONSTANT * kelvin * log(ATMOSPHERE)

    assert 890 <= crosses(change, 700, 1100) <= 900


@pytest.mark.parametrize(
    ("pressure", "low", "high"), [(0.2095, 1025, 1030), (1.0, 1110, 1122)]
)
def test_tenorite_and_cuprite_meet_where_they_should(pressure, low, high):
    def change(kelvin):
        solids = reaction(kelvin, Cu2O=1, CuO=-2)
        oxygen = gibbs("O2(g)", kelvin).joules_per_mole
        return solids + 0.5 * (oxygen + GAS_CONSTANT * kelvin * log(pressure))

    assert low <= crosses(change, 800, 1300) <= high


@pytest.mark.parametrize(
    ("kelvin", "kilojoules"), [(990, -5.1), (1041, -2.1), (1083, 0.3), (1109, 1.7)]
)
def test_barium_peroxide_follows_the_measured_equilibrium(kelvin, kilojoules):
    oxygen = gibbs("O2(g)", kelvin).joules_per_mole
    change = reaction(kelvin, BaO2=1, BaO=-1) - 0.5 * oxygen
    assert change == pytest.approx(1000 * kilojoules, abs=250)


def test_witherite_stands_up_to_1350_celsius_in_carbon_dioxide():
    def pressure(celsius):
        kelvin = celsius + 273.15
        carbon = gibbs("CO2(g)", kelvin).joules_per_mole
        change = reaction(kelvin, BaO=1, BaCO3=-1) + carbon
        return exp(-change / (GAS_CONSTANT * kelvin))

    assert pressure(1350) < 1
    assert pressure(900) < 1e-3


def test_cuprate_melts_incongruently_near_1010_celsius_in_air():
    def change(kelvin):
        melt = gibbs("Ba3Cu5O7(l)", kelvin).joules_per_mole
        green = gibbs("Y2BaCuO5", kelvin).joules_per_mole
        logit = 5638 / kelvin - 5.514 + 0.5 * log(0.2095)
        relief = GAS_CONSTANT * kelvin * log(1 + exp(logit))
        return melt + green - 2 * (reaction(kelvin, YBa2Cu3O6=1) - relief)

    assert 993 <= crosses(change, 900, 1100) <= 1020


def test_anatase_is_never_the_stable_form():
    for kelvin in (300, 800, 1300):
        assert reaction(kelvin, **{"TiO2-anatase": 1, "TiO2-rutile": -1}) > 0


def test_barium_titanate_turns_cubic_near_its_curie_point():
    change = crosses(
        lambda t: reaction(t, **{"BaTiO3-cubic": 1, "BaTiO3": -1}), 50, 300
    )
    assert 110 <= change <= 140


def test_every_row_has_a_source_a_status_and_a_readable_formula():
    for name, row in table().items():
        assert row.status in {"tabulated", "measured", "calibrated", "estimated"}
        assert len(row.source) > 10
        assert species_formula(name).molar_mass > 0
        assert abs(row.gibbs(1000.0)) > 1e4
        assert row.status != "estimated" or row.sigma_joules_per_mole > 0


def test_heat_capacity_joins_enthalpy_and_entropy_at_a_transition():
    before, after = (gibbs("BaCO3", t).joules_per_mole for t in (1078.999, 1079.001))
    assert after == pytest.approx(before, abs=2)


def test_names_carry_phase_hydrate_and_polymorph():
    assert species_formula("H2O(g)").amounts == {"H": 2, "O": 1}
    assert species_formula("TiO2-rutile").amounts == {"Ti": 1, "O": 2}
    assert species_formula("Y2(CO3)3-3H2O").amount("H") == 6


def test_unknown_species_and_temperatures_are_refused():
    with pytest.raises(MaterialError, match="no thermochemistry for 'Fe'"):
        gibbs("Fe", 500)
    with pytest.raises(MaterialError, match="covers 290 to 2000 K"):
        gibbs("CuO", 2500)


def test_rows_that_do_not_add_up_are_refused():
    head = 'status = "estimated"\nsource = "none at all"\nsigma = 1.0\n'
    oxide = f"[CuO]\n{head}dHf298 = -1\nS298 = 1\ncp = [1, 0, 0, 0]\n"
    wrong = f"[Cu2O]\n{head}oxides = {{ CuO = 2 }}\nfrom_oxides = [0, 0]\n"
    with pytest.raises(MaterialError, match="Cu2O: its oxides do not add up in O"):
        read_table(oxide + wrong)
    with pytest.raises(MaterialError, match="row CuO: no cp"):
        read_table(oxide.replace("cp =", "cq ="))
