"""Bruker and Siemens .raw, versions 1 to 4: little-endian records.

Source: layouts of versions 1 and 2 after appendix B of the DIFFRAC-AT manual, of 3
after appendix A of DIFFRAC plus XCH (2002), both as xylib documents them; of 4, which
is not published, as found alike by xylib, geddes and GSAS-II.
"""

import struct

import numpy as np

from instruments.quantities import Floats
from loop.analyse.formats.scan import RawScan, even_angles

_OVER_TWO_THETA = (0, 1, 2)
"""Version 3 scan types: locked coupled, unlocked coupled, detector."""
_KEY_VALUE, _SOURCE = 10, 30
"""Version 4 kinds of segment."""
_RANGE_STARTS = (0, 160)
_VERSIONS = ((b"RAW1.01", 3), (b"RAW4.00", 4), (b"RAW2", 2), (b"RAW ", 1))


def read(content: bytes) -> tuple[RawScan, ...]:
    """Return the ranges scanned over 2 theta.

    Raises:
        ValueError: If it is another maker's .raw, is cut off, or holds no such range.
    """
    version = next((n for magic, n in _VERSIONS if content.startswith(magic)), None)
    if version is None:
        raise ValueError(
            f"begins with {content[:7]!r}; allowed: Bruker or Siemens RAW versions 1 "
            "to 4; export the pattern as .xy"
        )
    reader = {1: _version_1, 2: _version_2, 3: _version_3, 4: _version_4}[version]
    scans = reader(_Bytes(content))
    if not scans:
        raise ValueError(f"no scan over 2 theta in this RAW version {version} file")
    return tuple(scans)


class _Bytes:
    """Numbers and words at places of a file; a place beyond its end is an error."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self.size = len(content)

    def _unpack(self, code: str, at: int) -> float:
        try:
            value = struct.unpack_from(f"<{code}", self._content, at)[0]
        except struct.error as error:
            raise ValueError(f"cut off at byte {self.size}") from error
        return float(value)

    def whole(self, at: int, code: str = "I") -> int:
        return int(self._unpack(code, at))

    def single(self, at: int) -> float:
        return self._unpack("f", at)

    def double(self, at: int) -> float:
        return self._unpack("d", at)

    def word(self, at: int, length: int) -> str:
        return self._content[at : at + length].split(b"\0")[0].decode("latin-1").strip()

    def intensities(self, at: int, n: int, *, stride: int = 4) -> Floats:
        """Return the first single of each of `n` records."""
        if stride < 4 or at < 0 or at + n * stride > self.size:
            raise ValueError(
                f"{n} points of {stride} bytes do not fit into {self.size} bytes; the "
                "file is cut off"
            )
        records = np.frombuffer(self._content, np.uint8, n * stride, at)
        leading = np.ascontiguousarray(records.reshape(n, stride)[:, :4])
        with np.errstate(invalid="ignore"):  # NaN is for the check of patterns
            values: Floats = leading.view("<f4")[:, 0].astype(np.float64)
        return values


def _pair(first: float, second: float) -> tuple[float, float] | None:
    """Return stated wavelengths, angstrom; `None` for the zeros of a mute file."""
    if not 0.1 < first < 10.0:
        return None
    return (first, second if 0.1 < second < 10.0 else first)


def _ratio(value: float) -> float | None:
    return value if 0.0 < value <= 1.0 else None


def _seconds(value: float) -> float:
    return value if 0.0 < value < 1e6 else 0.0


def _version_1(data: _Bytes) -> list[RawScan]:
    scans: list[RawScan] = []
    at = 4
    while True:
        if scans and data.word(at, 4) == "RAW":
            at += 4
        n = data.whole(at)
        # Points are read first: a count that is wrong shows there.
        values = data.intensities(at + 152, n)
        scan = RawScan(
            even_angles(data.single(at + 20), data.single(at + 8), n),
            values,
            unit="claimed",
            seconds_per_point=_seconds(data.single(at + 4)),
            wavelengths=_pair(data.single(at + 68), data.single(at + 72)),
            sample_id=data.word(at + 36, 32),
        )
        scans.append(scan)
        has_more = data.whole(at + 148) > 0
        at += 152 + 4 * n
        if not has_more:
            return scans


def _version_2(data: _Bytes) -> list[RawScan]:
    anode = data.word(188, 2)
    wavelengths = _pair(data.single(190), data.single(194))
    ratio = _ratio(data.single(198))
    scans, at = [], 256
    for _ in range(data.whole(4, "H")):
        header, n = data.whole(at, "H"), data.whole(at + 2, "H")
        if header < 48:
            raise ValueError(f"range header of {header} bytes; 48 or more are expected")
        scan = RawScan(
            even_angles(data.single(at + 16), data.single(at + 12), n),
            data.intensities(at + header, n),
            unit="claimed",
            seconds_per_point=_seconds(data.single(at + 8)),
            anode=anode,
            wavelengths=wavelengths,
            alpha_ratio=ratio,
        )
        scans.append(scan)
        at += header + 4 * n
    return scans


def _version_3(data: _Bytes) -> list[RawScan]:
    radius, slit = data.single(564), data.single(568)
    wavelengths = _pair(data.double(624), data.double(632))
    scans, at = [], 712
    for _ in range(data.whole(12)):
        header, n = data.whole(at), data.whole(at + 4)
        stride, extra = data.whole(at + 252), data.whole(at + 256)
        if header < 260:
            raise ValueError(f"range header of {header} bytes; 304 are expected")
        # Files of fixed drives leave the size of a record at 0.
        stride = stride or 4
        start = at + header + extra
        values = data.intensities(start, n, stride=stride)
        if data.whole(at + 196) in _OVER_TWO_THETA:
            scan = RawScan(
                even_angles(data.double(at + 16), data.double(at + 176), n),
                values,
                unit="claimed",
                seconds_per_point=_seconds(data.single(at + 192)),
                anode=data.word(608, 4),
                wavelengths=wavelengths,
                alpha_ratio=_ratio(data.double(648)),
                radius_millimetres=radius if 50.0 < radius < 1000.0 else None,
                divergence_degrees=slit if 0.0 < slit < 5.0 else None,
                sample_id=data.word(326, 60),
            )
            scans.append(scan)
        at = start + stride * n
    return scans


def _version_4(data: _Bytes) -> list[RawScan]:
    facts: dict[str, str] = {}
    wavelengths, ratio, anode = None, None, ""
    scans, at = [], 61
    while at + 4 <= data.size:
        kind = data.whole(at)
        if kind in _RANGE_STARTS:
            n, stride = data.whole(at + 88), data.whole(at + 136)
            start = at + 160 + data.whole(at + 140)
            name = data.word(at + 32, 24).lower()
            values = data.intensities(start, n, stride=stride)
            if "coupled" in name or "detector" in name or "2theta" in name:
                # The time in the header is in no unit that readers agree on.
                scan = RawScan(
                    even_angles(data.double(at + 72), data.double(at + 80), n),
                    values,
                    unit="claimed",
                    anode=anode,
                    wavelengths=wavelengths,
                    alpha_ratio=ratio,
                    sample_id=facts.get("SAMPLEID", ""),
                )
                scans.append(scan)
            at = start + stride * n
            continue
        length = max(8, data.whole(at + 4))
        if at + length > data.size:
            raise ValueError(f"cut off at byte {data.size}, inside the header")
        if kind == _KEY_VALUE and length > 36:
            facts[data.word(at + 12, 24)] = data.word(at + 36, length - 36)
        elif kind == _SOURCE and length >= 120:
            wavelengths = _pair(data.double(at + 80), data.double(at + 88))
            ratio = _ratio(data.double(at + 104))
            anode = data.word(at + 116, 4)
        at += length
    return scans
