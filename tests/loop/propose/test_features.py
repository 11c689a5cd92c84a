"""What formulas say of precursor sets."""

import pytest

from campaigns.materials.formula import Formula
from loop.propose.facts import TabledFacts
from loop.propose.features import (
    SetChemistry,
    gas_share,
    salt_of,
    set_features,
    slowest_carbonate,
    source_at,
    stable_carbonate,
)


@pytest.mark.parametrize(
    ("formula", "salt"),
    [
        ("CuO", "oxide"),
        ("BaO2", "peroxide"),
        ("Na2O2", "peroxide"),
        ("TiO2", "oxide"),
        ("BaCO3", "carbonate"),
        ("Y2(CO3)3.3H2O", "carbonate"),
        ("Cu2CO3(OH)2", "carbonate"),
        ("Ba(NO3)2", "nitrate"),
        ("Ba(OH)2.8H2O", "hydroxide"),
        ("NH4H2PO4", "phosphate"),
        ("NH4VO3", "ammonium"),
        ("Ca(NO3)2.4H2O", "nitrate"),
        ("NaHCO3", "carbonate"),
        ("LiF", "halide"),
        ("BaSO4", "sulfate"),
        ("CaC2O4.H2O", "organic"),
        ("Zn", "element"),
    ],
)
def test_salts_are_told_from_their_formulas(formula, salt):
    assert salt_of(Formula.parse(formula)) == salt


def test_copper_carbonate_is_copper_oxide_long_before_anything_reacts():
    assert source_at("CuCO3", 600) == source_at("CuO", 600) == "Cu oxide"
    assert source_at("BaCO3", 900) == "Ba carbonate"
    assert source_at("Y2(CO3)3", 600) == "Y carbonate"
    assert source_at("Y2(CO3)3", 800) == "Y oxide"


def test_compounds_of_two_cations_are_told_apart_by_their_ratio():
    assert source_at("BaCuO2", 600) == "Ba-Cu oxide"
    assert source_at("Ba2(CuO2)3", 600) == "Ba-Cu1.5 oxide"
    assert source_at("Ba4Cu6O10", 600) == "Ba-Cu1.5 oxide"


def test_a_set_is_as_slow_as_its_slowest_cation():
    assert slowest_carbonate(["BaCO3", "CuO", "Y2O3"]) == 1.0
    assert slowest_carbonate(["BaCO3", "BaO2", "CuO"]) == 0.5
    assert slowest_carbonate(["BaO2", "CuCO3", "Y2(CO3)3"]) == 0.0
    assert slowest_carbonate([]) == 0.0


def chemistry(label: str, **moles: float) -> SetChemistry:
    freed = moles.get("BaCO3", 0.0)
    oxygen = (1.5 + 2 * moles.get("BaO2", 0.0) + 3 * freed + 3 - 2 * freed - 7) / 2
    gases = {"CO2": freed, "O2": oxygen} if freed else {"O2": oxygen}
    return SetChemistry(label, "YBa2Cu3O7", moles, gases)


CARBONATE = chemistry("c", Y2O3=0.5, BaCO3=2, CuO=3)
PEROXIDE = chemistry("p", Y2O3=0.5, BaO2=2, CuO=3)


def test_stable_carbonate_counts_per_cation():
    assert stable_carbonate(CARBONATE) == pytest.approx(2 / 6)
    assert stable_carbonate(PEROXIDE) == 0
    assert gas_share(CARBONATE) == pytest.approx(80.02 / 746.2, rel=1e-3)


def test_what_all_sets_share_says_nothing():
    found = set_features([CARBONATE, PEROXIDE], 700)
    assert found.sources == ("Ba carbonate", "Ba peroxide")
    assert "precursors" not in found.descriptors
    assert found.values.mean(axis=0) == pytest.approx(0)
    with pytest.raises(KeyError, match="unknown"):
        found.row("unknown")


def test_one_set_has_no_descriptors():
    found = set_features([CARBONATE], 700)
    assert found.identity.shape == (1, 0)
    assert found.values.shape == (1, 0)


def test_tables_know_the_target_and_the_reaction():
    facts = TabledFacts()
    assert 950 < facts.melting_celsius("YBa2Cu3O7") < 1050
    assert facts.melting_celsius("YBa2Cu3O99") is None
    hot, _ = facts.driving_force(CARBONATE, 1200.0, "air")
    choked, sigma = facts.driving_force(CARBONATE, 1200.0, "CO2")
    assert hot < 0 < choked
    assert sigma > 0
    unknown = SetChemistry("u", "YBa2Cu3O99", {"Y2O3": 1.0})
    assert facts.driving_force(unknown, 1200.0, "air") is None
    assert facts.driving_force(CARBONATE, 5000.0, "air") is None
