"""Pattern files of the vendors: one module a format.

A reader takes the bytes of a file and returns its scans over 2 theta; it raises
`ValueError` with the reason where there is none.
"""

from loop.analyse.formats import (
    brml,
    bruker_raw,
    columns,
    panalytical,
    pdcif,
    ras,
    rasx,
)
from loop.analyse.formats.scan import RawScan

SUFFIXES = (
    ".xrdml", ".xy", ".xye", ".csv", ".txt", ".dat", ".brml", ".raw", ".ras", ".rasx",
    ".cif",
)  # fmt: skip
"""File name suffixes that can be read."""


def read_scans(content: bytes, suffix: str) -> tuple[RawScan, ...]:
    """Return every scan over 2 theta in a file, in the file's order.

    Args:
        content: The whole file.
        suffix: Its file name suffix, one of `SUFFIXES`.

    Raises:
        ValueError: If the content is not of that kind, is cut off, or holds no such
            scan; the message says what was found.
    """
    readers = {
        ".xrdml": panalytical.read,
        ".brml": brml.read,
        ".raw": bruker_raw.read,
        ".ras": ras.read,
        ".rasx": rasx.read,
        ".cif": pdcif.read,
    }
    if suffix in readers:
        return readers[suffix](content)
    return columns.read(content, has_errors=suffix == ".xye")
