"""Plain columns of angle and intensity: .xy, .xye, .csv, .txt, .dat."""

import re

import numpy as np

from instruments.quantities import Floats
from loop.analyse.formats.scan import RawScan

_SEPARATORS = re.compile(r"[,;\s]+")
_DECIMAL_COMMA = re.compile(r"\s*\d+,\d+\s*[;\s]\s*\d+")
_COMMENTS = ("#", "'", "!", "/", "*")
_WAVELENGTH = re.compile(
    r"(?:wave[ _]?length|lambda)(?:_ALPHA1)?\D{0,20}(\d\.\d{3,})", re.IGNORECASE
)
_EVEN_SCALE = 0.05


def read(content: bytes, *, has_errors: bool) -> tuple[RawScan, ...]:
    """Return the one scan of a file of columns, headings before them allowed.

    Args:
        content: The whole file, UTF-8 or UTF-16 with a byte order mark.
        has_errors: Whether a third column is the standard deviation of the intensity,
            which tells counts from rates.

    Raises:
        ValueError: If it is no text, or not two numbers a line after the headings.
    """
    is_wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        text = content.decode("utf-16" if is_wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError("not a text file; export columns") from error
    found, heading = _points(text)
    if not found:
        raise ValueError("found no line of two numbers; expected angle and intensity")
    angle, intensity = np.array([row[:2] for row in found], dtype=np.float64).T
    named = _WAVELENGTH.search(heading)
    wavelength = float(named[1]) if named else None
    scale = _scale(found) if has_errors else None
    return (
        RawScan(
            angle,
            intensity if scale is None else intensity * scale,
            unit="unknown" if scale is None else "counts",
            wavelengths=(wavelength, wavelength) if wavelength else None,
        ),
    )


def _points(text: str) -> tuple[list[tuple[float, ...]], str]:
    """Return the rows of numbers, and the text above them."""
    found: list[tuple[float, ...]] = []
    heading: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        bare = line.replace(",", ".") if _DECIMAL_COMMA.match(line) else line
        words = _SEPARATORS.split(bare.strip())
        try:
            row = tuple(float(word) for word in words[:3] if word)
        except ValueError:
            row = ()
        if len(row) >= 2:
            found.append(row)
        elif found and line.strip() and not line.lstrip().startswith(_COMMENTS):
            raise ValueError(
                f"line {number} is {line.strip()[:40]!r} where two numbers are "
                "expected; the file is torn or holds several scans"
            )
        elif not found:
            heading.append(line)
    return found, "\n".join(heading)


def _scale(found: list[tuple[float, ...]]) -> float | None:
    """Return counts per unit from standard deviations; `None` if they do not say.

    Counts c have the standard deviation sqrt(c), so values c / k have k = value /
    deviation^2.
    """
    if min(map(len, found)) < 3:
        return None
    table: Floats = np.array(found, dtype=np.float64).T
    seen = (table[1] > 0.0) & (table[2] > 0.0) & np.isfinite(table).all(axis=0)
    if seen.sum() < 10:
        return None
    scale = table[1, seen] / table[2, seen] ** 2
    middle = float(np.median(scale))
    off = float(np.median(np.abs(scale / middle - 1.0)))
    return middle if off < _EVEN_SCALE else None
