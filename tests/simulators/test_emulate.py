"""Other people's clients over real sockets and ptys against this firmware."""

import asyncio
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from typing import Any

import pytest
from pymodbus import FramerType
from pymodbus.client import ModbusSerialClient, ModbusTcpClient

from simulators.emulate import PtyServer, ScaledTimeLoop, TcpServer, parse_reagent
from tests.simulators.stand_in import simulated_lab


def over_tcp(name: str, client: Callable[[int], Any]) -> Any:
    """Serve one instrument in real time and run a client in a thread."""

    async def main() -> Any:
        lab = simulated_lab()
        server = await TcpServer.open(lab, name)
        try:
            return await asyncio.to_thread(client, server.port)
        finally:
            await server.close()
            await lab.close()

    return asyncio.run(main())


def modbus_conversation(client: Any) -> None:
    assert client.connect()
    read = client.read_holding_registers(1, count=5, device_id=1)
    assert read.registers[0] == 250
    assert not client.write_register(2, 1000, device_id=1).isError()
    assert client.read_holding_registers(2, count=1, device_id=1).registers == [1000]
    assert not client.write_registers(8336, [1, 3000, 100], device_id=1).isError()
    kept = client.read_holding_registers(8336, count=3, device_id=1)
    assert kept.registers == [1, 3000, 100]
    refused = client.write_register(2, 20000, device_id=1)
    assert refused.isError()
    assert refused.exception_code == 3
    floats = client.read_holding_registers(0x8002, count=2, device_id=1)
    value = client.convert_from_registers(floats.registers, client.DATATYPE.FLOAT32)
    assert value == pytest.approx(25.0)
    client.close()


@pytest.mark.emulated
def test_pymodbus_reads_and_writes_the_furnace_over_tcp():
    over_tcp(
        "box-a",
        lambda port: modbus_conversation(
            ModbusTcpClient("127.0.0.1", port=port, framer=FramerType.RTU, timeout=2)
        ),
    )


@pytest.mark.emulated
def test_pymodbus_reads_and_writes_the_furnace_over_a_pty():
    async def main() -> None:
        lab = simulated_lab()
        server = PtyServer(lab, "box-a")
        client = ModbusSerialClient(server.path, framer=FramerType.RTU, timeout=2)
        try:
            await asyncio.to_thread(modbus_conversation, client)
        finally:
            await server.close()
            await lab.close()

    asyncio.run(main())


UR_CLIENT = """
    import dashboard_client, sys
    arm = dashboard_client.DashboardClient("127.0.0.1", int(sys.argv[1]))
    arm.connect()
    assert arm.isConnected()
    assert arm.robotmode() == "Robotmode: RUNNING", arm.robotmode()
    assert "NORMAL" in arm.safetystatus(), arm.safetystatus()
    arm.loadURP("vials_1-to-scale-1_1.urp")
    assert arm.getLoadedProgram().endswith("vials_1-to-scale-1_1.urp")
    arm.play()
    assert arm.running()
    arm.stop()
    assert not arm.running()
    arm.disconnect()
"""


@pytest.mark.emulated
def test_the_makers_own_library_drives_the_arm():
    pytest.importorskip("dashboard_client", reason="needs ur_rtde")
    # Its constructor holds the interpreter's lock, so it needs a process of its own.
    script = textwrap.dedent(UR_CLIENT)

    def client(port: int) -> None:
        done = subprocess.run(
            [sys.executable, "-c", script, str(port)],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr

    over_tcp("ur-1", client)


def test_scaled_time_runs_faster():
    async def main() -> float:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        await asyncio.sleep(60)
        return loop.time() - begun

    with asyncio.Runner(
        loop_factory=lambda: ScaledTimeLoop(start_seconds=5.0, speed=2000.0)
    ) as runner:
        assert runner.run(main()) == pytest.approx(60, abs=30)


def test_a_bare_socket_talks_to_the_firmware():
    async def main() -> bytes:
        lab = simulated_lab()
        server = await TcpServer.open(lab, "scale-1")
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"I4\r\n")
        answer = await reader.readline()
        writer.close()
        await writer.wait_closed()
        await server.close()
        await lab.close()
        return answer

    assert asyncio.run(main()) == b'I4 A "B900000001"\r\n'


def test_reagents_are_read_from_text():
    slot, reagent = parse_reagent("heads/2=BaCO3:50")
    assert (slot, reagent.formula, reagent.stock_grams) == ("heads/2", "BaCO3", 50.0)
    with pytest.raises(ValueError, match="write heads/1=BaCO3:50"):
        parse_reagent("BaCO3")


def test_a_pty_carries_bytes_unchanged():
    async def main() -> bytes:
        lab = simulated_lab()
        server = PtyServer(lab, "box-a")
        client = os.open(server.path, os.O_RDWR | os.O_NOCTTY)
        await asyncio.sleep(0)
        os.write(client, bytes.fromhex("010300010001d5ca"))
        await asyncio.sleep(0.1)
        answer = os.read(client, 64)
        os.close(client)
        await server.close()
        await lab.close()
        return answer

    assert asyncio.run(main()).hex().startswith("01030200fa")
