"""When a campaign is over."""

import pytest

from campaigns.results import (
    DecisionRecord,
    History,
    Proposal,
    Score,
    Trial,
    Verdict,
)
from campaigns.spec import CampaignSpec, StopRule
from loop.stopping import price_reason, stop_reason

SPEC = CampaignSpec.model_validate(
    {
        "name": "c",
        "target": {"formula": "BaTiO3"},
        "precursors": ["BaCO3", "TiO2"],
        "space": {},
        "stop": {"yield_at_least": 0.95},
    }
)


def history(says):
    verdict = says and Verdict(says=says, share=0.97, probability=0.9, reason="")
    return History(
        trials=(
            Trial(
                sample="S0001",
                load=1,
                role="search",
                planned={},
                measured={},
                status="scored",
                scores={"yield": Score(mean=0.97, variance=0.0001)},
                verdict=verdict,
            ),
        )
    )


@pytest.mark.parametrize(
    ("says", "reason"),
    [
        (
            "made",
            "target reached: yield 0.970 in S0001, at least 0.95 with 98% confidence",
        ),
        (
            None,
            "target reached: yield 0.970 in S0001, at least 0.95 with 98% confidence",
        ),
        ("withheld", None),
    ],
)
def test_the_target_is_reached_only_where_it_can_be_said(says, reason):
    assert stop_reason(SPEC, history(says), days=1.0, grams=1.0) == reason


def with_stop(**rule):
    return SPEC.model_copy(update={"stop": StopRule(**rule)})


def proposals(*, gain, hours=10.0):
    decision = DecisionRecord(
        method="m", reason="r", load_gain=gain, furnace_hours=hours
    )
    return (Proposal(parameters={}, load=2, decision=decision),)


def test_the_target_is_reached_with_the_confidence_asked_for():
    one = history(None)
    sure = with_stop(yield_at_least=0.95, confidence=0.97)
    surer = with_stop(yield_at_least=0.95, confidence=0.98)
    assert stop_reason(sure, one, days=1.0, grams=1.0) is not None
    assert stop_reason(surer, one, days=1.0, grams=1.0) is None


def test_a_load_must_be_worth_its_furnace_hours():
    spec = with_stop(gain_per_hour_below=0.001)
    reason = price_reason(spec, proposals(gain=0.009))
    assert reason == (
        "not worth the furnace: the next load is expected to better yield by 0.009 in"
        " 10.0 h of firing, 0.0009 an hour; the campaign asks for 0.001"
    )
    assert price_reason(spec, proposals(gain=0.011)) is None
    assert price_reason(spec, proposals(gain=0.0)) is not None


def test_loads_that_no_model_valued_are_fired():
    spec = with_stop(gain_per_hour_below=0.001)
    assert price_reason(spec, proposals(gain=None)) is None
    assert price_reason(SPEC, proposals(gain=0.0)) is None


def test_a_sample_that_breaks_a_constraint_ends_nothing():
    bound = {"measure": "impurity", "phase": "Ba2TiO4", "at_most": 0.02}
    spec = CampaignSpec.model_validate(
        SPEC.model_dump(by_alias=True) | {"outcome_constraints": [bound]}
    )
    (made,) = history("made").trials
    impure = {"impurity:Ba2TiO4": Score(mean=0.03, variance=1e-4)}
    broken = made.model_copy(update={"scores": made.scores | impure})
    assert stop_reason(spec, History(trials=(broken,)), days=1, grams=1) is None
    assert stop_reason(spec, History(trials=(made,)), days=1, grams=1) is not None
