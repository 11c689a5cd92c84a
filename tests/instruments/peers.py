"""Scripted peers: small stand-ins for devices, written from the manuals' examples."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from instruments.ports import Port


class PeerPort:
    """A port whose other end is a Python function of what was written."""

    def __init__(self, answer: Callable[[bytes], Any]) -> None:
        self.written = bytearray()
        self.is_closed = False
        self._answer = answer
        self._received = bytearray()
        self._news = asyncio.Event()
        self._lost: OSError | None = None

    async def write(self, data: bytes) -> None:
        """Hand the bytes to the answering function."""
        if self._lost:
            raise self._lost
        self.written += data
        reply = self._answer(data)
        if isinstance(reply, Coroutine):
            reply = await reply
        if reply:
            self.send(reply)

    async def read(self, n: int = 4096) -> bytes:
        """Wait for at least one byte."""
        while not self._received:
            if self._lost:
                raise self._lost
            self._news.clear()
            await self._news.wait()
        data = bytes(self._received[:n])
        del self._received[:n]
        return data

    async def close(self) -> None:
        """Remember that it was closed."""
        self.is_closed = True

    def send(self, data: bytes, after_seconds: float = 0.0) -> None:
        """Send bytes to the driver, now or later."""
        if after_seconds:
            loop = asyncio.get_running_loop()
            loop.call_later(after_seconds, self.send, data)
            return
        self._received += data
        self._news.set()

    def lose(self) -> None:
        """Break the connection."""
        self._lost = OSError("unplugged")
        self._news.set()


def opener_of(make: Callable[[], Port]) -> dict[str, Callable[[str], Port]]:
    """Return openers that answer every `peer://` URL with a new port."""
    return {"peer": lambda url: make()}
