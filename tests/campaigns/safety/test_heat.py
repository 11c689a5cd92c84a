"""Temperature against reagents, intermediates, target, crucible and furnace."""

import pytest

from campaigns.safety.heat import eutectics, heat_findings, may_appear
from campaigns.safety.vessels import vessel_findings
from tests.campaigns.safety.powders import (
    FURNACE,
    TABLE,
    heating,
    portion,
    reagent,
    rules,
)

YBCO = ("Y2O3", "BaCO3", "CuO")


def powder(*reagents, target="YBa2Cu3O7", **values):
    return list(heat_findings(portion(target, *reagents, **values), TABLE))


def vessel(*reagents, target="BaTiO3", **values):
    return list(vessel_findings(portion(target, *reagents, **values), FURNACE, TABLE))


def test_a_reagent_that_melts_is_warned_of():
    assert ("melts", "Li2CO3") in rules(powder("Li2CO3", "Co3O4", target="LiCoO2"))
    cold = powder("Li2CO3", "Co3O4", target="LiCoO2", celsius=700)
    assert ("melts", "Li2CO3") not in rules(cold)


def test_a_hydrate_melts_in_its_water_while_drying():
    dry = heating(90, step="dry", crucible="")
    sample = portion("BaTiO3", "Ba(OH)2.8H2O", "TiO2", heatings=(dry, heating(900)))
    (finding,) = (f for f in heat_findings(sample, TABLE) if f.step == "dry")
    assert finding.rule == "melts"
    cool = heating(60, step="dry", crucible="")
    sample = portion("BaTiO3", "Ba(OH)2.8H2O", "TiO2", heatings=(cool, heating(900)))
    assert not [f for f in heat_findings(sample, TABLE) if f.step == "dry"]


def test_an_intermediate_that_melts_is_warned_of_though_nobody_weighed_it():
    assert ("melts", "Ba2Cu3O5") in rules(powder(*YBCO, celsius=900))
    assert ("melts", "Ba2Cu3O5") not in rules(powder(*YBCO, celsius=850))
    without = powder("Y2O3", "CuO", target="Y2Cu2O5", celsius=900)
    assert ("melts", "Ba2Cu3O5") not in rules(without)


def test_energies_rule_out_what_cannot_form():
    sample = portion("YBa2Cu3O7", *YBCO)
    names = {row.name for row in may_appear(sample, heating(900), TABLE)}
    assert "BaCuO2" in names
    assert "BaO2" not in names  # carbonate does not turn into peroxide
    assert "Cu" not in names


def test_a_eutectic_melts_below_its_parts():
    pair = (reagent("Li2CO3"), reagent("Na2CO3"))
    found = powder(*pair, target="LiNaO", celsius=600)
    assert ("eutectic", "Li2CO3-Na2CO3") in rules(found)
    assert ("eutectic", "Li2CO3-Na2CO3") not in rules(
        powder(*pair, target="LiNaO", celsius=450)
    )
    assert not [f for f in powder("Li2CO3", target="Li2O", celsius=600)
                if f.rule == "eutectic"]  # fmt: skip


def test_a_target_far_above_its_melting_point_is_refused():
    assert ("target-melts", "YBa2Cu3O7") in rules(powder(*YBCO, celsius=1100), "refuse")
    assert rules(powder(*YBCO, celsius=1020), "refuse") == []
    assert ("melts", "YBa2Cu3O7") in rules(powder(*YBCO, celsius=1020), "warn")


def test_a_target_that_the_gas_destroys_is_warned_of():
    rows = ("YBa2Cu3O7", "YBa2Cu3O6")
    found = powder(*YBCO, atmosphere="N2", targets=rows)
    assert ("target-decomposes", "YBa2Cu3O6") in rules(found, "warn")
    # In air oxygen only moves between accepted compositions.
    found = powder(*YBCO, targets=rows)
    assert "target-decomposes" not in [rule for rule, _ in rules(found)]


def test_a_target_in_a_gas_that_it_is_not_made_in_is_warned_of():
    assert ("target-gas", "LiCoO2") in rules(
        powder("Li2CO3", "Co3O4", target="LiCoO2", atmosphere="N2")
    )
    found = powder("Li2CO3", "Co3O4", target="LiCoO2")
    assert ("target-gas", "LiCoO2") not in rules(found)


@pytest.mark.parametrize(
    ("values", "rule", "refused"),
    [
        ({"celsius": 1800}, ("crucible-limit", "Al2O3"), True),
        ({"celsius": 1200}, ("furnace-limit", "box-a"), True),
        ({"crucible": "SiO2"}, ("crucible-attack", "Ba"), True),
        ({"crucible": "AlO3"}, ("crucible-unknown", "AlO3"), True),
    ],
)
def test_vessels_have_limits(values, rule, refused):
    found = vessel("BaCO3", "TiO2", **values)
    assert rule in rules(found, "refuse" if refused else "warn")
    assert rule not in rules(vessel("BaCO3", "TiO2", celsius=1000))


def test_a_phase_that_the_table_does_not_trust_in_alumina_is_warned_of():
    assert ("crucible-attack", "BaO2") in rules(vessel("BaO2", "TiO2"), "warn")
    in_magnesia = vessel("BaO2", "TiO2", crucible="MgO")
    assert ("crucible-attack", "BaO2") not in rules(in_magnesia)


def test_a_reagent_with_a_limit_of_its_own_is_never_heated_above():
    limited = reagent("BaO2", max_celsius=800.0)
    (finding,) = (f for f in vessel(limited, "TiO2") if f.rule == "reagent-limit")
    assert finding.is_hard
    cold = vessel(limited, "TiO2", celsius=790)
    assert ("reagent-limit", "BaO2") not in rules(cold)


def test_every_melt_has_a_source():
    assert all(melt.source for melt in eutectics())
