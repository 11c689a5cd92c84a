"""The form of an answer: shares of the identified part, with their own errors."""

import numpy as np
import pytest

from campaigns.results import PhaseFractions
from loop.analyse.answers import crystalline_sigma, identify_pattern
from loop.analyse.library import Drawn
from loop.analyse.quantify import Weighed, nothing, whole
from tests.loop.analyse.synthetic import make, references


def test_sigma_is_that_of_the_identified_part():
    covariance = np.array([[4e-4, -4e-4], [-4e-4, 4e-4]])
    known = Weighed(("A", "B"), np.array([0.6, 0.4]), covariance)
    for unknown, amorphous in ((0.0, None), (0.2, 0.3)):
        fractions = whole(known, unknown, amorphous)
        found = crystalline_sigma(fractions, {"A": 0.6, "B": 0.4})
        assert found == pytest.approx({"A": 0.02, "B": 0.02})


def test_doubt_between_hypotheses_widens_the_sigma_of_the_best():
    certain = np.zeros((2, 2))
    either = Weighed(("A", "B"), np.array([0.7, 0.3]), certain)
    found = crystalline_sigma(whole(either, 0.0, None), {"A": 1.0})
    assert found == pytest.approx({"A": 0.3, "B": 0.3})


def test_nothing_identified_has_no_sigma():
    assert crystalline_sigma(nothing(), {}) == {}
    lone = PhaseFractions(
        phases=("A", "unknown", "amorphous"),
        mean=(1.0, 0.0, 0.0),
        covariance=((0.01, 0.0, 0.0), (0.0, 0.0, 0.0), (0.0, 0.0, 0.0)),
    )
    assert crystalline_sigma(lone, {"A": 1.0}) == {"A": 0.0}


def test_an_answer_carries_the_notes_of_its_candidates():
    drawn = Drawn(references("ZnO", "NiO"), ("1 of 3 left out",))
    found = identify_pattern(make({"ZnO": 1.0}), drawn, spent=100.0)
    assert found.answer["quality"][-1] == "1 of 3 left out"
    assert found.answer["candidates"] == 2
    assert found.answer["cpu_seconds"] > 100.0
    assert found.answer["weights"].keys() == {"ZnO"}
    assert set(found.fit.phases) == {"ZnO"}
