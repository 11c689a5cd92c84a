"""A Eurotherm 2400 furnace controller: Modbus RTU and the register map.

Source:
    Eurotherm, Series 2000 Communications Handbook HA026230: functions 3, 4, 6, 8 and
    16, latencies, register addresses, program block at 8192 + 136 n, IEEE region.
    Modbus Application Protocol V1.1b3 and Modbus over Serial Line V1.02: frames, CRC.
"""

import struct
from collections.abc import Sequence

from simulators.firmware.line import Line
from simulators.firmware.registers import RegisterMap
from simulators.world import World

SHORT_SECONDS, LONG_SECONDS = 0.006, 0.12
"""Latency of single-word and of multi-word requests, s."""
MAX_WORDS = 125
BYTE_SECONDS = 11 / 9600
"""One character at 9600 baud with start, parity and stop bits, s."""
ILLEGAL_ADDRESS, ILLEGAL_VALUE, BUSY = 2, 3, 6
IEEE_BASE = 0x8000


def _crc_of_byte(value: int) -> int:
    for _ in range(8):
        value = (value >> 1) ^ 0xA001 if value & 1 else value >> 1
    return value


CRC_TABLE = tuple(_crc_of_byte(byte) for byte in range(256))


def crc16(data: bytes) -> bytes:
    """Return the Modbus CRC, low byte first."""
    crc = 0xFFFF
    for byte in data:
        crc = (crc >> 8) ^ CRC_TABLE[(crc ^ byte) & 0xFF]
    return struct.pack("<H", crc)


class EurothermController:
    """Firmware of one furnace's controller."""

    def __init__(self, name: str, world: World) -> None:
        """Take the lab's furnace `name`."""
        self.name, self.world = name, world
        self._unit = world.spec.furnaces[name].unit
        self._registers = RegisterMap(name, world)

    def opened(self, line: Line) -> None:
        """Say nothing: it is a serial line."""

    def received(self, line: Line, data: bytes) -> None:
        """Answer each whole frame for this unit; bad frames meet silence."""
        line.pending += data
        while len(line.pending) >= 2:
            length = _request_length(bytes(line.pending))
            if length is None:
                return
            frame = bytes(line.pending[:length])
            if length == 0 or crc16(frame[:-2]) != frame[-2:]:
                # Out of step: a real slave waits for a silence and starts afresh.
                line.pending.clear()
                return
            del line.pending[:length]
            if frame[0] in (0, self._unit):
                self._answer(line, frame)

    def _answer(self, line: Line, frame: bytes) -> None:
        fate = line.judge()
        if fate.is_ignored:
            return
        function, body = frame[1], frame[2:-2]
        if fate.is_refused:
            reply, seconds = bytes([function | 0x80, BUSY]), SHORT_SECONDS
        else:
            reply, seconds = self._serve(function, body)
        if frame[0] == 0:
            return
        message = bytes([self._unit]) + reply
        seconds += BYTE_SECONDS * (len(frame) + len(message))
        line.send(message + crc16(message), seconds)

    def _serve(self, function: int, body: bytes) -> tuple[bytes, float]:
        """Return the reply from its function code on, and the latency in s."""
        if function == 8:
            return bytes([8]) + body, SHORT_SECONDS
        address, second = struct.unpack(">HH", body[:4])
        if function in (3, 4):
            reply = self._read(function, address, second)
            return reply, SHORT_SECONDS if second == 1 else LONG_SECONDS
        if function == 6:
            code = self._write(address, [second], is_single=True)
            reply = bytes([6]) + body if code == 0 else bytes([0x86, code])
            return reply, SHORT_SECONDS
        words = struct.unpack(f">{second}H", body[5:])
        code = self._write(address, words, is_single=False)
        reply = bytes([16]) + body[:4] if code == 0 else bytes([0x90, code])
        return reply, LONG_SECONDS

    def _read(self, function: int, address: int, count: int) -> bytes:
        if not 1 <= count <= MAX_WORDS:
            return bytes([function | 0x80, ILLEGAL_VALUE])
        if address >= IEEE_BASE:
            if (address | count) & 1:
                return bytes([function | 0x80, ILLEGAL_ADDRESS])
            first = (address - IEEE_BASE) // 2
            values = [self._registers.value(first + i) for i in range(count // 2)]
            data = struct.pack(f">{count // 2}f", *values)
        else:
            words = [self._registers.word(address + i) for i in range(count)]
            data = struct.pack(f">{count}H", *words)
        return bytes([function, len(data)]) + data

    def _write(self, address: int, words: Sequence[int], *, is_single: bool) -> int:
        """Write registers; return 0 or a Modbus exception code."""
        if address < IEEE_BASE:
            return self._registers.write(address, words, is_single=is_single)
        if is_single or (address | len(words)) & 1:
            return ILLEGAL_ADDRESS
        first = (address - IEEE_BASE) // 2
        packed = struct.pack(f">{len(words)}H", *words)
        values = struct.unpack(f">{len(words) // 2}f", packed)
        return self._registers.write_values(first, values)


def _request_length(data: bytes) -> int | None:
    """Return a request's length in bytes; None: read on, 0: not a request.

    A function that the instrument does not have is never answered.
    """
    function = data[1]
    if function in (3, 4, 6, 8):
        return 8 if len(data) >= 8 else None
    if function == 16:
        if len(data) < 7:
            return None
        count = struct.unpack(">H", data[4:6])[0]
        if data[6] != 2 * count or not 1 <= count <= MAX_WORDS:
            return 0
        return 9 + data[6] if len(data) >= 9 + data[6] else None
    return 0
