"""Malvern Panalytical Aeris diffractometer over its remote protocol (TCP 702).

A message is tokens `WORD` or `KEY=VALUE` between `@` up to `@END`; answers use the same
language, with `@` or line ends between tokens. One connection carries one message. The
measured file appears as `<sample_id>.xrdml` in a folder.

Source: the token language as in the public A-Lab driver (alab_control,
diffractometer_aeris), which runs one; belt positions 1 to 5 are locations 2 to 6.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from instruments.commands import Identity, query
from instruments.errors import NoAnswerError, RefusedError
from instruments.labspec import DiffractometerSpec
from instruments.limits import check_sample_id, check_scan
from instruments.quantities import Scan
from instruments.transport import Transport
from instruments.xrdml import parse

Fetcher = Callable[[str, str], Awaitable[bytes | None]]
"""(results place of the lab file, file name) to the file's present bytes, or None."""

SUFFIX = ".xrdml"
REPLY_TIMEOUT_SECONDS = 10.0
READY_TIMEOUT_SECONDS = 600.0
FILE_TIMEOUT_SECONDS = 120.0
POLL_SECONDS = 5.0
STABLE_SECONDS = 2.0
"""A file whose bytes stay the same for so long, and which parses, is whole."""
END = re.compile(rb"(?:^|[@\r\n])END(?:[@\r\n]+|$)")


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of the instrument."""

    words: frozenset[str]
    values: dict[str, str]


def message(*tokens: str) -> bytes:
    """Return the bytes of a message, `@A@B=1@END`."""
    return "".join(f"@{token}" for token in (*tokens, "END")).encode("ascii")


def frame_length(buffer: bytes) -> int | None:
    """Frame an answer: everything up to its END."""
    found = END.search(buffer)
    return found.end() if found else None


def decode(raw: bytes) -> Reply:
    """Return the tokens of an answer."""
    text = raw.decode("utf-8", errors="replace")
    tokens = [token.strip() for token in re.split(r"[@\r\n]+", text)]
    values = dict(token.split("=", 1) for token in tokens if "=" in token)
    words = frozenset(token for token in tokens if token and "=" not in token)
    return Reply(words, values)


async def fetch_from_folder(results: str, file_name: str) -> bytes | None:
    """Return the bytes of a file in a folder, None while it is not there."""

    def read() -> bytes | None:
        try:
            return (Path(results) / file_name).read_bytes()
        except FileNotFoundError:
            return None

    return await asyncio.to_thread(read)


class AerisDiffractometer:
    """An Aeris under remote control."""

    def __init__(
        self,
        transport: Transport,
        spec: DiffractometerSpec,
        *,
        fetch: Fetcher = fetch_from_folder,
    ) -> None:
        self.name = transport.name
        self._spec = spec
        self._transport = transport
        self._fetch = fetch
        # A new connection for each message is this protocol's rule, and no sign of a
        # new instrument: whom we talk to is asked once.
        self._identity = Identity(self.name, self._system, expected=spec.identity)

    async def identify(self) -> str:
        """Return `Aeris` if one answers; the protocol has no serial number."""
        return await self._identity.check(lambda: 1)

    async def close(self) -> None:
        """Close the connection."""
        await self._transport.close()

    async def scan(self, sample_id: str, *, position: int, program: str) -> Scan:
        """Measure once under a fresh `sample_id` and fetch the file.

        Raises:
            LimitExceededError: If the id, position or program is outside the limits.
            RefusedError: If it is not remote, the position is empty, it declines, or
                the file holds another sample.
            NoAnswerError: If contact was lost, or no whole file came: ask `result`.
        """
        check_scan(self.name, self._spec, sample_id, position=position, program=program)
        await self.identify()
        if await self._file(sample_id) is not None:
            raise RefusedError(
                self.name, f"{sample_id}{SUFFIX} exists: ids are used once"
            )
        await self._check_remote()
        await self._wait_until_ready(READY_TIMEOUT_SECONDS)
        await self._check_loaded(position)
        at = f"AT=0,{position + 1}"
        await self._order(
            "SAMPLE", "ADD", f"APPLICATION={program}", f"SAMPLE_ID={sample_id}", at
        )
        await self._measure(sample_id, program)
        scan = await self._wait_for_file(sample_id, program)
        await self._order("SAMPLE", "REMOVE", f"SAMPLE_ID={sample_id}")
        return scan

    async def result(self, sample_id: str) -> Scan | None:
        """Return an earlier scan if its file is there and whole.

        Raises:
            LimitExceededError: If the id is unusable.
        """
        check_sample_id(self.name, sample_id)
        before = await self._file(sample_id)
        if before is None:
            return None
        await asyncio.sleep(STABLE_SECONDS)
        raw = await self._file(sample_id)
        if raw is None or raw != before:
            return None
        try:
            return Scan(parse(raw), raw, SUFFIX)
        except ValueError:
            # Half-written files grow; what never becomes whole times out in `scan`.
            return None

    async def _measure(self, sample_id: str, program: str) -> None:
        """Start the measurement, once.

        Some controllers answer at once, others only when it has ended, so that a
        missing answer says nothing yet; the file does.
        """
        order = message(
            "SAMPLE", "MEASURE", f"SAMPLE_ID={sample_id}", f"APPLICATION={program}"
        )
        try:
            raw = await self._transport.exchange(
                order, frame_length, REPLY_TIMEOUT_SECONDS
            )
        except NoAnswerError:
            if await self._is_ready() and await self._file(sample_id) is None:
                raise
            return
        status = decode(raw).values.get("STATUS", "")
        if status != "normal":
            raise RefusedError(self.name, f"measure {sample_id}: {status}", code=status)

    async def _wait_for_file(self, sample_id: str, program: str) -> Scan:
        now = asyncio.get_running_loop().time
        until = now() + 1.5 * self._spec.programs[program] + FILE_TIMEOUT_SECONDS
        while now() < until:
            await asyncio.sleep(POLL_SECONDS)
            if not await self._is_ready():
                continue
            scan = await self.result(sample_id)
            if scan is not None:
                return self._of_sample(scan, sample_id)
        raise NoAnswerError(self.name, f"no whole {sample_id}{SUFFIX} in time")

    def _of_sample(self, scan: Scan, sample_id: str) -> Scan:
        if scan.pattern.sample_id != sample_id:
            raise RefusedError(
                self.name,
                f"{sample_id}{SUFFIX} holds sample {scan.pattern.sample_id!r}",
            )
        return scan

    async def _file(self, sample_id: str) -> bytes | None:
        try:
            return await self._fetch(self._spec.results, f"{sample_id}{SUFFIX}")
        except OSError as lost:
            raise NoAnswerError(
                self.name, f"{self._spec.results} cannot be read: {lost}"
            ) from lost

    async def _system(self) -> str:
        await self._status("SYSTEM", "SYSTEM")
        return "Aeris"

    async def _status(self, request: str, key: str) -> str:
        """Ask for a status and return one of its values."""

        async def ask() -> str:
            raw = await self._transport.exchange(
                message("STATUS_REQUEST", request), frame_length, REPLY_TIMEOUT_SECONDS
            )
            value = decode(raw).values.get(key)
            if value is None:
                raise NoAnswerError(self.name, f"no {key} in {raw!r}")
            return value

        return await query(ask)

    async def _is_ready(self) -> bool:
        return await self._status("UNIT=xrd", "READY") == "yes"

    async def _check_remote(self) -> None:
        system = await self._status("SYSTEM", "SYSTEM")
        if system != "remote":
            raise RefusedError(
                self.name, f"is {system!r}: set it to remote control", code="remote"
            )

    async def _check_loaded(self, position: int) -> None:
        state = await self._status(f"LOCATION=0,{position + 1}", "STATE")
        if state != "occupied":
            raise RefusedError(
                self.name, f"no holder at position {position} ({state})", code=state
            )

    async def _wait_until_ready(self, within_seconds: float) -> None:
        now = asyncio.get_running_loop().time
        until = now() + within_seconds
        while not await self._is_ready():
            if now() >= until:
                raise RefusedError(self.name, "stays busy", code="busy")
            await asyncio.sleep(POLL_SECONDS)

    async def _order(self, *tokens: str) -> None:
        """Send an order once and require `STATUS=normal`."""
        raw = await self._transport.exchange(
            message(*tokens), frame_length, REPLY_TIMEOUT_SECONDS
        )
        status = decode(raw).values.get("STATUS", "")
        if status != "normal":
            raise RefusedError(
                self.name, f"{' '.join(tokens)}: {status or raw!r}", code=status
            )
