"""The doser driver against a small Quantos written from the command set."""

import asyncio
import re

import pytest

from instruments.errors import (
    FaultError,
    LimitExceededError,
    NoAnswerError,
    RefusedError,
)
from instruments.labspec import DoserSpec
from instruments.quantos import QuantosDoser
from instruments.transport import open_transport
from simulators.clock import run
from tests.instruments.peers import PeerPort, opener_of

SPEC = DoserSpec(
    driver="quantos", url="peer://q", positions=30, min_grams=0.01, max_grams=10.0
)


class QuantosPeer:
    """Answers as the command set says; counts what it did."""

    def __init__(self, *, short_replies=False, head="BaCO3", drop=()):
        self.short_replies = short_replies
        self.head = head
        self.drop = list(drop)
        self.settings = {}
        self.door, self.sampler, self.pin = "3", 0, "3"
        self.doses = 0
        self.result = None
        self.end_code = ""
        self.is_dosing = False
        self.port = PeerPort(self.answer)

    def answer(self, data):
        for command in data.decode().split("\r\n"):
            if command:
                self.obey(command)

    def say(self, line, after_seconds=0.0):
        if line in self.drop:
            self.drop.remove(line)
            return
        self.port.send((line + "\r\n").encode(), after_seconds)

    def obey(self, command):
        words = command.split()
        told = {
            "I4": 'I4 A "Q1"',
            "QRD 2 3 7": f"QRD 2 3 7 {self.door} A",
            "QRD 2 3 8": f"QRD 2 3 8 {self.sampler} A",
        }
        done = {
            "QRD 2 4 11": self.tell_head, "QRD 2 4 12": self.tell_result,
            "QRA 61 1": self.start, "QRA 61 4": self.stop,
        }  # fmt: skip
        if command in told:
            self.say(told[command])
        elif command in done:
            done[command]()
        elif words[:3] == ["QRD", "1", "1"]:
            self.settings[words[3]] = " ".join(words[4:])
            self.say("QRD 1 1 A" if self.short_replies else f"QRD 1 1 {words[3]} A")
        elif words[:2] == ["QRA", "60"]:
            self.move(words)

    def stop(self):
        self.say("QRA 61 4 A")
        self.end("8")

    def tell_head(self):
        self.say("QRD 2 4 11 I 1" if self.head is None else "QRD 2 4 11 B")
        if self.head is not None:
            self.say(f"<Substance>{self.head}</Substance>")
            self.say('<Rem._quantity Unit="mg">20000.0</Rem._quantity>')
            self.say("QRD 2 4 11 A")

    def tell_result(self):
        if self.is_dosing or self.result is None:
            self.say("QRD 2 4 12 I 2" if self.is_dosing else "QRD 2 4 12 I 4")
            return
        self.say("QRD 2 4 12 B")
        for tag, value in self.result.items():
            self.say(f"<{tag}>{value}</{tag.split()[0]}>")
        self.say("QRD 2 4 12 A")

    def move(self, words):
        if words[2] == "8":
            self.sampler = int(words[3])
        elif words[2] == "7":
            self.door = words[3]
        elif words[2] == "2":
            self.pin = words[3]
        self.say(f"QRA 60 {words[2]} B")
        self.say(f"QRA 60 {words[2]} A", 2.0)

    def start(self):
        if self.door != "2" or self.pin != "4":
            self.say("QRA 61 1 I 5")
            return
        self.doses += 1
        self.is_dosing = True
        self.say("QRA 61 1 B")
        asyncio.get_running_loop().call_later(90.0, self.end, self.end_code)

    def end(self, code):
        if not self.is_dosing:
            return
        self.is_dosing = False
        self.result = {
            "Substance": self.head,
            'Content Unit="mg"': f"{1.002 * float(self.settings['5']):.2f}",
            'Target_quantity Unit="mg"': self.settings["5"],
            "Sample ID": self.settings["8"],
        }
        self.say(f"QRA 61 1 I {code}" if code else "QRA 61 1 A")

    def driver(self):
        transport = open_transport("peer://q", opener_of(lambda: self.port), name="q")
        return QuantosDoser(transport, SPEC)


async def dose(peer, **options):
    arguments = {"position": 3, "label": "s001.1"} | options
    return await peer.driver().dose("BaCO3", 1.2345, **arguments)


@pytest.mark.parametrize("short_replies", [False, True])
def test_doses_once_and_reports_what_was_weighed(short_replies):
    async def go():
        peer = QuantosPeer(short_replies=short_replies)
        return await dose(peer), peer

    found, peer = run(go())
    assert found.label == "s001.1"
    assert found.substance == "BaCO3"
    assert found.requested_grams == pytest.approx(1.2345)
    assert found.measured_grams == pytest.approx(1.23697)
    assert peer.settings == {"5": "1234.50", "6": "1.0", "8": "s001.1"}
    assert (peer.doses, peer.sampler, peer.door, peer.pin) == (1, 3, "2", "3")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"position": 31}, "position 31 is not within 1 to 30"),
        ({"label": "x" * 21}, "label"),
        ({"label": "a b"}, "label"),
    ],
)
def test_limits_are_refused_before_any_byte(change, message):
    async def go():
        peer = QuantosPeer()
        with pytest.raises(LimitExceededError, match=message):
            await dose(peer, **change)
        return peer

    assert run(go()).port.written == b""


def test_a_mass_outside_the_range_is_refused_before_any_byte():
    async def go():
        peer = QuantosPeer()
        for grams in (0.001, 11.0, float("nan"), float("inf"), -1.0):
            with pytest.raises(LimitExceededError, match="dose"):
                await peer.driver().dose("BaCO3", grams, position=1, label="a")
        return peer

    assert run(go()).port.written == b""


def test_the_wrong_head_is_refused_and_nothing_dosed():
    async def go():
        peer = QuantosPeer(head="Y2O3")
        with pytest.raises(RefusedError, match="mounted is Y2O3, not BaCO3"):
            await dose(peer)
        return peer

    assert run(go()).doses == 0


def test_no_head_is_none():
    async def go():
        return await QuantosPeer(head=None).driver().mounted()

    assert run(go()) is None


@pytest.mark.parametrize(
    ("code", "reason"), [("7", "powder flow"), ("11", "head limit"), ("13", "sampler")]
)
def test_codes_are_told_in_words_and_the_head_is_released(code, reason):
    async def go():
        peer = QuantosPeer()
        peer.end_code = code
        with pytest.raises(RefusedError, match=reason) as refused:
            await dose(peer)
        return peer, refused.value.code

    peer, found = run(go())
    assert found == code
    assert (peer.doses, peer.pin) == (1, "3")


@pytest.mark.parametrize("lost", ["QRA 61 1 B", "QRA 61 1 A"])
def test_a_lost_answer_is_resolved_without_a_second_dose(lost):
    async def go():
        peer = QuantosPeer(drop=[lost])
        with pytest.raises(NoAnswerError):
            await dose(peer)
        return await peer.driver().last_dose(), peer

    found, peer = run(go())
    assert found.label == "s001.1"
    assert peer.doses == 1


def test_nothing_dosed_yet_is_none():
    async def go():
        return await QuantosPeer().driver().last_dose()

    assert run(go()) is None


def test_a_stop_ends_a_dose_under_way():
    async def go():
        peer = QuantosPeer()
        driver = peer.driver()
        dosing = asyncio.create_task(driver.dose("BaCO3", 1.0, position=1, label="a"))
        await asyncio.sleep(30.0)
        assert peer.is_dosing
        await driver.stop()
        with pytest.raises(RefusedError, match="stopped externally"):
            await dosing
        return asyncio.get_running_loop().time(), peer.is_dosing

    seconds, is_dosing = run(go())
    assert seconds < 60.0
    assert not is_dosing


def test_a_stop_at_rest_is_confirmed():
    async def go():
        await QuantosPeer().driver().stop()

    run(go())


def test_another_target_than_asked_stops_the_lab():
    async def go():
        peer = QuantosPeer()
        tell = peer.obey

        def damaged(command):
            tell(re.sub(r"^(QRD 1 1 5) 1", r"\1 9", command))

        peer.obey = damaged
        with pytest.raises(FaultError, match=r"asked for 1.2345 g, it aimed at 9.2345"):
            await dose(peer)

    run(go())


def test_a_damaged_result_is_read_until_two_agree():
    async def go():
        peer = QuantosPeer()
        await dose(peer)
        good, calls = peer.tell_result, []

        def flaky():
            calls.append(1)
            if len(calls) == 1:
                peer.result['Content Unit="mg"'] = "9999.00"
                good()
                peer.result['Content Unit="mg"'] = "1236.97"
                return
            good()

        peer.tell_result = flaky
        return await peer.driver().last_dose()

    assert run(go()).measured_grams == pytest.approx(1.23697)
