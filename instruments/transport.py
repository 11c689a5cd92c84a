"""The one seam between drivers and wires: `Transport.exchange`.

A transport owns one port. Requests queue for it; an urgent one goes to the head of the
queue, and `notify` writes at once, past a conversation that is under way.
"""

import asyncio
import heapq
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

from instruments.errors import NoAnswerError
from instruments.faulty import PREFIX, Faults, FaultyPort, split
from instruments.ports import Opener, Port, open_port

__all__ = [
    "Framing", "Opener", "Port", "Transport", "Wire", "line",
    "open_transport",
]  # fmt: skip

Framing = Callable[[bytes], int | None]
"""Length in bytes of the first whole frame in a buffer, or None: read on."""

MAX_FRAME_BYTES = 1_000_000
"""More than any instrument here sends in one frame; a babbling device is cut off."""
QUIET_SECONDS = 1.0
"""How long a line must be quiet after a missing answer."""
FIRST_RECONNECT_SECONDS = 0.25
LAST_RECONNECT_SECONDS = 30.0


def line(ending: bytes = b"\r\n") -> Framing:
    """Frame a reply by its last bytes, which belong to the frame."""

    def length(buffer: bytes) -> int | None:
        at = buffer.find(ending)
        return None if at < 0 else at + len(ending)

    return length


class Turns:
    """Hands a port to one user at a time; urgent ones first, then by arrival."""

    def __init__(self) -> None:
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._arrivals = itertools.count()
        self.is_taken = False

    async def take(self, *, urgent: bool) -> None:
        """Wait for the turn."""
        if not self.is_taken:
            self.is_taken = True
            return
        granted = asyncio.get_running_loop().create_future()
        place = (0 if urgent else 1, next(self._arrivals), granted)
        heapq.heappush(self._waiting, place)
        try:
            await granted
        except asyncio.CancelledError:
            if granted.done() and not granted.cancelled():
                self.give()
            raise

    def give(self) -> None:
        """Pass the turn to the next who still waits."""
        while self._waiting:
            _, _, granted = heapq.heappop(self._waiting)
            if not granted.done():
                granted.set_result(None)
                return
        self.is_taken = False


class Wire:
    """One connection: send, receive and drain in any order during a turn."""

    def __init__(self, port: Port, name: str) -> None:
        self.port = port
        self._name = name
        self._buffer = bytearray()
        self._is_late = False

    async def send(self, data: bytes) -> None:
        """Write all of `data`."""
        await self.port.write(data)

    async def receive(self, framing: Framing, timeout_seconds: float) -> bytes:
        """Return the next whole frame.

        Raises:
            NoAnswerError: If no whole frame came in time.
            OSError: If the connection was lost.
        """
        try:
            async with asyncio.timeout(timeout_seconds):
                while (length := framing(bytes(self._buffer))) is None:
                    if len(self._buffer) > MAX_FRAME_BYTES:
                        raise NoAnswerError(self._name, "sends without end")
                    self._buffer += await self.port.read()
        except TimeoutError as late:
            self._is_late = True
            raise NoAnswerError(
                self._name,
                f"no whole answer within {timeout_seconds:g} s; "
                f"received {bytes(self._buffer)!r}",
            ) from late
        frame = bytes(self._buffer[:length])
        del self._buffer[:length]
        return frame

    async def drain(self, quiet_seconds: float = 0.0) -> bytes:
        """Discard what has arrived until the line was quiet for `quiet_seconds`."""
        discarded = bytes(self._buffer)
        self._buffer.clear()
        if quiet_seconds <= 0.0:
            return discarded + self._at_hand()
        try:
            while len(discarded) <= MAX_FRAME_BYTES:
                async with asyncio.timeout(quiet_seconds):
                    discarded += await self.port.read()
        except TimeoutError:
            pass
        return discarded

    def _at_hand(self) -> bytes:
        """Take what the port holds already, without a round of the event loop.

        Every request asks this several times. A read that would have to wait is closed
        at its first pause, which is safe because a read is safe to cancel.
        """
        reading = self.port.read(MAX_FRAME_BYTES)
        try:
            reading.send(None)
        except StopIteration as read:
            data: bytes = read.value
            return data
        reading.close()
        return b""

    async def settle(self) -> None:
        """Discard what cannot belong to the next request.

        After a missing answer the line must first be quiet for a while: the answer may
        only be late, and would be taken for that of the next request.
        """
        await self.drain(QUIET_SECONDS if self._is_late else 0.0)
        self._is_late = False


class Transport:
    """One owner of one port, with a queue."""

    def __init__(
        self,
        connect: Callable[[], Awaitable[Port]],
        *,
        name: str,
        per_message: bool = False,
    ) -> None:
        self.name = name
        self._opened = 0
        self._connect = connect
        self._per_message = per_message
        self._wire: Wire | None = None
        self._turns = Turns()
        self._backoff_seconds = 0.0

    @property
    def connection(self) -> int:
        """Return the number of the present connection, 0 while there is none.

        A driver that sees it change must ask again whom it talks to before it acts.
        """
        return self._opened if self._wire is not None else 0

    async def exchange(
        self,
        request: bytes,
        framing: Framing,
        timeout_seconds: float,
        *,
        urgent: bool = False,
    ) -> bytes:
        """Send a request and return the first whole frame that follows it.

        What had arrived before the request cannot be its answer and is discarded.

        Raises:
            NoAnswerError: If no whole answer came in time or the connection was lost:
                the request may or may not have taken effect.
        """
        async with self.turn(urgent=urgent) as wire:
            await (wire.drain() if urgent else wire.settle())
            await wire.send(request)
            return await wire.receive(framing, timeout_seconds)

    @asynccontextmanager
    async def turn(self, *, urgent: bool = False) -> AsyncIterator[Wire]:
        """Own the port for a conversation of several frames.

        Raises:
            NoAnswerError: If the connection cannot be made or was lost.
        """
        await self._turns.take(urgent=urgent)
        try:
            yield await self._open(at_once=urgent)
        except OSError as lost:
            await self._drop()
            raise NoAnswerError(self.name, f"connection lost: {lost}") from lost
        finally:
            try:
                if self._per_message:
                    await self._drop()
            finally:
                self._turns.give()

    async def notify(self, data: bytes) -> bool:
        """Write at once, past the queue; for stopping a conversation under way.

        Returns:
            Whether it was written; False if nobody holds the turn, so that the caller
            can have a turn of its own.

        Raises:
            NoAnswerError: If the connection was lost.
        """
        if self._wire is None or not self._turns.is_taken:
            return False
        try:
            await self._wire.send(data)
        except OSError as lost:
            raise NoAnswerError(self.name, f"connection lost: {lost}") from lost
        return True

    async def close(self) -> None:
        """Close the port; a later exchange opens a new one."""
        await self._drop()

    async def _open(self, *, at_once: bool) -> Wire:
        """Return the connection, made anew if need be; waits longer at each failure."""
        if self._wire is None:
            if self._backoff_seconds and not at_once:
                await asyncio.sleep(self._backoff_seconds)
            self._backoff_seconds = min(
                max(2 * self._backoff_seconds, FIRST_RECONNECT_SECONDS),
                LAST_RECONNECT_SECONDS,
            )
            self._wire = Wire(await self._connect(), self.name)
            self._backoff_seconds = 0.0
            self._opened += 1
        return self._wire

    async def _drop(self) -> None:
        wire, self._wire = self._wire, None
        if wire is not None:
            await wire.port.close()


def open_transport(
    url: str,
    openers: Mapping[str, Opener],
    *,
    name: str = "",
    per_message: bool = False,
    wrap: Callable[[Port], Port] | None = None,
) -> Transport:
    """Return the transport to a URL; the port itself is opened at the first exchange.

    Args:
        url: `serial:///dev/...?baudrate=...`, `tcp://host:port`, or a scheme of
            `openers`, such as `sim://xpr-1`; any of them may be `faulty+...`.
        openers: `{scheme: opener}` for further schemes.
        name: The instrument's name, for error messages; the URL if empty.
        per_message: Open a new connection for each exchange and close it after.
        wrap: Put around each port that is opened, such as a `RecordingPort`.

    Raises:
        ValueError: If a `faulty+` URL asks for faults that do not exist.
    """
    known = dict(openers)
    is_faulty = url.startswith(PREFIX)
    target, faults = split(url) if is_faulty else (url, Faults())

    async def connect() -> Port:
        port = await open_port(target, known)
        if is_faulty:
            port = FaultyPort(port, faults, name=name)
        return wrap(port) if wrap else port

    return Transport(connect, name=name or url, per_message=per_message)
