"""Modbus RTU: a pure codec, and a strict master that never trusts a late answer.

An RTU answer names neither the register it came from nor the request it belongs to, so
a late one passes for the next. After any fault this master discards what is on the
line, then proves it is in step: with function 08 it sends a nonce it never used before
and waits for exactly that; where a device has no function 08, it stays quiet longer
than the device's worst latency.

Source: Modbus over Serial Line V1.02 (frames, CRC-16, exceptions) and Modbus
Application Protocol V1.1b3 (functions 03, 06, 08, 16).
"""

import asyncio
import itertools
import struct

from instruments.errors import NoAnswerError, RefusedError
from instruments.transport import Framing, Transport, Wire

READ_REGISTERS, WRITE_REGISTER, DIAGNOSTICS, WRITE_REGISTERS = 0x03, 0x06, 0x08, 0x10
EXCEPTION_BIT = 0x80
EXCEPTION_LENGTH = 5
EXCEPTIONS = {1: "illegal function", 2: "illegal address", 3: "illegal value",
              4: "device failure", 6: "device busy"}  # fmt: skip
MAX_READ_REGISTERS = 125
MAX_ATTEMPTS = 5
MAX_RESYNCS = 8
OUT_OF_STEP = -1


class DamagedError(Exception):
    """Bytes that are not the answer asked for."""


class ModbusExceptionError(Exception):
    """The device's own, well-formed refusal."""

    def __init__(self, code: int) -> None:
        """Keep the exception code."""
        super().__init__(EXCEPTIONS.get(code, f"exception {code}"))
        self.code = code


def _crc_of_byte(crc: int) -> int:
    for _ in range(8):
        crc = (crc >> 1) ^ 0xA001 if crc & 1 else crc >> 1
    return crc


_CRC_OF_BYTE = tuple(_crc_of_byte(byte) for byte in range(256))


def crc16(data: bytes) -> bytes:
    """Return the CRC of a frame, low byte first (polynomial 0xA001 reflected)."""
    crc = 0xFFFF
    for byte in data:
        crc = (crc >> 8) ^ _CRC_OF_BYTE[(crc ^ byte) & 0xFF]
    return struct.pack("<H", crc)


def frame(unit: int, function: int, data: bytes) -> bytes:
    """Return a whole frame: address, function, data, CRC."""
    body = bytes((unit, function)) + data
    return body + crc16(body)


def read_request(unit: int, address: int, count: int) -> bytes:
    """Return the request to read `count` registers (function 03)."""
    return frame(unit, READ_REGISTERS, struct.pack(">HH", address, count))


def write_request(unit: int, address: int, value: int) -> bytes:
    """Return the request to write one 16-bit register (function 06)."""
    return frame(unit, WRITE_REGISTER, struct.pack(">HH", address, value))


def loopback_request(unit: int, nonce: int) -> bytes:
    """Return a request that the device repeats (function 08, subfunction 0)."""
    return frame(unit, DIAGNOSTICS, struct.pack(">HH", 0, nonce))


def framing_of(function: int, length: int) -> Framing:
    """Frame an answer of known length, or an exception."""

    def frame_length(buffer: bytes) -> int | None:
        needed = length
        if len(buffer) >= 2 and buffer[1] == function | EXCEPTION_BIT:
            needed = EXCEPTION_LENGTH
        return needed if len(buffer) >= needed else None

    return frame_length


def check(raw: bytes, unit: int, function: int) -> bytes:
    """Return the data of an answer after checking CRC, unit and function.

    Raises:
        DamagedError: If any of them is wrong.
        ModbusExceptionError: If it is a refusal.
    """
    if len(raw) < EXCEPTION_LENGTH or crc16(raw[:-2]) != raw[-2:]:
        raise DamagedError(f"damaged {raw.hex(' ')}")
    if raw[0] != unit:
        raise DamagedError(f"unit {raw[0]} answers for {unit}")
    if raw[1] == function | EXCEPTION_BIT and len(raw) == EXCEPTION_LENGTH:
        raise ModbusExceptionError(raw[2])
    if raw[1] != function:
        raise DamagedError(f"function {raw[1]} answers {function}")
    return raw[2:-2]


def decode_read(raw: bytes, unit: int, count: int) -> list[int]:
    """Return `count` unsigned registers from the answer to `read_request`.

    Raises:
        DamagedError: If the answer is not exactly that.
        ModbusExceptionError: If it is a refusal.
    """
    data = check(raw, unit, READ_REGISTERS)
    if len(data) != 1 + 2 * count or data[0] != 2 * count:
        raise DamagedError(f"{len(data) - 1} bytes answer for {count} registers")
    return list(struct.unpack(f">{count}H", data[1:]))


def decode_echo(raw: bytes, request: bytes) -> None:
    """Check an answer that must repeat its request byte for byte (06 and 08).

    Raises:
        DamagedError: If it does not.
        ModbusExceptionError: If it is a refusal.
    """
    check(raw, request[0], request[1])
    if raw != request:
        raise DamagedError(f"echo {raw.hex(' ')} of {request.hex(' ')}")


class ModbusMaster:
    """Reads and writes the registers of one unit behind a transport.

    Timing defaults follow the Eurotherm 2000 series: an answer may take 0.5 s.
    """

    def __init__(
        self,
        transport: Transport,
        unit: int,
        *,
        has_loopback: bool,
        timeout_seconds: float = 1.0,
        quiet_seconds: float = 0.7,
        gap_seconds: float = 0.01,
    ) -> None:
        self.name = transport.name
        self.resyncs = 0
        self._transport = transport
        self._unit = unit
        self._has_loopback = has_loopback
        self._timeout_seconds = timeout_seconds
        self._quiet_seconds = quiet_seconds
        self._gap_seconds = gap_seconds
        self._nonces = itertools.count(1)
        # Number of the connection with which we are in step: a new one starts afresh.
        self._step = OUT_OF_STEP

    async def read(self, address: int, count: int = 1) -> list[int]:
        """Return `count` unsigned 16-bit registers from `address` (function 03).

        Raises:
            NoAnswerError: If no valid answer came in several attempts.
            RefusedError: If the device answers with an exception.
            ValueError: If `count` is more than one answer can hold.
        """
        if not 1 <= count <= MAX_READ_REGISTERS:
            raise ValueError(f"{count=}; allowed: 1 to {MAX_READ_REGISTERS}")
        request = read_request(self._unit, address, count)
        async with self._transport.turn() as wire:
            raw = await self._repeat(wire, request, 5 + 2 * count)
        return decode_read(raw, self._unit, count)

    async def write(self, address: int, value: int) -> None:
        """Write a register until it reads back the same (a SET).

        Raises:
            NoAnswerError: If the device did not answer.
            RefusedError: If it answers with an exception or keeps another value.
        """
        for _ in range(MAX_ATTEMPTS):
            await self.write_unread(address, value)
            (kept,) = await self.read(address)
            if kept == value:
                return
        raise RefusedError(
            self.name, f"register {address} keeps {kept}, not {value}: check that it "
            "is not read-only or limited at the controller",
        )  # fmt: skip

    async def write_unread(self, address: int, value: int) -> None:
        """Write a register until the echo agrees; the caller must read it back.

        Raises:
            NoAnswerError: If no valid answer came in several attempts.
            RefusedError: If the device answers with an exception.
        """
        request = write_request(self._unit, address, value)
        async with self._transport.turn() as wire:
            await self._repeat(wire, request, len(request))

    async def write_once(
        self, address: int, value: int, *, urgent: bool = False
    ) -> None:
        """Send one write, once (an ACTION); the caller must read back what it did.

        Raises:
            NoAnswerError: If there was no valid answer: it may have taken effect.
            RefusedError: If the device answers with an exception.
        """
        request = write_request(self._unit, address, value)
        async with self._transport.turn(urgent=urgent) as wire:
            if urgent:
                await wire.drain()
            else:
                await self._get_in_step(wire)
            try:
                await self._ask(wire, request, len(request))
            except DamagedError as damaged:
                raise NoAnswerError(self.name, str(damaged)) from damaged

    async def _repeat(self, wire: Wire, request: bytes, length: int) -> bytes:
        """Ask until there is one valid answer, getting in step after every fault."""
        problem: Exception | None = None
        for _ in range(MAX_ATTEMPTS):
            await self._get_in_step(wire)
            try:
                return await self._ask(wire, request, length)
            except (DamagedError, NoAnswerError) as failed:
                problem = failed
        raise NoAnswerError(
            self.name, f"no valid answer in {MAX_ATTEMPTS} attempts; last: {problem}"
        ) from problem

    async def _ask(self, wire: Wire, request: bytes, length: int) -> bytes:
        """Send once and return the answer if it is exactly what was asked for."""
        # Until it is answered, whatever ends this call leaves us out of step.
        self._step = OUT_OF_STEP
        await wire.send(request)
        raw = await wire.receive(framing_of(request[1], length), self._timeout_seconds)
        try:
            if request[1] == READ_REGISTERS:
                decode_read(raw, self._unit, (length - 5) // 2)
            else:
                decode_echo(raw, request)
        except ModbusExceptionError as refused:
            # A refusal is in step: neither repeated nor followed by a resync.
            self._step = self._transport.connection
            raise RefusedError(
                self.name, f"{request.hex(' ')}: {refused}", code=str(refused.code)
            ) from refused
        if await wire.drain():
            raise DamagedError("more bytes than the answer has")
        self._step = self._transport.connection
        return raw

    async def _get_in_step(self, wire: Wire) -> None:
        """Make sure that the next answer on the line belongs to the next request.

        Raises:
            NoAnswerError: If that cannot be reached.
        """
        await asyncio.sleep(self._gap_seconds)
        has_news = bool(await wire.drain())
        if self._step == self._transport.connection and not has_news:
            return
        for _ in range(MAX_RESYNCS):
            self.resyncs += 1
            if self._has_loopback:
                await wire.drain(self._gap_seconds)
                if await self._echoes(wire):
                    return
            else:
                await wire.drain(self._quiet_seconds)
                self._step = self._transport.connection
                return
        raise NoAnswerError(self.name, "does not get back in step")

    async def _echoes(self, wire: Wire) -> bool:
        request = loopback_request(self._unit, next(self._nonces) % 0x10000)
        try:
            await self._ask(wire, request, len(request))
        except (DamagedError, NoAnswerError):
            return False
        except RefusedError as refused:
            raise RefusedError(
                self.name,
                f"{refused.message}; for a controller without function 08 write "
                "`has_loopback = false` in the lab file",
                code=refused.code,
            ) from refused
        return True
