"""The Modbus master: codec vectors, and a matrix of faults with 0 wrong answers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.errors import InstrumentError, NoAnswerError, RefusedError
from instruments.faulty import Faults, FaultyPort
from instruments.modbus import (
    DamagedError,
    ModbusExceptionError,
    ModbusMaster,
    crc16,
    decode_echo,
    decode_read,
    loopback_request,
    read_request,
    write_request,
)
from instruments.transport import Transport
from simulators.clock import run
from tests.instruments.modbus_peer import Slave, crc

REGISTERS = {address: 1000 + 7 * address for address in range(40)}


def master_to(slave, faults=None, **options):
    async def connect():
        if faults is None:
            return slave.port
        return FaultyPort(slave.port, faults, name="m")

    transport = Transport(connect, name="m")
    master = ModbusMaster(transport, 1, **{"has_loopback": True} | options)
    return master, transport


def test_the_codec_makes_the_frames_of_the_specification():
    # MODBUS over serial line V1.02 and the Eurotherm handbook's CRC example.
    assert crc16(bytes.fromhex("02 07")) == bytes.fromhex("41 12")
    assert read_request(1, 1, 1) == bytes.fromhex("01 03 00 01 00 01 d5 ca")
    assert write_request(17, 1, 3) == bytes.fromhex("11 06 00 01 00 03 9a 9b")
    assert loopback_request(1, 0xA537)[:6] == bytes.fromhex("01 08 00 00 a5 37")


@given(st.binary(max_size=64))
def test_two_implementations_of_the_crc_agree(data):
    assert crc16(data) == crc(data)


@given(st.binary(min_size=0, max_size=40))
def test_no_noise_decodes(noise):
    with pytest.raises((DamagedError, ModbusExceptionError)):
        decode_read(noise, 1, 2)
    with pytest.raises((DamagedError, ModbusExceptionError)):
        decode_echo(noise, write_request(1, 2, 3))


def answer(text):
    data = bytes.fromhex(text)
    return data + crc(data)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (answer("02 03 02 00 05"), "unit 2 answers for 1"),
        (answer("01 04 02 00 05"), "function 4 answers 3"),
        (answer("01 03 04 00 05 00 06"), "4 bytes answer for 1"),
        (answer("01 03 04 00 05"), "2 bytes answer for 1"),
        (answer("01 03 02 00 05")[:-1] + b"\0", "damaged"),
    ],
)
def test_answers_that_are_not_exactly_right_are_damaged(raw, message):
    with pytest.raises(DamagedError, match=message):
        decode_read(raw, 1, 1)


def test_reads_writes_and_reads_back():
    async def talk():
        slave = Slave(REGISTERS)
        master, _ = master_to(slave)
        assert await master.read(3, 2) == [1021, 1028]
        await master.write(3, 42)
        return slave.registers[3], slave.writes, master.resyncs

    assert run(talk()) == (42, [(3, 42)], 1)


def test_a_value_that_is_discarded_silently_is_noticed():
    async def talk():
        master, _ = master_to(Slave(REGISTERS, read_only=[3]))
        await master.write(3, 42)

    with pytest.raises(RefusedError, match="register 3 keeps 1021, not 42"):
        run(talk())


def test_an_exception_is_a_refusal_and_not_repeated():
    async def talk():
        slave = Slave(REGISTERS)
        master, _ = master_to(slave)
        with pytest.raises(RefusedError, match="illegal address") as refused:
            await master.write(999, 1)
        return refused.value.code, master.resyncs

    assert run(talk()) == ("2", 1)


def test_a_slave_without_loopback_is_explained():
    async def talk():
        master, _ = master_to(Slave(REGISTERS, has_loopback=False))
        await master.read(1)

    with pytest.raises(RefusedError, match="has_loopback = false"):
        run(talk())


def test_an_action_is_sent_once_however_silent_the_device():
    async def talk():
        slave = Slave(REGISTERS)
        master, _ = master_to(slave)
        await master.read(1)
        slave.latency_seconds = 30.0
        with pytest.raises(NoAnswerError):
            await master.write_once(5, 1)
        return slave.writes

    assert run(talk()) == [(5, 1)]


def test_a_hanging_device_ends_in_bounded_time():
    async def talk():
        slave = Slave(REGISTERS, unit=9)
        master, _ = master_to(slave)
        with pytest.raises(NoAnswerError, match="does not get back in step"):
            await master.read(1)
        import asyncio

        return asyncio.get_running_loop().time()

    assert run(talk()) < 15.0


FAULTS = {
    "clean": Faults(),
    "drop": Faults(drop=0.005),
    "flip": Faults(flip=0.005),
    "insert": Faults(insert=0.005),
    "duplicate": Faults(duplicate=0.005),
    "cut": Faults(cut=0.05),
    "late": Faults(late=0.10, late_seconds=0.26),
    "mixed": Faults(0.002, 0.002, 0.002, 0.002, 0.02, 0.05),
}


async def torture(faults, *, has_loopback, reads=300, writes=100):
    """Return (wrong reads, silent writes, errors) against the slave's own registers."""
    slave = Slave(REGISTERS)
    master, transport = master_to(
        slave, faults, has_loopback=has_loopback, timeout_seconds=0.2,
        quiet_seconds=0.3,
    )  # fmt: skip
    dice = np.random.default_rng(faults.seed)
    wrong = silent = errors = 0
    for step in range(reads + writes):
        address = int(dice.integers(40))
        try:
            if step % 4 == 3:
                value = int(dice.integers(0x10000))
                await master.write(address, value)
                silent += slave.registers[address] != value
            else:
                (value,) = await master.read(address)
                wrong += value != slave.registers[address]
        except InstrumentError:
            errors += 1
    await transport.close()
    return wrong, silent, errors


@pytest.mark.parametrize(
    "seed", [7, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (8, 9))]
)
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("has_loopback", [True, False])
def test_no_wrong_read_and_no_silent_write_under_any_fault(fault, seed, has_loopback):
    from dataclasses import replace

    faults = replace(FAULTS[fault], seed=seed)
    wrong, silent, errors = run(torture(faults, has_loopback=has_loopback))
    assert (wrong, silent) == (0, 0)
    assert errors <= 12
