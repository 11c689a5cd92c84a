"""Oxidiser with fuel, by class and mass; what explodes by itself."""

from dataclasses import replace

import pytest

from campaigns.safety.mixtures import heat_joules_per_gram, mixture_findings
from tests.campaigns.safety.powders import portion, reagent, rules


def judged(*reagents, ground=True):
    sample = replace(portion("BaTiO3", *reagents), is_ground=ground)
    return list(mixture_findings(sample))


@pytest.mark.parametrize(
    "pair",
    [
        ("Ba(NO3)2", "C6H8O7"),
        ("N2BaO6", "TiO(C2O4).H2O"),
        ("Ba(NO3)2", "CO(NH2)2"),
        ("Ba(NO3)2", "C"),
        ("KMnO4", "Al"),
        ("BaO2", "C6H8O7"),
        ("K2Cr2O7", "CO(NH2)2"),
    ],
)
def test_a_gram_of_oxidiser_with_fuel_is_refused(pair):
    (finding,) = judged(*pair)
    assert (finding.rule, finding.severity) == ("oxidiser-with-fuel", "refuse")
    assert "Bretherick" in finding.source


@pytest.mark.parametrize(
    "pair",
    [
        ("BaCO3", "C6H8O7"),
        ("Ba(NO3)2", "BaCO3"),
        ("BaO2", "Cu2O"),
        ("MnO2", "Li2CO3"),
        ("BaO2", "CuO"),
    ],
)
def test_an_oxidiser_or_a_fuel_alone_is_not(pair):
    assert judged(*pair) == []


@pytest.mark.parametrize("oxidiser", ["KClO3", "NaClO4", "NaNO2"])
def test_chlorates_and_nitrites_with_fuel_are_refused_at_any_mass(oxidiser):
    (finding,) = judged(reagent(oxidiser, 0.001), reagent("C", 0.001))
    assert finding.is_hard


def test_small_amounts_are_warned_of_and_traces_are_not():
    small = (reagent("Ba(NO3)2", 0.2), reagent("C6H8O7", 0.05))
    assert rules(judged(*small, ground=False), "warn")
    assert judged(reagent("Ba(NO3)2", 0.02), reagent("C6H8O7", 0.01)) == []


def test_grinding_a_hot_mixture_cannot_be_accepted():
    hot = (reagent("Ba(NO3)2", 0.3), reagent("C", 0.03))
    assert heat_joules_per_gram(*hot) > 500
    assert judged(*hot)[0].is_hard
    assert "ground" in judged(*hot)[0].found
    assert not judged(*hot, ground=False)[0].is_hard


def test_heat_is_that_of_the_scarcer_one():
    # 1 mol C gives 4 mol of electrons, 0.4 mol Ba(NO3)2 take as many.
    oxidiser, fuel = reagent("Ba(NO3)2", 0.4 * 261.34), reagent("C", 12.011)
    grams = oxidiser.grams + fuel.grams
    heat = 4 * 105.0 / grams * 1000
    assert heat_joules_per_gram(oxidiser, fuel) == pytest.approx(heat, rel=1e-3)
    assert heat_joules_per_gram(oxidiser, reagent("C", 120.11)) == pytest.approx(
        4 * 105.0e3 / (oxidiser.grams + 120.11), rel=1e-3
    )


@pytest.mark.parametrize("formula", ["NH4NO3", "NaN3", "(NH4)2Cr2O7"])
def test_what_explodes_by_itself_is_refused(formula):
    (finding,) = (f for f in judged(formula) if f.rule == "explosive")
    assert finding.is_hard
    assert finding.reagent == formula


def test_a_nitrate_does_not_explode_by_itself():
    assert judged("Ba(NO3)2") == []
