"""Zip archives of XML: the containers of .brml and .rasx."""

import io
import zipfile
import zlib
from xml.etree import ElementTree

_LARGEST_BYTES = 256 * 2**20
"""A member larger than this is no powder pattern."""


class Archive:
    """The members of a zip file held in memory."""

    def __init__(self, content: bytes) -> None:
        """Open the archive.

        Raises:
            ValueError: If it is not a zip file, or is cut off.
        """
        try:
            self._file = zipfile.ZipFile(io.BytesIO(content))
        except (zipfile.BadZipFile, NotImplementedError, OSError) as error:
            raise ValueError(f"not a zip archive, or cut off: {error}") from error
        self.names = tuple(self._file.namelist())

    def read(self, name: str) -> bytes:
        """Return a member's content.

        Raises:
            ValueError: If there is none, it is damaged, encrypted or too large.
        """
        if name not in self.names:
            raise ValueError(f"no {name} in the archive; found {len(self.names)} files")
        try:
            if self._file.getinfo(name).file_size > _LARGEST_BYTES:
                raise ValueError(f"{name} is larger than 256 MiB; not a pattern")
            return self._file.read(name)
        except (
            zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError,
        ) as error:  # fmt: skip
            raise ValueError(f"{name} in the archive is damaged: {error}") from error

    def xml(self, name: str) -> ElementTree.Element:
        """Return a member as XML with namespaces dropped from tags and attributes.

        Raises:
            ValueError: As `read`, or if it is not well-formed.
        """
        try:
            root = ElementTree.fromstring(self.read(name))
        except ElementTree.ParseError as error:
            raise ValueError(f"{name} is not well-formed XML: {error}") from error
        for element in root.iter():
            element.tag = element.tag.rpartition("}")[2]
            for key in [key for key in element.attrib if "}" in key]:
                element.attrib[key.rpartition("}")[2]] = element.attrib.pop(key)
        return root


def number(element: ElementTree.Element | None, attribute: str = "") -> float | None:
    """Return the number in an element's text or attribute; `None` if there is none."""
    if element is None:
        return None
    text = element.get(attribute) if attribute else element.text
    try:
        return float(text) if text else None
    except ValueError:
        return None
