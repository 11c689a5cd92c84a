"""Rigaku .rasx: a zip archive with a table and an XML of conditions a scan.

Source: the files describe themselves; names of members after the public reader
fairmat-readers-xrd (Apache-2.0).
"""

import re
from xml.etree.ElementTree import Element

from loop.analyse.formats.archive import Archive
from loop.analyse.formats.ras import is_two_theta, scan_of
from loop.analyse.formats.scan import RawScan, rows

_PROFILE = re.compile(r"(?:.*/)?Profile(\d+)\.txt")
_OTHER_NAMES = {
    "MEAS_SCAN_STEP": "ScanInformation/Step",
    "MEAS_SCAN_SPEED": "ScanInformation/Speed",
    "MEAS_SCAN_SPEED_UNIT": "ScanInformation/SpeedUnit",
    "MEAS_SCAN_UNIT_Y": "ScanInformation/IntensityUnit",
    "MEAS_SCAN_AXIS_X": "ScanInformation/AxisName",
    "HW_XG_TARGET_NAME": "HWConfigurations/XrayGenerator/TargetName",
    "HW_XG_WAVE_LENGTH_ALPHA1": "HWConfigurations/XrayGenerator/WavelengthKalpha1",
    "HW_XG_WAVE_LENGTH_ALPHA2": "HWConfigurations/XrayGenerator/WavelengthKalpha2",
    "FILE_SAMPLE": "SampleInformation/Name",
}
"""Where the conditions give what .ras files say by a key."""


def read(content: bytes) -> tuple[RawScan, ...]:
    """Return the scans over 2 theta.

    Raises:
        ValueError: If the archive is damaged, or no scan in it is over 2 theta.
    """
    archive = Archive(content)
    found = [m for m in map(_PROFILE.fullmatch, archive.names) if m is not None]
    if not found:
        raise ValueError("no Profile*.txt in the archive; it holds no line scan")
    scans, others = [], []
    for match in sorted(found, key=lambda m: (len(m[0]), m[0])):
        facts = _facts(archive, match[0], match[1])
        axis = facts.get("MEAS_SCAN_AXIS_X", "")
        if not is_two_theta(axis):
            others.append(axis)
            continue
        try:
            text = archive.read(match[0]).decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise ValueError(f"{match[0]} is not a text") from error
        scans.append(scan_of(rows(text, what=match[0]), facts.get))
    if not scans:
        raise ValueError(f"no scan over 2 theta; found scans over {others}")
    return tuple(scans)


def _facts(archive: Archive, profile: str, index: str) -> dict[str, str]:
    """Return what the conditions of a scan say, by the keys of .ras files."""
    # The vendor's own spelling.
    name = f"{profile.rpartition('Profile')[0]}MesurementConditions{index}.xml"
    if name not in archive.names:
        return {}
    root = archive.xml(name)
    facts = dict(filter(None, map(_pair, root.findall("RASHeader/*"))))
    for key, path in _OTHER_NAMES.items():
        text = (root.findtext(path) or "").strip()
        if text:
            facts[key] = text
    return facts


def _pair(element: Element) -> tuple[str, str] | None:
    items = list(element)
    if len(items) != 2:
        return None
    return (items[0].text or "").lstrip("*"), items[1].text or ""
