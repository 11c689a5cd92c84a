"""Text-mined reaction files, read record by record.

The format is that of Kononova et al., Sci. Data 6 (2019) 203: one JSON object with a
list `reactions` (or the list alone), plain or packed with xz or gzip.
"""

import codecs
import gzip
import hashlib
import json
import lzma
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, cast

from loop.errors import LiteratureError

CHUNK_BYTES = 1 << 20
LARGEST_RECORD = 1 << 23
"""Characters; the largest record of the 2019 release has some 50,000."""
_XZ, _GZIP = b"\xfd7zXZ\x00", b"\x1f\x8b"
_BLANK = " \t\r\n,\ufeff"
_REMEDY = (
    "give a file in the format of Kononova et al. 2019, such as"
    " solid-state_dataset_2019-12-03.json, whole and unchanged"
)


def file_sha256(path: Path) -> str:
    """Return the hash of a file's bytes.

    Raises:
        FileNotFoundError: If there is none.
        LiteratureError: If it cannot be read.
    """
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise LiteratureError(f"{path}: {error.strerror}; {_REMEDY}") from error


def read_records(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield each record with its number, from 1; holds one at a time.

    Raises:
        LiteratureError: If the file is torn, empty or something else; names the record.
    """
    number = 0
    try:
        for number, value in _Reader(path).values():
            yield number, _checked(path, number, value)
    except (EOFError, lzma.LZMAError, gzip.BadGzipFile, zlib.error) as error:
        raise _torn(path, number, f"its packing is damaged ({error})") from error
    except UnicodeDecodeError as error:
        raise _torn(path, number, f"not UTF-8 ({error.reason})") from error


def _checked(path: Path, number: int, value: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return a record that has the fields used here."""
    fields = {
        "doi": str, "targets_string": list, "target": dict, "precursors": list,
        "operations": list,
    }  # fmt: skip
    if not isinstance(value, dict):
        raise _foreign(path, number, f"found {_shown(value)} where a record should be")
    for name, kind in fields.items():
        if not isinstance(value.get(name), kind):
            found = _shown(value[name]) if name in value else "nothing"
            raise _foreign(
                path, number, f"{name}: found {found}; allowed: a {kind.__name__}"
            )
    return value


def _foreign(path: Path, number: int, problem: str) -> LiteratureError:
    return LiteratureError(f"{path}, record {number}: {problem}; {_REMEDY}")


def _torn(path: Path, number: int, problem: str) -> LiteratureError:
    where = f"after record {number}" if number else "before the first record"
    return LiteratureError(f"{path}, {where}: {problem}; {_REMEDY}")


def _shown(value: Any) -> str:  # noqa: ANN401 - whatever the file holds
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else f"{text[:40]}…"


@dataclass
class _Reader:
    """Walks through the list of a file, a chunk of text at a time."""

    path: Path
    text: str = ""
    at: int = 0
    chunks: Iterator[str] = field(default_factory=lambda: iter(()))

    def values(self) -> Iterator[tuple[int, Any]]:
        """Yield the values of the list, numbered from 1."""
        with _opened(self.path) as stream:
            self.chunks = self._decoded(stream)
            self._find_list()
            number = 0
            while (value := self._next(number)) is not None:
                number += 1
                yield number, value[0]
        if not number:
            raise LiteratureError(f"{self.path}: found no reaction; {_REMEDY}")

    def _decoded(self, stream: IO[bytes]) -> Iterator[str]:
        decoder = codecs.getincrementaldecoder("utf-8")()
        while data := stream.read(CHUNK_BYTES):
            if text := decoder.decode(data):  # none of a part of a letter
                yield text
        yield decoder.decode(b"", final=True)

    def _more(self) -> bool:
        """Drop what was read, and add a chunk; return whether there was one."""
        added = next(self.chunks, "")
        self.text, self.at = self.text[self.at :] + added, 0
        return bool(added)

    def _find_list(self) -> None:
        """Go to the first value of the list."""
        self._more()
        head = self.text.lstrip(_BLANK)
        if head.startswith("["):
            self.at = self.text.index("[") + 1
            return
        key = self.text.find('"reactions"')
        colon = self.text[key + len('"reactions"') :].lstrip() if key >= 0 else ""
        if not head.startswith("{") or not colon.startswith(":"):
            found = _shown(head[:40]) if head else "an empty file"
            raise LiteratureError(
                f"{self.path}: found {found}; allowed: JSON with a list `reactions`;"
                f" {_REMEDY}"
            )
        if not colon[1:].lstrip().startswith("["):
            raise LiteratureError(
                f"{self.path}, reactions: found no list; allowed: a list; {_REMEDY}"
            )
        self.at = self.text.index("[", key) + 1

    def _next(self, number: int) -> tuple[Any] | None:
        """Return the next value, none where the list ends."""
        decoder = json.JSONDecoder()
        while True:
            while self.text[self.at : self.at + 1] and self.text[self.at] in _BLANK:
                self.at += 1
            if self.text[self.at : self.at + 1] == "]":
                return None
            try:
                value, self.at = decoder.raw_decode(self.text, self.at)
            except json.JSONDecodeError as error:
                # A number, word or object may go on in the next chunk.
                is_long = len(self.text) - self.at > LARGEST_RECORD
                if is_long or not self._more():
                    problem = f"no readable record follows ({error.msg})"
                    raise _torn(self.path, number, problem) from error
            else:
                return (value,)


def _opened(path: Path) -> IO[bytes]:
    """Open a file for reading, unpacked, whatever its name."""
    try:
        with path.open("rb") as stream:
            head = stream.read(len(_XZ))
        if head.startswith(_XZ):
            return lzma.open(path, "rb")
        if head.startswith(_GZIP):
            return cast(IO[bytes], gzip.open(path, "rb"))
        return path.open("rb")
    except FileNotFoundError:
        raise
    except OSError as error:
        raise LiteratureError(f"{path}: {error.strerror}; {_REMEDY}") from error
