"""The furnace: lag, limits, cooling, holdback, and that looking changes nothing."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.thermal import Point, Program, Segment, Thermal, thin

COOLING = ((800.0, 15.0), (400.0, 6.0), (100.0, 2.0))


def furnace() -> Thermal:
    return Thermal(max_heating=15 / 60, cooling=COOLING)


def program(peak: float, hold: float = 3600.0, rate: float = 10.0) -> Program:
    return Program(
        (
            Segment("ramp-rate", peak, rate / 60),
            Segment("dwell", peak, seconds=hold),
            Segment("ramp-rate", 20.0, rate / 60),
            Segment("end"),
        )
    )


def test_it_holds_the_temperature_and_completes():
    oven = furnace()
    oven.run(program(900.0))
    assert oven.seconds_left() == pytest.approx(87.5 * 60 + 3600 + 88 * 60)
    oven.advance(100 * 60)
    assert oven.celsius == pytest.approx(900.0, abs=1.0)
    assert oven.status == "running"
    oven.advance(88 * 60 + 3600 + 89 * 60)
    assert oven.status == "complete"


def test_it_cools_no_faster_than_its_curve():
    oven = furnace()
    oven.run(program(900.0, rate=100.0))
    oven.advance(3 * 3600)
    above = {600.0: 6.0, 300.0: 2.0}
    for _ in range(3 * 360):
        before = oven.celsius
        oven.advance(oven.seconds + 10)
        fastest = above.get(round(before, -2))
        if fastest and before > oven.celsius:
            assert (before - oven.celsius) * 6 <= fastest + 1e-9


def test_heating_faster_than_the_elements_can_lags_and_holdback_waits():
    hasty = Program(
        (Segment("ramp-rate", 800.0, 1.0, holdback=3), Segment("end")), 10.0
    )
    oven = furnace()
    oven.run(hasty)
    oven.advance(600)
    assert oven.status == "holdback"
    assert abs(oven.setpoint - oven.celsius) < 30
    oven.advance(3 * 3600)
    assert oven.status == "complete"


def test_a_reset_closes_the_valves_and_a_hold_stops_the_clock():
    oven = furnace()
    oven.run(Program((Segment("dwell", seconds=600, logic=1), Segment("end"))))
    oven.advance(60)
    assert oven.logic == 1
    oven.hold()
    oven.advance(6000)
    assert (oven.status, oven.logic) == ("hold", 1)
    oven.reset()
    assert (oven.status, oven.logic) == ("reset", 0)


@settings(max_examples=10, deadline=None)
@given(st.lists(st.floats(0, 40000), max_size=20))
def test_looking_changes_nothing(looks):
    watched, alone = furnace(), furnace()
    for oven in (watched, alone):
        oven.run(program(700.0))
    for seconds in sorted(looks):
        watched.advance(seconds)
    for oven in (watched, alone):
        oven.advance(50000)
    assert watched == alone


def test_thinning_keeps_the_corners():
    points = [Point(10.0 * i, min(10.0 * i, 500.0), 0) for i in range(100)]
    assert thin(points) == [points[0], points[50], points[99]]
