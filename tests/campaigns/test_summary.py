"""A campaign in a few figures."""

import pytest

from campaigns.results import History, Score, Trial
from campaigns.spec import CampaignSpec
from campaigns.summary import broken, summarise

SPEC = CampaignSpec.model_validate(
    {
        "name": "c",
        "target": {"formula": "BaTiO3"},
        "precursors": ["BaCO3", "TiO2"],
        "space": {},
        "outcome_constraints": [
            {"measure": "impurity", "phase": "Ba2TiO4", "at_most": 0.1}
        ],
    }
)


def trial(name, share, impurity=None, *, flags=()):
    scores = {"yield": Score(mean=share, variance=1e-4, flags=flags)}
    if impurity is not None:
        scores["impurity:Ba2TiO4"] = Score(mean=impurity, variance=1e-4)
    return Trial(
        sample=name, load=1, role="search", planned={}, measured={}, status="scored",
        scores=scores,
    )  # fmt: skip


def test_samples_that_break_a_constraint_are_not_the_best():
    trials = (trial("S1", 0.6, 0.05), trial("S2", 0.8, 0.2), trial("S3", 0.7, 0.1))
    found = summarise(SPEC, History(trials=trials))
    assert [row.sample for row in found.best] == ["S3", "S1"]
    assert [row.sample for row in found.pareto] == ["S3"]
    assert found.best_so_far == pytest.approx((0.6, 0.6, 0.7))
    assert found.scored == 3


def test_what_is_broken_is_said_and_flagged():
    words = "impurity:Ba2TiO4 0.2, not at most 0.1"
    assert broken(SPEC, trial("S2", 0.8, 0.2)) == (words,)
    assert broken(SPEC, trial("S1", 0.6, 0.1)) == ()


def test_figures_that_were_not_measured_break_nothing():
    old = trial("S1", 0.6, flags=("not found",))
    assert broken(SPEC, old) == ()
    (row,) = summarise(SPEC, History(trials=(old,))).best
    assert row.flags == ("not found",)
