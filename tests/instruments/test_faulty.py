"""The faulty wire: each fault does what it says, the same for the same seed."""

import asyncio

import pytest

from instruments.errors import NoAnswerError
from instruments.faulty import Faults, FaultyPort, split
from instruments.transport import line, open_transport
from simulators.clock import run
from tests.instruments.peers import PeerPort, opener_of

SENT = bytes(range(256)) * 4


def through(faults, name="x"):
    """Return what arrives of SENT, and when."""

    async def go():
        inner = PeerPort(lambda data: None)
        port = FaultyPort(inner, faults, name=name)
        await port.write(SENT)
        await asyncio.sleep(1.0)
        await port.close()
        return bytes(inner.written)

    return run(go())


def test_without_faults_everything_arrives():
    assert through(Faults()) == SENT


@pytest.mark.parametrize(
    ("faults", "low", "high"),
    [
        (Faults(drop=0.1), 870, 970),
        (Faults(insert=0.1), 1080, 1180),
        (Faults(duplicate=0.1), 1080, 1180),
        (Faults(flip=0.1), 1024, 1024),
        (Faults(cut=1.0), 0, 1023),
    ],
)
def test_each_fault_damages_as_it_says(faults, low, high):
    arrived = through(faults)
    assert arrived != SENT
    assert low <= len(arrived) <= high


def test_the_seed_decides():
    assert through(Faults(flip=0.1, seed=1)) == through(Faults(flip=0.1, seed=1))
    assert through(Faults(flip=0.1, seed=1)) != through(Faults(flip=0.1, seed=2))
    assert through(Faults(flip=0.1), "a") != through(Faults(flip=0.1), "b")


def test_late_chunks_come_later_and_in_order():
    async def go():
        inner = PeerPort(lambda data: data)
        port = FaultyPort(inner, Faults(late=1.0, late_seconds=5.0))
        await port.write(b"a")
        await port.write(b"b")
        found = b""
        while len(found) < 2:
            found += await port.read()
        await port.close()
        return found, asyncio.get_running_loop().time()

    found, seconds = run(go())
    assert found == b"ab"
    assert seconds == pytest.approx(10.0)


def test_a_url_asks_for_faults():
    url = "faulty+serial:///dev/x?baudrate=9600&fault.late=0.1&fault.seed=7"
    assert split(url) == ("serial:///dev/x?baudrate=9600", Faults(late=0.1, seed=7))


@pytest.mark.parametrize(
    ("option", "message"),
    [("fault.fire=1", "unknown fault fault.fire"), ("fault.drop=2", "allowed: 0 to 1")],
)
def test_faults_that_do_not_exist_are_refused(option, message):
    with pytest.raises(ValueError, match=message):
        open_transport(f"faulty+sim://x?{option}", {})


def test_loss_passes_through_a_faulty_wire():
    async def go():
        inner = PeerPort(lambda data: inner.lose())
        openers = opener_of(lambda: inner)
        transport = open_transport("faulty+peer://x?fault.seed=1", openers, name="x")
        with pytest.raises(NoAnswerError, match="connection lost: unplugged"):
            await transport.exchange(b"?", line(), 1.0)
        await transport.close()

    run(go())
