"""Bruker .brml: a zip archive of XML with one `RawData*.xml` a range.

Source: the files describe themselves; names of elements after the public readers
fairmat-readers-xrd (Apache-2.0) and PyXRD.
"""

from xml.etree.ElementTree import Element

from instruments.quantities import Floats
from loop.analyse.formats.archive import Archive, number
from loop.analyse.formats.scan import RawScan, even_angles, rows

_LARGEST_SLIT_DEGREES = 5.0


def read(content: bytes) -> tuple[RawScan, ...]:
    """Return the ranges scanned over 2 theta.

    Raises:
        ValueError: If the archive is damaged or holds no such range.
    """
    archive = Archive(content)
    scans, others = [], set()
    for folder in _experiments(archive):
        sample, members = _members(archive, folder)
        optics = _optics(archive, folder)
        for member in members:
            root = archive.xml(member)
            for route in _routes(root):
                axis = _axis(route)
                if axis is None:
                    others.add(route.findtext("ScanInformation/ScanMode") or "unnamed")
                    continue
                scans.append(_scan(route, axis, (root, *optics), sample))
    if not scans:
        found = f"; found scans of {sorted(others)}" if others else ""
        raise ValueError(f"no scan over 2 theta in the archive{found}")
    return tuple(scans)


def _experiments(archive: Archive) -> list[str]:
    folders = {
        name.rpartition("/")[0] for name in archive.names if "/RawData" in f"/{name}"
    }
    return sorted(folders)


def _members(archive: Archive, folder: str) -> tuple[str, list[str]]:
    """Return the sample's name and the raw files of an experiment, in their order."""
    prefix = f"{folder}/" if folder else ""
    container = f"{prefix}DataContainer.xml"
    here = sorted(name for name in archive.names if name.startswith(f"{prefix}RawData"))
    if container not in archive.names:
        return "", here
    root = archive.xml(container)
    info = root.find("MeasurementInfo")
    listed = [
        (item.text or "").strip() for item in root.findall("RawDataReferenceList/*")
    ]
    lacking = [name for name in listed if name not in archive.names]
    if lacking:
        raise ValueError(f"{lacking[0]} is listed but not in the archive")
    sample = info.get("SampleName", "") if info is not None else ""
    return sample, listed or here


def _optics(archive: Archive, folder: str) -> tuple[Element, ...]:
    name = f"{folder}/MeasurementContainer.xml" if folder else ""
    return (archive.xml(name),) if name in archive.names else ()


def _routes(root: Element) -> list[Element]:
    routes = root.findall("DataRoutes/DataRoute")
    measured = [item for item in routes if item.get("RouteFlag") == "Measured"]
    return measured or routes


def _axis(route: Element) -> Element | None:
    axes = route.findall("ScanInformation/ScanAxes/ScanAxisInfo")
    return next(filter(_is_two_theta, axes), None)


def _is_two_theta(element: Element) -> bool:
    """Return whether an axis or column is 2 theta, by one of its names."""
    names = (element.get(key, "") for key in ("AxisId", "AxisName", "FieldName"))
    return any(name.lower() == "twotheta" for name in names)


def _scan(
    route: Element, axis: Element, facts: tuple[Element, ...], sample: str
) -> RawScan:
    table = rows("\n".join(d.text or "" for d in route.findall("Datum")), what="Datum")
    angle, counter = _columns(route)
    if max(angle or 0, counter) >= len(table):
        raise ValueError(f"points of {len(table)} values lack some of their columns")
    seconds = number(route.find("ScanInformation/TimePerStep")) or 0.0
    first = _value(facts, "WaveLengthAlpha1")
    second = _value(facts, "WaveLengthAlpha2")
    return RawScan(
        table[angle] if angle is not None else _planned(axis, table.shape[1]),
        table[counter],
        unit="claimed",
        seconds_per_point=max(0.0, seconds),
        wavelengths=(first, second) if first and second else None,
        alpha_ratio=_value(facts, "WaveLengthRatio"),
        radius_millimetres=_value(facts, "Radius"),
        divergence_degrees=_slit(facts),
        sample_id=sample,
    )


def _columns(route: Element) -> tuple[int | None, int]:
    """Return which columns of a point are 2 theta, if any, and counts.

    Counts are stored with the factor of an automatic absorber applied.

    Raises:
        ValueError: If there is not one point counter.
    """
    angle, counters = None, []
    for view in route.findall("DataViews/RawDataView"):
        start, length = number(view, "Start"), number(view, "Length")
        if start is None or not 0 <= start < 1e6:
            raise ValueError("a column of the points has no place")
        at = int(start)
        for offset, field in enumerate(view.findall("Varying/FieldDefinitions")):
            if _is_two_theta(field):
                angle = at + offset
        recording = view.find("Recording")
        name = recording.get("LogicName", "") if recording is not None else ""
        if "counter" in name.lower():
            if length not in (None, 1.0):
                raise ValueError(f"{name} holds {length:g} values a point: an image")
            counters.append(at)
    if len(counters) != 1:
        raise ValueError(f"{len(counters)} counters in the points; one is expected")
    return angle, counters[0]


def _planned(axis: Element, n: int) -> Floats:
    start, step = number(axis.find("Start")), number(axis.find("Increment"))
    if start is None or step is None:
        raise ValueError("the 2 theta axis has no start or increment")
    return even_angles(start + (number(axis.find("Reference")) or 0.0), step, n)


def _value(facts: tuple[Element, ...], name: str) -> float | None:
    for root in facts:
        for element in root.iter(name):
            value = number(element, "Value")
            if value is not None and value > 0.0:
                return value
    return None


def _slit(facts: tuple[Element, ...]) -> float | None:
    """Return the opening of the fixed divergence slit, degrees."""
    for root in facts:
        for limits in root.iter("Restrictions"):
            if limits.get("FieldName") == "OpeningDegree":
                value = number(limits.find("Data"), "Value")
                if value is not None and 0.0 < value < _LARGEST_SLIT_DEGREES:
                    return value
    return None
