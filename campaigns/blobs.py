"""Arrays as bytes whose sha256 is their address: traces, patterns and fits.

Layout: the line `athanor-arrays 1 KIND`, a line of JSON with sorted keys
(`meta`: scalars; `arrays`: name, dtype and shape of each), then the arrays one after
the other, C order, little-endian. No time stamp and no padding: equal content gives
equal bytes on every machine and under every version of numpy.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from campaigns.errors import StoreError
from campaigns.fit import Fit
from instruments.quantities import Floats, Pattern, Trace

Kind = Literal["trace", "pattern", "fit"]
_MAGIC = "athanor-arrays 1"
_DTYPE = "<f8"


def address(content: bytes) -> str:
    """Return the sha256 under which content is stored, as 64 hex digits."""
    return hashlib.sha256(content).hexdigest()


def encode_trace(trace: Trace) -> bytes:
    """Return a temperature trace as bytes."""
    arrays = {
        "seconds": trace.seconds,
        "set_celsius": trace.set_celsius,
        "measured_celsius": trace.measured_celsius,
    }
    return _pack("trace", {}, arrays)


def decode_trace(content: bytes) -> Trace:
    """Return the trace in these bytes.

    Raises:
        StoreError: If they are no trace, or damaged.
    """
    _, arrays = _unpack("trace", content)
    return Trace(arrays["seconds"], arrays["set_celsius"], arrays["measured_celsius"])


def encode_pattern(pattern: Pattern) -> bytes:
    """Return a measured pattern as bytes."""
    meta = {
        "seconds_per_point": pattern.seconds_per_point,
        "wavelengths": list(pattern.wavelengths),
        "alpha_ratio": pattern.alpha_ratio,
        "radius_millimetres": pattern.radius_millimetres,
        "divergence_degrees": pattern.divergence_degrees,
        "sample_id": pattern.sample_id,
    }
    arrays = {"two_theta": pattern.two_theta, "counts": pattern.counts}
    return _pack("pattern", meta, arrays)


def decode_pattern(content: bytes) -> Pattern:
    """Return the pattern in these bytes.

    Raises:
        StoreError: If they are no pattern, or damaged.
    """
    meta, arrays = _unpack("pattern", content)
    alpha_1, alpha_2 = meta.pop("wavelengths")
    return Pattern(
        two_theta=arrays["two_theta"],
        counts=arrays["counts"],
        wavelengths=(alpha_1, alpha_2),
        **meta,
    )


def encode_fit(fit: Fit) -> bytes:
    """Return a fitted pattern as bytes."""
    arrays = {
        "two_theta": fit.two_theta,
        "observed": fit.observed,
        "calculated": fit.calculated,
        "background": fit.background,
    }
    curves = {f"phase/{name}": curve for name, curve in fit.phases.items()}
    ticks = {f"ticks/{name}": angles for name, angles in fit.ticks.items()}
    return _pack("fit", {}, arrays | curves | ticks)


def decode_fit(content: bytes) -> Fit:
    """Return the fit in these bytes.

    Raises:
        StoreError: If they are no fit, or damaged.
    """
    _, arrays = _unpack("fit", content)
    return Fit(
        two_theta=arrays["two_theta"],
        observed=arrays["observed"],
        calculated=arrays["calculated"],
        background=arrays["background"],
        phases=_named(arrays, "phase/"),
        ticks=_named(arrays, "ticks/"),
    )


def _named(arrays: Mapping[str, Floats], prefix: str) -> dict[str, Floats]:
    return {
        name.removeprefix(prefix): array
        for name, array in arrays.items()
        if name.startswith(prefix)
    }


def _pack(kind: Kind, meta: dict[str, Any], arrays: Mapping[str, Floats]) -> bytes:
    plain = {name: np.asarray(array, dtype=_DTYPE) for name, array in arrays.items()}
    listed = [[name, _DTYPE, list(array.shape)] for name, array in plain.items()]
    header = json.dumps(
        {"meta": meta, "arrays": listed}, sort_keys=True, ensure_ascii=True
    )
    head = f"{_MAGIC} {kind}\n{header}\n".encode()
    return head + b"".join(array.tobytes() for array in plain.values())


def _unpack(kind: Kind, content: bytes) -> tuple[dict[str, Any], dict[str, Floats]]:
    first, _, rest = content.partition(b"\n")
    if first != f"{_MAGIC} {kind}".encode():
        found = first[:40].decode(errors="replace")
        raise StoreError(f"stored {kind}: found {found!r} where its header should be")
    line, _, data = rest.partition(b"\n")
    try:
        header = json.loads(line)
    except ValueError as error:
        raise StoreError(f"stored {kind}: its header is damaged") from error
    arrays: dict[str, Floats] = {}
    for name, dtype, shape in header["arrays"]:
        size = int(np.prod(shape)) * np.dtype(dtype).itemsize
        if len(data) < size:
            raise StoreError(f"stored {kind}: ends within {name}")
        # A copy, because an array over the bytes themselves could not be written to.
        arrays[name] = np.frombuffer(data[:size], dtype=dtype).reshape(shape).copy()
        data = data[size:]
    return header["meta"], arrays
