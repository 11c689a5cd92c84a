"""Trials folded from a log."""

import pytest

from campaigns import lifecycle as facts
from tests.campaigns.synthetic import Writer, create, fill, proposed


@pytest.fixture
def writer(tmp_path):
    with create(tmp_path / "campaign.db") as store:
        yield Writer(store)


def carry(writer, slot):
    moved = facts.PortionMoved(
        sample="S0001", source="wherever", destination=slot, moved_by="arm",
        container="crucible-1",
    )  # fmt: skip
    writer.add(moved)


def fire(writer, celsius):
    values = {"peak_celsius": celsius}
    fired = facts.Fired(
        load=1, samples=("S0001",), step=f"at {celsius:g}", furnace="box-a",
        planned=values, commanded=values, measured=values,
        trace=writer.store.put_blob(b"a trace"),
    )  # fmt: skip
    writer.add(fired)


def test_a_result_knows_the_slot_of_its_hottest_firing(writer):
    planned = facts.LoadPlanned(load=1, furnace="box-a", samples=("S0001",), seconds=1)
    writer.add(proposed("S0001", load=1, celsius=875.0, barium="BaO2"), planned)
    for slot, celsius in (("box-a/4", 600.0), ("box-a/7", 875.0), ("box-a/2", 700.0)):
        carry(writer, slot)
        fire(writer, celsius)
    carry(writer, "rack/1")
    assert writer.store.history().trials[0].slot == ""
    writer.scan("S0001", {"YBa2Cu3O7": 0.9, "CuO": 0.1}, is_usable=True)
    writer.score("S0001", 0.9, 875.0)
    (trial,) = writer.store.history().trials
    assert trial.slot == "box-a/7"


def test_logs_without_moves_of_crucibles_read_as_before(writer):
    trials = fill(writer.store).history().trials
    assert {trial.slot for trial in trials} == {""}
    assert all("slot" not in trial.model_dump() for trial in trials)
