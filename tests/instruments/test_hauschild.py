"""The mixer driver against frames of the A-Lab's DAC 400."""

import asyncio

import pytest

from instruments.errors import (
    FaultError,
    LimitExceededError,
    NoAnswerError,
    RefusedError,
)
from instruments.hauschild import HauschildMixer, frame
from instruments.labspec import MixerSpec
from instruments.transport import open_transport
from simulators.clock import run
from tests.instruments.peers import PeerPort, opener_of

SPEC = MixerSpec(driver="hauschild", url="peer://m", max_rpm=2000)


class MixerPeer:
    """Registers by code; turns two seconds after start and until 5 s after stop."""

    def __init__(self, **values):
        self.values = {9: 0, 14: 5, 15: 5, 16: 0, 18: 1, 19: 0, 20: 0}
        self.values |= {int(code[1:]): value for code, value in values.items()}
        self.width = 5
        self.actions = []
        self.refusal = None
        self.is_deaf_to = set()
        self.port = PeerPort(self.answer)

    def answer(self, data):
        assert data[:1] == b"\x04"
        assert data[2:3] == b"\x02"
        assert data[-2:] == b"\x03\x05"
        code, value = int(data[3:5]), int(data[5:10])
        if self.refusal and data[1] == 0x21:
            return b"\x0200%05d\x03" % self.refusal
        value = self.write(code, value) if data[1] == 0x21 else self.values[code]
        return None if code in self.is_deaf_to else self.reply(code, value)

    def reply(self, code, value):
        return b"\x02%02d" % code + str(value).zfill(self.width).encode() + b"\x03"

    def write(self, code, value):
        loop = asyncio.get_running_loop()
        if code in {11, 12}:
            self.actions.append(code)
            running, delay = (1, 2.0) if code == 11 else (0, 5.0)
            loop.call_later(delay, self.values.__setitem__, 19, running)
        else:
            self.values[code] = value
        return value

    def driver(self):
        transport = open_transport("peer://m", opener_of(lambda: self.port), name="m")
        return HauschildMixer(transport, SPEC)


def test_frames_are_those_of_the_mixer():
    assert frame(0x21, 16, 1500) == b"\x04\x21\x021601500\x03\x05"
    assert frame(0x20, 19) == b"\x04\x20\x021900000\x03\x05"


@pytest.mark.parametrize("width", [1, 5, 8])
def test_mixes_once_for_the_time_asked_and_comes_to_rest(width):
    async def go():
        peer = MixerPeer()
        peer.width = width
        await peer.driver().mix(rpm=1500, seconds=600)
        return peer, asyncio.get_running_loop().time()

    peer, seconds = run(go())
    assert peer.actions == [11, 12]
    assert peer.values[16] == 1500
    assert peer.values[19] == 0
    assert 600 <= seconds <= 620


@pytest.mark.parametrize(
    ("rpm", "seconds"), [(2001, 60), (0, 60), (1500, 0), (1500, 1e5)]
)
def test_limits_are_refused_before_any_byte(rpm, seconds):
    async def go():
        peer = MixerPeer()
        with pytest.raises(LimitExceededError):
            await peer.driver().mix(rpm=rpm, seconds=seconds)
        return peer.port.written

    assert run(go()) == b""


@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        ({"c19": 1}, RefusedError, "running already"),
        ({"c18": 0}, RefusedError, "not ready"),
        ({"c20": 4}, FaultError, "error 4"),
    ],
)
def test_does_not_start_unless_ready(values, error, message):
    async def go():
        peer = MixerPeer(**values)
        with pytest.raises(error, match=message):
            await peer.driver().mix(rpm=1500, seconds=60)
        return peer.actions

    assert 11 not in run(go())


def test_refusals_are_told_in_words():
    async def go():
        peer = MixerPeer()
        peer.refusal = 1
        await peer.driver().mix(rpm=1500, seconds=60)

    with pytest.raises(RefusedError, match="not in remote program"):
        run(go())


def test_a_start_without_answer_is_not_repeated_and_the_mixer_is_stopped():
    async def go():
        peer = MixerPeer()
        peer.is_deaf_to = {11}
        with pytest.raises(NoAnswerError):
            await peer.driver().mix(rpm=1500, seconds=60)
        return peer.actions

    assert run(go()) == [11, 12]


def test_a_cancelled_run_does_not_leave_it_turning():
    async def go():
        peer = MixerPeer()
        mixing = asyncio.create_task(peer.driver().mix(rpm=1500, seconds=600))
        await asyncio.sleep(60)
        assert peer.values[19] == 1
        mixing.cancel()
        await asyncio.gather(mixing, return_exceptions=True)
        return peer.values[19]

    assert run(go()) == 0


def test_a_mixer_that_stops_early_is_a_fault():
    async def go():
        peer = MixerPeer()
        loop = asyncio.get_running_loop()
        loop.call_later(100.0, peer.values.__setitem__, 19, 0)
        await peer.driver().mix(rpm=1500, seconds=600)

    with pytest.raises(FaultError, match="early"):
        run(go())


def test_a_damaged_value_is_read_again():
    async def go():
        peer = MixerPeer()
        good = peer.reply
        replies = iter([b"\x021900001\x03", b"\x0219xx\x03"])
        peer.reply = lambda code, value: (
            next(replies, good(code, value)) if code == 19 else good(code, value)
        )
        return await peer.driver().is_running()

    assert run(go()) is False
