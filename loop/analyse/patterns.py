"""Read measured patterns, refuse what cannot be analysed, lay them on an even grid."""

import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from instruments.quantities import Floats, Pattern
from loop.errors import AnalysisError

CU_K_ALPHA = (1.540598, 1.544426)
"""Cu K-alpha1 and K-alpha2, angstrom. Source: International Tables C, table 4.2.2.4;
rounded as Malvern Panalytical files give them."""
MIN_POINTS = 100
MIN_SPAN_DEGREES = 5.0
_STEP_DEGREES = 0.04
_SEPARATORS = re.compile(r"[,;\s]+")


def read(path: Path, *, wavelengths: tuple[float, float] = CU_K_ALPHA) -> Pattern:
    """Read a measured pattern from a file.

    Args:
        path: `.xrdml`, or columns of angle and intensity (`.xy`, `.xye`, `.csv`,
            `.txt`) with or without heading lines.
        wavelengths: K-alpha1 and K-alpha2 where the file does not say, angstrom.

    Raises:
        AnalysisError: If the file is missing, torn or of unknown kind, or its content
            cannot be a pattern; says what was found and what to do.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise AnalysisError(
            f"{path.name}: cannot be read ({error.strerror})"
        ) from error
    return parse(content, path.suffix, name=path.name, wavelengths=wavelengths)


def parse(
    content: bytes,
    suffix: str,
    *,
    name: str,
    wavelengths: tuple[float, float] = CU_K_ALPHA,
) -> Pattern:
    """Read a measured pattern from the bytes of a file.

    Args:
        content: The whole file.
        suffix: Its file name suffix, which says what kind it is, such as `.xrdml`.
        name: What to call it in messages.
        wavelengths: K-alpha1 and K-alpha2 where the file does not say, angstrom.

    Raises:
        AnalysisError: As `read`.
    """
    if not content.strip():
        raise AnalysisError(f"{name}: the file is empty; export it again")
    if suffix.lower() == ".xrdml":
        pattern = _read_xrdml(content, name)
    elif suffix.lower() in (".xy", ".xye", ".csv", ".txt", ".dat"):
        pattern = _read_columns(content, name, wavelengths)
    else:
        raise AnalysisError(
            f"{name}: found a {suffix or 'nameless'} file; allowed: .xrdml, .xy, "
            ".xye, .csv, .txt, .dat; export the pattern as one of them"
        )
    check(pattern, name=name)
    return pattern


def _read_xrdml(content: bytes, name: str) -> Pattern:
    from instruments import xrdml

    try:
        return xrdml.parse(content)
    except ValueError as error:
        raise AnalysisError(f"{name}: {error}") from error


def _read_columns(
    content: bytes, name: str, wavelengths: tuple[float, float]
) -> Pattern:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise AnalysisError(f"{name}: not a text file; export columns") from error
    rows: list[tuple[float, float]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        words = _SEPARATORS.split(line.strip())
        try:
            rows.append((float(words[0]), float(words[1])))
        except (ValueError, IndexError) as error:
            if rows and line.strip() and not line.lstrip().startswith("#"):
                raise AnalysisError(
                    f"{name}: line {number} is {line.strip()[:40]!r} where two numbers "
                    "are expected; the file is torn or holds several scans"
                ) from error
    if not rows:
        raise AnalysisError(
            f"{name}: found no line of two numbers; expected angle and intensity"
        )
    angle, intensity = np.array(rows).T
    pattern = Pattern(angle, intensity, 0.0, wavelengths)
    check(pattern, name=name)
    return replace(pattern, counts=intensity * counts_per_unit(intensity))


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
