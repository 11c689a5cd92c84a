"""Interlocks: nothing enters unless everything is known, fresh and safe."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.interlocks import (
    MAX_AGE_SECONDS,
    DiffractometerState,
    MixerState,
    Reading,
    belt_load_reasons,
    furnace_door_reasons,
    furnace_entry_reasons,
    mixer_entry_reasons,
)
from instruments.quantities import ArmState, FurnaceState
from tests.instruments.test_eurotherm import SPEC

NOW = 1000.0
AGES = [0.0, MAX_AGE_SECONDS, MAX_AGE_SECONDS + 0.1, -0.1, float("nan")]
PROGRAMS = ["reset", "running", "hold", "holdback", "complete"]
TEMPERATURES = [25.0, 79.9, 80.0, 900.0, float("nan")]


def is_fresh(age):
    return 0.0 <= age <= MAX_AGE_SECONDS


def arm(age=0.0, *, is_ready=True, is_moving=False):
    return Reading(ArmState(is_ready, is_moving, "", "RUNNING"), NOW - age)


def furnace(age, celsius, program, faults):
    state = FurnaceState(celsius, celsius, program, 0.0, faults)
    return Reading(state, NOW - age)


@pytest.mark.parametrize("is_entry", [True, False])
def test_a_furnace_opens_only_when_cold_reset_known_and_the_arm_is_still(is_entry):
    opened = 0
    for age, celsius, program, faults, arm_age, ready, moving in product(
        AGES, TEMPERATURES, PROGRAMS, [(), ("sensor break",), ("alarm 1",)], AGES,
        [True, False], [True, False],
    ):  # fmt: skip
        reasons = (furnace_entry_reasons if is_entry else furnace_door_reasons)(
            furnace(age, celsius, program, faults),
            arm(arm_age, is_ready=ready, is_moving=moving),
            SPEC,
            now=NOW,
        )
        is_safe = (
            is_fresh(age) and is_fresh(arm_age) and celsius < SPEC.open_below_celsius
            and program in {"reset", "complete"} and "sensor break" not in faults
            and not moving and (ready or not is_entry)
        )  # fmt: skip
        assert (not reasons) == is_safe, reasons
        opened += is_safe
    assert opened > 0


def test_a_mixer_is_entered_only_at_rest():
    for age, running, arm_age, ready, moving in product(
        AGES, [True, False], AGES, [True, False], [True, False]
    ):
        reasons = mixer_entry_reasons(
            Reading(MixerState(running), NOW - age),
            arm(arm_age, is_ready=ready, is_moving=moving),
            now=NOW,
        )
        is_safe = is_fresh(age) and is_fresh(arm_age) and ready
        assert (not reasons) == (is_safe and not running and not moving)


def test_a_belt_is_loaded_only_when_remote_ready_and_free():
    for age, remote, ready, free, arm_age in product(
        AGES, [True, False], [True, False], [True, False], AGES
    ):
        state = DiffractometerState(remote, ready, free)
        reasons = belt_load_reasons(Reading(state, NOW - age), arm(arm_age), now=NOW)
        is_safe = is_fresh(age) and is_fresh(arm_age) and remote and ready and free
        assert (not reasons) == is_safe


def test_what_is_not_known_is_a_no():
    assert furnace_door_reasons(None, None, SPEC, now=NOW)
    assert furnace_entry_reasons(None, arm(), SPEC, now=NOW)
    assert mixer_entry_reasons(None, arm(), now=NOW)
    assert mixer_entry_reasons(
        Reading(MixerState(is_running=False), NOW), None, now=NOW
    )
    assert belt_load_reasons(None, arm(), now=NOW)


@given(
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from(PROGRAMS),
    st.floats(allow_nan=True, allow_infinity=True),
)
def test_no_number_whatever_opens_a_hot_or_stale_furnace(celsius, program, age):
    reasons = furnace_entry_reasons(
        furnace(age, celsius, program, ()), arm(), SPEC, now=NOW
    )
    if not reasons:
        assert celsius < SPEC.open_below_celsius
        assert program in {"reset", "complete"}
        assert NOW - MAX_AGE_SECONDS - 1e-6 <= NOW - age <= NOW
