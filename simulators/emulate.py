"""Simulated firmware behind TCP ports and ptys, for clients in other processes.

Run `python -m simulators.emulate lab.toml` to serve every instrument of a lab file: it
writes one line per instrument, the name and the URL to put in the lab file. Nothing
outside this process shares its time, so it runs in real time, or `--speed` times as
fast: furnaces heat and robots move faster, a client's timeouts stay as they are.
"""

import argparse
import asyncio
import os
import selectors
import sys
import tty
from collections.abc import Mapping
from pathlib import Path

from instruments.labfile import load_lab_file
from instruments.labspec import LabSpec
from instruments.ports import Port
from simulators.lab import SimulatedLab
from simulators.physics import Reagent

CHUNK_BYTES = 4096


class _ScaledSelector(selectors.DefaultSelector):
    """A selector that waits a fraction of what it is asked to."""

    def __init__(self, speed: float) -> None:
        super().__init__()
        self._speed = speed

    def select(
        self, timeout: float | None = None
    ) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait `timeout / speed` real seconds."""
        return super().select(None if timeout is None else timeout / self._speed)


class ScaledTimeLoop(asyncio.SelectorEventLoop):
    """An event loop whose time runs faster than the clock on the wall, by a factor."""

    def __init__(self, *, start_seconds: float = 0.0, speed: float = 1.0) -> None:
        """Start the loop's time at `start_seconds`, s, running `speed` times as fast.

        Raises:
            ValueError: If `speed` is not above zero.
        """
        if not speed > 0:
            raise ValueError(f"speed: found {speed:g}; allowed: above 0")
        self._speed = speed
        self._start_seconds = start_seconds
        self._begun = super().time()
        super().__init__(_ScaledSelector(speed))

    def time(self) -> float:
        """Return lab time, s."""
        return self._start_seconds + (super().time() - self._begun) * self._speed


class TcpServer:
    """An instrument behind a TCP port; each connection is a line to its firmware."""

    def __init__(self, lab: SimulatedLab, name: str) -> None:
        self._lab, self._name = lab, name
        self._server: asyncio.Server | None = None
        self._talks: set[asyncio.Task[None]] = set()
        self.port = 0

    @classmethod
    async def open(
        cls, lab: SimulatedLab, name: str, *, host: str = "127.0.0.1", port: int = 0
    ) -> "TcpServer":
        """Listen.

        Args:
            lab: The lab.
            name: The instrument.
            host: Address to listen on; this machine alone by default.
            port: TCP port; 0 takes a free one.

        Raises:
            OSError: If the port is taken.
        """
        made = cls(lab, name)
        made._server = await asyncio.start_server(made._connected, host, port)
        made.port = made._server.sockets[0].getsockname()[1]
        return made

    async def _connected(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        line = self._lab.open_port(f"sim://{self._name}")
        talks = {
            asyncio.create_task(self._take(line, reader)),
            asyncio.create_task(self._give(line, writer)),
        }
        self._talks |= talks
        # Whoever hangs up first ends both directions.
        await asyncio.wait(talks, return_when=asyncio.FIRST_COMPLETED)
        for talk in talks:
            talk.cancel()
        await asyncio.gather(*talks, return_exceptions=True)
        self._talks -= talks
        await line.close()
        writer.close()

    async def _take(self, line: Port, reader: asyncio.StreamReader) -> None:
        while data := await reader.read(CHUNK_BYTES):
            await line.write(data)

    async def _give(self, line: Port, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(await line.read(CHUNK_BYTES))
            await writer.drain()

    async def close(self) -> None:
        """Stop listening and hang up."""
        for talk in self._talks:
            talk.cancel()
        if self._server is not None:
            self._server.close()
        # The connections' own tasks close their sockets in the next rounds.
        for _ in range(4):
            await asyncio.sleep(0)


class PtyServer:
    """An instrument behind a pseudo-terminal, as a serial line would show it."""

    def __init__(self, lab: SimulatedLab, name: str) -> None:
        """Open the pty; must be called with the loop running.

        Raises:
            OSError: If the system has no ptys left.
        """
        self._line = lab.open_port(f"sim://{name}")
        self._ours, self._theirs = os.openpty()
        tty.setraw(self._theirs)
        self.path = os.ttyname(self._theirs)
        """Device file for the client to open."""
        self._arrived: asyncio.Queue[bytes] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        loop.add_reader(self._ours, self._read)
        self._tasks = [
            loop.create_task(self._take()),
            loop.create_task(self._give()),
        ]

    def _read(self) -> None:
        self._arrived.put_nowait(os.read(self._ours, CHUNK_BYTES))

    async def _take(self) -> None:
        while True:
            await self._line.write(await self._arrived.get())

    async def _give(self) -> None:
        while True:
            os.write(self._ours, await self._line.read(CHUNK_BYTES))

    async def close(self) -> None:
        """Take the pty away, as pulling the cable does."""
        asyncio.get_running_loop().remove_reader(self._ours)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._line.close()
        os.close(self._ours)
        os.close(self._theirs)


async def serve(lab: SimulatedLab, spec: LabSpec) -> None:
    """Serve every instrument for ever: RS-232 ones on ptys, the others on TCP."""
    for name in (*spec.dosers, *spec.balances, *spec.mixers, *spec.furnaces):
        sys.stdout.write(f"{name} serial://{PtyServer(lab, name).path}\n")
    for name in (*spec.diffractometers, *spec.arms, *spec.operators):
        server = await TcpServer.open(lab, name)
        sys.stdout.write(f"{name} tcp://127.0.0.1:{server.port}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


def parse_reagent(text: str) -> tuple[str, Reagent]:
    """Read `SLOT=FORMULA[:GRAMS]`, such as `heads/1=BaCO3:50`.

    Raises:
        ValueError: If it is not of that form.
    """
    slot, _, rest = text.partition("=")
    formula, _, grams = rest.partition(":")
    if not slot or not formula:
        raise ValueError(f"{text!r} is no reagent; write heads/1=BaCO3:50")
    stock = float(grams or 100)
    return slot, Reagent(formula, formula, stock_grams=stock)


def main(arguments: list[str] | None = None) -> int:
    """Serve a lab file's instruments until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m simulators.emulate")
    parser.add_argument("lab_file", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--speed", type=float, default=1.0)
    parser.add_argument("--journal", type=Path)
    parser.add_argument(
        "--reagent", action="append", default=[], help="heads/1=BaCO3:50"
    )
    given = parser.parse_args(arguments)
    spec = load_lab_file(given.lab_file)
    reagents: Mapping[str, Reagent] = dict(map(parse_reagent, given.reagent))
    lab = SimulatedLab(spec, reagents, seed=given.seed, journal_path=given.journal)
    start = lab.world.last_seconds

    def make() -> ScaledTimeLoop:
        return ScaledTimeLoop(start_seconds=start, speed=given.speed)

    with asyncio.Runner(loop_factory=make) as runner:
        try:
            runner.run(serve(lab, spec))
        except KeyboardInterrupt:
            return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
