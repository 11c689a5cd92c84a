"""What holds of every log, wherever it is cut."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns import lifecycle as facts
from campaigns.history import history
from campaigns.ledger import Ledger
from campaigns.spec import CampaignSpec
from campaigns.store import Store
from instruments.labspec import LabSpec
from tests.end_to_end.runs import events

QUEUED = {"ur5e-1", "bench-1"}
"""Arm and person take orders one after another; their intents may stand in line."""
few = settings(max_examples=25, deadline=None)


@pytest.fixture(scope="module", params=["finished", "rescanned"])
def database(request):
    return request.getfixturevalue(request.param) / "campaign.db"


@pytest.fixture(scope="module")
def log(database):
    return events(database)


def folded(*pieces):
    ledger = Ledger()
    for piece in pieces:
        ledger.take(piece)
    return ledger


@few
@given(data=st.data())
def test_a_log_read_in_pieces_says_the_same(log, data):
    cut = data.draw(st.integers(0, len(log)))
    assert folded(log[:cut], log[cut:]) == folded(log)


@few
@given(data=st.data())
def test_a_longer_log_only_adds_to_what_was_known(log, data):
    cut = data.draw(st.integers(0, len(log)))
    early, late = history(log[:cut]).trials, history(log).trials
    assert [t.sample for t in early] == [t.sample for t in late[: len(early)]]
    for before, after in zip(early, late, strict=False):
        assert before.planned == after.planned
        assert before.status in ("pending", after.status)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.7, 1.0])
def test_any_beginning_makes_a_sound_database(database, log, share, tmp_path):
    cut = max(1, round(share * len(log)))
    opened = log[0].payload
    assert isinstance(opened, facts.CampaignOpened)
    source = Store.open(database)
    store = Store.create(
        tmp_path / "campaign.db",
        CampaignSpec.model_validate(opened.spec),
        lab=LabSpec.model_validate(opened.lab),
        mode=opened.mode,
        proposer=opened.proposer,
        seed=opened.seed,
        phases=opened.phases,
        versions=opened.versions,
        lab_time=log[0].lab_time,
    )
    with source, store:
        for event in log[1:cut]:
            match event.payload:
                case facts.Fired(trace=sha256) | facts.PatternMeasured(raw=sha256):
                    store.put_blob(source.blob(sha256))
                case facts.Identified(identification=found) if found.fit:
                    store.put_blob(source.blob(found.fit))
                case _:
                    pass
            store.append(event.payload, actor=event.actor, lab_time=event.lab_time)
        assert store.events() == log[:cut]
        assert store.history() == history(log[:cut])


def test_no_instrument_is_booked_twice(log):
    busy = {}
    for event in log:
        match event.payload:
            case facts.TaskStarted(task=task, instrument=instrument):
                if instrument not in QUEUED:
                    assert instrument not in busy.values(), task
                busy[task] = instrument
            case facts.TaskFinished(task=task) | facts.TaskFailed(task=task):
                busy.pop(task)
    assert busy == {}
