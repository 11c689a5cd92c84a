"""How much gas comes off, of what, when and how fast."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.safety.gases import (
    LITRES_PER_MOLE,
    gases,
    peak_litres_per_minute,
    releases,
    total_litres,
)
from tests.campaigns.safety.powders import heating, portion, reagent


def moles(sample, index=0):
    litres = total_litres(releases(sample, index))
    return {gas: volume / LITRES_PER_MOLE for gas, volume in litres.items()}


def test_a_mole_of_carbonate_gives_a_mole_of_gas_at_25_celsius_and_1_bar():
    sample = portion("BaTiO3", reagent("BaCO3", 197.34), "TiO2", celsius=1100)
    assert total_litres(releases(sample, 0)) == pytest.approx({"CO2": 24.79}, rel=1e-3)


def test_a_nitrate_gives_nitrogen_dioxide_and_oxygen():
    sample = portion("BaTiO3", reagent("Ba(NO3)2", 261.34), "TiO2")
    assert moles(sample) == pytest.approx({"NO2": 2.0, "O2": 0.5}, rel=1e-3)


def test_ammonium_phosphate_gives_ammonia_and_water_and_keeps_its_phosphorus():
    sample = portion("CaNi(PO3)4", reagent("NH4H2PO4", 115.03), celsius=600)
    assert moles(sample) == pytest.approx({"NH3": 1.0, "H2O": 1.5}, rel=1e-3)


def test_organic_carbon_gives_monoxide_where_there_is_no_oxygen():
    oxalate = reagent("FeC2O4.2H2O")
    in_air = moles(portion("Fe2O3", oxalate))
    in_argon = moles(portion("Fe2O3", oxalate, atmosphere="Ar"))
    assert "CO2" not in in_argon or in_argon["CO2"] == 0
    assert in_argon["CO"] == pytest.approx(10 * in_air["CO"])


def test_the_target_keeps_what_it_is_made_of():
    made = portion("BaCO3", reagent("BaCO3", 197.34), target_moles=1.0)
    assert moles(made).get("CO2", 0.0) < 1e-4  # of 1 mol
    fluoride = portion("LiF", reagent("LiF", 25.94), target_moles=0.25)
    assert moles(fluoride) == pytest.approx({"HF": 0.75}, rel=1e-3)


def test_adsorbed_water_leaves_while_drying():
    damp = reagent("Y2O3", adsorbed_grams=0.018015)
    dried = portion("Y2O3", damp, heatings=(heating(80, step="dry", crucible=""),))
    assert moles(dried) == pytest.approx({"H2O": 1e-3})


def test_gas_that_an_earlier_firing_drove_out_does_not_come_again():
    firings = (heating(1100, step="calcine"), heating(1150))
    sample = portion("CaTiO3", "CaCO3", "TiO2", heatings=firings)
    assert "CO2" in moles(sample, 0)
    assert not moles(sample, 1)


def test_gas_waits_for_its_temperature():
    assert not moles(portion("BaTiO3", "BaCO3", "TiO2", celsius=400))


def test_the_peak_is_twice_the_mean_over_the_window_and_grows_with_the_ramp():
    sample = portion("BaTiO3", "BaCO3", "TiO2", celsius=1150)
    released = releases(sample, 0)
    (only,) = released
    mean = only.litres * 5.0 / (only.end_celsius - only.start_celsius)
    slow = peak_litres_per_minute(released, heating(1150))
    fast = peak_litres_per_minute(released, heating(1150, ramp_celsius_per_minute=10.0))
    assert slow == pytest.approx(2 * mean)
    assert fast == pytest.approx(2 * slow)


REAGENTS = ("BaCO3", "BaO2", "Ba(NO3)2", "Y2(CO3)3.3H2O", "NH4H2PO4", "CuO", "NH4Cl",
            "FeC2O4.2H2O", "CuSO4.5H2O", "Li2CO3")  # fmt: skip
SAMPLES = st.builds(
    lambda formulas, grams, celsius: portion(
        "YBa2Cu3O7", *(reagent(f, grams) for f in formulas), celsius=celsius
    ),
    st.lists(st.sampled_from(REAGENTS), min_size=1, max_size=4, unique=True),
    st.floats(0.05, 5.0),
    st.just(900.0),
)


@given(st.lists(SAMPLES, min_size=1, max_size=6), SAMPLES)
@settings(max_examples=60, deadline=None)
def test_another_sample_never_lowers_the_gas(load, more):
    before = [r for sample in load for r in releases(sample, 0)]
    after = [*before, *releases(more, 0)]
    totals, later = total_litres(before), total_litres(after)
    assert all(later[gas] >= litres for gas, litres in totals.items())
    firing = load[0].heatings[0]
    for gas in (None, *totals):
        peak = peak_litres_per_minute(before, firing, gas)
        assert peak_litres_per_minute(after, firing, gas) >= peak * (1 - 1e-12)


@given(SAMPLES, st.floats(50.0, 1400.0), st.floats(0.0, 400.0))
@settings(max_examples=60, deadline=None)
def test_a_hotter_firing_never_gives_less_gas(sample, celsius, more):
    def litres(at):
        hot = replace(sample, heatings=(heating(at),))
        return sum(total_litres(releases(hot, 0)).values())

    assert litres(celsius + more) >= litres(celsius) * (1 - 1e-12)


def test_every_gas_that_does_harm_has_a_source():
    for gas in gases().values():
        assert gas.source or not gas.harm
        assert gas.harm or gas.limit_ppm is None
