"""When a campaign is over."""

import pytest

from campaigns.results import History, Score, Trial, Verdict
from campaigns.spec import CampaignSpec
from loop.stopping import stop_reason

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
        ("made", "target reached: yield 0.970"),
        (None, "target reached: yield 0.970"),
        ("withheld", None),
    ],
)
def test_the_target_is_reached_only_where_it_can_be_said(says, reason):
    assert stop_reason(SPEC, history(says), days=1.0, grams=1.0) == reason
