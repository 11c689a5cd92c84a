"""Powder CIF: a loop of `_pd_` items.

Source: Toby, International Tables for Crystallography G (2005), chapter 3.3, and the
dictionary cif_pd: names and units of the items.
"""

import re
import warnings
from typing import Any

import numpy as np

from instruments.quantities import Floats
from loop.analyse.formats.scan import RawScan, even_angles

_COUNTS = ("_pd_meas_counts_total",)
_INTENSITIES = ("_pd_meas_intensity_total", "_pd_proc_intensity_total")
_ANGLES = ("_pd_meas_2theta_scan", "_pd_proc_2theta_corrected")
_RANGES = ("_pd_meas_2theta_range_", "_pd_proc_2theta_range_")
_ROUNDED = 0.005
"""Relative error of an increment as files round it."""
_NET = "_pd_proc_intensity_net"
_UNCERTAINTY = re.compile(r"\(\d+\)$")


def read(content: bytes) -> tuple[RawScan, ...]:
    """Return the observed patterns, one a data block.

    Raises:
        ValueError: If it is no CIF, is cut off, or no block holds an observed pattern
            over 2 theta measured with X-rays.
    """
    blocks = _blocks(content)
    scans = [scan for scan in map(_scan, blocks) if scan is not None]
    if not scans:
        only_net = any(_NET in block for block in blocks)
        reason = f" (only {_NET}, without background)" if only_net else ""
        raise ValueError(
            f"no observed powder pattern in {len(blocks)} data blocks{reason}; "
            "expected _pd_meas_counts_total or _pd_*_intensity_total with 2 theta"
        )
    return tuple(scans)


def _blocks(content: bytes) -> list[dict[str, Any]]:
    from pymatgen.io.cif import CifFile

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd but harmless CIFs
            parsed = CifFile.from_str(content.decode("utf-8-sig"))
    except (
        ValueError, KeyError, IndexError, AssertionError, TypeError, ArithmeticError,
    ) as error:  # fmt: skip
        raise ValueError(f"not a CIF, or cut off: {error}") from error
    # Newer dictionaries write a dot after the category.
    return [
        {key.lower().replace(".", "_"): value for key, value in block.data.items()}
        for block in parsed.data.values()
    ]


def _scan(block: dict[str, Any]) -> RawScan | None:
    name = next((key for key in (*_COUNTS, *_INTENSITIES) if key in block), None)
    if name is None:
        return None
    if _word(block, "_diffrn_radiation_probe").lower() in ("neutron", "electron"):
        raise ValueError("measured with neutrons or electrons; X-rays are expected")
    intensity = _numbers(block, name)
    # `_pd_meas_` or `_pd_proc_`, as the intensities.
    told = _number(block, f"{name[:9]}number_of_points")
    if told is not None and told != len(intensity):
        raise ValueError(f"{len(intensity)} points where {told:g} are announced; torn?")
    angle = _angle(block, len(intensity))
    if len(angle) != len(intensity):
        raise ValueError(f"{len(angle)} angles against {len(intensity)} of {name}")
    # Points left out of a refinement are written as . or ?.
    kept = np.isfinite(angle) & np.isfinite(intensity)
    is_rate = "second" in _word(block, "_pd_meas_units_of_intensity")
    radius = _number(block, "_pd_instr_dist_src/spec")
    slit = _number(block, "_pd_instr_divg_eq_src/spec")
    return RawScan(
        angle[kept],
        intensity[kept],
        unit="claimed" if name in _COUNTS else "rate" if is_rate else "unknown",
        seconds_per_point=_number(block, "_pd_meas_step_count_time") or 0.0,
        anode=_word(block, "_diffrn_radiation_type")[:2].strip("_ "),
        wavelengths=_wavelengths(block),
        radius_millimetres=radius,
        divergence_degrees=slit,
    )


def _word(block: dict[str, Any], key: str) -> str:
    value = block.get(key, "")
    value = value[0] if isinstance(value, list) and value else value
    return value.strip() if isinstance(value, str) else ""


def _numbers(block: dict[str, Any], key: str) -> Floats:
    """Return an item's values; NaN for those not given.

    Raises:
        ValueError: If one is neither a number nor a CIF null.
    """
    value = block[key]
    words = list(map(str, value if isinstance(value, list) else [value]))
    is_null = np.array([word in (".", "?") for word in words])
    try:
        numbers = np.array(
            [
                0.0 if null else float(_UNCERTAINTY.sub("", word))
                for word, null in zip(words, is_null, strict=True)
            ]
        )
    except ValueError as error:
        raise ValueError(f"{key} holds something that is not a number") from error
    if not np.isfinite(numbers).all():
        raise ValueError(f"{key} holds something that is not a number")
    return np.where(is_null, np.nan, numbers)


def _number(block: dict[str, Any], key: str) -> float | None:
    if key not in block:
        return None
    value = float(_numbers(block, key)[0])
    return value if value > 0.0 and np.isfinite(value) else None


def _angle(block: dict[str, Any], n: int) -> Floats:
    for key in _ANGLES:
        if key in block:
            return _numbers(block, key)
    for stem in _RANGES:
        if f"{stem}min" in block and f"{stem}max" in block and n > 1:
            first = float(_numbers(block, f"{stem}min")[0])
            last = float(_numbers(block, f"{stem}max")[0])
            step = (last - first) / (n - 1)
            told = _number(block, f"{stem}inc") or step
            # Increments are rounded; a point more or less shifts every line.
            if abs(told - step) > max(_ROUNDED * abs(step), 0.5 * told / n):
                raise ValueError(
                    f"{n} points from {first:g} to {last:g} degrees are {step:.5g} "
                    f"apart, not {told:.5g}"
                )
            return even_angles(first, step, n)
    raise ValueError("an observed pattern without 2 theta; d or time of flight?")


def _wavelengths(block: dict[str, Any]) -> tuple[float, float] | None:
    key = "_diffrn_radiation_wavelength"
    if key not in block:
        return None
    values = _numbers(block, key)
    values = np.sort(values[np.isfinite(values)])
    if len(values) == 0:
        return None
    # A doublet is listed as two values; K-beta or a mean may stand beside it.
    if len(values) == 1:
        return float(values[0]), float(values[0])
    close = np.flatnonzero(np.diff(values) < 5e-3 * values[:-1])
    at = int(close[0]) if len(close) else 0
    return float(values[at]), float(values[at + 1] if len(close) else values[at])
