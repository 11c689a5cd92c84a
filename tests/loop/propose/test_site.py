"""A furnace's limits are those of the loads proposed for it."""

import pytest

from campaigns.results import History, Pin
from loop.errors import ProposalError
from loop.propose.proposer import NAMES, make_proposer
from loop.propose.space import search_space
from tests.loop.propose.oven import make_spec
from tests.loop.propose.sites import site

SETS = ["Y2O3 + BaCO3 + CuO"]


@pytest.mark.parametrize("name", NAMES)
def test_no_load_is_hotter_than_its_furnace_or_in_another_gas(name):
    spec = make_spec()
    cool = site(spec, max_celsius=760.0, atmospheres={"O2": 1})
    found = make_proposer(name).propose(
        spec, History(), load=1, size=3, seed=0, site=cool
    )
    assert {p.parameters["fire.atmosphere"] for p in found} == {"O2"}
    assert max(p.parameters["fire.temperature_celsius"] for p in found) <= 760
    assert {p.decision.furnace for p in found} == {"box-a"}
    assert {p.decision.places for p in found} == {3}


def test_a_continuous_range_is_cut_and_a_furnace_that_is_too_cold_refused():
    firing = {"temperature_celsius": {"min": 700, "max": 1000}}
    spec = make_spec(space={"steps": {"fire": firing}})
    space = search_space(spec, SETS)
    cut = site(spec, max_celsius=705.0).narrowed(spec, space)
    assert (cut.shared[0].low, cut.shared[0].high) == (700, 705)
    (only,) = site(spec, max_celsius=700.0).narrowed(spec, space).shared
    assert only.values == (700,)
    listed = make_spec(space={"steps": {"fire": {"temperature_celsius": [800, 900]}}})
    with pytest.raises(ProposalError, match=r"box-a can fire no allowed fire\.temp"):
        site(spec, max_celsius=700.0).narrowed(listed, search_space(listed, SETS))


def test_steps_that_a_furnace_cannot_repeat_are_left_out():
    steps = [
        {"kind": "dose"},
        {"kind": "fire", "temperature_celsius": 700, "hold_hours": 2},
        {"kind": "regrind", "repeat": "regrinds"},
        {"kind": "anneal", "name": "again", "repeat": "regrinds", "hold_hours": 2,
         "temperature_celsius": 900},
        {"kind": "scan"},
    ]  # fmt: skip
    spec = make_spec(steps=steps, space={"regrinds": [0, 1]})
    space = search_space(spec, SETS)
    assert site(spec).narrowed(spec, space)["regrinds"].values == (0, 1)
    cool = site(spec, max_celsius=800.0)
    assert cool.narrowed(spec, space)["regrinds"].values == (0,)


def test_an_order_waits_for_a_furnace_that_can_fire_it():
    spec = make_spec()
    hot = {"precursors": SETS[0], "fire.temperature_celsius": 950.0}
    history = History(pins=(Pin(order="P1", parameters=hot, by="A", reason="try"),))

    def asked(place):
        found = make_proposer("random").propose(
            spec, history, load=1, size=2, seed=0, site=place
        )
        return [p.order for p in found]

    assert asked(site(spec, max_celsius=900.0)) == ["", ""]
    assert asked(site(spec)) == ["P1", ""]
