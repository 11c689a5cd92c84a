"""What is checked before the arm moves, and how an instrument is left safe."""

import asyncio
from collections.abc import Callable

from instruments.errors import FaultError, InstrumentError, NoAnswerError, RefusedError
from instruments.interlocks import (
    MixerState,
    Reading,
    furnace_entry_reasons,
    mixer_entry_reasons,
)
from instruments.protocols import Lab
from instruments.quantities import Slot

PATIENCE_SECONDS = 24 * 3600.0
"""How long a move waits for its way to become free: a hot furnace needs a night."""
GUARD_POLL_SECONDS = 30.0
STOP_SECONDS = 120.0
"""Within this time an instrument confirms that it stopped, or a person must look."""


async def reasons_against(
    lab: Lab, arm: str, slots: tuple[Slot, ...], now: Callable[[], float]
) -> tuple[str, ...]:
    """Return why the arm must not reach into the places of a move now.

    Args:
        lab: The lab.
        arm: Name of its arm.
        slots: Where the move begins and ends.
        now: Lab time, s since 1970.

    Raises:
        FaultError: If the arm is not ready: without it nothing goes on.
        NoAnswerError: If an instrument does not answer.
    """
    state = await lab.arms[arm].state()
    if not state.is_ready:
        raise FaultError(
            arm, f"is not ready ({state.detail}); make it ready, then resume"
        )
    arm_reading = Reading(state, now())
    reasons: list[str] = ["the arm is moving"] if state.is_moving else []
    for place in dict.fromkeys(slot.place for slot in slots):
        if place in lab.furnaces:
            reading = Reading(await lab.furnaces[place].state(), now())
            spec = lab.spec.furnaces[place]
            found = furnace_entry_reasons(reading, arm_reading, spec, now=now())
        elif place in lab.mixers:
            turning = MixerState(await lab.mixers[place].is_running())
            found = mixer_entry_reasons(Reading(turning, now()), arm_reading, now=now())
        else:
            found = ()
        reasons += [f"{place}: {reason}" for reason in found]
    return tuple(reasons)


async def wait_until_free(
    lab: Lab, place: str, now: Callable[[], float], *, patience_seconds: float
) -> None:
    """Wait until hands may reach into an instrument.

    Raises:
        RefusedError: If it is not free within the patience.
        NoAnswerError: If it does not answer.
    """
    until = now() + patience_seconds
    while reason := await _busy(lab, place):
        if now() >= until:
            raise RefusedError(place, f"{reason} for {patience_seconds / 3600:.0f} h")
        await asyncio.sleep(GUARD_POLL_SECONDS)


async def _busy(lab: Lab, place: str) -> str:
    """Return why hands must stay out of a place, empty if they need not."""
    if place in lab.furnaces:
        state = await lab.furnaces[place].state()
        limit = lab.spec.furnaces[place].open_below_celsius
        if state.program not in ("reset", "complete"):
            return f"its program is in {state.program}"
        if not state.measured_celsius < limit:
            return f"it is at {state.measured_celsius:g} C, not below {limit:g} C"
    if place in lab.mixers and await lab.mixers[place].is_running():
        return "it is running"
    if place in lab.dosers:
        # Waits while a dose runs, and unlocks the head.
        await lab.dosers[place].last_dose()
    return ""


async def make_safe(lab: Lab, instrument: str) -> str:
    """Stop an instrument that reported a fault; return what was done, in words.

    A furnace that reports no fault itself (contact was lost) is left to its stored
    program, which also looks after the gas.
    """
    try:
        async with asyncio.timeout(STOP_SECONDS):
            return await _stop(lab, instrument)
    except (TimeoutError, InstrumentError) as error:
        return f"could not be stopped, look at it: {error or 'no answer in time'}"


async def _stop(lab: Lab, instrument: str) -> str:
    if instrument in lab.furnaces:
        try:
            faults = (await lab.furnaces[instrument].state()).faults
        except NoAnswerError:
            return "left to its stored program, no contact"
        if not faults:
            return "left to its stored program"
        await lab.furnaces[instrument].stop()
        return "heaters off"
    for group in (lab.arms, lab.mixers, lab.dosers):
        if instrument in group:
            await group[instrument].stop()
            return "stopped"
    return ""
