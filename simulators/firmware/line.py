"""The wire between a driver and simulated firmware, in one event loop."""

import asyncio
import heapq
import itertools
from typing import Protocol

from simulators.faults import HEALTHY, Fate, FaultPlan
from simulators.world import World


class Firmware(Protocol):
    """The inside of an instrument: bytes in, bytes out through `Line.send`."""

    name: str
    world: World

    def opened(self, line: "Line") -> None:
        """Greet a new connection, if the instrument does."""
        ...

    def received(self, line: "Line", data: bytes) -> None:
        """Take bytes as they arrive; they may be part of a message or several."""
        ...


class Line:
    """One connection to firmware; the driver's side satisfies `instruments.Port`."""

    def __init__(self, firmware: Firmware, faults: FaultPlan | None = None) -> None:
        """Connect; must be called with the loop running."""
        self._firmware = firmware
        self._faults = faults
        self._loop = asyncio.get_running_loop()
        self._arrived = bytearray()
        self._waiter: asyncio.Future[None] | None = None
        self._on_the_way: list[tuple[float, int, bytes]] = []
        self._numbers = itertools.count()
        self._failure: BaseException | None = None
        self._is_hung_up = False
        self._is_closed = False
        self.pending = bytearray()
        """Bytes of a message not yet complete; the firmware's to use."""
        self.fate = HEALTHY
        """What becomes of the request in work."""
        firmware.world.on_failure.add(self.fail)
        firmware.opened(self)

    async def write(self, data: bytes) -> None:
        """Hand bytes to the firmware.

        Raises:
            OSError: If the connection is closed.
            RuntimeError: If the simulated world itself has failed.
        """
        self._check()
        self._firmware.received(self, data)

    async def read(self, n: int = 4096) -> bytes:
        """Wait for at least one byte and return at most `n`.

        Raises:
            OSError: If the connection is closed.
            RuntimeError: If the simulated world itself has failed.
        """
        while not self._arrived:
            self._check()
            self._waiter = self._loop.create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        data = bytes(self._arrived[:n])
        del self._arrived[:n]
        return data

    async def close(self) -> None:
        """Close the driver's side."""
        self._is_closed = True
        self._firmware.world.on_failure.discard(self.fail)
        self._wake()

    @property
    def is_open(self) -> bool:
        """Whether the other side still listens."""
        return not (self._is_closed or self._is_hung_up)

    def judge(self) -> Fate:
        """Decide the fate of the request that has just arrived."""
        if self._faults is not None:
            self.fate = self._faults.fate(self._firmware.name, self._loop.time())
        return self.fate

    def send(self, data: bytes, after: float = 0.0) -> None:
        """Let bytes arrive at the driver `after` seconds from now.

        What is due at one time arrives in the order sent.
        """
        if not self.is_open or self.fate.is_lost:
            return
        due = self._loop.time() + after + self.fate.delay_seconds
        heapq.heappush(self._on_the_way, (due, next(self._numbers), data))
        self._loop.call_at(due, self._deliver)

    def hang_up(self) -> None:
        """Close the connection from the instrument's side."""
        self._is_hung_up = True
        self._wake()

    def fail(self, failure: BaseException) -> None:
        """Let whoever waits here know that the world itself has failed."""
        self._failure = failure
        self._wake()

    def _check(self) -> None:
        if self._failure is not None:
            raise RuntimeError("the simulated world failed") from self._failure
        if not self.is_open:
            raise ConnectionError(f"{self._firmware.name} closed the connection")

    def _deliver(self) -> None:
        self._arrived += heapq.heappop(self._on_the_way)[2]
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


def take_lines(line: Line, data: bytes, limit: int = 65536) -> list[bytes]:
    """Return the whole lines that have arrived, without their CR and LF."""
    line.pending += data
    *whole, rest = bytes(line.pending).split(b"\n")
    # A real input buffer is finite: an endless line is thrown away.
    line.pending[:] = rest if len(rest) <= limit else b""
    return [item.rstrip(b"\r") for item in whole]
