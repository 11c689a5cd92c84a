"""`athanor reanalyse`: new results beside old ones, and which of them counts."""

import csv
import re
import shutil

import pytest

from campaigns.lifecycle import Identified, Proposed, Scored
from campaigns.store import Store
from loop.analyse.instrumentfile import InstrumentFile
from loop.analyse.profile import Instrument
from loop.analyse.reanalysis import instrument_sha256
from loop.propose.seats import history_sha256
from tests.end_to_end.runs import ROOT, athanor, bodies, events

TABLE = ROOT / "campaigns" / "materials" / "phases.toml"


@pytest.fixture
def database(finished, tmp_path):
    copy = tmp_path / "run"
    shutil.copytree(finished, copy)
    return copy / "campaign.db"


def table_without(tmp_path, *names):
    """Write the packaged phase table without some rows."""
    head, *rows = re.split(r"(?m)^(?=\[\[phase\]\])", TABLE.read_text("utf-8"))
    kept = [r for r in rows if not any(f'name = "{n}"\n' in r for n in names)]
    assert len(kept) == len(rows) - len(names)
    file = tmp_path / "phases.toml"
    file.write_text(head + "".join(kept), "utf-8")
    return file


def test_it_prints_and_records_nothing_unless_told(database):
    before = bodies(database)
    done = athanor("reanalyse", database)
    assert done.code == 0, done.err
    assert [line.split()[0] for line in done.out.splitlines()[2:6]] == [
        "S0001", "S0002", "S0003", "S0004",
    ]  # fmt: skip
    assert "the same" in done.out
    assert "no row changed" in done.out
    assert bodies(database) == before


def test_what_is_applied_counts_and_the_old_stays(database, tmp_path):
    before, trials = bodies(database), Store.open(database).history().trials
    other = table_without(tmp_path, "BaTiO3")
    done = athanor(
        "reanalyse", database, "--references", other, "--sample", "S0002", "--apply"
    )
    assert done.code == 0, done.err
    assert "rows gone: BaTiO3" in done.out
    assert "recorded 1 new results" in done.out
    after = bodies(database)
    assert after[: len(before)] == before
    again, scored = (event.payload for event in events(database)[len(before) :])
    assert isinstance(again, Identified)
    assert isinstance(scored, Scored)
    first = next(
        e.payload
        for e in events(database)
        if isinstance(e.payload, Identified) and e.payload.sample == "S0002"
    )
    assert again.scan == first.scan
    assert again.references != first.references
    with Store.open(database) as store:
        store.verify()
        now = {trial.sample: trial for trial in store.history().trials}
        assert now["S0002"].scores == scored.scores
        old = {trial.sample: trial for trial in trials}
        assert now["S0001"] == old["S0001"]
        store.rebuild()
    status = athanor("status", database).out
    assert "analysed  again: S0002; the newest result counts" in status
    assert "(ended, virtual)" in status
    html = tmp_path / "report.html"
    athanor("report", database, "-o", html)
    assert "latest of 2 analyses" in html.read_text("utf-8")
    assert "S0002; the newest result counts" in html.read_text("utf-8")
    athanor("export", database, "--to", tmp_path / "export")
    with (tmp_path / "export" / "tables" / "samples.csv").open() as stream:
        rows = {row["sample"]: row for row in csv.DictReader(stream)}
    assert float(rows["S0002"]["score.yield"]) == scored.scores["yield"].mean
    resumed = athanor("resume", database)
    assert resumed.code == 1
    assert "has ended" in resumed.err


def test_an_old_decision_can_be_made_again_from_what_was_known(database, tmp_path):
    other = table_without(tmp_path, "BaTiO3")
    athanor(
        "reanalyse", database, "--references", other, "--sample", "S0001", "--apply"
    )
    with Store.open(database) as store:
        proposed = [e for e in store.events() if isinstance(e.payload, Proposed)]
        for event in proposed:
            load = event.payload.proposal.load
            first = next(e for e in proposed if e.payload.proposal.load == load)
            known = store.history(until=first.sequence - 1)
            recorded = event.payload.proposal.decision.history_sha256
            assert history_sha256(known) == recorded
        assert history_sha256(store.history()) not in {
            e.payload.proposal.decision.history_sha256 for e in proposed
        }


def test_an_unusable_result_takes_the_score_and_a_good_one_gives_it_back(
    database, tmp_path
):
    nothing = table_without(
        tmp_path, "Ba2TiO4", "BaTiO3", "BaCO3", "TiO2-rutile", "TiO2-anatase"
    )
    one = ("reanalyse", database, "--sample", "S0001", "--apply")
    done = athanor(*one, "--references", nothing)
    assert done.code == 0, done.err
    with Store.open(database) as store:
        trial = store.history().trials[0]
        assert (trial.status, trial.scores) == ("unusable", {})
    assert "1 unusable" in athanor("status", database).out
    athanor("export", database, "--to", tmp_path / "export")
    with (tmp_path / "export" / "tables" / "samples.csv").open() as stream:
        assert not next(csv.DictReader(stream))["score.yield"]
    assert athanor(*one).code == 0
    with Store.open(database) as store:
        store.verify()
        assert store.history().trials[0].status == "scored"
    assert athanor("report", database, "-o", tmp_path / "r.html").code == 0


def test_an_instrument_file_is_used_and_recorded(database, tmp_path):
    instrument = Instrument(gauss_degrees=0.1)
    file = tmp_path / "aeris.toml"
    file.write_text(InstrumentFile.of(instrument).text(), "utf-8")
    done = athanor(
        "reanalyse", database, "--instrument", file, "--sample", "S0003", "--apply"
    )
    assert done.code == 0, done.err
    found = [
        e.payload.instrument
        for e in events(database)
        if isinstance(e.payload, Identified) and e.payload.sample == "S0003"
    ]
    assert found == ["", instrument_sha256(instrument)]


def test_a_database_in_use_is_refused_before_the_work(database):
    with Store.open(database) as store:
        store.lock()
        done = athanor("reanalyse", database, "--apply")
    assert done.code == 1
    assert "another process is writing" in done.err


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("--sample", "S0009"), 2, "--sample: found 'S0009'; allowed: .*S0001, S0002"),
        (("--references", "nowhere.toml"), 2, "nowhere.toml"),
        (("--instrument", "nowhere.toml"), 2, "nowhere.toml"),
    ],
)
def test_what_cannot_be_used(database, options, code, message):
    done = athanor("reanalyse", database, *options)
    assert done.code == code, done.err
    assert re.search(message, done.err)
