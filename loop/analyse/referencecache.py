"""Reflections of known structures kept on disk: drawing them is the dear part.

Reading a hundred CIF files and adding up their structure factors takes some hundred
times as long as identifying a pattern. What is kept is named by everything it depends
on: the content of the CIF file or phase-table row, the wavelength, and the code and
libraries that computed it. Nothing here imports pymatgen.
"""

import contextlib
import hashlib
import json
import os
import tempfile
import zipfile
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from campaigns.materials import phases, scattering, xraytables
from loop.analyse import ciffile, references
from loop.analyse.references import Reference
from loop.knowledge.cachefolder import default_folder

_CODE = (phases, scattering, xraytables, ciffile, references)
"""Modules whose source decides what a reference looks like."""
_LIBRARIES = ("pymatgen", "pymatgen-core", "spglib", "xraydb")
_STALE_SECONDS = 30 * 86400.0
"""Folders of other versions are removed if nothing was added for so long."""
_PLAIN_KINDS = "iuf"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A structure that could not be made into a reference."""

    reason: str


def user_cache() -> "ReferenceCache | None":
    """Return the user's cache; none where there is no place for it."""
    folder = default_folder()
    return ReferenceCache(folder) if folder else None


@dataclass(frozen=True, slots=True)
class ReferenceCache:
    """References on disk; may be used by several processes at once.

    A folder that cannot be written costs time, not the answer: nothing is raised.
    """

    folder: Path

    def fetch(self, key: str, name: str) -> Reference | Refusal | None:
        """Return what is kept under a key, none if nothing whole is.

        Args:
            key: From `key_of`.
            name: Name to give the reference: the same structure may have several.
        """
        try:
            with (
                self._path(key).open("rb") as stream,
                np.load(stream, allow_pickle=False) as kept,
            ):
                header, data = kept["header"].tobytes(), kept["data"]
            return _decoded(json.loads(header), data, name)
        except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile):
            return None  # absent, torn, or somebody else's: it is made again

    def keep(self, key: str, found: Reference | Refusal) -> None:
        """Keep a reference, or why there is none."""
        header, data = _encoded(found)
        path = self._path(key)
        with contextlib.suppress(OSError):
            self._make(path.parent)
            # A reader sees the old file or the whole new one, never a part.
            descriptor, part = tempfile.mkstemp(dir=path.parent, suffix=".part")
            try:
                with os.fdopen(descriptor, "wb") as stream:
                    text = np.frombuffer(json.dumps(header).encode(), dtype=np.uint8)
                    np.savez(stream, header=text, data=data)
                Path(part).replace(path)
            except OSError:
                Path(part).unlink(missing_ok=True)
                raise

    def _path(self, key: str) -> Path:
        return self.folder / "references" / code_version() / f"{key}.npz"

    def _make(self, folder: Path) -> None:
        if folder.is_dir():
            return
        folder.mkdir(parents=True, exist_ok=True)
        now = folder.stat().st_mtime
        for other in folder.parent.iterdir():
            if now - other.stat().st_mtime > _STALE_SECONDS:
                _remove(other)


def key_of(digest: str, wavelength: float) -> str:
    """Return the name under which a structure's reference is kept.

    Args:
        digest: sha256 of the CIF file or the phase-table row.
        wavelength: K-alpha1, angstrom.
    """
    return hashlib.sha256(f"{digest} {wavelength:.6f}".encode()).hexdigest()


@lru_cache(maxsize=1)
def code_version() -> str:
    """Return a digest of the code and libraries that references depend on."""
    digest = hashlib.sha256()
    for module in _CODE:
        digest.update(Path(str(module.__file__)).read_bytes())
    digest.update(Path(__file__).read_bytes())
    for library in _LIBRARIES:
        try:
            digest.update(f"{library} {version(library)}".encode())
        except PackageNotFoundError:
            continue
    return digest.hexdigest()[:20]


def _encoded(found: Reference | Refusal) -> tuple[dict[str, Any], NDArray[np.uint8]]:
    """Return plain values, and all arrays one after the other."""
    if isinstance(found, Refusal):
        return {"refusal": found.reason}, np.empty(0, dtype=np.uint8)
    plain: dict[str, Any] = {}
    arrays: dict[str, Any] = {}
    parts: list[bytes] = []
    for field in fields(found):
        value = getattr(found, field.name)
        if isinstance(value, np.ndarray):
            arrays[field.name] = [value.dtype.str, value.shape]
            parts.append(np.ascontiguousarray(value).tobytes())
        else:
            plain[field.name] = value
    header = {"plain": plain, "arrays": arrays}
    return header, np.frombuffer(b"".join(parts), dtype=np.uint8)


def _decoded(
    header: dict[str, Any], data: NDArray[np.uint8], name: str
) -> Reference | Refusal:
    """Return what was encoded.

    Raises:
        ValueError: If sizes or kinds do not fit; `KeyError` or `TypeError` if fields
            do not.
    """
    if "refusal" in header:
        return Refusal(str(header["refusal"]))
    values = {key: _frozen(value) for key, value in header["plain"].items()}
    start = 0
    for key, (kind, shape) in header["arrays"].items():
        dtype = np.dtype(kind)
        if dtype.kind not in _PLAIN_KINDS:
            raise ValueError(f"{key} is of kind {kind}")
        stop = start + dtype.itemsize * int(np.prod(shape))
        values[key] = data[start:stop].view(dtype).reshape(shape)
        start = stop
    if start != len(data):
        raise ValueError(f"found {len(data)} bytes, expected {start}")
    return replace(Reference(**values), name=name)


def _frozen(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Return JSON's lists as tuples."""
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def _remove(folder: Path) -> None:
    """Remove a folder of kept files."""
    for path in folder.iterdir():
        path.unlink(missing_ok=True)
    folder.rmdir()
