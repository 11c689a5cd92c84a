"""Names, units and numbers as a person reads them."""

import pytest

from campaigns.review import labels
from campaigns.spec import Objective


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


def test_objectives_have_names_and_units():
    one = Objective(measure="impurity", goal="minimize", phase="BaCuO2")
    assert str(labels.objective(one)) == "Impurity of BaCuO2 / weight share"


@pytest.mark.parametrize(
    ("mean", "sd", "words"),
    [
        (0.8637, 0.0301, "0.864 ± 0.030"),
        (912.3, 14.0, "912 ± 14"),
        (1.0, 0.0, "1"),
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
