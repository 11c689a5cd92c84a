"""Firings: the program sent, how long it takes, and what the trace says happened."""

import numpy as np
from numpy.typing import NDArray

from campaigns.recipe import FireStep
from instruments.labspec import FurnaceSpec
from instruments.quantities import HeatingProfile, Segment, Trace

ROOM_CELSIUS = 25.0
HOLD_BAND_CELSIUS = 10.0
"""A reading this close to the hold temperature counts as held."""
SET_BAND_CELSIUS = 1.0
"""A setpoint this close to the hold temperature stands at it; controllers round."""
GAP_SECONDS = 300.0
"""A longer time between two readings is a gap in the trace."""


def heating_profile(step: FireStep, furnace: FurnaceSpec) -> HeatingProfile:
    """Return the program of a firing: ramp, hold, and cool until the door may open.

    The way down follows what the furnace can do, so that the program, and with it the
    gas, lasts until the furnace is cold.
    """
    down = ROOM_CELSIUS + 0.9 * (furnace.open_below_celsius - ROOM_CELSIUS)
    cooling = tuple(
        Segment("ramp", to, celsius_per_minute=rate)
        for to, rate in cooling_ramps(
            step.temperature_celsius,
            down,
            step.cool_celsius_per_minute,
            furnace.cooling,
        )
    )
    heating = (
        Segment(
            "ramp",
            step.temperature_celsius,
            celsius_per_minute=step.ramp_celsius_per_minute,
        ),
        Segment("hold", step.temperature_celsius, seconds=step.hold_hours * 3600.0),
    )
    return HeatingProfile((*heating, *cooling), step.atmosphere)


def cooling_ramps(
    start_celsius: float,
    end_celsius: float,
    celsius_per_minute: float,
    cooling: tuple[tuple[float, float], ...],
) -> list[tuple[float, float]]:
    """Return how a furnace cools, as ramps.

    Args:
        start_celsius: Temperature at the start.
        end_celsius: Temperature at the end, below the start.
        celsius_per_minute: Programmed cooling rate, > 0.
        cooling: (above this temperature, fastest rate in degrees Celsius per minute),
            hottest first; below the last, that rate goes on.

    Returns:
        (temperature reached, rate in degrees Celsius per minute), each rate the slower
        of the programmed and the possible one; neighbours of one rate are joined.
    """
    ramps: list[tuple[float, float]] = []
    at = start_celsius
    for above, fastest in (*cooling, (-273.15, cooling[-1][1])):
        to, rate = max(above, end_celsius), min(celsius_per_minute, fastest)
        if at > to:
            if ramps and ramps[-1][1] == rate:
                ramps.pop()
            ramps.append((to, rate))
            at = to
    return ramps


def cooling_seconds(
    start_celsius: float,
    end_celsius: float,
    celsius_per_minute: float,
    cooling: tuple[tuple[float, float], ...],
) -> float:
    """Return how long a furnace needs to cool, s; arguments as `cooling_ramps`."""
    total, at = 0.0, start_celsius
    for to, rate in cooling_ramps(
        start_celsius, end_celsius, celsius_per_minute, cooling
    ):
        total += (at - to) / rate * 60.0
        at = to
    return total


def firing_seconds(step: FireStep, furnace: FurnaceSpec) -> float:
    """Return how long a firing occupies the furnace, cooling included, s."""
    rise = (step.temperature_celsius - ROOM_CELSIUS) / step.ramp_celsius_per_minute
    fall = cooling_seconds(
        step.temperature_celsius,
        furnace.open_below_celsius,
        step.cool_celsius_per_minute,
        furnace.cooling,
    )
    return rise * 60.0 + step.hold_hours * 3600.0 + fall


def energy_kilowatt_hours(trace: Trace, furnace: FurnaceSpec) -> float:
    """Return the electrical energy of a firing, estimated from its trace.

    A furnace at its highest temperature takes its rated power; below, the loss
    through the insulation falls in proportion to the excess over the room (steady
    conduction, Fourier's law). Heat stored on the way up is not counted.
    """
    if len(trace.seconds) < 2:
        return 0.0
    share = (trace.measured_celsius - ROOM_CELSIUS) / (
        furnace.max_celsius - ROOM_CELSIUS
    )
    # A furnace well above its setpoint does not heat.
    heating = np.where(trace.set_celsius >= trace.measured_celsius - 5.0, share, 0.0)
    power = furnace.power_kilowatts * np.clip(heating, 0.0, 1.0)
    return float(np.trapezoid(power, trace.seconds)) / 3600.0


def held_hours(trace: Trace, step: FireStep) -> tuple[float, float]:
    """Return the least and the most time that a trace allows for the hold, h.

    The furnace holds while its setpoint stands at the hold temperature and the
    reading is within HOLD_BAND_CELSIUS of it. Between two readings that both held it
    held; between one that did and one that did not it changed over at an unknown
    moment; a trace that begins with the hold, or after it, does not say when it began.
    """
    held = _is_held(trace, step)
    if len(held) == 0:
        return 0.0, np.inf
    seconds = np.diff(trace.seconds)
    least = float(np.sum(seconds[held[:-1] & held[1:]])) / 3600.0
    most = float(np.sum(seconds[held[:-1] | held[1:]])) / 3600.0
    hold, first = step.temperature_celsius, float(trace.set_celsius[0])
    has_risen = float(np.max(trace.set_celsius)) > first + SET_BAND_CELSIUS
    if first > hold - SET_BAND_CELSIUS or not has_risen:
        return least, np.inf
    if held.any():
        return least, most
    # A hold shorter than the time between two readings may lie between them.
    stride = float(np.max(np.abs(np.diff(trace.set_celsius))))
    nearest = float(np.max(trace.measured_celsius))
    if nearest > hold - HOLD_BAND_CELSIUS - stride:
        return 0.0, float(np.max(seconds)) / 3600.0
    return 0.0, (0.0 if is_dense(trace) else np.inf)


def is_dense(trace: Trace) -> bool:
    """Tell whether no gap of a trace is longer than GAP_SECONDS."""
    return float(np.max(np.diff(trace.seconds), initial=0.0)) <= GAP_SECONDS


def measured_firing(
    trace: Trace, step: FireStep, furnace: FurnaceSpec, *, is_whole: bool
) -> dict[str, float | str]:
    """Return what a trace says of a firing.

    Args:
        trace: Readings of this firing.
        step: The firing as planned.
        furnace: Where it took place.
        is_whole: False where the firing was taken up on its way and its beginning was
            not seen.

    Returns:
        `hold_hours` (what the controller was told, moved into the bounds that the
        readings set), `hold_hours_seen` (the lower bound), `hold_celsius` (mean
        reading during the hold), `peak_celsius`, `furnace_hours`,
        `energy_kilowatt_hours`, and `trace` (`whole` or `partial`). What was not seen
        is taken from the program, which the controller followed by itself.
    """
    least, most = held_hours(trace, step)
    at_hold = trace.measured_celsius[_is_held(trace, step)]
    seen_peak = float(np.max(trace.measured_celsius, initial=0.0))
    hours = float(np.ptp(trace.seconds)) / 3600.0
    energy = energy_kilowatt_hours(trace, furnace)
    if not is_whole:
        planned = planned_trace(heating_profile(step, furnace))
        energy = max(energy, energy_kilowatt_hours(planned, furnace))
        hours = max(hours, firing_seconds(step, furnace) / 3600.0)
    unseen = step.temperature_celsius
    return {
        "hold_celsius": float(np.mean(at_hold)) if len(at_hold) else unseen,
        "hold_hours": float(np.clip(step.hold_hours, least, most)),
        "hold_hours_seen": least,
        "peak_celsius": seen_peak if np.isfinite(most) else max(seen_peak, unseen),
        "furnace_hours": hours,
        "energy_kilowatt_hours": energy,
        "trace": "whole" if is_whole and is_dense(trace) else "partial",
    }


def _is_held(trace: Trace, step: FireStep) -> NDArray[np.bool_]:
    """Return for each reading whether it belongs to the hold; shape (n,)."""
    at = step.temperature_celsius
    is_set = np.abs(trace.set_celsius - at) < SET_BAND_CELSIUS
    is_there = np.abs(trace.measured_celsius - at) < HOLD_BAND_CELSIUS
    return np.asarray(is_set & is_there, dtype=np.bool_)


def planned_trace(profile: HeatingProfile) -> Trace:
    """Return the trace of a furnace that follows its program exactly."""
    seconds, celsius = [0.0], [ROOM_CELSIUS]
    for segment in profile.segments:
        change = abs(segment.target_celsius - celsius[-1])
        ramp = change / segment.celsius_per_minute * 60.0 if change else 0.0
        seconds.append(seconds[-1] + ramp + segment.seconds)
        celsius.append(segment.target_celsius)
    at = np.array(celsius)
    return Trace(seconds=np.array(seconds), set_celsius=at, measured_celsius=at)
