"""Events in and out of a database that is killed, cut, filled and tampered with."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns import lifecycle as facts
from campaigns.errors import StoreError, TransitionError
from campaigns.results import DecisionRecord, Proposal
from campaigns.store import Store
from campaigns.tables import DERIVED, EventRow, HostTimingRow, SampleRow, TaskRow
from tests.campaigns import synthetic

PROMPT = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.dictionaries(NAMES, st.one_of(NUMBERS, NAMES), max_size=4)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "campaign.db"


@pytest.fixture
def filled(path):
    with synthetic.create(path) as store:
        yield synthetic.fill(store)


@PROMPT
@given(sample=NAMES, values=VALUES, actor=NAMES, lab_time=NUMBERS, text=NAMES)
def test_events_read_back_as_written(tmp_path, sample, values, actor, lab_time, text):
    path = tmp_path / "campaign.db"
    for file in tmp_path.iterdir():
        file.unlink()
    proposed = synthetic.proposed("S").model_copy(update={"sample": sample})
    started = facts.TaskStarted(
        task=text, action="mix", samples=(sample,), instrument=text, commanded=values
    )
    with synthetic.create(path) as store:
        written = store.append(
            proposed,
            started,
            facts.TaskFinished(task=text, measured=values),
            actor=actor,
            lab_time=lab_time,
        )
        assert store.events(after=1) == written
        store.verify()
        (row,) = store.rows(TaskRow)
        assert (row.task, row.status) == (text, "finished")


def test_derived_tables_are_equal_after_rebuild(filled):
    before = {table: filled.rows(table) for table in DERIVED}
    assert all(before.values())
    filled.rebuild()
    assert {table: filled.rows(table) for table in DERIVED} == before


def test_two_equal_campaigns_have_equal_logs(tmp_path):
    digests = set()
    for name in ("one.db", "two.db"):
        with synthetic.fill(synthetic.create(tmp_path / name)) as store:
            digests.add(store.event_log_sha256())
    assert len(digests) == 1


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("UPDATE event SET body = replace(body, '840', '841') WHERE sequence = 2", "2"),
        ("UPDATE event SET body = replace(body, 'doser', 'loser') WHERE sequence = 7",
         "event 7 was changed"),
        ("UPDATE event SET actor = 'nobody' WHERE sequence = 9", "event 9 was changed"),
        ("DELETE FROM event WHERE sequence = 11", "event 11 is missing"),
        ("DELETE FROM event WHERE sequence > 30", "chain ends at event 30"),
        ("UPDATE blob SET data = x'00' WHERE rowid = 1", "blob .* was changed"),
    ],
)  # fmt: skip
def test_verify_names_what_was_tampered_with(path, statement, message):
    synthetic.fill(synthetic.create(path)).close()
    with sqlite3.connect(path) as connection:
        if "'840'" in statement:
            statement = statement.replace("'840', '841'", "'875', '876'")
        assert connection.execute(statement).rowcount
    connection.close()
    with Store.open(path) as store, pytest.raises(StoreError, match=message):
        store.verify()


def test_a_rehashed_event_breaks_the_chain_after_it(filled, path):
    import hashlib

    filled.close()
    with sqlite3.connect(path) as connection:
        (body,) = connection.execute(
            "SELECT body FROM event WHERE sequence=7"
        ).fetchone()
        body = body.replace("doser", "other")
        digest = hashlib.sha256(body.encode()).hexdigest()
        connection.execute(
            "UPDATE event SET body=?, sha256=? WHERE sequence=7", (body, digest)
        )
    connection.close()
    with Store.open(path) as store, pytest.raises(StoreError, match="event 8 does not"):
        store.verify()


APPENDER = """
import sys
from pathlib import Path
from campaigns import lifecycle as facts
from campaigns.store import Store
from tests.campaigns import synthetic
store = Store.open(Path(sys.argv[1]))
store.append(synthetic.proposed("S0001"), actor="engine", lab_time=0.0)
for i in range(100000):
    task = f"T{i}"
    store.append(
        facts.TaskStarted(task=task, action="mix", samples=("S0001",), instrument="m"),
        facts.TaskFinished(task=task), actor="executor", lab_time=float(i))
    print(i, flush=True)
"""


def test_a_killed_writer_leaves_every_answered_event(path):
    synthetic.create(path).close()
    process = subprocess.Popen(
        [sys.executable, "-c", APPENDER, str(path)], stdout=subprocess.PIPE, text=True
    )
    answered = [int(process.stdout.readline()) for _ in range(40)]
    os.kill(process.pid, signal.SIGKILL)
    rest = process.communicate()[0].split()
    last = int(rest[-1]) if rest else answered[-1]
    with Store.open(path) as store:
        store.verify()
        rows = store.rows(TaskRow)
        assert len(rows) >= last + 1
        assert {row.status for row in rows} == {"finished"}
        assert len(store.events()) == 2 + 2 * len(rows)
        store.append(facts.CampaignEnded(reason="found"), actor="engine", lab_time=1.0)


def test_disk_full_loses_nothing_written_before(path):
    with synthetic.create(path) as store:
        store.append(synthetic.proposed("S0001"), actor="engine", lab_time=0.0)
        before, digest = store.events(), store.event_log_sha256()
        with store._engine.connect() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
            connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
        many = [synthetic.proposed(f"S{i:04}") for i in range(2, 40)]
        with pytest.raises(StoreError, match="disk is full; nothing was written"):
            store.append(*many, actor="engine", lab_time=0.0)
        kept = store.events()
        assert kept == before
        store.verify()
        with store._engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count=1000000")
        store.append(synthetic.proposed("S9999"), actor="engine", lab_time=0.0)
        store.verify()
        assert store.event_log_sha256() != digest


def test_a_torn_file_is_refused(path):
    synthetic.fill(synthetic.create(path)).close()
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(StoreError, match=r"campaign\.db: .*(malformed|damaged)"):
        Store.open(path)


def test_other_files_are_refused(tmp_path):
    with pytest.raises(StoreError, match="no such campaign database"):
        Store.open(tmp_path / "absent.db")
    text = tmp_path / "text.db"
    text.write_text("not a database, though long enough to be looked into" * 40)
    with pytest.raises(StoreError, match="not a whole campaign database"):
        Store.open(text)
    foreign = tmp_path / "foreign.db"
    with sqlite3.connect(foreign) as connection:
        connection.execute("CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT)")
    connection.close()
    with pytest.raises(StoreError, match="not a campaign database"):
        Store.open(foreign)
    empty = tmp_path / "empty.db"
    empty.touch()
    with pytest.raises(StoreError, match="this is not a campaign database"):
        Store.open(empty)


def test_a_file_that_nobody_may_write_is_read(path, monkeypatch):
    synthetic.fill(synthetic.create(path)).close()
    monkeypatch.setattr(os, "access", lambda *_: False)
    with Store.open(path) as store:
        store.verify()
        assert len(store.history().trials) == 8


def test_an_unclosed_file_that_nobody_may_write_is_refused(path, monkeypatch):
    with synthetic.create(path):
        monkeypatch.setattr(os, "access", lambda *_: False)
        with pytest.raises(StoreError, match=r"last events are in campaign\.db-wal"):
            Store.open(path)


@pytest.mark.parametrize(("mode", "level"), [("virtual", 1), ("real", 2)])
def test_only_a_dry_run_does_not_wait_for_the_disk(path, mode, level):
    made = synthetic.create(path, mode=mode)
    made.close()
    for store in (made, Store.open(path)):
        with store._engine.connect() as connection:
            found = connection.exec_driver_sql("PRAGMA synchronous").scalar()
            assert found == level
        store.close()


def test_a_newer_layout_is_refused(path):
    synthetic.create(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE meta SET value='99' WHERE key='layout'")
    connection.close()
    with pytest.raises(StoreError, match="layout 99; this software reads layout 1"):
        Store.open(path)


def test_create_refuses_bad_places(tmp_path, path):
    synthetic.create(path).close()
    with pytest.raises(StoreError, match="the file exists"):
        synthetic.create(path)
    with pytest.raises(StoreError, match="cannot be made: No such file or directory"):
        synthetic.create(tmp_path / "no" / "such.db")


def test_numbers_that_json_lacks_are_refused_before_writing(filled, path):
    store = synthetic.create(path.with_name("other.db"))
    finished = facts.TaskFinished(task="T", measured={"x": float("nan")})
    started = facts.TaskStarted(task="T", action="mix", samples=(), instrument="m")
    with store, pytest.raises(StoreError, match="task-finished: cannot be written"):
        store.append(started, finished, actor="executor", lab_time=0.0)
    with Store.open(store.path) as store:
        assert len(store.events()) == 1


def test_host_timings_stay_outside_the_chain(filled):
    before = filled.event_log_sha256()
    filled.record_host_timing("propose", 1.25)
    (row,) = filled.rows(HostTimingRow)
    assert (row.name, row.seconds) == ("propose", 1.25)
    assert filled.event_log_sha256() == before


def test_twenty_thousand_events_in_groups(path):
    decision = DecisionRecord(method="sobol", reason="Fills the space.")
    parameters = {"precursors": "a + b", "fire.temperature_celsius": 900.0}
    proposal = Proposal(parameters=parameters, load=1, decision=decision)
    recipe = synthetic.recipe()
    # Processor time: the machine that runs the tests may be busy with others.
    started = time.process_time()
    with synthetic.create(path) as store:
        for group in range(100):
            payloads = []
            for i in range(40):
                name = f"S{group * 40 + i:05}"
                payloads.append(
                    facts.Proposed(sample=name, proposal=proposal, recipe=recipe)
                )
                for action in ("mix", "dry"):
                    task = f"{name}/{action}"
                    payloads.append(
                        facts.TaskStarted(
                            task=task, action=action, samples=(name,), instrument="m"
                        )
                    )
                    payloads.append(facts.TaskFinished(task=task))
            store.append(*payloads, actor="engine", lab_time=float(group))
        appended = time.process_time() - started
        began = time.process_time()
        trials = store.history().trials
        took = time.process_time() - began
        assert len(store.rows(EventRow)) == 20_001
        assert len(trials) == 4000
        assert took < 1.0
        assert appended < 30.0
        print(f"append {appended:.1f} s, history {took:.2f} s")


def test_a_refused_payload_writes_nothing(path):
    with synthetic.create(path) as store:
        ended = facts.SampleEnded(sample="S0009", status="failed", reason="lost")
        with pytest.raises(TransitionError, match="S0009"):
            store.append(
                synthetic.proposed("S0001"), ended, actor="engine", lab_time=0.0
            )
        assert len(store.events()) == 1
        assert store.rows(SampleRow) == []
        store.append(synthetic.proposed("S0001"), actor="engine", lab_time=0.0)


def test_campaigns_load_fast_and_without_heavy_libraries():
    code = (
        "import sys, campaigns.store\n"
        "heavy = {'torch', 'ax', 'botorch', 'pandas', 'pyarrow', 'plotly', 'scipy',"
        " 'pymatgen'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path.cwd())
