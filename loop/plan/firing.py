"""Firings: the program sent, how long it takes, and what the trace says happened."""

import numpy as np

from campaigns.recipe import FireStep
from instruments.labspec import FurnaceSpec
from instruments.quantities import HeatingProfile, Segment, Trace

ROOM_CELSIUS = 25.0
HOLD_BAND_CELSIUS = 10.0
"""A reading this close to the hold temperature counts as held."""


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
    heating = np.where(trace.set_celsius >= trace.measured_celsius - 5.0, share, 0.0)
    power = furnace.power_kilowatts * np.clip(heating, 0.0, 1.0)
    return float(np.trapezoid(power, trace.seconds)) / 3600.0


def measured_firing(
    trace: Trace, step: FireStep, furnace: FurnaceSpec, *, is_whole: bool
) -> dict[str, float | str]:
    """Return what a trace says of a firing.

    Args:
        trace: Readings of this firing.
        step: The firing as planned.
        furnace: Where it took place.
        is_whole: False where contact was lost and part of the firing was not seen;
            the hold is then taken from the controller's stored program.

    Returns:
        `hold_celsius` (mean reading during the hold), `hold_hours`, `peak_celsius`,
        `furnace_hours`, `energy_kilowatt_hours`, and `trace` (`whole` or `partial`).
    """
    held = np.abs(trace.measured_celsius - step.temperature_celsius) < HOLD_BAND_CELSIUS
    at_hold = trace.measured_celsius[held]
    seconds = np.diff(trace.seconds)
    hold_seconds = float(np.sum(seconds[held[:-1] & held[1:]])) if len(seconds) else 0.0
    seen = is_whole and len(at_hold) > 0
    hours = hold_seconds / 3600.0 if seen else step.hold_hours
    span = float(trace.seconds[-1] - trace.seconds[0]) if len(seconds) else 0.0
    return {
        "hold_celsius": float(np.mean(at_hold)) if seen else step.temperature_celsius,
        "hold_hours": min(hours, step.hold_hours) if seen else hours,
        "peak_celsius": float(np.max(trace.measured_celsius, initial=0.0))
        if seen
        else step.temperature_celsius,
        "furnace_hours": (span if is_whole else firing_seconds(step, furnace)) / 3600.0,
        "energy_kilowatt_hours": energy_kilowatt_hours(trace, furnace),
        "trace": "whole" if is_whole else "partial",
    }
