"""One scan as a pattern file states it, before anything is assumed."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from instruments.quantities import Floats, Pattern
from loop.analyse.anodes import doublet_of, lines_of
from loop.analyse.profile import Instrument


@dataclass(frozen=True, slots=True, eq=False)
class RawScan:
    """Angles and intensities of one length n; `None` and "" where the file is mute."""

    two_theta: Floats
    """Degrees."""
    intensity: Floats
    """In `unit`."""
    unit: Literal["counts", "rate", "claimed", "unknown"] = "unknown"
    """`counts`, or `rate` per second; `claimed` where the format says counts but
    programs are known to write other values; those must be whole to be believed."""
    seconds_per_point: float = 0.0
    """0 where the file does not say."""
    anode: str = ""
    """Symbol of the tube's target."""
    wavelengths: tuple[float, float] | None = None
    """K-alpha1 and K-alpha2, angstrom; alike for a monochromatic beam."""
    alpha_ratio: float | None = None
    """Intensity of K-alpha2 over K-alpha1."""
    radius_millimetres: float | None = None
    divergence_degrees: float | None = None
    sample_id: str = ""

    @property
    def is_scaled(self) -> bool:
        """Whether `counts` can be had from what the file states."""
        if self.unit == "claimed":
            return bool((self.intensity == np.rint(self.intensity)).all())
        return self.unit == "counts" or (
            self.unit == "rate" and self.seconds_per_point > 0.0
        )

    def pattern(self, instrument: Instrument) -> Pattern:
        """Return the scan as a pattern; what is not stated is the instrument's.

        Rates of known counting time become counts; intensities of unknown scale stay
        as they are (see `is_scaled`).
        """
        is_rate = self.unit == "rate" and self.seconds_per_point > 0.0
        wavelengths, ratio = self._spectrum(instrument)
        radius, slit = self.radius_millimetres, self.divergence_degrees
        return Pattern(
            two_theta=self.two_theta,
            counts=self.intensity * (self.seconds_per_point if is_rate else 1.0),
            seconds_per_point=self.seconds_per_point,
            wavelengths=wavelengths,
            alpha_ratio=ratio,
            radius_millimetres=radius or instrument.radius_millimetres,
            divergence_degrees=slit or instrument.divergence_degrees,
            sample_id=self.sample_id,
        )

    def _spectrum(self, instrument: Instrument) -> tuple[tuple[float, float], float]:
        if self.wavelengths is None:
            stated = lines_of(self.anode)
            if stated is None or abs(stated[0] - instrument.wavelengths[0]) < 1e-3:
                return instrument.wavelengths, instrument.alpha_ratio
            return stated, 0.5 if self.alpha_ratio is None else self.alpha_ratio
        first, second = self.wavelengths
        if not (0.1 < first < 10.0 and 0.1 < second < 10.0):
            raise ValueError(
                f"wavelengths {first:g} and {second:g} angstrom; allowed: 0.1 to 10"
            )
        ratio = self.alpha_ratio
        if first == second:
            tube = doublet_of(first)
            if tube is None:
                return (first, first), 0.0
            (first, second), ratio = tube, ratio or 0.5
        ratio = 0.5 if ratio is None else ratio
        if not 0.0 <= ratio <= 1.0:
            raise ValueError(f"K-alpha2 over K-alpha1 is {ratio:g}; allowed: 0 to 1")
        return (first, second), ratio


def even_angles(start: float, step: float, n: int) -> Floats:
    """Return `n` angles from `start`, `step` degrees apart.

    Raises:
        ValueError: If the figures give no rising angles.
    """
    if not (abs(start) < 360.0 and 0.0 < step < 360.0 and n > 0):
        raise ValueError(f"{n} points from {start:g} by {step:g} degrees: no scan")
    angles: Floats = start + step * np.arange(n, dtype=np.float64)
    return angles


def rows(text: str, *, what: str) -> Floats:
    """Return lines of numbers as columns, shape `k x n`.

    Args:
        text: One point a line, numbers apart by blanks, tabs or commas.
        what: What they are, for the message.

    Raises:
        ValueError: If there is none, a line has fewer than two or another number of
            values than the first, or something is not a number.
    """
    lines = [line.replace(",", " ").split() for line in text.splitlines()]
    lines = [line for line in lines if line]
    if not lines:
        raise ValueError(f"no points in {what}; the file is torn or empty")
    width = len(lines[0])
    uneven = next((n for n, line in enumerate(lines) if len(line) != width), None)
    if width < 2 or uneven is not None:
        at = lines[uneven or 0]
        raise ValueError(
            f"{what}: point {(uneven or 0) + 1} is {' '.join(at)[:40]!r}; expected "
            f"{max(width, 2)} numbers as for the first; the file is torn"
        )
    try:
        table: Floats = np.array(lines, dtype=np.float64).T
    except ValueError as error:
        raise ValueError(f"{what} holds something that is not a number") from error
    return table
