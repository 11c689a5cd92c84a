"""A log of every frame on a wire, and a port that plays one back.

One line of JSON per frame: lab time, port, direction and the bytes in hex.
"""

import asyncio
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from instruments.clock import iso
from instruments.ports import Opener, Port

Direction = Literal["to", "from"]


@dataclass(frozen=True, slots=True)
class Frame:
    """Bytes that went to or came from a device."""

    at: float
    """Lab time, s since 1970."""
    port: str
    direction: Direction
    data: bytes

    def to_json(self) -> str:
        """Return one line of a log."""
        return json.dumps(
            {"at": iso(self.at), "seconds": self.at, "port": self.port,
             "direction": self.direction, "hex": self.data.hex(" ")}
        )  # fmt: skip

    @classmethod
    def from_json(cls, text: str) -> "Frame":
        """Read one line of a log.

        Raises:
            ValueError: If it is not one.
        """
        try:
            row = json.loads(text)
            if row["direction"] not in {"to", "from"}:
                raise ValueError(f"direction {row['direction']!r}")
            return cls(
                at=float(row["seconds"]),
                port=str(row["port"]),
                direction=row["direction"],
                data=bytes.fromhex(row["hex"]),
            )
        except (KeyError, TypeError, ValueError) as bad:
            raise ValueError(f"not a line of a frame log: {text!r}") from bad


class RecordingPort:
    """A port that reports every frame it passes."""

    def __init__(
        self,
        inner: Port,
        name: str,
        record: Callable[[Frame], None],
        now: Callable[[], float],
    ) -> None:
        self._inner = inner
        self._name = name
        self._record = record
        self._now = now

    async def write(self, data: bytes) -> None:
        """Pass and record bytes to the device."""
        self._record(Frame(self._now(), self._name, "to", bytes(data)))
        await self._inner.write(data)

    async def read(self, n: int = 4096) -> bytes:
        """Pass and record bytes from the device."""
        data = await self._inner.read(n)
        self._record(Frame(self._now(), self._name, "from", data))
        return data

    async def close(self) -> None:
        """Close the port."""
        await self._inner.close()


class ReplayPort:
    """Plays a recorded conversation back to a driver that repeats it.

    What the driver writes must be what was written then; anything else is refused, so
    that a changed driver is seen.
    """

    def __init__(self, frames: Iterable[Frame]) -> None:
        self._frames = _merged(frames)
        self._written = bytearray()
        self._news = asyncio.Event()

    async def write(self, data: bytes) -> None:
        """Take bytes that must follow the recording.

        Raises:
            OSError: If the recording has something else here, or has ended.
        """
        self._written += data
        if not self._frames or self._frames[0][0] != "to":
            raise OSError(f"the recording has no request here: {bytes(data)!r}")
        expected = self._frames[0][1]
        if not expected.startswith(self._written):
            raise OSError(
                f"the recording has {bytes(expected)!r}, not {bytes(self._written)!r}"
            )
        if len(expected) == len(self._written):
            self._frames.pop(0)
            self._written.clear()
            self._news.set()

    async def read(self, n: int = 4096) -> bytes:
        """Return recorded bytes once the request before them was written."""
        while not self._frames or self._frames[0][0] != "from":
            self._news.clear()
            await self._news.wait()
        _, answer = self._frames[0]
        data = bytes(answer[:n])
        del answer[:n]
        if not answer:
            self._frames.pop(0)
        return data

    async def close(self) -> None:
        """Do nothing."""


def replay(frames: Iterable[Frame]) -> Opener:
    """Return an opener that plays back the frames of the port its URL names."""
    kept = tuple(frames)

    def open_one(url: str) -> Port:
        name = url.partition("://")[2]
        return ReplayPort(frame for frame in kept if frame.port == name)

    return open_one


def _merged(frames: Iterable[Frame]) -> list[tuple[Direction, bytearray]]:
    """Join frames of one direction that follow each other."""
    merged: list[tuple[Direction, bytearray]] = []
    for frame in frames:
        if merged and merged[-1][0] == frame.direction:
            merged[-1][1].extend(frame.data)
        else:
            merged.append((frame.direction, bytearray(frame.data)))
    return merged
