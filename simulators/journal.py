"""The world's own journal: append-only JSON lines that survive a kill."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Effect = dict[str, Any]
"""One thing that happened: `t` in lab seconds, `kind`, and plain JSON values."""


class Journal:
    """Effects in order, in memory and, given a path, on disk.

    Each effect is one line written by one system call to a file opened for appending:
    once `append` returns the line is with the operating system, and killing this
    process cannot lose it. A power cut may lose the last lines, as it would stop the
    simulated lab itself.
    """

    def __init__(self, path: Path | None = None) -> None:
        """Open or begin the journal; a torn last line is cut off.

        Args:
            path: The file; None keeps the journal in memory only.

        Raises:
            ValueError: If a line other than the last cannot be read.
        """
        self.effects: list[Effect] = []
        self._file: int | None = None
        if path is not None:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
            self.effects = self._recover(path)

    def __iter__(self) -> Iterator[Effect]:
        """Go through the effects from the first."""
        return iter(self.effects)

    @property
    def last_seconds(self) -> float:
        """Lab time of the last effect, s; 0 if there is none."""
        return float(self.effects[-1]["t"]) if self.effects else 0.0

    def append(self, effect: Effect) -> Effect:
        """Write one effect and return it as a later reader will see it.

        Raises:
            ValueError: If it lies before the last one in time.
        """
        if effect["t"] < self.last_seconds:
            raise ValueError(
                f"t: found {effect['t']:.3f} s; allowed: at or after"
                f" {self.last_seconds:.3f} s, the journal's last effect; start the"
                " loop no earlier than that"
            )
        text = json.dumps(effect, separators=(",", ":"), ensure_ascii=False)
        if self._file is not None:
            data = text.encode() + b"\n"
            while data:
                data = data[os.write(self._file, data) :]
        seen: Effect = json.loads(text)
        self.effects.append(seen)
        return seen

    def close(self) -> None:
        """Close the file; the journal can be opened again."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _recover(self, path: Path) -> list[Effect]:
        data = path.read_bytes()
        end = data.rfind(b"\n") + 1
        if end < len(data) and self._file is not None:
            os.ftruncate(self._file, end)
        effects = []
        for number, line in enumerate(data[:end].splitlines(), start=1):
            try:
                effects.append(json.loads(line))
            except ValueError as error:
                raise ValueError(
                    f"{path}, line {number}: found {line[:60]!r}; allowed: one JSON"
                    " object; the journal was edited or the disk is damaged: restore"
                    " it from a copy"
                ) from error
        return effects
