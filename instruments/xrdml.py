"""Read Malvern Panalytical .xrdml files (schemas 1.x and 2.x) into a `Pattern`.

Source: the XRDMeasurement schema named in each file's root element; figures in the
docstrings are from files of an Aeris (schema 2.3).
"""

import math
import re
from xml.etree import ElementTree

import numpy as np

from instruments.quantities import Floats, Pattern

NAMESPACE = re.compile(
    r"\{http://www\.xrdml\.com/XRDMeasurement/(?P<version>[12]\.\d+)\}"
)
AXES = ("Gonio", "2Theta", "2Theta-Omega", "Omega-2Theta", "2Theta-Theta")


def parse(data: bytes) -> Pattern:
    """Return the pattern of a file with one completed scan over 2 theta.

    Args:
        data: The whole file.

    Raises:
        ValueError: If it is not such a file, or is cut off; the message says why.
    """
    root = _root(data)
    measurement = _only(root, "xrdMeasurement")
    scan = _only(measurement, "scan")
    for element in (measurement, scan):
        status = element.get("status", "Completed")
        if status != "Completed":
            raise ValueError(f"the measurement is {status!r}, not 'Completed'")
    if scan.get("scanAxis") not in AXES:
        raise ValueError(f"scan axis {scan.get('scanAxis')!r}; allowed: {AXES}")
    beam = _only(measurement, "incidentBeamPath")
    return _pattern(
        root,
        measurement,
        scan,
        radius_millimetres=_number(beam, "radius", "mm"),
        divergence_degrees=_divergence(beam),
    )


def parse_all(data: bytes) -> tuple[Pattern, ...]:
    """Return every completed scan over 2 theta of a file, in its order.

    Args:
        data: The whole file; its radius and fixed divergence slit may be missing, and
            are then 0.

    Raises:
        ValueError: If it is not such a file, is cut off, or holds no such scan; the
            message says why.
    """
    root = _root(data)
    found, others = [], []
    for measurement in root.findall("xrdMeasurement"):
        for scan in measurement.findall("scan"):
            states = {item.get("status", "Completed") for item in (measurement, scan)}
            if scan.get("scanAxis") not in AXES or states != {"Completed"}:
                others.append(f"{scan.get('scanAxis')} ({', '.join(sorted(states))})")
                continue
            radius, slit = _optional_optics(measurement)
            found.append(
                _pattern(
                    root,
                    measurement,
                    scan,
                    radius_millimetres=radius,
                    divergence_degrees=slit,
                )
            )
    if not found:
        raise ValueError(
            f"no completed scan over 2 theta; found {others or 'none'}; allowed "
            f"axes: {AXES}"
        )
    return tuple(found)


def _root(data: bytes) -> ElementTree.Element:
    try:
        root = ElementTree.fromstring(data)
    except (ElementTree.ParseError, LookupError) as bad:
        raise ValueError(f"not well-formed XML, or cut off: {bad}") from bad
    _drop_namespaces(root)
    return root


def _pattern(
    root: ElementTree.Element,
    measurement: ElementTree.Element,
    scan: ElementTree.Element,
    *,
    radius_millimetres: float,
    divergence_degrees: float,
) -> Pattern:
    points = _only(scan, "dataPoints")
    if points.find("divergenceCorrections") is not None:
        raise ValueError(
            "intensities corrected for an automatic divergence slit; measure with a "
            "fixed slit"
        )
    counts, seconds = _counts(points)
    wavelengths, ratio = _wavelengths(measurement)
    return Pattern(
        two_theta=_angles(points, len(counts)),
        counts=counts,
        seconds_per_point=seconds,
        wavelengths=wavelengths,
        alpha_ratio=ratio,
        radius_millimetres=radius_millimetres,
        divergence_degrees=divergence_degrees,
        sample_id=(root.findtext("sample/id") or "").strip(),
    )


def _optional_optics(measurement: ElementTree.Element) -> tuple[float, float]:
    """Return goniometer radius (mm) and divergence slit (degrees), 0 where mute."""
    beam = measurement.find("incidentBeamPath")
    if beam is None:
        return 0.0, 0.0
    radius = 0.0 if beam.find("radius") is None else _number(beam, "radius", "mm")
    slit = 0.0 if beam.find("divergenceSlit") is None else _divergence(beam)
    return radius, slit


def _drop_namespaces(root: ElementTree.Element) -> None:
    found = NAMESPACE.match(root.tag)
    if found is None or not root.tag.endswith("}xrdMeasurements"):
        raise ValueError(f"root element {root.tag!r} is not xrdMeasurements 1.x or 2.x")
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]


def _only(parent: ElementTree.Element, name: str) -> ElementTree.Element:
    found = parent.findall(name)
    if len(found) != 1:
        raise ValueError(f"{len(found)} `{name}` in `{parent.tag}`; one is expected")
    return found[0]


def _number(parent: ElementTree.Element, path: str, unit: str) -> float:
    """Return the number in the one element at a path, which must be in `unit`."""
    element = parent.find(path)
    if element is None or not (element.text or "").strip():
        raise ValueError(f"no `{path}` in `{parent.tag}`")
    if element.get("unit") != unit:
        raise ValueError(f"`{path}` is in {element.get('unit')!r}, not {unit!r}")
    value = _floats(element)
    if len(value) != 1:
        raise ValueError(f"`{path}` holds {len(value)} numbers, not one")
    return float(value[0])


def _floats(element: ElementTree.Element) -> Floats:
    try:
        values = np.array((element.text or "").split(), dtype=np.float64)
    except ValueError as bad:
        raise ValueError(
            f"`{element.tag}` holds something not a number: {bad}"
        ) from bad
    if not np.isfinite(values).all():
        raise ValueError(f"`{element.tag}` holds something not a finite number")
    return values


def _counts(points: ElementTree.Element) -> tuple[Floats, float]:
    """Return the counts at each point and the time they were counted for, s."""
    seconds = _seconds(points)
    element = points.find("counts")
    is_raw = element is not None
    if element is None:
        element = points.find("intensities")
    if element is None:
        raise ValueError("no `counts` or `intensities` in `dataPoints`")
    values = _floats(element)
    if len(values) < 2:
        raise ValueError(f"{len(values)} points; two or more are expected")
    if element.get("unit") == "cps":
        if seconds == 0.0:
            raise ValueError("a rate without counting time cannot be turned to counts")
        values = values * seconds
    elif element.get("unit") != "counts":
        raise ValueError(f"unit {element.get('unit')!r}; allowed: counts, cps")
    attenuation = points.find("beamAttenuationFactors")
    if is_raw and attenuation is not None:
        factors = _floats(attenuation)
        if len(factors) != len(values):
            raise ValueError("beamAttenuationFactors and counts differ in length")
        values = values * factors
    if (values < 0).any():
        raise ValueError("negative counts")
    return values, seconds


def _seconds(points: ElementTree.Element) -> float:
    """Return the counting time of each point, s; 0 where the file does not say."""
    if points.find("commonCountingTime") is not None:
        return _number(points, "commonCountingTime", "seconds")
    each = points.find("countingTimes")
    if each is None:
        return 0.0
    times = _floats(each)
    if len(times) == 0 or np.ptp(times) > 1e-6 * times.max():
        raise ValueError("points counted for different times are not supported")
    return float(times[0])


def _angles(points: ElementTree.Element, n: int) -> Floats:
    """Return 2 theta at each of `n` points, degrees."""
    for positions in points.findall("positions"):
        if positions.get("axis") != "2Theta":
            continue
        if positions.get("unit") != "deg":
            raise ValueError(f"2Theta is in {positions.get('unit')!r}, not 'deg'")
        listed = positions.find("listPositions")
        if listed is not None:
            angles = _floats(listed)
        else:
            ends = [positions.find("startPosition"), positions.find("endPosition")]
            first, last = (
                float(_floats(end)[0]) if end is not None else math.nan for end in ends
            )
            angles = np.linspace(first, last, n)
        if len(angles) != n or not (np.diff(angles) > 0).all():
            raise ValueError(f"2Theta is not {n} increasing angles")
        return angles
    raise ValueError("no 2Theta positions in `dataPoints`")


def _wavelengths(
    measurement: ElementTree.Element,
) -> tuple[tuple[float, float], float]:
    """Return K-alpha1 and K-alpha2 in angstrom, and their intensity ratio."""
    used = _only(measurement, "usedWavelength")
    first = _number(used, "kAlpha1", "Angstrom")
    second = _number(used, "kAlpha2", "Angstrom")
    ratio = used.find("ratioKAlpha2KAlpha1")
    value = float(_floats(ratio)[0]) if ratio is not None else 0.5
    if not (0.1 < first < 10.0 and 0.1 < second < 10.0 and 0.0 <= value <= 1.0):
        raise ValueError(f"wavelengths {first:g}, {second:g} or ratio {value:g} absurd")
    return (first, second), value


def _divergence(beam: ElementTree.Element) -> float:
    """Return the fixed divergence slit, degrees.

    Files give it as an angle, or as the slit's height with the angle in its name
    (`Divergence slit 1°`); the name is the maker's nominal value.
    """
    slit = beam.find("divergenceSlit")
    if slit is None:
        raise ValueError("no divergence slit in `incidentBeamPath`")
    if slit.find("angle") is not None:
        return _number(slit, "angle", "deg")
    named = re.search(r"(\d+(?:\.\d+)?)(?:/(\d+))?\s*(?:°|deg)", slit.get("id", ""))
    named = named or re.search(
        r"(\d+(?:\.\d+)?)(?:/(\d+))?\s*(?:°|deg)", slit.get("name", "")
    )
    if named is None:
        raise ValueError(
            f"divergence slit {slit.get('name')!r}: only fixed slits with a known "
            "angle are supported"
        )
    return float(named[1]) / float(named[2] or 1)
