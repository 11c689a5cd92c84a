"""Rigaku .ras: text, one header of `*KEY "value"` and one block of points a scan.

Source: the files describe themselves.
"""

import re
from collections.abc import Callable

import numpy as np

from instruments.quantities import Floats
from loop.analyse.formats.scan import RawScan, rows

_ENTRY = re.compile(r'\*([A-Z0-9_-]+)\s+"([^"]*)"')
_OTHER_AXES = ("omega", "theta", "phi", "chi", "alpha", "beta", "x", "y", "z")
_SLITS = ("ds", "slitds", "divergenceslit", "incidentslit")
_MOST_AXES = 128
_ANGLE = re.compile(r"(\d+(?:\.\d+)?)(?:/(\d+))?\s*deg")


def read(content: bytes) -> tuple[RawScan, ...]:
    """Return the scans over 2 theta.

    Raises:
        ValueError: If markers lack, the file is cut off, or no scan is over 2 theta.
    """
    text = content.decode("latin-1")
    if "*RAS_INT_START" not in text:
        raise ValueError("no *RAS_INT_START; not a .ras file, or cut off")
    scans, others = [], []
    # What stands between two ends is one scan's header and points.
    blocks = text.split("*RAS_INT_END")
    if "*RAS_INT_START" in blocks[-1]:
        raise ValueError("no *RAS_INT_END after the points; the file is cut off")
    for block in blocks[:-1]:
        header, _, points = block.partition("*RAS_INT_START")
        facts = dict(_ENTRY.findall(header))
        axis = facts.get("MEAS_SCAN_AXIS_X", "")
        if is_two_theta(axis):
            scans.append(scan_of(rows(points, what="points"), facts.get))
        else:
            others.append(axis)
    if not scans:
        raise ValueError(f"no scan over 2 theta; found scans over {others}")
    return tuple(scans)


def is_two_theta(axis: str) -> bool:
    """Return whether an axis of that name gives a powder pattern."""
    return axis.strip().lower() not in _OTHER_AXES


def scan_of(table: Floats, fact: Callable[[str], str | None]) -> RawScan:
    """Return a scan from its columns and the file's facts.

    Args:
        table: Angle, intensity and, where there is a third column, the factor of the
            beam attenuator, shape `2 x n` or `3 x n`.
        fact: Gives the value of a key, `None` where the file has none.

    Raises:
        ValueError: If the attenuator's factors are not positive.
    """
    intensity = table[1]
    if len(table) > 2:
        if not (table[2] > 0.0).all():
            raise ValueError("attenuation factors are not all above 0")
        if np.ptp(table[2]) > 0.0:
            intensity = intensity * table[2]
    first = _positive(fact("HW_XG_WAVE_LENGTH_ALPHA1"))
    second = _positive(fact("HW_XG_WAVE_LENGTH_ALPHA2"))
    unit = (fact("MEAS_SCAN_UNIT_Y") or "").lower()
    return RawScan(
        table[0],
        intensity,
        # The unit is known to be wrong in files of some programs.
        unit={"counts": "claimed", "cps": "rate"}.get(unit, "unknown"),  # type: ignore[arg-type]
        seconds_per_point=_seconds(fact),
        anode=fact("HW_XG_TARGET_NAME") or "",
        wavelengths=(first, second or first) if first else None,
        divergence_degrees=_slit(fact),
        sample_id=(fact("FILE_SAMPLE") or "").strip(),
    )


def _positive(text: str | None) -> float | None:
    try:
        value = float(text or 0.0)
    except ValueError:
        return None
    return value if 0.0 < value < 1e6 else None


def _seconds(fact: Callable[[str], str | None]) -> float:
    """Return the time over one step of a continuous scan, s; 0 if it is not told."""
    step = _positive(fact("MEAS_SCAN_STEP"))
    speed = _positive(fact("MEAS_SCAN_SPEED"))
    unit = (fact("MEAS_SCAN_SPEED_UNIT") or "").replace(" ", "").lower()
    if step is None or speed is None:
        return 0.0
    if unit == "deg/min":
        return 60.0 * step / speed
    return {"deg/sec": step / speed, "sec": speed, "sec/step": speed}.get(unit, 0.0)


def _slit(fact: Callable[[str], str | None]) -> float | None:
    """Return the divergence slit where it is told as an angle, degrees."""
    for index in range(_MOST_AXES):
        name = fact(f"MEAS_COND_AXIS_NAME-{index}")
        if name is not None and name.replace(" ", "").lower() in _SLITS:
            found = _ANGLE.search(fact(f"MEAS_COND_AXIS_POSITION-{index}") or "")
            if found is not None and float(found[2] or 1) > 0.0:
                return float(found[1]) / float(found[2] or 1) or None
    return None
