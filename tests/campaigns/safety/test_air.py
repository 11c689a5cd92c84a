"""Gas against the vent, the room and fire: each rule once met and once kept."""

from dataclasses import replace

import pytest

from campaigns.safety.air import Evolution, gas_findings
from campaigns.safety.gases import releases
from tests.campaigns.safety.powders import (
    CLOSED,
    FURNACE,
    OPEN,
    portion,
    reagent,
    rules,
)


def judged(samples, furnace):
    released = [r for sample in samples for r in releases(sample, 0)]
    return list(gas_findings(released, samples[0].heatings[0], furnace))


NITRATE = portion("BaTiO3", "Ba(NO3)2", "TiO2")


def test_poison_needs_an_extract():
    (refused,) = (f for f in judged([NITRATE] * 8, OPEN) if f.about == "NO2")
    assert (refused.rule, refused.severity) == ("gas-toxic", "refuse")
    assert refused.is_hard
    assert "ppm of the room's air" in refused.found
    assert "1 ppm" in refused.limit
    assert "2017/164" in refused.source
    assert "extract = true" in refused.remedy


@pytest.mark.parametrize("furnace", [FURNACE, CLOSED])
def test_with_an_extract_poison_is_warned_of(furnace):
    found = judged([NITRATE] * 8, furnace)
    assert rules(found, "refuse") == []
    assert ("gas-toxic", "NO2") in rules(found, "warn")


def test_a_little_poison_in_a_large_room_is_warned_of():
    tiny = portion("BaTiO3", reagent("Ba(NO3)2", 0.01), "TiO2")
    assert rules(judged([tiny], OPEN)) == [("gas-toxic", "NO2")]
    assert rules(judged([tiny], OPEN), "refuse") == []


def test_a_carbonate_is_no_poison():
    found = judged([portion("BaTiO3", "BaCO3", "TiO2", celsius=1150)] * 8, OPEN)
    assert rules(found) == []


def test_more_gas_than_the_vent_passes_is_refused():
    tight = replace(FURNACE, vent_litres_per_minute=2.05)
    sample = portion("CaTiO3", reagent("CaCO3", 5.0), "TiO2", celsius=1150)
    assert ("gas-pressure", "box-a") in rules(judged([sample] * 8, tight), "refuse")
    narrow = replace(FURNACE, vent_litres_per_minute=5.0)
    assert ("gas-pressure", "box-a") in rules(judged([sample] * 8, narrow), "warn")
    assert ("gas-pressure", "box-a") not in rules(judged([sample] * 8, FURNACE))


def test_carbon_dioxide_suffocates_in_a_small_room():
    cupboard = replace(OPEN, room_litres=300.0, room_litres_per_minute=5.0)
    sample = portion("CaTiO3", "CaCO3", "TiO2", celsius=1150)
    assert ("gas-suffocating", "CO2") in rules(judged([sample] * 8, cupboard), "refuse")
    assert ("gas-suffocating", "CO2") not in rules(judged([sample] * 8, OPEN))
    extracted = replace(cupboard, has_extract=True)
    assert ("gas-suffocating", "CO2") not in rules(judged([sample] * 8, extracted))


def test_furnace_gas_takes_the_oxygen_of_a_closed_room():
    cupboard = replace(OPEN, room_litres=5e3, room_litres_per_minute=20.0)
    fired = portion("CaTiO3", "CaCO3", "TiO2", atmosphere="N2")
    assert ("gas-suffocating", "oxygen") in rules(judged([fired], cupboard), "refuse")
    in_air = portion("CaTiO3", "CaCO3", "TiO2")
    assert ("gas-suffocating", "oxygen") not in rules(judged([in_air], cupboard))


def test_ammonia_burns_in_air_beyond_its_limit():
    sample = portion("CaNi(PO3)4", reagent("NH4H2PO4", 4.0), celsius=700)
    still = replace(FURNACE, gas_litres_per_minute=0.1)
    assert ("gas-flammable", "NH3") in rules(judged([sample] * 8, still), "refuse")
    assert ("gas-flammable", "NH3") in rules(judged([sample] * 8, FURNACE), "warn")
    one = portion("CaNi(PO3)4", reagent("NH4H2PO4", 0.2), celsius=700)
    assert ("gas-flammable", "NH3") not in rules(judged([one], FURNACE))


def test_what_burns_is_warned_of_in_gas_without_oxygen():
    oxalate = portion("FeO", reagent("FeC2O4.2H2O", 10.0), atmosphere="N2")
    found = judged([oxalate] * 8, FURNACE)
    assert ("gas-flammable", "CO") in rules(found, "warn")


def test_shares_of_room_and_chamber_are_bounded():
    released = releases(NITRATE, 0)
    evolution = Evolution(released, NITRATE.heatings[0], OPEN)
    assert evolution.room_share("NO2") == pytest.approx(
        min(evolution.litres["NO2"] / 50e3, evolution.peak("NO2") / 4e3)
    )
    unaired = replace(OPEN, room_litres_per_minute=0.0, gas_litres_per_minute=0.0)
    evolution = Evolution(released, NITRATE.heatings[0], unaired)
    assert 0 < evolution.chamber_share("NO2") <= 1
    assert evolution.room_share("NO2") == evolution.litres["NO2"] / 50e3
