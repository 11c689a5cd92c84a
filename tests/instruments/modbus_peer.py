"""A Modbus RTU slave written from the specification, apart from the driver's codec."""

import asyncio
import struct

from tests.instruments.peers import PeerPort


def crc(data):
    """Return the CRC by table-free division, high bit first on reflected bytes."""
    register = 0xFFFF
    for byte in data:
        register ^= byte
        for _ in range(8):
            register, carry = register >> 1, register & 1
            register ^= 0xA001 * carry
    return bytes((register & 0xFF, register >> 8))


class Slave:
    """Registers behind a wire; an RTU frame ends when the line has been quiet."""

    def __init__(self, registers, *, unit=1, has_loopback=True, read_only=()):
        self.registers = dict(registers)
        self.unit = unit
        self.has_loopback = has_loopback
        self.read_only = set(read_only)
        self.writes = []
        self.latency_seconds = 0.01
        self.on_write = lambda address, value: None
        self.port = PeerPort(self.hear)
        self._heard = b""
        self._end_of_frame = None

    def hear(self, data):
        self._heard += data
        if self._end_of_frame:
            self._end_of_frame.cancel()
        loop = asyncio.get_running_loop()
        self._end_of_frame = loop.call_later(0.004, self._frame)

    def _frame(self):
        frame, self._heard = self._heard, b""
        if len(frame) < 4 or crc(frame[:-2]) != frame[-2:] or frame[0] != self.unit:
            return
        body = self._reply(frame[1], frame[2:-2])
        if body is not None:
            reply = bytes((self.unit,)) + body
            self.port.send(reply + crc(reply), self.latency_seconds)

    def _reply(self, function, data):
        if function == 8 and self.has_loopback:
            return bytes((8,)) + data
        if function == 3 and len(data) == 4:
            first, count = struct.unpack(">HH", data)
            values = [self.registers.get(first + i, 0x7777) for i in range(count)]
            return struct.pack(">BB", 3, 2 * count) + struct.pack(f">{count}H", *values)
        if function == 6 and len(data) == 4:
            address, value = struct.unpack(">HH", data)
            if address not in self.registers:
                return b"\x86\x02"
            self.writes.append((address, value))
            if address not in self.read_only:
                self.registers[address] = value
                self.on_write(address, value)
            return b"\x06" + data
        return bytes((function | 0x80, 1))
