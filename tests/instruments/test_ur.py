"""The arm driver against dashboard lines of the Universal Robots manual."""

import asyncio

import pytest

from instruments.errors import (
    FaultError,
    LimitExceededError,
    NoAnswerError,
    RefusedError,
)
from instruments.labspec import ArmSpec
from instruments.quantities import Slot
from instruments.transport import open_transport
from instruments.ur import UrArm
from simulators.clock import run
from tests.instruments.peers import PeerPort, opener_of
from tests.instruments.test_labfile import EXAMPLE, load_lab_file

LAB = load_lab_file(EXAMPLE)
SPEC = ArmSpec(driver="ur-dashboard", url="peer://arm")
FROM, TO = Slot("vials", 1), Slot("quantos-1", 3)
PROGRAM = "vials_1-to-quantos-1_3.urp"


class ArmPeer:
    """A dashboard server with a late greeting; programs take `seconds`."""

    def __init__(self, **answers):
        self.answers = {
            "robotmode": "Robotmode: RUNNING",
            "safetystatus": "Safetystatus: NORMAL",
            "is in remote control": "true",
            "PolyscopeVersion": "URSoftware 5.11.1.108318 (Jul 29 2021)",
            "stop": "Stopped",
            "play": "Starting program",
        } | {key.replace("_", " "): value for key, value in answers.items()}
        self.seconds = 40.0
        self.program, self.status = "", "STOPPED"
        self.plays = 0
        self.known = lambda program: True
        self.port = PeerPort(self.answer)
        self.port.send(b"Connected: Universal Robots Dashboard Server\n")

    def answer(self, data):
        reply = self.obey(data.decode().removesuffix("\n"))
        return reply and reply.encode() + b"\n"

    def obey(self, command):
        if command.startswith("load "):
            program = command.removeprefix("load ")
            if not self.known(program):
                return f"File not found: {program}"
            self.program = program
            return f"Loading program: /programs/{program}"
        if command == "get loaded program":
            return f"Loaded program: /programs/{self.program}"
        if command == "programState":
            return f"{self.status} {self.program}".strip()
        if command == "play" and self.answers["play"] != "Failed to execute: play":
            self.plays += 1
            self.status = "PLAYING" if self.seconds else "STOPPED"
            loop = asyncio.get_running_loop()
            loop.call_later(self.seconds, self.end)
        if command == "stop":
            self.end()
        return self.answers[command]

    def end(self):
        self.status = "STOPPED"

    def driver(self):
        transport = open_transport("peer://a", opener_of(lambda: self.port), name="ur")
        return UrArm(transport, SPEC, LAB)


def test_moves_once_by_the_program_of_the_two_slots():
    async def go():
        peer = ArmPeer()
        await peer.driver().move(FROM, TO)
        return peer, asyncio.get_running_loop().time()

    peer, seconds = run(go())
    assert (peer.program, peer.plays) == (PROGRAM, 1)
    assert 40.0 <= seconds < 45.0


def test_tells_its_state():
    async def go():
        peer = ArmPeer(safetystatus="Safetystatus: PROTECTIVE_STOP")
        return await peer.driver().state()

    state = run(go())
    assert not state.is_ready
    assert state.detail == "RUNNING, PROTECTIVE_STOP, STOPPED"


@pytest.mark.parametrize(
    ("source", "destination", "message"),
    [
        (Slot("vials", 49), TO, "no slot vials/49; allowed: 1 to 48"),
        (FROM, Slot("bench", 1), "no slot bench/1; allowed: of"),
        (FROM, FROM, "both source and destination"),
    ],
)
def test_slots_that_do_not_exist_are_refused_before_any_byte(
    source, destination, message
):
    async def go():
        peer = ArmPeer()
        with pytest.raises(LimitExceededError, match=message):
            await peer.driver().move(source, destination)
        return peer.port.written

    assert run(go()) == b""


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ({"robotmode": "Robotmode: POWER_OFF"}, "not ready: POWER_OFF"),
        ({"safetystatus": "Safetystatus: SAFEGUARD_STOP"}, "SAFEGUARD_STOP"),
        ({"is_in_remote_control": "false"}, "teach pendant"),
        ({"play": "Failed to execute: play"}, "declines to play"),
    ],
)
def test_does_not_move_unless_ready(answers, message):
    async def go():
        peer = ArmPeer(**answers)
        with pytest.raises(RefusedError, match=message):
            await peer.driver().move(FROM, TO)
        return peer.plays

    assert run(go()) == 0


def test_an_unknown_program_is_refused():
    async def go():
        peer = ArmPeer()
        peer.known = lambda program: False
        await peer.driver().move(FROM, TO)

    with pytest.raises(RefusedError, match="File not found"):
        run(go())


def test_another_program_than_asked_is_not_played():
    async def go():
        peer = ArmPeer()
        peer.answers["get loaded program"] = ""
        good = peer.obey
        peer.obey = lambda command: (
            "Loaded program: /programs/old.urp"
            if command == "get loaded program"
            else good(command)
        )
        with pytest.raises(RefusedError, match=r"has '/programs/old\.urp' loaded"):
            await peer.driver().move(FROM, TO)
        return peer.plays

    assert run(go()) == 0


@pytest.mark.parametrize(
    "change",
    [{"safetystatus": "Safetystatus: PROTECTIVE_STOP"}, {"status": "PAUSED"}],
)
def test_a_safety_stop_on_the_way_is_a_fault(change):
    async def go():
        peer = ArmPeer()

        def strike():
            peer.status = change.get("status", peer.status)
            peer.answers.update(change)

        asyncio.get_running_loop().call_later(10.0, strike)
        await peer.driver().move(FROM, TO)

    with pytest.raises(FaultError, match=r"PROTECTIVE_STOP|PAUSED"):
        run(go())


def test_a_play_without_answer_is_not_repeated():
    async def go():
        peer = ArmPeer(play=None)
        with pytest.raises(NoAnswerError):
            await peer.driver().move(FROM, TO)
        return peer.plays

    assert run(go()) == 1


def test_a_program_that_was_not_seen_to_run_is_unknown():
    async def go():
        peer = ArmPeer()
        peer.seconds = 0.0
        await peer.driver().move(FROM, TO)

    with pytest.raises(NoAnswerError, match="not seen to run"):
        run(go())


def test_a_program_without_end_is_given_up():
    async def go():
        peer = ArmPeer()
        peer.seconds = 1e6
        await peer.driver().move(FROM, TO)

    with pytest.raises(NoAnswerError, match="does not end"):
        run(go())


def test_stop_during_a_move():
    async def go():
        peer = ArmPeer()
        driver = peer.driver()
        moving = asyncio.create_task(driver.move(FROM, TO))
        await asyncio.sleep(10.0)
        await driver.stop()
        with pytest.raises(NoAnswerError, match="stopped on its way"):
            await moving
        return asyncio.get_running_loop().time()

    assert run(go()) < 15.0
