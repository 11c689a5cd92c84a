"""A wire with seeded faults, to prove that drivers never believe a wrong answer.

Any URL can be made faulty: `faulty+sim://box-a?fault.late=0.1&fault.seed=7`. Flip,
drop, insert and duplicate are probabilities per byte, cut and late per chunk; both
directions suffer alike.
"""

import asyncio
import hashlib
from collections.abc import Coroutine
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import parse_qsl, urlencode

import numpy as np

from instruments.ports import Port

PREFIX = "faulty+"
OPTION = "fault."


@dataclass(frozen=True, slots=True)
class Faults:
    """How often each fault happens, 0 to 1, and the seed of the dice."""

    drop: float = 0.0
    """A byte is lost."""
    flip: float = 0.0
    """A bit of a byte is inverted."""
    insert: float = 0.0
    """A random byte is added."""
    duplicate: float = 0.0
    """A byte comes twice."""
    cut: float = 0.0
    """The rest of a chunk is lost."""
    late: float = 0.0
    """A chunk comes `late_seconds` later, as do those after it until then."""
    late_seconds: float = 0.26
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what is no probability.

        Raises:
            ValueError: If a share is outside 0 to 1 or the delay negative.
        """
        for field in fields(self)[:6]:
            share = float(self._share(field.name))
            if not 0.0 <= share <= 1.0:
                raise ValueError(f"{OPTION}{field.name}={share}; allowed: 0 to 1")
        if not self.late_seconds >= 0.0:
            raise ValueError(f"{OPTION}late_seconds={self.late_seconds}; allowed: >= 0")

    def _share(self, name: str) -> float:
        shares = {
            "drop": self.drop, "flip": self.flip, "insert": self.insert,
            "duplicate": self.duplicate, "cut": self.cut, "late": self.late,
        }  # fmt: skip
        return shares[name]


def split(url: str) -> tuple[str, Faults]:
    """Return the URL beneath a `faulty+` URL, and the faults asked for.

    Raises:
        ValueError: If a fault is unknown or out of range.
    """
    target, _, query = url.removeprefix(PREFIX).partition("?")
    values: dict[str, Any] = {}
    rest: list[tuple[str, str]] = []
    known = [field.name for field in fields(Faults)]
    for key, value in parse_qsl(query):
        name = key.removeprefix(OPTION)
        if name == key:
            rest.append((key, value))
        elif name not in known:
            raise ValueError(f"unknown fault {key}; known: {', '.join(known)}")
        else:
            values[name] = int(value) if name == "seed" else float(value)
    if rest:
        target += f"?{urlencode(rest)}"
    return target, Faults(**values)


class FaultyPort:
    """A port behind a bad cable. The dice of each chunk depend on its number only."""

    def __init__(self, inner: Port, faults: Faults, *, name: str = "") -> None:
        self._inner = inner
        self._faults = faults
        self._name = name
        self._counts = {"to": 0, "from": 0}
        self._arrived: asyncio.Queue[bytes | OSError] = asyncio.Queue()
        self._left = b""
        self._sent_until = 0.0
        self._arrived_until = 0.0
        self._pending: set[asyncio.Task[None]] = set()
        self._pump = asyncio.create_task(self._listen())

    async def write(self, data: bytes) -> None:
        """Send what the faults leave of `data`, perhaps late."""
        damaged, delay = self._damage("to", data)
        now = asyncio.get_running_loop().time()
        self._sent_until = max(self._sent_until, now + delay)
        if self._sent_until <= now:
            await self._inner.write(damaged)
            return
        self._later(self._send_at(self._sent_until, damaged))

    async def read(self, n: int = 4096) -> bytes:
        """Return what the faults leave of what the device sent."""
        while not self._left:
            arrived = await self._arrived.get()
            if isinstance(arrived, OSError):
                raise arrived
            self._left = arrived
        data, self._left = self._left[:n], self._left[n:]
        return data

    async def close(self) -> None:
        """Close the port; late bytes are lost."""
        for task in (self._pump, *self._pending):
            task.cancel()
        await self._inner.close()

    async def _listen(self) -> None:
        while True:
            try:
                data = await self._inner.read()
            except OSError as lost:
                self._arrived.put_nowait(lost)
                return
            damaged, delay = self._damage("from", data)
            now = asyncio.get_running_loop().time()
            self._arrived_until = max(self._arrived_until, now + delay)
            if self._arrived_until <= now:
                self._arrived.put_nowait(damaged)
            else:
                self._later(self._arrive_at(self._arrived_until, damaged))

    def _later(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(coroutine)
        self._pending.add(task)
        task.add_done_callback(self._pending.discard)

    async def _send_at(self, at: float, data: bytes) -> None:
        await asyncio.sleep(at - asyncio.get_running_loop().time())
        try:
            await self._inner.write(data)
        except OSError as lost:
            self._arrived.put_nowait(lost)

    async def _arrive_at(self, at: float, data: bytes) -> None:
        await asyncio.sleep(at - asyncio.get_running_loop().time())
        self._arrived.put_nowait(data)

    def _damage(self, direction: str, data: bytes) -> tuple[bytes, float]:
        """Return a chunk after the faults, and how late it comes, s."""
        number = self._counts[direction]
        self._counts[direction] += 1
        key = f"{self._faults.seed}/{self._name}/{direction}/{number}".encode()
        digest = hashlib.sha256(key).digest()[:16]
        words = np.frombuffer(digest, dtype="<u8")
        dice = np.random.Generator(np.random.Philox(key=words))
        faults, out = self._faults, bytearray()
        for byte in data:
            drop, flip, insert, twice = dice.random(4)
            bit, extra = int(dice.integers(8)), int(dice.integers(256))
            if drop < faults.drop:
                continue
            kept = byte ^ (1 << bit) if flip < faults.flip else byte
            out.append(kept)
            if twice < faults.duplicate:
                out.append(kept)
            if insert < faults.insert:
                out.append(extra)
        if dice.random() < faults.cut:
            del out[int(dice.integers(len(out) + 1)) :]
        is_late = dice.random() < faults.late
        return bytes(out), faults.late_seconds if is_late else 0.0
