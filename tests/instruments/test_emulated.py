"""Our serial line and Modbus master against pymodbus's own RTU server, over a pty."""

import asyncio
import os
import tty

import pytest

from instruments.eurotherm import EurothermFurnace
from instruments.modbus import ModbusMaster
from instruments.transport import open_transport
from tests.instruments.test_eurotherm import PROFILE, SPEC, ControllerPeer

pytestmark = pytest.mark.emulated


class Cable:
    """Two ptys joined back to back, as a null-modem cable."""

    def __init__(self):
        self.masters, self.slaves = zip(*(os.openpty() for _ in range(2)), strict=True)
        self.paths = [os.ttyname(slave) for slave in self.slaves]
        for slave in self.slaves:
            tty.setraw(slave)
        loop = asyncio.get_running_loop()
        for here, there in (self.masters, self.masters[::-1]):
            loop.add_reader(here, lambda a=here, b=there: os.write(b, os.read(a, 4096)))

    def close(self):
        loop = asyncio.get_running_loop()
        for master in self.masters:
            loop.remove_reader(master)
        for descriptor in (*self.masters, *self.slaves):
            os.close(descriptor)


def with_server(talk):
    """Serve a controller's registers by pymodbus at one end of a cable."""
    from pymodbus.server import ModbusSerialServer
    from pymodbus.simulator import DataType, SimData, SimDevice

    registers = ControllerPeer().registers

    async def go():
        blocks = [
            SimData(address, values=registers.get(address, 0), datatype=DataType.UINT16)
            for address in [*range(1, 600), *range(8328, 8328 + 20 * 136)]
        ]
        cable = Cable()
        server = ModbusSerialServer(
            SimDevice(1, simdata=blocks), port=cable.paths[0], baudrate=9600
        )
        await server.serve_forever(background=True)
        transport = open_transport(f"serial://{cable.paths[1]}?baudrate=9600", {})
        try:
            return await talk(transport)
        finally:
            await transport.close()
            await server.shutdown()
            cable.close()

    return asyncio.run(go())


def test_registers_are_read_and_written():
    async def talk(transport):
        master = ModbusMaster(transport, 1, has_loopback=True)
        await master.write(111, 1150)
        return await master.read(107), await master.read(111), await master.read(1, 5)

    assert with_server(talk) == ([0x0412], [1150], [25, 0, 0, 0, 25])


def test_a_program_is_stored_run_and_read_back():
    async def talk(transport):
        furnace = EurothermFurnace(transport, SPEC)
        await furnace.start(PROFILE)
        return await furnace.program(), await furnace.state()

    profile, state = with_server(talk)
    assert profile == PROFILE
    assert state.program == "running"


def test_a_port_that_vanishes_is_no_answer():
    from instruments.errors import NoAnswerError

    async def talk(transport):
        master = ModbusMaster(transport, 1, has_loopback=True)
        await master.read(1)
        cable_end = transport._wire.port._line
        cable_end.close()
        with pytest.raises(NoAnswerError):
            await master.read(1)
        return await master.read(1)

    assert with_server(talk) == [25]
