"""Names, units and numbers as a person reads them."""

import pytest

from campaigns import labels
from campaigns.goals import Objective


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("fire.temperature_celsius", "Fire temperature / °C"),
        ("pre.calcine.hold_hours", "Pre.calcine hold / h"),
        ("excess.Ba", "Excess Ba / mole fraction"),
        ("precursors", "Precursors"),
        ("regrinds", "Regrinds"),
    ],
)
def test_parameters_have_names_and_units(key, words):
    assert str(labels.parameter(key)) == words


@pytest.mark.parametrize(
    ("formula", "shown"),
    [
        ("Y2(CO3)3.3H2O + BaO2", "Y₂(CO₃)₃·3H₂O + BaO₂"),
        ("YBa2Cu3O7-x", "YBa₂Cu₃O₇₋ₓ"),
        ("YBa2Cu3O6.5", "YBa₂Cu₃O₆.₅"),
        ("1/2 Y2O3 + 2 BaO2 → O2(g)", "1/2 Y₂O₃ + 2 BaO₂ → O₂(g)"),
        ("TiO2 anatase", "TiO₂ anatase"),
        ("Ba(OH)2·8H2O", "Ba(OH)₂·8H₂O"),
        ("air", "air"),
    ],
)
def test_formulas_have_subscripts(formula, shown):
    assert labels.chemical(formula) == shown


def test_recorded_sentences_are_made_readable():
    sentence = (
        "most like S0016 with BaO2, but fire.temperature_celsius 930 → 940, "
        "fire.hold_hours 20.8 → 9.32; fire.atmosphere O2."
    )
    keys = ("fire.temperature_celsius", "fire.hold_hours", "fire.atmosphere")
    assert labels.prose(sentence, names=("BaO2", "O2"), keys=keys) == (
        "most like S0016 with BaO₂, but fire temperature 930 → 940 °C, "
        "fire hold 20.8 → 9.32 h; fire atmosphere O₂."
    )


@pytest.mark.parametrize(
    ("samples", "shown"),
    [
        ((), ""),
        (("S0001", "S0002"), "S0001, S0002"),
        (("S0001", "S0002", "S0003", "S0007"), "S0001 to S0003, S0007"),
        (("S0009", "S0010", "S0011", "T1"), "S0009 to S0011, T1"),
    ],
)
def test_samples_in_a_row_are_written_as_a_range(samples, shown):
    assert labels.listed(samples) == shown


def test_parameters_and_settings_are_worded_with_units():
    given = {"fire.hold_hours": 9.31543, "precursors": "Y2O3 + CuO"}
    assert labels.parameters(given) == "precursors Y2O3 + CuO, fire hold 9.315 h"
    assert labels.setting("energy_kilowatt_hours", 77.831) == "energy 77.831 kWh"
    assert labels.setting("trace", "whole") == "trace whole"


def test_objectives_have_names_and_units():
    one = Objective(measure="impurity", goal="minimize", phase="BaCuO2")
    assert str(labels.objective(one)) == "Impurity of BaCuO2 / weight share"


@pytest.mark.parametrize(
    ("mean", "sd", "words"),
    [
        (0.8637, 0.0301, "0.864 ± 0.030"),
        (912.3, 14.0, "912 ± 14"),
        (1.0, 0.0, "1"),
        (-0.0001, 0.34, "0.00 ± 0.34"),
        (float("nan"), 1.0, "not finite"),
    ],
)
def test_uncertain_numbers_end_at_the_second_digit_of_the_deviation(mean, sd, words):
    assert labels.with_sd(mean, sd) == words


@pytest.mark.parametrize(
    ("given", "words"),
    [(None, "–"), ("air", "air"), (0.0, "0"), (123456.0, "1.235e+05"), (2.5, "2.5")],
)
def test_numbers_have_four_digits(given, words):
    assert labels.number(given) == words
