"""Thermochemistry: invariants, rows and refusals."""

import tomllib
from importlib.resources import files
from math import exp, log

import pytest
from scipy.optimize import brentq

from campaigns.errors import MaterialError
from campaigns.materials.thermo import (
    FILES,
    GAS_CONSTANT,
    gibbs,
    read_table,
    species_formula,
    table,
)

ATMOSPHERE = 1.01325
AIR = {"O2(g)": 0.2095, "CO2(g)": 4.2e-4, "H2O(g)": 1e-2}
OXYGEN = {"O2(g)": 1.0}


def reaction(kelvin, **amounts):
    return sum(n * gibbs(name, kelvin).joules_per_mole for name, n in amounts.items())


def crosses(change, low, high):
    return brentq(change, low + 273.15, high + 273.15) - 273.15


def balance(amounts, pressures, kelvin):
    """Free energy of a reaction, products positive; gases at 1 bar unless told."""
    return sum(
        n
        * (
            gibbs(name, kelvin).joules_per_mole
            + GAS_CONSTANT * kelvin * log(pressures.get(name, 1.0))
        )
        for name, n in amounts.items()
    )


def turns(amounts, pressures, low, high):
    """Temperature, C, between `low` and `high` at which a reaction changes sign."""
    return crosses(lambda t: balance(amounts, pressures, t), low, high)


def vapour(gas, solid, celsius, per_gas=1.0):
    """Pressure of a vapour over its solid or melt, Pa."""
    kelvin = celsius + 273.15
    change = reaction(kelvin, **{gas: 1, solid: -per_gas})
    return 1e5 * exp(-change / (GAS_CONSTANT * kelvin))


@pytest.mark.parametrize(
    ("amounts", "pressures", "low", "high"),
    [
        # Grundy, Hallstedt & Gauckler 2003 (Mn-O) and Chen et al. 2003 (Co-O).
        ({"Co3O4": -1, "CoO": 3, "O2(g)": 0.5}, AIR, 895, 915),
        ({"Co3O4": -1, "CoO": 3, "O2(g)": 0.5}, OXYGEN, 935, 975),
        ({"Mn2O3": -3, "Mn3O4": 2, "O2(g)": 0.5}, AIR, 870, 885),
        ({"Mn2O3": -3, "Mn3O4": 2, "O2(g)": 0.5}, OXYGEN, 950, 990),
        # More than 100 K below the steps seen on heating at 570 C.
        ({"MnO2": -2, "Mn2O3": 1, "O2(g)": 0.5}, AIR, 400, 450),
        # LiNiO2 lets go of oxygen near 700 C in O2.
        ({"LiNiO2": -1, "Li2O": 0.5, "NiO": 1, "O2(g)": 0.25}, OXYGEN, 680, 800),
        # LiMn2O4 in air: tetragonal phases from above 900 C (Thackeray et al. 1996).
        (
            {"LiMn2O4": -1, "LiMnO2": 1, "Mn3O4": 1 / 3, "O2(g)": 1 / 3},
            AIR, 900, 1020,
        ),
        ({"Na2TeO4": -1, "Na2TeO3": 1, "O2(g)": 0.5}, AIR, 700, 800),
    ],
)  # fmt: skip
def test_redox_couples_meet_where_they_should(amounts, pressures, low, high):
    assert low <= turns(amounts, pressures, low - 300, high + 300) <= high


@pytest.mark.parametrize("gas", ["air", "N2"])
def test_cobalt_and_lithium_stay_together_to_1100_celsius(gas):
    oxygen = {"air": 0.2095, "N2": 1e-5}[gas]
    amounts = {"LiCoO2": -1, "Li2O": 0.5, "CoO": 1, "O2(g)": 0.25}
    assert balance(amounts, {"O2(g)": oxygen}, 1373.0) > 0
    carbonate = {
        "Li2CO3": -1, "Co3O4": -2 / 3, "O2(g)": -1 / 6, "LiCoO2": 2, "CO2(g)": 1,
    }  # fmt: skip
    assert balance(carbonate, AIR, 653.0) < 0


@pytest.mark.parametrize(
    ("amounts", "low", "high"),
    [
        # 1 bar of each gas. Carbonates: Robie & Hemingway 1995; Lander 1951 (Sr, Ba).
        ({"MgCO3": -1, "MgO": 1, "CO2(g)": 1}, 380, 420),
        ({"SrCO3": -1, "SrO": 1, "CO2(g)": 1}, 1150, 1270),
        ({"BaCO3": -1, "BaO": 1, "CO2(g)": 1}, 1400, 1560),
        ({"ZnCO3": -1, "ZnO": 1, "CO2(g)": 1}, 90, 200),
        ({"MnCO3": -1, "MnO": 1, "CO2(g)": 1}, 330, 410),
        ({"CoCO3": -1, "CoO": 1, "CO2(g)": 1}, 100, 300),
        # CRC: decomposes at 1310 C; the melt dissolves Li2O, which is left out here.
        ({"Li2CO3": -1, "Li2O": 1, "CO2(g)": 1}, 1250, 1450),
        # Steam over hydroxides: Halstead & Moore 1957 (Ca), 267 C (Mg).
        ({"Ca(OH)2": -1, "CaO": 1, "H2O(g)": 1}, 500, 530),
        ({"Mg(OH)2": -1, "MgO": 1, "H2O(g)": 1}, 250, 280),
        ({"Ba(OH)2": -1, "BaO": 1, "H2O(g)": 1}, 750, 1000),
        ({"LiOH-H2O": -1, "LiOH": 1, "H2O(g)": 1}, 80, 120),
        ({"Zn5(CO3)2(OH)6": -1, "ZnO": 5, "CO2(g)": 2, "H2O(g)": 3}, 190, 270),
        (
            {"Mg5(CO3)4(OH)2-4H2O": -1, "MgO": 5, "CO2(g)": 4, "H2O(g)": 5},
            220, 330,
        ),
        # Ammonium phosphates: melt loses gas from about 200 C.
        ({"NH4H2PO4(l)": -1, "NH4PO3": 1, "H2O(g)": 1}, 190, 220),
        ({"(NH4)2HPO4": -1, "NH4H2PO4": 1, "NH3(g)": 1}, 150, 230),
        ({"NH4PO3": -1, "HPO3(l)": 1, "NH3(g)": 1}, 300, 450),
    ],
)  # fmt: skip
def test_gas_reaches_one_bar_where_it_should(amounts, low, high):
    assert low <= turns(amounts, {}, 25, 1700) <= high


@pytest.mark.parametrize(
    ("solid", "celsius"),
    [
        # CRC Handbook, 97th ed.; Li2CO3: 723 C.
        ("Li2CO3", 723),
        ("LiOH", 473),
        ("Na2CO3", 856),
        ("MoO3", 801),
        ("TeO2", 733),
        ("Na2MoO4", 687),
        ("Na2Mo2O7", 612),
        ("Ba(OH)2", 408),
        ("NH4H2PO4", 190),
    ],
)
def test_what_melts_congruently_melts_where_it_should(solid, celsius):
    amounts = {solid: -1, f"{solid}(l)": 1}
    assert turns(amounts, {}, 100, 1200) == pytest.approx(celsius, abs=6)


def test_molybdenum_trioxide_sublimes_as_measured():
    # CRC Handbook: 1 torr at 734 C, 10 torr at 814 C; the vapour is Mo3O9 to Mo5O15.
    for celsius, solid, torr in ((734, "MoO3", 1), (814, "MoO3(l)", 10)):
        total = vapour("Mo3O9(g)", solid, celsius, 3)
        total += vapour("Mo4O12(g)", solid, celsius, 4)
        assert 0.5 < total / (133.3 * torr) < 1.5
    assert vapour("Mo3O9(g)", "MoO3", 650, 3) > 1.0
    assert vapour("MoO3(g)", "MoO3", 795) < 0.01


def test_tellurium_dioxide_evaporates_as_measured():
    # Piacente et al. 1977: log p(kPa) = 11.27 - 12931/T.
    for celsius, solid in ((600, "TeO2"), (700, "TeO2"), (780, "TeO2(l)")):
        measured = 1e3 * 10 ** (11.27 - 12931 / (celsius + 273.15))
        assert vapour("TeO2(g)", solid, celsius) == pytest.approx(measured, rel=0.3)


@pytest.mark.parametrize(
    ("compound", "oxides", "low", "high"),
    [
        # dG of formation at 1000 C, kJ/mol: Navrotsky & Kleppa 1968, Jacob & Alcock
        # 1975 (spinels); Holland & Powell 2011 and JANAF (silicates, titanates).
        ("MgAl2O4", {"MgO": 1, "Al2O3": 1}, -40, -32),
        ("ZnAl2O4", {"ZnO": 1, "Al2O3": 1}, -48, -36),
        ("CoAl2O4", {"CoO": 1, "Al2O3": 1}, -45, -28),
        ("NiAl2O4", {"NiO": 1, "Al2O3": 1}, -22, -8),
        ("Mg2TiO4", {"MgO": 2, "TiO2-rutile": 1}, -36, -24),
        ("MgTiO3", {"MgO": 1, "TiO2-rutile": 1}, -28, -20),
        ("Mg2SiO4", {"MgO": 2, "SiO2": 1}, -64, -52),
        ("CaSiO3", {"CaO": 1, "SiO2": 1}, -95, -85),
        ("Zn2SiO4", {"ZnO": 2, "SiO2": 1}, -36, -22),
        ("LiAlO2", {"Li2O": 0.5, "Al2O3": 0.5}, -70, -55),
        ("Li2TiO3", {"Li2O": 1, "TiO2-rutile": 1}, -140, -120),
        ("SrTiO3", {"SrO": 1, "TiO2-rutile": 1}, -150, -125),
    ],
)
def test_compounds_form_from_their_oxides_as_strongly_as_known(
    compound, oxides, low, high
):
    parts = {name: -n for name, n in oxides.items()}
    assert low <= balance({compound: 1, **parts}, {}, 1273.15) / 1000 <= high


@pytest.mark.parametrize(
    ("phase", "against"),
    [
        ("CaAl4O7", {"CaAl2O4": 1, "Al2O3": 1}),
        ("Y3Al5O12", {"YAlO3": 3, "Al2O3": 1}),
        ("Y4Al2O9", {"YAlO3": 2, "Y2O3": 1}),
        ("LiAl5O8", {"LiAlO2": 1, "Al2O3": 2}),
        ("BaTi4O9", {"BaTiO3": 1, "TiO2-rutile": 3}),
        ("Ca2SiO4", {"CaSiO3": 1, "CaO": 1}),
        ("Ca2P2O7", {"Ca(PO3)2": 0.5, "Ca3(PO4)2": 0.5}),
        ("Ni2P2O7", {"Ni(PO3)2": 0.5, "Ni3(PO4)2": 0.5}),
        ("CaNi(PO3)4", {"Ca(PO3)2": 1, "Ni(PO3)2": 1}),
        ("Na2Mo2O7", {"Na2MoO4": 1, "MoO3": 1}),
        ("Na2Mo3Te3O16", {"Na2Mo2O7": 1, "MoTe2O7": 1, "TeO2": 1}),
        ("Li2MnO3", {"Li2O": 1, "MnO2": 1}),
    ],
)
def test_phases_that_are_made_are_stable_against_their_neighbours(phase, against):
    parts = {name: -n for name, n in against.items()}
    for celsius in (350, 480):
        assert balance({phase: 1, **parts}, {}, celsius + 273.15) < 0


def test_lithium_leaves_its_cobaltate_as_hydroxide_in_moist_air():
    def pressure(celsius):
        kelvin = celsius + 273.15
        amounts = {
            "LiCoO2": -1, "CoO": 1, "O2(g)": 0.25, "H2O(g)": -0.5, "LiOH(g)": 1,
        }  # fmt: skip
        return 1e5 * exp(-balance(amounts, AIR, kelvin) / (GAS_CONSTANT * kelvin))

    assert pressure(800) < 1e-2
    assert pressure(1300) > 10


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


STATUSES = {"tabulated", "measured", "calibrated", "estimated", "computed"}


def test_every_row_has_a_source_a_status_and_a_readable_formula():
    for name, row in table().items():
        assert row.status in STATUSES
        assert len(row.source) > 10
        assert species_formula(name).molar_mass > 0
        assert abs(row.gibbs(1000.0)) > 1e3
        assert row.status != "estimated" or row.sigma_joules_per_mole > 0


OLDER = frozenset(
    [
        "H2O(l)",
        "CaTiO3",
        "BaCO3",
        "Ba(NO3)2",
        "BaO2",
        "BaTiO3",
        "BaTiO3-cubic",
        "Cu2O",
        "Cu2(OH)2CO3",
        "Y2Cu2O5",
    ]
)
"""Rows from before sources said how their figures were checked."""


def test_every_figure_from_elsewhere_says_whether_it_was_compared():
    for name, row in table().items():
        if row.status in {"tabulated", "measured"} and name not in OLDER:
            told = "verified" in row.source or "recalled, not checked" in row.source
            assert told, name


def test_heat_capacities_stay_physical_to_2000_kelvin():
    # Beyond its data a fit may run away; 70 J/mol/K an atom is more than any solid has.
    for name, row in table().items():
        atoms = float(sum(row.formula.amounts.values()))
        for kelvin in (320.0, 650.0, 1150.0, 1700.0):
            step = 5.0
            three = [row.gibbs(kelvin + k * step) for k in (-1, 0, 1)]
            cp = -kelvin * (three[0] - 2 * three[1] + three[2]) / step**2
            assert 5 < cp / atoms < 70, f"{name} at {kelvin:g} K: {cp / atoms:.1f}"


def test_no_species_stands_in_two_files():
    folder = files("campaigns.materials").joinpath("thermochemistry")
    names = [
        name
        for file in FILES
        for name in tomllib.loads(folder.joinpath(f"{file}.toml").read_text())
    ]
    assert sorted(names) == sorted(set(names))
    assert {f"{file}.toml" for file in FILES} == {f.name for f in folder.iterdir()}


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
