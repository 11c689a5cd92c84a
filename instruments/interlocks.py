"""What must be true before anything enters or leaves an instrument.

Pure predicates over readings with a time: a reading that is too old is no reading, and
the answer is then no. Each returns the reasons against; none means go ahead.
"""

from dataclasses import dataclass
from typing import Generic, TypeVar

from instruments.labspec import FurnaceSpec
from instruments.quantities import ArmState, FurnaceState

T_co = TypeVar("T_co", covariant=True)

MAX_AGE_SECONDS = 10.0
"""A furnace near 80 C changes by less than a degree in this time."""
IDLE_PROGRAMS = ("reset", "complete")


@dataclass(frozen=True, slots=True)
class Reading(Generic[T_co]):
    """A state and when it was read."""

    value: T_co
    at: float
    """Lab time of the reading, s since 1970."""


@dataclass(frozen=True, slots=True)
class MixerState:
    """One reading of a mixer."""

    is_running: bool


@dataclass(frozen=True, slots=True)
class DiffractometerState:
    """One reading of a diffractometer, about one belt position."""

    is_remote: bool
    is_ready: bool
    is_position_free: bool


def furnace_door_reasons(
    furnace: Reading[FurnaceState] | None,
    arm: Reading[ArmState] | None,
    spec: FurnaceSpec,
    *,
    now: float,
) -> tuple[str, ...]:
    """Return why a furnace door must stay closed.

    Args:
        furnace: Latest reading of the furnace, None if there is none.
        arm: Latest reading of the arm that reaches it.
        spec: The furnace's limits.
        now: Lab time, s since 1970.
    """
    return (
        *_furnace_reasons(furnace, spec, now),
        *(() if _is_fresh(arm, now) else ("the arm's state is not known",)),
        *(("the arm is moving",) if arm and arm.value.is_moving else ()),
    )


def furnace_entry_reasons(
    furnace: Reading[FurnaceState] | None,
    arm: Reading[ArmState] | None,
    spec: FurnaceSpec,
    *,
    now: float,
) -> tuple[str, ...]:
    """Return why the arm must not reach into a furnace."""
    return (*_furnace_reasons(furnace, spec, now), *_arm_reasons(arm, now))


def mixer_entry_reasons(
    mixer: Reading[MixerState] | None,
    arm: Reading[ArmState] | None,
    *,
    now: float,
) -> tuple[str, ...]:
    """Return why the arm must not reach into a mixer."""
    reasons = list(_arm_reasons(arm, now))
    if mixer is None or not _is_fresh(mixer, now):
        reasons.append("the mixer's state is not known")
    elif mixer.value.is_running:
        reasons.append("the mixer is running")
    return tuple(reasons)


def belt_load_reasons(
    xrd: Reading[DiffractometerState] | None,
    arm: Reading[ArmState] | None,
    *,
    now: float,
) -> tuple[str, ...]:
    """Return why the arm must not load a belt position of a diffractometer."""
    reasons = list(_arm_reasons(arm, now))
    if xrd is None or not _is_fresh(xrd, now):
        return (*reasons, "the diffractometer's state is not known")
    if not xrd.value.is_remote:
        reasons.append("the diffractometer is not under remote control")
    if not xrd.value.is_ready:
        reasons.append("the diffractometer is busy")
    if not xrd.value.is_position_free:
        reasons.append("the belt position is occupied")
    return tuple(reasons)


def _is_fresh(reading: Reading[object] | None, now: float) -> bool:
    """Tell whether there is a reading, neither too old nor from the future."""
    return reading is not None and 0.0 <= now - reading.at <= MAX_AGE_SECONDS


def _furnace_reasons(
    furnace: Reading[FurnaceState] | None, spec: FurnaceSpec, now: float
) -> tuple[str, ...]:
    if furnace is None or not _is_fresh(furnace, now):
        return ("the furnace's state is not known",)
    state = furnace.value
    reasons = []
    # Written so that a temperature that is not a number counts as hot.
    if not state.measured_celsius < spec.open_below_celsius:
        reasons.append(
            f"the furnace is at {state.measured_celsius:g} C, "
            f"not below {spec.open_below_celsius:g} C"
        )
    if state.program not in IDLE_PROGRAMS:
        reasons.append(f"its program is in {state.program}")
    if "sensor break" in state.faults:
        reasons.append("its sensor is broken, so its temperature is not known")
    return tuple(reasons)


def _arm_reasons(arm: Reading[ArmState] | None, now: float) -> tuple[str, ...]:
    if arm is None or not _is_fresh(arm, now):
        return ("the arm's state is not known",)
    reasons = []
    if not arm.value.is_ready:
        reasons.append(f"the arm is not ready ({arm.value.detail})")
    if arm.value.is_moving:
        reasons.append("the arm is moving")
    return tuple(reasons)
