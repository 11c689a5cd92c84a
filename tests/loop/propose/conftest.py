"""Fixtures of the proposers' tests."""

from collections.abc import Callable

import pytest

from campaigns.results import History
from campaigns.spec import CampaignSpec
from loop.propose.proposer import make_proposer
from tests.loop.propose.oven import make_spec, scored


@pytest.fixture
def spec() -> CampaignSpec:
    return make_spec()


@pytest.fixture
def first_load(spec) -> Callable[..., History]:
    """Return a history of one scored load at 850 °C in air."""

    def build(count: int = 8) -> History:
        found = make_proposer("random").propose(
            spec, History(), load=1, size=count, seed=5
        )
        fixed = {"fire.temperature_celsius": 850.0, "fire.atmosphere": "air"}
        trials = tuple(
            scored(f"S{i + 1}", p.parameters | fixed) for i, p in enumerate(found)
        )
        return History(trials=trials)

    return build
