"""Read measured patterns, refuse what cannot be analysed, lay them on an even grid."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np

from instruments.quantities import Floats, Pattern
from loop.analyse import formats
from loop.analyse.profile import Instrument
from loop.errors import AnalysisError

CU_K_ALPHA = (1.540598, 1.544426)
"""Cu K-alpha1 and K-alpha2, angstrom. Source: International Tables C, table 4.2.2.4;
rounded as Malvern Panalytical files give it."""
MIN_POINTS = 100
MIN_SPAN_DEGREES = 5.0
_STEP_DEGREES = 0.04
_SAME_STEP = 0.02
"""Share of a step by which angles of scans may differ to be summed."""


def read(
    path: Path,
    *,
    wavelengths: tuple[float, float] = CU_K_ALPHA,
    instrument: Instrument | None = None,
    scan: int | None = None,
) -> Pattern:
    """Read a measured pattern from a file.

    Args:
        path: A file with one of the suffixes of `loop.analyse.formats`.
        wavelengths: K-alpha1 and K-alpha2 where the file does not say, angstrom.
        instrument: Gives these and the other facts where the file does not say.
        scan: Which scan of several, from 1; by default all are summed, which must be
            of the same angles.

    Raises:
        AnalysisError: If the file is missing, torn or of unknown kind, or its content
            cannot be a pattern; says what was found and what to do.
    """
    content = _content(path)
    return parse(
        content,
        path.suffix,
        name=path.name,
        wavelengths=wavelengths,
        instrument=instrument,
        scan=scan,
    )


def read_scans(
    path: Path, *, instrument: Instrument | None = None
) -> tuple[Pattern, ...]:
    """Read every scan over 2 theta of a file, each as a pattern of its own.

    Args:
        path: As for `read`.
        instrument: Gives what the file does not say.

    Raises:
        AnalysisError: As `read`, of any of the scans.
    """
    return _scans(_content(path), path.suffix, path.name, instrument or Instrument())


def parse(
    content: bytes,
    suffix: str,
    *,
    name: str,
    wavelengths: tuple[float, float] = CU_K_ALPHA,
    instrument: Instrument | None = None,
    scan: int | None = None,
) -> Pattern:
    """Read a measured pattern from the bytes of a file.

    Args:
        content: The whole file.
        suffix: Its file name suffix, which says what kind it is, such as `.xrdml`.
        name: What to call it in messages.
        wavelengths: As for `read`.
        instrument: As for `read`.
        scan: As for `read`.

    Raises:
        AnalysisError: As `read`.
    """
    standing_in = instrument or Instrument(wavelengths=wavelengths)
    found = _scans(content, suffix, name, standing_in)
    if scan is None:
        return _summed(found, name)
    if not 1 <= scan <= len(found):
        raise AnalysisError(
            f"{name}: scan {scan} is asked for; allowed: 1 to {len(found)}"
        )
    return found[scan - 1]


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise AnalysisError(
            f"{path.name}: cannot be read ({error.strerror})"
        ) from error


def _scans(
    content: bytes, suffix: str, name: str, instrument: Instrument
) -> tuple[Pattern, ...]:
    kind = suffix.lower()
    if kind not in formats.SUFFIXES:
        raise AnalysisError(
            f"{name}: found a {suffix or 'nameless'} file; allowed: "
            f"{', '.join(formats.SUFFIXES)}; export the pattern as one of them"
        )
    if not content.strip(b"\0 \t\r\n"):
        raise AnalysisError(f"{name}: the file is empty; export it again")
    try:
        raw = formats.read_scans(content, kind)
        found = tuple(item.pattern(instrument) for item in raw)
    except ValueError as error:
        raise AnalysisError(f"{name}: {error}") from error
    out = []
    for index, (item, pattern) in enumerate(zip(raw, found, strict=True), start=1):
        check(pattern, name=name if len(raw) == 1 else f"{name}, scan {index}")
        scale = 1.0 if item.is_scaled else counts_per_unit(pattern.counts)
        out.append(replace(pattern, counts=pattern.counts * scale))
    return tuple(out)


def _summed(patterns: tuple[Pattern, ...], name: str) -> Pattern:
    """Return the sum of repeated scans, so that each count is used once.

    Raises:
        AnalysisError: If the scans are not of the same angles and wavelength.
    """
    first = patterns[0]
    for pattern in patterns[1:]:
        step = float(np.diff(first.two_theta).min())
        is_alike = (
            len(pattern.two_theta) == len(first.two_theta)
            and pattern.wavelengths == first.wavelengths
            and float(np.abs(pattern.two_theta - first.two_theta).max())
            <= _SAME_STEP * step
        )
        if not is_alike:
            listed = "; ".join(
                f"{n}: {p.two_theta[0]:.2f} to {p.two_theta[-1]:.2f} degrees, "
                f"{len(p.two_theta)} points"
                for n, p in enumerate(patterns, start=1)
            )
            raise AnalysisError(
                f"{name}: found {len(patterns)} scans of different angles ({listed}); "
                "choose one by its number (--scan)"
            )
    return replace(
        first,
        counts=np.sum([pattern.counts for pattern in patterns], axis=0),
        seconds_per_point=sum(pattern.seconds_per_point for pattern in patterns),
    )


def check(pattern: Pattern, *, name: str = "pattern") -> None:
    """Refuse a pattern that no analysis could use.

    Raises:
        AnalysisError: If angles do not increase, intensities are negative, missing or
            all alike, or there are fewer than 100 points or 5 degrees.
    """
    angle, counts = pattern.two_theta, pattern.counts
    if angle.ndim != 1 or angle.shape != counts.shape:
        raise AnalysisError(
            f"{name}: {angle.shape} angles against {counts.shape} counts; one count "
            "for each angle is needed"
        )
    if len(angle) < MIN_POINTS:
        raise AnalysisError(
            f"{name}: found {len(angle)} points; at least {MIN_POINTS} are needed; "
            "the scan was cut short or the file is torn"
        )
    if not (np.isfinite(angle).all() and np.isfinite(counts).all()):
        raise AnalysisError(
            f"{name}: found values that are not numbers; export the pattern again"
        )
    if (np.diff(angle) <= 0.0).any():
        where = float(angle[int(np.argmax(np.diff(angle) <= 0.0))])
        raise AnalysisError(
            f"{name}: the angle does not increase after {where:.3f} degrees; "
            "split the file into single scans"
        )
    if (counts < 0.0).any():
        raise AnalysisError(
            f"{name}: found {int((counts < 0).sum())} negative intensities; use the "
            "pattern as measured, with its background"
        )
    if angle[0] <= 0.0 or angle[-1] >= 180.0:
        raise AnalysisError(
            f"{name}: angles from {angle[0]:g} to {angle[-1]:g} degrees; allowed: "
            "2 theta between 0 and 180"
        )
    if angle[-1] - angle[0] < MIN_SPAN_DEGREES or np.ptp(counts) == 0.0:
        raise AnalysisError(
            f"{name}: {angle[-1] - angle[0]:.1f} degrees with intensities from "
            f"{counts.min():g} to {counts.max():g}; nothing to identify"
        )


def counts_per_unit(intensity: Floats) -> float:
    """Return the factor that turns intensities into counts, from their own noise.

    Counts scatter by their square root, so their third differences, which smooth
    lines hardly reach, have 20 times the mean as variance. Files of rates or of
    percent scatter by more or less. Within a factor of 2 the values are taken as
    counts.

    Args:
        intensity: Non-negative, shape `n`.
    """
    differences = np.diff(intensity, 3)
    level = np.convolve(intensity, np.ones(4) / 4.0, mode="valid")
    seen = level > 0.0
    if not seen.any():
        return 1.0
    # The median of a chi-squared variable of one degree of freedom is 0.455.
    noise = float(np.median(differences[seen] ** 2 / (20.0 * level[seen]))) / 0.455
    if noise <= 0.0 or 0.5 < noise < 2.0:
        return 1.0
    return 1.0 / noise


def rebin(pattern: Pattern, *, step_degrees: float = _STEP_DEGREES) -> Pattern:
    """Return the pattern on an even grid no finer than a step, counts preserved.

    Fine scans are summed over whole points, so that each count is used once; scans of
    uneven step have their counts shared out among the new steps.

    Args:
        pattern: Any pattern that passes `check`.
        step_degrees: Finest step wanted, degrees.
    """
    angle, counts = pattern.two_theta, pattern.counts
    steps = np.diff(angle)
    step = float(steps.mean())
    if np.ptp(steps) < 0.02 * step:
        group = max(1, round(step_degrees / step))
        n = len(angle) // group
        even = np.linspace(angle[0], angle[-1], len(angle))[: n * group]
        return replace(
            pattern,
            two_theta=even.reshape(n, group).mean(1),
            counts=counts[: n * group].reshape(n, group).sum(1),
            seconds_per_point=pattern.seconds_per_point * group,
        )
    step = max(step_degrees, float(np.median(steps)))
    edges = np.concatenate(
        [[angle[0] - steps[0] / 2], (angle[1:] + angle[:-1]) / 2,
         [angle[-1] + steps[-1] / 2]]
    )  # fmt: skip
    total = np.concatenate([[0.0], np.cumsum(counts)])
    n = math.floor((edges[-1] - edges[0]) / step)
    cuts = edges[0] + step * np.arange(n + 1)
    shared = np.diff(np.interp(cuts, edges, total))
    return replace(pattern, two_theta=cuts[:-1] + step / 2, counts=shared)
