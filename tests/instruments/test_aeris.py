"""The diffractometer driver against a small Aeris; one connection per message."""

import asyncio

import pytest

from instruments.aeris import (
    AerisDiffractometer,
    decode,
    fetch_from_folder,
    frame_length,
    message,
)
from instruments.errors import LimitExceededError, NoAnswerError, RefusedError
from instruments.labspec import DiffractometerSpec
from instruments.transport import open_transport
from simulators.clock import run
from tests.instruments.peers import PeerPort, opener_of
from tests.instruments.test_xrdml import text

SPEC = DiffractometerSpec(
    driver="aeris", url="peer://x", results="sim://x", positions=5,
    programs={"2min": 120.0, "8min": 480.0}, default_program="8min",
)  # fmt: skip
WHOLE = text()


class AerisPeer:
    """Measures for 120 s and then writes its file in two parts."""

    def __init__(self, *, separator="@", answers_late=False, **status):
        self.separator = separator
        self.answers_late = answers_late
        self.status = {"SYSTEM": "remote", "STATE": "occupied", "READY": "yes",
                       "ADD": "normal", "MEASURE": "normal"} | status  # fmt: skip
        self.orders = []
        self.files = {}
        self.ports = []
        self.writes_file = True
        self.content = WHOLE

    def make(self):
        port = PeerPort(self.answer)
        self.ports.append(port)
        return port

    def answer(self, data):
        assert data.startswith(b"@")
        assert data.endswith(b"@END")
        words = data.decode().strip("@").split("@")
        if words[0] == "STATUS_REQUEST":
            key = {"SYSTEM": "SYSTEM", "UNIT=xrd": "READY"}.get(words[1], "STATE")
            return self.say("STATUS", "TIME_STAMP=2022.05.31 15:27:07",
                            f"{key}={self.status[key]}")  # fmt: skip
        self.orders.append(words)
        if words[1] == "MEASURE" and self.status["MEASURE"] == "normal":
            self.measure(words[2].removeprefix("SAMPLE_ID="))
            if self.answers_late:
                return None
        return self.say(
            "SAMPLE", words[1], f"STATUS={self.status.get(words[1], 'normal')}"
        )

    def say(self, *tokens):
        return self.separator.join(("", *tokens, "END")).encode()

    def measure(self, sample_id):
        name = f"{sample_id}.xrdml"
        loop = asyncio.get_running_loop()
        self.status["READY"] = "no"
        loop.call_later(120.0, self.status.__setitem__, "READY", "yes")
        if self.writes_file:
            half = self.content[: len(self.content) // 2]
            loop.call_later(121.0, self.files.__setitem__, name, half)
            loop.call_later(140.0, self.files.__setitem__, name, self.content)

    async def fetch(self, results, file_name):
        assert results == SPEC.results
        return self.files.get(file_name)

    def driver(self):
        transport = open_transport(
            "peer://x", opener_of(self.make), name="x", per_message=True
        )
        return AerisDiffractometer(transport, SPEC, fetch=self.fetch)


def test_messages_are_tokens_between_at_signs():
    assert message("STATUS_REQUEST", "UNIT=xrd") == b"@STATUS_REQUEST@UNIT=xrd@END"


@pytest.mark.parametrize(
    "raw", [b"@STATUS@READY=no@END", b"STATUS\r\nREADY=no\r\nEND\r\n"]
)
def test_both_separators_are_understood(raw):
    assert frame_length(raw) == len(raw)
    assert frame_length(raw[: raw.index(b"END") + 2]) is None
    reply = decode(raw)
    assert "STATUS" in reply.words
    assert reply.values == {"READY": "no"}


def test_an_end_inside_a_word_does_not_end_an_answer():
    assert frame_length(b"@SAMPLE_ID=THE_END2@STATUS=normal") is None


@pytest.mark.parametrize("separator", ["@", "\n", "\r\n"])
@pytest.mark.parametrize("answers_late", [False, True])
def test_measures_once_and_waits_for_the_whole_file(separator, answers_late):
    async def go():
        peer = AerisPeer(separator=separator, answers_late=answers_late)
        scan = await peer.driver().scan("s001-1", position=3, program="2min")
        return peer, scan, asyncio.get_running_loop().time()

    peer, scan, seconds = run(go())
    assert peer.orders == [
        ["SAMPLE", "ADD", "APPLICATION=2min", "SAMPLE_ID=s001-1", "AT=0,4", "END"],
        ["SAMPLE", "MEASURE", "SAMPLE_ID=s001-1", "APPLICATION=2min", "END"],
        ["SAMPLE", "REMOVE", "SAMPLE_ID=s001-1", "END"],
    ]
    assert scan.raw == WHOLE
    assert scan.suffix == ".xrdml"
    assert scan.pattern.counts.sum() == 14
    assert 140.0 <= seconds < 170.0
    assert all(port.is_closed for port in peer.ports)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sample_id": "a@b"}, "sample id"),
        ({"sample_id": "../x"}, "sample id"),
        ({"position": 6}, "position 6 is not within 1 to 5"),
        ({"program": "9min"}, "no program '9min'; it has 2min, 8min"),
    ],
)
def test_limits_are_refused_before_any_byte(arguments, message):
    async def go():
        peer = AerisPeer()
        wanted = {"sample_id": "s1", "position": 1, "program": "2min"} | arguments
        sample_id = wanted.pop("sample_id")
        with pytest.raises(LimitExceededError, match=message):
            await peer.driver().scan(sample_id, **wanted)
        return peer.ports

    assert run(go()) == []


@pytest.mark.parametrize(
    ("status", "message"),
    [
        ({"SYSTEM": "local"}, "set it to remote"),
        ({"STATE": "free"}, "no holder at position 1"),
        ({"READY": "no"}, "stays busy"),
        ({"ADD": "fatal"}, "SAMPLE ADD .*fatal"),
        ({"MEASURE": "fatal"}, "measure s1: fatal"),
    ],
)
def test_refusals(status, message):
    async def go():
        await AerisPeer(**status).driver().scan("s1", position=1, program="2min")

    with pytest.raises(RefusedError, match=message):
        run(go())


def test_an_id_is_used_once():
    async def go():
        peer = AerisPeer()
        peer.files["s1.xrdml"] = WHOLE
        with pytest.raises(RefusedError, match="ids are used once"):
            await peer.driver().scan("s1", position=1, program="2min")
        return peer.orders

    assert run(go()) == []


def test_a_file_of_another_sample_is_refused():
    async def go():
        await AerisPeer().driver().scan("s002-1", position=1, program="2min")

    with pytest.raises(RefusedError, match="holds sample 's001-1'"):
        run(go())


def test_a_file_that_never_comes_is_no_answer_in_bounded_time():
    async def go():
        peer = AerisPeer()
        peer.writes_file = False
        with pytest.raises(NoAnswerError, match=r"no whole s1\.xrdml"):
            await peer.driver().scan("s1", position=1, program="2min")
        return asyncio.get_running_loop().time(), await peer.driver().result("s1")

    seconds, result = run(go())
    assert seconds < 400.0
    assert result is None


def test_a_measure_nobody_heard_is_no_answer():
    async def go():
        peer = AerisPeer()
        hear = peer.answer
        peer.answer = lambda data: None if b"MEASURE" in data else hear(data)
        with pytest.raises(NoAnswerError):
            await peer.driver().scan("s1", position=1, program="2min")

    run(go())


def test_results_are_fetched_from_a_folder(tmp_path):
    (tmp_path / "s1.xrdml").write_bytes(WHOLE)
    assert asyncio.run(fetch_from_folder(str(tmp_path), "s1.xrdml")) == WHOLE
    assert asyncio.run(fetch_from_folder(str(tmp_path), "s2.xrdml")) is None
