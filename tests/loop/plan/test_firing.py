import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.recipe import FireStep
from instruments.quantities import Trace
from loop.plan.firing import (
    energy_kilowatt_hours,
    firing_seconds,
    heating_profile,
    held_hours,
    measured_firing,
    planned_trace,
)
from tests.loop.plan.physical import LAB

FURNACE = LAB.furnaces["box-a"]


def firing(hours=4.0, celsius=900.0):
    return FireStep(name="fire", temperature_celsius=celsius, hold_hours=hours)


def read(step, *, every=60.0, begin=0.0, gap=(0.0, 0.0), shift=0.0):
    """Return readings of a furnace that follows its program exactly."""
    exact = planned_trace(heating_profile(step, FURNACE))
    at = np.arange(begin, exact.seconds[-1], every)
    at = at[(at < gap[0]) | (at >= gap[1])]
    celsius = np.interp(at, exact.seconds, exact.set_celsius)
    return Trace(seconds=at, set_celsius=celsius, measured_celsius=celsius + shift)


@given(hours=st.floats(0.02, 20.0), every=st.floats(20.0, 120.0))
def test_the_bounds_hold_the_time_held(hours, every):
    least, most = held_hours(read(firing(hours), every=every), firing(hours))
    assert least <= hours + 0.01
    assert most >= hours - 1e-9


def test_a_short_hold_is_not_rounded_to_the_readings():
    step = firing(hours=0.05)
    measured = measured_firing(read(step), step, FURNACE, is_whole=True)
    assert measured["hold_hours"] == pytest.approx(0.05, abs=0.01)
    assert measured["trace"] == "whole"


def test_a_furnace_that_stays_too_cold_did_not_hold():
    step = firing()
    trace = read(step, shift=-40.0)
    measured = measured_firing(trace, step, FURNACE, is_whole=True)
    assert measured["hold_hours"] == 0.0
    assert measured["peak_celsius"] == pytest.approx(860.0)


def test_a_firing_seen_from_its_middle_is_completed_by_its_program():
    step = firing()
    trace = read(step, begin=5 * 3600.0)
    measured = measured_firing(trace, step, FURNACE, is_whole=False)
    assert measured["trace"] == "partial"
    assert measured["hold_hours"] == 4.0
    assert 1.0 < measured["hold_hours_seen"] < 4.0
    assert measured["furnace_hours"] == pytest.approx(
        firing_seconds(step, FURNACE) / 3600.0
    )
    whole = energy_kilowatt_hours(read(step), FURNACE)
    assert measured["energy_kilowatt_hours"] == pytest.approx(whole, rel=0.02)


def test_a_gap_over_the_end_of_the_hold_leaves_it_between_bounds():
    step = firing()
    trace = read(step, gap=(5 * 3600.0, 9 * 3600.0))
    least, most = held_hours(trace, step)
    assert least < 4.0 < most
    measured = measured_firing(trace, step, FURNACE, is_whole=True)
    assert measured["hold_hours"] == 4.0
    assert measured["trace"] == "partial"


def test_a_firing_seen_only_when_cold_is_as_programmed():
    step = firing()
    cold = Trace(np.array([9e4]), np.array([0.0]), np.array([30.0]))
    measured = measured_firing(cold, step, FURNACE, is_whole=False)
    assert (measured["hold_hours"], measured["hold_hours_seen"]) == (4.0, 0.0)
    assert measured["peak_celsius"] == 900.0


def test_each_of_two_firings_is_measured_at_its_own_temperature():
    for step in (firing(celsius=700.0, hours=2.0), firing(celsius=950.0, hours=8.0)):
        measured = measured_firing(read(step), step, FURNACE, is_whole=True)
        assert measured["hold_celsius"] == pytest.approx(step.temperature_celsius)
        assert measured["hold_hours"] == step.hold_hours
