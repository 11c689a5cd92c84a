"""What was learned from a file of reactions, kept on disk: learning takes a while.

Named by the file's hash and by the code that read it and learned from it. Nothing is
unpickled: a cache folder is no place for trust.
"""

import contextlib
import hashlib
import json
import os
import tempfile
import zipfile
from dataclasses import dataclass, fields
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from campaigns.materials import formula
from loop.knowledge import (
    literaturefile,
    literatureindex,
    literaturemisread,
    literaturemodel,
    literaturereports,
    literaturesimilarity,
)
from loop.knowledge.literatureindex import Index
from loop.knowledge.literaturemodel import Model, Regression
from loop.knowledge.literaturesimilarity import Similarity

_CODE = (formula, literaturefile, literaturereports, literaturemisread, literatureindex,
         literaturesimilarity, literaturemodel)  # fmt: skip
"""Modules whose source decides what is learned."""
_LIBRARIES = ("numpy", "scikit-learn")
_TORN = (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile)


@dataclass(frozen=True)
class Kept:
    """What is kept of a file."""

    model: Model
    read: dict[str, Any]
    """What became of its records."""


def fetch(folder: Path, sha256: str) -> Kept | None:
    """Return what is kept under a file's hash, none if nothing whole is."""
    try:
        with (
            _path(folder, sha256).open("rb") as stream,
            np.load(stream, allow_pickle=False) as kept,
        ):
            arrays = {name: kept[name] for name in kept.files}
        header = json.loads(arrays.pop("header").tobytes())
        return _decoded(header, arrays)
    except _TORN:
        return None  # absent, torn, or somebody else's: it is made again


def keep(folder: Path, sha256: str, found: Kept) -> None:
    """Keep what was learned; a folder that cannot be written costs only time."""
    header, arrays = _encoded(found)
    path = _path(folder, sha256)
    text = np.frombuffer(json.dumps(header).encode(), dtype=np.uint8)
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        # A reader sees the old file or the whole new one, never a part.
        descriptor, part = tempfile.mkstemp(dir=path.parent, suffix=".part")
        try:
            with os.fdopen(descriptor, "wb") as stream:
                np.savez(stream, allow_pickle=False, header=text, **arrays)
            Path(part).replace(path)
        except OSError:
            Path(part).unlink(missing_ok=True)
            raise


def _path(folder: Path, sha256: str) -> Path:
    return folder / "literature" / code_version() / f"{sha256}.npz"


@lru_cache(maxsize=1)
def code_version() -> str:
    """Return a digest of the code and libraries that learning depends on."""
    digest = hashlib.sha256()
    for module in _CODE:
        digest.update(Path(str(module.__file__)).read_bytes())
    digest.update(Path(__file__).read_bytes())
    for library in _LIBRARIES:
        digest.update(f"{library} {version(library)}".encode())
    return digest.hexdigest()[:20]


def _encoded(found: Kept) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Return what JSON holds, and the arrays."""
    header: dict[str, Any] = {"read": found.read}
    arrays: dict[str, NDArray[Any]] = {"projection": found.model.similarity.projection}
    for owner in (found.model.index, found.model.regression):
        for field in fields(owner):
            value = vars(owner)[field.name]
            if isinstance(value, np.ndarray):
                arrays[f"{type(owner).__name__}.{field.name}"] = value
            else:
                header[field.name] = value
    return header, arrays


def _decoded(header: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> Kept:
    """Return what was encoded.

    Raises:
        KeyError: If a part is missing; `TypeError` or `ValueError` if one is foreign.
    """
    of_index: dict[str, Any] = {
        field.name: arrays[key]
        if (key := f"Index.{field.name}") in arrays
        else tuple(map(_frozen, header[field.name]))
        for field in fields(Index)
    }
    index = Index(**of_index)
    regression = Regression(
        **{f.name: arrays[f"Regression.{f.name}"] for f in fields(Regression)}
    )
    model = Model(index, Similarity(index, arrays["projection"]), regression)
    return Kept(model, dict(header["read"]))


def _frozen(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Return JSON's lists as tuples."""
    return tuple(map(_frozen, value)) if isinstance(value, list) else value
