"""What every store must do; run on each backend in `BACKENDS`."""

from collections.abc import Callable
from pathlib import Path

import pytest

from campaigns import lifecycle as facts
from campaigns.errors import StoreError, TransitionError
from campaigns.store import Store
from campaigns.tables import TaskRow
from tests.campaigns import synthetic

BACKENDS: dict[str, Callable[[Path], Path]] = {
    "sqlite": lambda folder: folder / "campaign.db"
}


@pytest.fixture(params=list(BACKENDS))
def place(request, tmp_path):
    return BACKENDS[request.param](tmp_path)


def started(task: str, *samples: str, attempt: int = 1) -> facts.TaskStarted:
    return facts.TaskStarted(
        task=task, action="mix", samples=samples, instrument="mixer", attempt=attempt
    )


def test_an_empty_campaign_reads_back(place):
    synthetic.create(place).close()
    with Store.open(place) as store:
        assert store.spec == synthetic.campaign_spec()
        assert store.history().trials == ()
        assert [event.payload.kind for event in store.events()] == ["campaign-opened"]
        store.verify()


def test_append_returns_the_events_stored(place):
    with synthetic.create(place) as store:
        events = store.append(
            synthetic.proposed("S0001"),
            synthetic.proposed("S0002"),
            actor="engine",
            lab_time=12.5,
        )
        assert [event.sequence for event in events] == [2, 3]
        assert events[1].previous == events[0].sha256
        assert store.events(after=1) == events
        assert store.append(actor="engine", lab_time=13.0) == ()


def test_history_knows_every_status(place):
    with synthetic.fill(synthetic.create(place)) as store:
        trials = store.history().trials
    assert [trial.status for trial in trials] == [
        "failed", "scored", "scored", "unusable", *["scored"] * 4,
    ]  # fmt: skip
    last = trials[-1]
    assert last.planned["fire.temperature_celsius"] == 910.0
    assert last.measured["fire.temperature_celsius"] == 908.5
    assert last.measured["precursors"] == last.planned["precursors"]
    assert last.fractions.of("YBa2Cu3O7-x") == pytest.approx(last.scores["yield"].mean)
    assert trials[3].scores == {}


def test_an_unscored_sample_is_pending(place):
    with synthetic.create(place) as store:
        store.append(synthetic.proposed("S0001"), actor="engine", lab_time=0.0)
        (trial,) = store.history().trials
        assert trial.status == "pending"
        assert trial.measured == trial.planned


def test_only_one_writes_while_others_read(place):
    with synthetic.create(place) as writer, Store.open(place) as reader:
        writer.append(synthetic.proposed("S0001"), actor="engine", lab_time=0.0)
        assert len(reader.events()) == 2
        with pytest.raises(StoreError, match="another process is writing"):
            reader.append(synthetic.proposed("S0002"), actor="engine", lab_time=0.0)
        writer.append(synthetic.proposed("S0003"), actor="engine", lab_time=0.0)
        assert len(reader.events(after=2)) == 1


def test_the_next_writer_goes_on_from_the_end(place):
    with synthetic.create(place) as first:
        late = Store.open(place)
        first.append(synthetic.proposed("S0001"), actor="engine", lab_time=0.0)
    with late:
        late.append(synthetic.proposed("S0002"), actor="engine", lab_time=1.0)
        with pytest.raises(TransitionError, match="S0001 is proposed"):
            late.append(synthetic.proposed("S0001"), actor="engine", lab_time=1.0)
        late.verify()
        assert len(late.events()) == 3


def test_an_attempt_after_a_reopen_finds_its_row(place):
    with synthetic.create(place) as store:
        failed = facts.TaskFailed(task="T", error="no contact", outcome="not-started")
        store.append(started("T"), failed, actor="executor", lab_time=0.0)
    with Store.open(place) as store:
        store.append(started("T", attempt=2), actor="executor", lab_time=1.0)
    with Store.open(place) as store:
        store.append(facts.TaskFinished(task="T"), actor="executor", lab_time=2.0)
        statuses = [(row.attempt, row.status) for row in store.rows(TaskRow)]
        assert statuses == [(1, "not-started"), (2, "finished")]


def test_blobs_are_found_by_content(place):
    with synthetic.create(place) as store:
        address = store.put_blob(b"counts")
        assert store.put_blob(b"counts") == address
        assert store.blob(address) == b"counts"
        assert store.has_blob(address)
        with pytest.raises(StoreError, match="no blob 000"):
            store.blob("0" * 64)


def test_a_payload_may_not_name_a_blob_that_is_missing(place):
    with synthetic.create(place) as store:
        store.append(synthetic.proposed("S0001"), actor="engine", lab_time=0.0)
        measured = facts.PatternMeasured(
            sample="S0001", scan="a", raw="f" * 64, suffix=".xrdml", instrument="xrd",
            program="quick",
        )  # fmt: skip
        with pytest.raises(StoreError, match="put the blob first"):
            store.append(measured, actor="executor", lab_time=0.0)


def test_unicode_everywhere(place):
    with synthetic.create(place, name="Höhe 高温 🔥") as store:
        ended = facts.SampleEnded(
            sample="S0001", status="held", reason="Tiegel\n\x00 ‘Ω’"
        )
        proposed = synthetic.proposed("S0001")
        store.append(proposed, ended, actor="Jörg Müller", lab_time=0.0)
    with Store.open(place) as store:
        assert store.spec.name == "Höhe 高温 🔥"
        assert store.events()[-1].payload == ended
        assert store.events()[-1].actor == "Jörg Müller"
        store.verify()
