"""Conversations in lines of text, without checksums: whole lines match, or are dropped.

A line that is no answer to the question asked (a greeting, a late answer, a damaged
one) is discarded and counted, never interpreted.
"""

import asyncio
import re

from instruments.errors import NoAnswerError
from instruments.transport import Transport, Wire, line


class LineConversation:
    """Asks one question at a time over a transport; answers are whole lines."""

    def __init__(
        self, transport: Transport, *, ending: bytes, answer_ending: bytes = b"\n"
    ) -> None:
        self.transport = transport
        self.discarded_lines = 0
        self._ending = ending
        self._framing = line(answer_ending)

    async def ask(
        self, command: str, pattern: re.Pattern[str], timeout_seconds: float
    ) -> re.Match[str]:
        """Send a command and return the first line that matches as a whole.

        Raises:
            NoAnswerError: If no such line came in time.
        """
        async with self.transport.turn() as wire:
            await wire.settle()
            await self.send(wire, command)
            return await self.wait_for(wire, pattern, timeout_seconds)

    async def send(self, wire: Wire, command: str) -> None:
        """Send one command."""
        await wire.send(self.encode(command))

    def encode(self, command: str) -> bytes:
        """Return the bytes of a command."""
        return command.encode("ascii") + self._ending

    async def wait_for(
        self, wire: Wire, pattern: re.Pattern[str], timeout_seconds: float
    ) -> re.Match[str]:
        """Return the next line that matches as a whole; others are dropped.

        Raises:
            NoAnswerError: If no such line came in time.
        """
        now = asyncio.get_running_loop().time
        until = now() + timeout_seconds
        dropped: list[str] = []
        while True:
            try:
                raw = await wire.receive(self._framing, max(0.0, until - now()))
            except NoAnswerError as silent:
                if not dropped:
                    raise
                raise NoAnswerError(
                    silent.instrument, f"no valid answer; last heard {dropped[-1]!r}"
                ) from silent
            text = raw.decode("ascii", errors="replace").rstrip("\r\n")
            if found := pattern.fullmatch(text):
                return found
            dropped.append(text)
            self.discarded_lines += 1
