"""What the hours of a load cost."""

from dataclasses import replace

import numpy as np
import pytest

from campaigns.results import History
from loop.propose.athanor import encoder_of
from loop.propose.facts import TabledFacts
from loop.propose.hours import price_of
from loop.propose.proposer import make_proposer
from loop.propose.seats import ask
from tests.loop.propose.oven import make_spec, scored
from tests.loop.propose.sites import site

HOLDS = {
    "steps": {"fire": {"temperature_celsius": [850, 900], "hold_hours": [4, 24, 96]}}
}
NOTHING = History()
PER_HOUR = {"value": "gain-per-hour"}


def price(spec, history=NOTHING, **changes):
    question = ask(
        spec, history, load=2, size=8, seed=0, site=replace(site(spec), **changes)
    )
    return price_of(question, encoder_of(question, TabledFacts()))


def test_plain_gain_where_experiments_run_out_first():
    found = price(make_spec(space=HOLDS))
    assert found.exponent == 0
    assert found.logarithms().abs().max() == 0
    assert "no budget of days" in found.words
    rich = price(make_spec(space=HOLDS, budget={"experiments": 8, "days": 30}))
    assert rich.exponent == 0
    assert "experiments of the budget would be spent before its days" in rich.words


def test_hours_count_where_days_run_out_first_and_fewer_furnaces_sooner():
    spec = make_spec(space=HOLDS, budget={"experiments": 64, "days": 16})
    one, four = price(spec, n_furnaces=1), price(spec, n_furnaces=4)
    assert (one.exponent, four.exponent) == (1.0, 0.0)
    assert "days of the budget would be spent before" in one.words


def test_the_power_of_the_hours_falls_with_the_budget_left():
    spec = make_spec(space=HOLDS, loads=PER_HOUR, budget={"experiments": 20})
    point = {"precursors": "Y2O3 + BaO2 + CuO", "fire.temperature_celsius": 850.0,
             "fire.hold_hours": 4.0}  # fmt: skip
    trials = tuple(scored(f"S{i}", point) for i in range(5))
    assert price(spec, History(trials=trials)).exponent == pytest.approx(0.75)
    spent = tuple(scored(f"S{i}", point) for i in range(25))
    assert price(spec, History(trials=spent)).exponent == 0


def test_handling_counts_as_hours_of_the_furnace():
    spec = make_spec(space=HOLDS, loads=PER_HOUR)
    bare, handled = (price(spec, handling_hours=h) for h in (0.0, 10.0))
    assert np.allclose(handled.hours - bare.hours, 10.0)
    assert site(spec).handling_hours == pytest.approx(2.0, abs=1.5)


def test_a_long_firing_that_adds_little_more_is_not_chosen_by_the_hour():
    known = tuple(
        scored(
            f"S{i}",
            {"precursors": label, "fire.temperature_celsius": 850.0,
             "fire.hold_hours": 24.0},
        )
        for i, label in enumerate(["Y2O3 + BaCO3 + CuO", "Y2O3 + BaO2 + CuO"])
    )  # fmt: skip

    def hold(**changes):
        spec = make_spec(space=HOLDS, **changes)
        found = make_proposer("athanor").propose(
            spec, History(trials=known), load=2, size=2, seed=0, site=site(spec)
        )
        assert found[0].decision.compared[0].hours > 4
        return found[0].parameters["fire.hold_hours"]

    assert hold(loads=PER_HOUR) < hold(loads={"value": "gain"})
