"""Old events through new eyes."""

import json

import pytest

from campaigns.errors import StoreError
from campaigns.lifecycle import SCHEMA_VERSION, Event
from campaigns.upcasters import read_event, upcast
from tests.campaigns import synthetic


def raw(version: int) -> dict:
    event = Event(
        sequence=3, lab_time=1.0, actor="engine", payload=synthetic.proposed("A"),
        previous="0" * 64,
    )  # fmt: skip
    return {**json.loads(event.canonical()), "schema_version": version}


def test_each_step_leads_to_the_next_version():
    steps = {
        1: lambda event: {**event, "actor": event["actor"] + "+1"},
        2: lambda event: {**event, "actor": event["actor"] + "+2"},
    }
    seen = upcast(raw(1), upcasters=steps, current=3)
    assert (seen["schema_version"], seen["actor"]) == (3, "engine+1+2")
    assert upcast(raw(3), upcasters=steps, current=3) == raw(3)


def test_a_newer_event_is_refused():
    with pytest.raises(StoreError, match=r"event 3 has schema version 2; .* newer"):
        read_event(json.dumps(raw(SCHEMA_VERSION + 1)))


def test_an_event_that_nothing_reads_is_refused():
    with pytest.raises(StoreError, match=r"event 3 .* nothing here reads it"):
        upcast(raw(0), upcasters={}, current=1)


def test_text_that_is_no_event_is_refused():
    with pytest.raises(StoreError, match="not an event"):
        read_event("{}")


def test_a_current_event_reads_back():
    event = read_event(json.dumps(raw(SCHEMA_VERSION)))
    assert event.payload == synthetic.proposed("A")


def test_events_from_before_verdicts_and_second_scans_are_read(tmp_path):
    added = {"verdict", "references", "instrument", "program", "longer"}

    def without(value):
        if isinstance(value, dict):
            return {k: without(v) for k, v in value.items() if k not in added}
        return [without(one) for one in value] if isinstance(value, list) else value

    with synthetic.create(tmp_path / "c.db") as store:
        synthetic.fill(store)
        for event in store.events(kinds=("proposed", "identified", "scored")):
            old = json.loads(event.canonical())
            read = read_event(json.dumps(without(old)))
            assert without(json.loads(read.canonical())) == without(old)
