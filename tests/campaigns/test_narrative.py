"""A campaign in words."""

import pytest

from campaigns import lifecycle as facts
from campaigns.narrative import Narrator, duration
from campaigns.results import Hazard
from tests.campaigns import synthetic


@pytest.fixture
def store(tmp_path):
    with synthetic.create(tmp_path / "c.db") as store:
        yield synthetic.fill(store)


def test_every_event_has_one_line(store):
    events = store.events()
    lines = list(Narrator().lines(events))
    assert len(lines) == len(events)
    assert not any("\n" in line for line in lines)
    assert lines[0] == (
        "     1 2026-01-01T00:00:00.000Z engine: campaign 'YBCO by eight' opened on "
        "lab 'bench' (virtual), proposer athanor, seed 7, spec "
        f"{store.spec.sha256[:12]}"
    )
    assert lines[-1].endswith("campaign ended: 8 of 8 experiments made")
    text = "\n".join(lines)
    assert "S0002 got 0.1505 g Y2O3 (+0.5 mg) from doser" in text
    assert (
        "powder of S0002 moved from vial-02 to crucible-02 by operator: 0.9830 g "
        "taken, 0.9710 g arrived"
    ) in text.replace("vial-002", "vial-02")
    assert "S0002 scored: energy 4.38 ± 0.10 kWh, yield 0.250 ± 0.030" in text
    assert "load 1 planned in box-a: S0001 to S0004; 25.0 h planned" in text
    assert "L001/fire done after 15.6 h" in text
    assert "S0004 is YBa2Cu3O7-x 49.0%" in text
    assert "Rwp 41.0% (not used); doubtful: peaks at 27.1°" in text


def test_one_sample_is_told_with_its_shared_tasks(store):
    lines = "\n".join(Narrator(sample="S0002").lines(store.events()))
    assert "S0002/dose done after 4 min" in lines
    assert "L001/fire starts on box-a" in lines
    assert "S0003" not in lines.replace("S0002, S0003", "").replace("S0001, S0002", "")


def test_a_narrator_goes_on_where_it_stopped(store):
    events = store.events()
    narrator = Narrator()
    told = [*narrator.lines(events[:20]), *narrator.lines(events[20:])]
    assert told == list(Narrator().lines(events))


def test_failures_and_resumes_are_told():
    payloads = [
        facts.TaskStarted(
            task="T", action="mix", samples=("A",), instrument="m", attempt=2,
            commanded={"rpm": 1000.0, "vial": "v"},
        ),
        facts.TaskFailed(task="T", error="no answer\nat all", outcome="unknown"),
        facts.Resumed(reason="power cut", reconciled={"T": "running"}),
        facts.Resumed(reason="power cut", reconciled={}),
    ]  # fmt: skip
    events = [
        facts.Event(
            sequence=i, lab_time=90.0 * i, actor="Ada", payload=payload, previous=""
        )
        for i, payload in enumerate(payloads, start=1)
    ]
    lines = [line.partition("Ada: ")[2] for line in Narrator().lines(events)]
    assert lines == [
        "T starts on m (attempt 2): speed 1000 rpm, vial v",
        "T failed after 90 s (unknown): no answer at all",
        "resumed (power cut); open tasks: T running",
        "resumed (power cut); open tasks: none",
    ]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(3, "3 s"), (600, "10 min"), (36000, "10.0 h"), (400000, "4.6 days")],
)
def test_durations_take_a_fitting_unit(seconds, words):
    assert duration(seconds) == words


def test_judgements_of_safety_are_told_of_each_sample_judged():
    hazard = Hazard(
        rule="melts", severity="warn", about="BaO2", step="fire", found="", limit=""
    )
    judged = facts.HazardsJudged(
        load=1, before="L001", samples=("A", "B"), hazards=(hazard,),
        refused={"B": "burns"},
    )  # fmt: skip
    event = facts.Event(
        sequence=1, lab_time=0.0, actor="executor", payload=judged, previous=""
    )
    for sample in ("A", "B", None):
        (line,) = Narrator(sample=sample).lines([event])
        assert line.endswith("safety before L001: 1 hazards (melts); B burns")
    assert list(Narrator(sample="C").lines([event])) == []
