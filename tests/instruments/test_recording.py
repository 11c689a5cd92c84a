"""Frame logs: written, read back, and played to a driver that must not have changed."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.errors import NoAnswerError
from instruments.recording import Frame, RecordingPort, replay
from instruments.transport import line, open_transport
from simulators.clock import run
from tests.instruments.peers import PeerPort, opener_of


@given(st.binary(), st.floats(0, 4e9), st.sampled_from(["to", "from"]))
def test_frames_survive_their_log(data, at, direction):
    frame = Frame(at, "xpr-1", direction, data)
    assert Frame.from_json(frame.to_json()) == frame


@pytest.mark.parametrize("text", ["", "{}", '{"direction": "up"}', "[1]", "null"])
def test_what_is_no_frame_is_refused(text):
    with pytest.raises(ValueError, match="not a line of a frame log"):
        Frame.from_json(text)


async def converse(transport):
    first = await transport.exchange(b"S\r\n", line(), 1.0)
    return first, await transport.exchange(b"I4\r\n", line(), 1.0)


def recorded():
    frames = []

    async def go():
        loop = asyncio.get_running_loop()
        port = PeerPort(lambda data: b"re " + data)
        transport = open_transport(
            "peer://b", opener_of(lambda: port),
            wrap=lambda inner: RecordingPort(inner, "b", frames.append, loop.time),
        )  # fmt: skip
        return await converse(transport)

    return run(go()), frames


def test_a_recording_plays_back_the_same_answers():
    answers, frames = recorded()
    log = "\n".join(frame.to_json() for frame in frames)
    again = [Frame.from_json(text) for text in log.splitlines()]

    async def go():
        return await converse(open_transport("replay://b", {"replay": replay(again)}))

    assert run(go()) == answers == (b"re S\r\n", b"re I4\r\n")


def test_a_driver_that_asks_something_else_is_seen():
    _, frames = recorded()

    async def go():
        transport = open_transport("replay://b", {"replay": replay(frames)})
        await transport.exchange(b"SI\r\n", line(), 1.0)

    with pytest.raises(NoAnswerError, match="the recording has"):
        run(go())
