"""Ports: where bytes leave and enter. The only module that imports pyserial."""

import asyncio
import threading
from collections.abc import Callable
from typing import Protocol
from urllib.parse import SplitResult, parse_qsl, urlsplit

import serial


class Port(Protocol):
    """One byte stream to one device: a serial line, a socket or simulated firmware.

    A port is opened once per connection; after `close` or an `OSError` it is never
    used again, and the transport asks the opener for a new one.
    """

    async def write(self, data: bytes) -> None:
        """Send all of `data`.

        Raises:
            OSError: If the connection is lost.
        """
        ...

    async def read(self, n: int = 4096) -> bytes:
        """Wait for at least one byte and return at most `n`; waits for ever if silent.

        Must be safe to cancel: no byte may be lost when the wait is cancelled.

        Raises:
            OSError: If the connection is lost or the other side closed it.
        """
        ...

    async def close(self) -> None:
        """Close; a second call does nothing."""
        ...


Opener = Callable[[str], Port]
"""Makes a new, ready port for a URL such as `sim://balance`; called per connection."""

PARITIES = ("N", "E", "O")
SERIAL_OPTIONS = {"baudrate": "9600", "bytesize": "8", "parity": "N", "stopbits": "1",
                  "xonxoff": "0", "rtscts": "0"}  # fmt: skip
POLL_SECONDS = 0.05
"""How often a serial reader thread looks whether it should end."""


async def open_port(url: str, openers: dict[str, Opener]) -> Port:
    """Open the port a URL names.

    Args:
        url: `serial:///dev/ttyUSB0?baudrate=19200`, `tcp://host:port`, or a URL whose
            scheme is a key of `openers`.
        openers: Further schemes.

    Raises:
        OSError: If the port cannot be opened.
        ValueError: If the URL or its scheme is not understood.
    """
    parts = urlsplit(url)
    if parts.scheme in openers:
        return openers[parts.scheme](url)
    if parts.scheme == "serial":
        return SerialPort.open(parts)
    if parts.scheme == "tcp":
        if parts.hostname is None or parts.port is None:
            raise ValueError(f"{url!r} has no host and port; write tcp://host:port")
        return await SocketPort.open(parts.hostname, parts.port)
    known = ", ".join(sorted({"serial", "tcp", *openers}))
    raise ValueError(f"{url!r} has an unknown scheme; known here: {known}")


def serial_settings(parts: SplitResult) -> dict[str, str]:
    """Return the serial settings of a URL, defaults filled in.

    Raises:
        ValueError: If there is no device path, or a setting is unknown or out of range.
    """
    given = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
    unknown = sorted(set(given) - set(SERIAL_OPTIONS))
    if unknown:
        raise ValueError(
            f"unknown serial setting {', '.join(unknown)}; "
            f"known: {', '.join(SERIAL_OPTIONS)}"
        )
    if not parts.path:
        raise ValueError("no device path; write serial:///dev/ttyUSB0?baudrate=9600")
    settings = SERIAL_OPTIONS | given
    allowed = {"bytesize": ("7", "8"), "parity": PARITIES, "stopbits": ("1", "2"),
               "xonxoff": ("0", "1"), "rtscts": ("0", "1")}  # fmt: skip
    for key, values in allowed.items():
        if settings[key] not in values:
            raise ValueError(f"{key}={settings[key]}; allowed: {', '.join(values)}")
    if not settings["baudrate"].isdigit() or int(settings["baudrate"]) == 0:
        raise ValueError(f"baudrate={settings['baudrate']}; allowed: bits per second")
    return settings


class SerialPort:
    """A serial line read by a thread of its own, opened for exclusive use."""

    def __init__(self, line: serial.Serial) -> None:
        self._line = line
        self._loop = asyncio.get_running_loop()
        self._received = bytearray()
        self._news = asyncio.Event()
        self._lost: Exception | None = None
        self._closing = threading.Event()
        self._reader = threading.Thread(target=self._listen, daemon=True)
        self._reader.start()

    @classmethod
    def open(cls, parts: SplitResult) -> "SerialPort":
        """Open the device a `serial://` URL names.

        Raises:
            OSError: If it does not exist, or another process owns it.
            ValueError: If the settings are wrong.
        """
        settings = serial_settings(parts)
        line = serial.Serial(
            parts.path,
            baudrate=int(settings["baudrate"]),
            bytesize=int(settings["bytesize"]),
            parity=settings["parity"],
            stopbits=int(settings["stopbits"]),
            xonxoff=settings["xonxoff"] == "1",
            rtscts=settings["rtscts"] == "1",
            timeout=POLL_SECONDS,
            write_timeout=2.0,
            exclusive=True,
        )
        return cls(line)

    def _listen(self) -> None:
        try:
            while not self._closing.is_set():
                data = self._line.read(max(1, self._line.in_waiting))
                if data:
                    self._loop.call_soon_threadsafe(self._deliver, data)
        except (OSError, TypeError) as lost:
            # pyserial raises TypeError when another thread closed the descriptor.
            if not self._closing.is_set():
                self._loop.call_soon_threadsafe(self._fail, lost)

    def _deliver(self, data: bytes) -> None:
        self._received += data
        self._news.set()

    def _fail(self, lost: Exception) -> None:
        self._lost = lost
        self._news.set()

    async def write(self, data: bytes) -> None:
        """Send all of `data`; raises OSError when the line is gone."""
        await asyncio.to_thread(self._line.write, data)

    async def read(self, n: int = 4096) -> bytes:
        """Wait for at least one byte; raises OSError when the line is gone."""
        while not self._received:
            if self._lost is not None:
                raise OSError(f"serial line lost: {self._lost}") from self._lost
            self._news.clear()
            await self._news.wait()
        data = bytes(self._received[:n])
        del self._received[:n]
        return data

    async def close(self) -> None:
        """End the reader thread and release the device."""
        self._closing.set()
        await asyncio.to_thread(self._reader.join)
        self._line.close()


class SocketPort:
    """A TCP connection."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, host: str, port: int) -> "SocketPort":
        """Connect; raises OSError if nobody listens."""
        return cls(*await asyncio.open_connection(host, port))

    async def write(self, data: bytes) -> None:
        """Send all of `data`; raises OSError when the connection is gone."""
        self._writer.write(data)
        await self._writer.drain()

    async def read(self, n: int = 4096) -> bytes:
        """Wait for at least one byte; raises OSError at the end of the stream."""
        data = await self._reader.read(n)
        if not data:
            raise ConnectionError("the other side closed the connection")
        return data

    async def close(self) -> None:
        """Close the connection without waiting for a dead peer."""
        self._writer.close()
        try:
            async with asyncio.timeout(1.0):
                await self._writer.wait_closed()
        except (OSError, TimeoutError):
            # The connection was already gone, which is what closing is for.
            return
