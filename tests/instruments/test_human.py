"""The operator: requests, answers, and answers that are not good enough."""

import asyncio
import json

import pytest

from instruments.errors import NoAnswerError
from instruments.human import ConsolePort, HumanOperator, decode
from instruments.labspec import OperatorSpec
from instruments.quantities import HumanTask
from instruments.transport import open_transport
from simulators.clock import run
from tests.instruments.peers import PeerPort, opener_of

SPEC = OperatorSpec(driver="human", url="peer://o")
TASK = HumanTask("transfer", "vial-01", "crucible-01", "Pour it over.", key="c1/7")


def operator(make):
    return HumanOperator(open_transport("peer://o", opener_of(make), name="o"), SPEC)


def said(**keys):
    answer = {"id": "c1/7", "is_done": True, "person": "Ada"} | keys
    return json.dumps(answer).encode() + b"\n"


def test_a_request_is_one_line_and_so_is_its_answer():
    heard = []

    async def go():
        def answer(data):
            heard.append(json.loads(data))
            return said(mass_grams=1.5, note="some stuck")

        return await operator(lambda: PeerPort(answer)).ask(TASK)

    found = run(go())
    assert heard == [
        {"id": "c1/7", "kind": "transfer", "source": "vial-01",
         "destination": "crucible-01", "text": "Pour it over."}
    ]  # fmt: skip
    assert found.is_done
    assert (found.person, found.mass_grams, found.note) == ("Ada", 1.5, "some stuck")


def test_a_bad_answer_is_explained_and_the_question_stays_open():
    heard = []

    async def go():
        def answer(data):
            heard.append(json.loads(data))
            return said(mass_grams="lots") if len(heard) == 1 else said()

        return await operator(lambda: PeerPort(answer)).ask(TASK)

    assert run(go()).is_done
    assert heard[1] == {
        "id": "c1/7",
        "error": "mass_grams must be a number of grams, 0 or more",
    }


def test_an_answer_to_another_request_is_no_answer():
    async def go():
        port = PeerPort(lambda data: said(id="c1/6", person="Bob") + said())
        return await operator(lambda: port).ask(TASK)

    assert run(go()).person == "Ada"


def test_a_person_may_take_hours():
    async def go():
        port = PeerPort(lambda data: None)
        asking = asyncio.create_task(operator(lambda: port).ask(TASK))
        await asyncio.sleep(0)
        port.send(said(location="vials/3"), 30000.0)
        return await asking

    assert run(go()).location == "vials/3"


@pytest.mark.parametrize(("key", "asked"), [("c1/7", 2), ("", 1)])
def test_only_a_request_with_a_key_is_asked_again(key, asked):
    ports = []

    async def go():
        def make():
            port = PeerPort(lambda data: said() if len(ports) > 1 else port.lose())
            ports.append(port)
            return port

        task = HumanTask("place", "vial-01", "vials/1", "Put it there.", key=key)
        return await operator(make).ask(task)

    if key:
        assert run(go()).is_done
    else:
        with pytest.raises(NoAnswerError):
            run(go())
    assert len(ports) == asked


@pytest.mark.parametrize(
    ("keys", "wrong"),
    [
        ({"is_done": "yes"}, "is_done"),
        ({"person": ""}, "person"),
        ({"note": 3}, "note"),
        ({"mass_grams": -1}, "mass_grams"),
        ({"mass_grams": True}, "mass_grams"),
        ({"mass_grams": float("inf")}, "mass_grams"),
        ({"location": "shelf"}, "location 'shelf'"),
        ({"colour": "red"}, "unknown keys colour"),
        ({"id": "other"}, ""),
    ],
)
def test_answers_are_checked(keys, wrong):
    found = decode("c1/7", said(**keys))
    assert isinstance(found, str)
    assert wrong in found


def test_a_terminal_asks_and_asks_again_after_an_error(monkeypatch, capsys):
    typed = iter(["y", "Ada", "much", "", "y", "Ada", "1.25", "ok"])
    monkeypatch.setattr("builtins.input", lambda question: next(typed))

    async def go():
        return await operator(ConsolePort).ask(TASK)

    found = asyncio.run(go())
    assert (found.mass_grams, found.note) == (1.25, "ok")
    shown = capsys.readouterr().out
    assert "[transfer] Pour it over." in shown
    assert "mass_grams must be a number" in shown


def test_without_a_terminal_nobody_is_asked(monkeypatch):
    monkeypatch.setattr("sys.stdin.isatty", lambda: False)

    async def go():
        await operator(lambda: ConsolePort.open("console://")).ask(TASK)

    with pytest.raises(NoAnswerError, match="not a terminal"):
        asyncio.run(go())
