"""Requests that no instrument may ever see: refused here, before any byte is sent.

Every function raises LimitExceededError with what was asked, what is allowed and the
instrument's name, and does nothing else.
"""

import math
import re

from instruments.errors import LimitExceededError
from instruments.labspec import (
    DiffractometerSpec,
    DoserSpec,
    FurnaceSpec,
    LabSpec,
    MixerSpec,
)
from instruments.quantities import HeatingProfile, Slot

MAX_LABEL_LENGTH = 20
"""Quantos command set, QRD 1 1 8: a sample name has at most 20 characters."""
LABEL = re.compile(r"[A-Za-z0-9._-]+")
SAMPLE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
"""No `@` or `=`, which are the syntax of the Aeris, and nothing a path could use."""
MAX_MIX_SECONDS = 3600.0
"""An hour; nobody mixes longer in one run, and the cup would overheat."""


def _refuse(instrument: str, message: str) -> LimitExceededError:
    return LimitExceededError(instrument, message)


def _in_range(
    instrument: str, what: str, value: float, low: float, high: float, unit: str
) -> None:
    """Refuse a value that is not a number within `low` and `high`."""
    if not (math.isfinite(value) and low <= value <= high):
        raise _refuse(
            instrument, f"{what} {value:g} {unit} is not within {low:g} to {high:g}"
        )


def check_dose(
    instrument: str, spec: DoserSpec, grams: float, *, position: int, label: str
) -> None:
    """Refuse a dose outside the doser's range, positions or label rules.

    Args:
        instrument: Its name.
        spec: Its limits.
        grams: Mass asked for, g.
        position: Autosampler position, 1 to `spec.positions`.
        label: 1 to 20 letters, digits, `.`, `_` or `-`.

    Raises:
        LimitExceededError: If anything is outside.
    """
    _in_range(instrument, "dose", grams, spec.min_grams, spec.max_grams, "g")
    if not 1 <= position <= spec.positions:
        raise _refuse(
            instrument, f"position {position} is not within 1 to {spec.positions}"
        )
    if not LABEL.fullmatch(label) or len(label) > MAX_LABEL_LENGTH:
        raise _refuse(
            instrument,
            f"label {label!r} is not 1 to {MAX_LABEL_LENGTH} letters, digits, . _ or -",
        )


def check_mix(instrument: str, spec: MixerSpec, *, rpm: float, seconds: float) -> None:
    """Refuse a speed or a time outside the mixer's range.

    Raises:
        LimitExceededError: If anything is outside.
    """
    _in_range(instrument, "speed", rpm, 1.0, spec.max_rpm, "rpm")
    _in_range(instrument, "time", seconds, 1.0, MAX_MIX_SECONDS, "s")


def check_profile(instrument: str, spec: FurnaceSpec, profile: HeatingProfile) -> None:
    """Refuse a heating profile the furnace must not or cannot run.

    Raises:
        LimitExceededError: If a temperature, ramp, hold or the gas is outside.
    """
    if not profile.segments:
        raise _refuse(instrument, "a profile needs one segment or more")
    if profile.atmosphere not in spec.atmospheres:
        known = ", ".join(spec.atmospheres)
        raise _refuse(instrument, f"no gas {profile.atmosphere!r}; it has {known}")
    if profile.segments[0].kind == "hold":
        raise _refuse(instrument, "segment 1 is a hold; begin with a ramp")
    at = profile.segments[0].target_celsius
    for number, segment in enumerate(profile.segments, start=1):
        name = f"segment {number}"
        _in_range(
            instrument, f"{name}: target", segment.target_celsius, 0.0,
            spec.max_celsius, "C",
        )  # fmt: skip
        if segment.kind == "ramp":
            _in_range(
                instrument, f"{name}: ramp", segment.celsius_per_minute, 0.1,
                spec.max_ramp_celsius_per_minute, "C/min",
            )  # fmt: skip
        else:
            _in_range(instrument, f"{name}: hold", segment.seconds, 6.0, 3.6e6, "s")
            if segment.target_celsius != at:
                raise _refuse(
                    instrument,
                    f"{name}: holds at {segment.target_celsius:g} C after a ramp to "
                    f"{at:g} C",
                )
        at = segment.target_celsius


def check_crucible(instrument: str, spec: FurnaceSpec, material: str) -> None:
    """Refuse a crucible material that must not stand in the furnace.

    Raises:
        LimitExceededError: If it is not on the furnace's list.
    """
    if material not in spec.crucibles:
        known = ", ".join(spec.crucibles)
        raise _refuse(instrument, f"no {material!r} crucibles; allowed: {known}")


def check_scan(
    instrument: str,
    spec: DiffractometerSpec,
    sample_id: str,
    *,
    position: int,
    program: str,
) -> None:
    """Refuse a scan with an unusable id, belt position or program.

    Raises:
        LimitExceededError: If anything is outside.
    """
    check_sample_id(instrument, sample_id)
    if not 1 <= position <= spec.positions:
        raise _refuse(
            instrument, f"position {position} is not within 1 to {spec.positions}"
        )
    if program not in spec.programs:
        known = ", ".join(spec.programs)
        raise _refuse(instrument, f"no program {program!r}; it has {known}")


def check_sample_id(instrument: str, sample_id: str) -> None:
    """Refuse a sample id that the instrument or a file name cannot carry.

    Raises:
        LimitExceededError: If it is not 1 to 64 letters, digits, `.`, `_` or `-`.
    """
    if not SAMPLE_ID.fullmatch(sample_id):
        raise _refuse(
            instrument, f"sample id {sample_id!r} is not 1 to 64 letters, digits, . _ -"
        )


def check_move(instrument: str, lab: LabSpec, source: Slot, destination: Slot) -> None:
    """Refuse a move from or to a slot that the lab does not have.

    Raises:
        LimitExceededError: If a slot does not exist, or both are the same.
    """
    places = lab.places()
    for slot in (source, destination):
        slots = places.get(slot.place, 0)
        if not 1 <= slot.index <= slots:
            allowed = f"1 to {slots}" if slots else f"of {', '.join(sorted(places))}"
            raise _refuse(instrument, f"there is no slot {slot}; allowed: {allowed}")
    if source == destination:
        raise _refuse(instrument, f"{source} is both source and destination")
