"""The balance driver against lines of the MT-SICS manual."""

import re
from itertools import cycle

import pytest

from instruments.errors import NoAnswerError, RefusedError
from instruments.labspec import BalanceSpec
from instruments.mtsics import SicsBalance
from instruments.transport import open_transport
from simulators.clock import run
from tests.instruments.peers import PeerPort, opener_of

SPEC = {"driver": "mt-sics", "url": "peer://b", "max_grams": 200, "identity": "",
        "readability_grams": 0.0001}  # fmt: skip


def balance(replies, **spec):
    """Return a driver whose balance gives each command's replies in turn."""
    turns = {command: cycle(lines) for command, lines in replies.items()}
    turns.setdefault("I4", cycle(['I4 A "B021002593"']))

    def answer(data):
        reply = next(turns[data.decode().removesuffix("\r\n")])
        return reply and (reply + "\r\n").encode()

    transport = open_transport(
        "peer://b", opener_of(lambda: PeerPort(answer)), name="b"
    )
    return SicsBalance(transport, BalanceSpec.model_validate(SPEC | spec))


def test_weighs_with_two_agreeing_readings():
    mass = run(balance({"S": ["S S     52.1873 g", "S S     52.1874 g"]}).weigh())
    assert mass.grams == 52.1874
    assert mass.readability_grams == 0.0001


def test_a_negative_mass_keeps_its_sign():
    assert run(balance({"S": ["S S     -5.3000 g"]}).weigh()).grams == -5.3


def test_a_flipped_digit_is_not_believed():
    readings = ["S S     52.1873 g", "S S     92.1873 g", "S S     52.1873 g"]
    assert run(balance({"S": [*readings, readings[2]]}).weigh()).grams == 52.1873


def test_readings_that_never_agree_are_no_answer():
    lines = ["S S     52.1873 g", "S S     52.1973 g"]
    with pytest.raises(NoAnswerError, match="no two of 6 readings agree"):
        run(balance({"S": lines}).weigh())


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("S I", "pan does not settle"),
        ("S +", "overload"),
        ("S -", "underload"),
        ("ES", "does not know the command"),
        ("EL", "cannot execute the command"),
        ("S S Error 10b", "Error 10b"),
    ],
)
def test_a_balance_that_declines_is_refused(line, reason):
    with pytest.raises(RefusedError, match=re.escape(reason)):
        run(balance({"S": [line]}).weigh())


@pytest.mark.parametrize(
    "line",
    ["S D     52.1873 g", "S S     52.1873 kg", "S S     52.187 g", "S S 52,1873 g",
     "S S    952.1873 g", "52.1873 g", "S S     52.1873 g x", "ET", None],
)  # fmt: skip
def test_implausible_lines_are_no_answer(line):
    with pytest.raises(NoAnswerError):
        run(balance({"S": [line]}).weigh())


def test_unsolicited_lines_are_dropped_and_counted():
    driver = balance({"S": ["S D   2 g\r\nwelcome\r\nS S      1.0000 g"]})
    assert run(driver.weigh()).grams == 1.0
    assert driver._sics.discarded_lines == 4


def test_zero_is_seen_to_be_zero():
    run(balance({"Z": ["Z A"], "S": ["S S     0.0001 g"]}).zero())


@pytest.mark.parametrize(
    ("zero", "weight", "reason"),
    [
        ("Z I", "S S  0.0000 g", "does not settle"),
        ("Z +", "S S  0.0000 g", "above"),
        ("Z A", "S S  0.0100 g", "reads 0.01 g after zeroing"),
    ],
)
def test_a_zero_that_failed_is_refused(zero, weight, reason):
    with pytest.raises(RefusedError, match=reason):
        run(balance({"Z": [zero], "S": [weight]}).zero())


def test_another_balance_on_the_port_is_refused():
    with pytest.raises(RefusedError, match="'B021002593' answers where 'X' should"):
        run(balance({"S": ["S S 1.0000 g"]}, identity="X").weigh())


def test_identity_is_checked_again_after_a_new_connection():
    serials = iter(["A1", "A1", "B2"])
    ports = []

    def answer(data):
        if data == b"I4\r\n":
            return f'I4 A "{next(serials)}"\r\n'.encode()
        return b"S S     1.0000 g\r\n"

    def make():
        ports.append(PeerPort(answer))
        return ports[-1]

    driver = SicsBalance(
        open_transport("peer://b", opener_of(make), name="b"),
        BalanceSpec.model_validate(SPEC),
    )

    async def weigh():
        for _ in range(2):
            await driver.weigh()
            ports[-1].lose()
            with pytest.raises(NoAnswerError, match="connection lost"):
                await driver._sics.serial_number()
        await driver.weigh()

    with pytest.raises(RefusedError, match="'B2' answers where 'A1' should"):
        run(weigh())
