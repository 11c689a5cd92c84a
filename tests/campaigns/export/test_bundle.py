"""A campaign as plain files."""

import csv
import hashlib
import json

import numpy as np
import pytest

from campaigns import lifecycle as facts
from campaigns.errors import StoreError
from campaigns.export.bundle import export
from campaigns.export.records import columns
from simulators.firmware.xrdml import write_xrdml
from simulators.physics import Measurement
from tests.campaigns import synthetic


@pytest.fixture
def store(tmp_path):
    with synthetic.create(tmp_path / "c.db") as store:
        yield store


def contents(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def table(folder, name):
    with (folder / "tables" / f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_equal_campaigns_give_equal_folders(store, tmp_path):
    synthetic.fill(store)
    written = export(store, tmp_path / "one")
    export(store, tmp_path / "two")
    first = contents(tmp_path / "one")
    assert first == contents(tmp_path / "two")
    assert len(written) == len(first)
    for line in first["SHA256SUMS"].decode().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256(first[name]).hexdigest() == digest
    assert len(first["SHA256SUMS"].splitlines()) == len(first) - 1


def test_tables_hold_what_was_planned_commanded_and_measured(store, tmp_path):
    from pyarrow import parquet

    synthetic.fill(store)
    export(store, tmp_path / "out")
    rows = table(tmp_path / "out", "samples")
    assert len(rows) == 8
    last = rows[-1]
    assert last["planned.fire.temperature_celsius"] == "910.0"
    assert last["commanded.fire.hold_celsius"] == "910.0"
    assert last["measured.fire.hold_celsius"] == "908.5"
    assert last["measured.grams.CuO"] == "0.31093"
    assert float(last["score.yield"]) == pytest.approx(0.86)
    assert rows[0]["status"] == "failed"
    assert rows[0]["score.yield"] == ""
    assert (last["verdict.says"], rows[0]["verdict.says"]) == ("made", "")
    assert len(table(tmp_path / "out", "events")) == len(store.events())
    for path in (tmp_path / "out" / "tables").glob("*.csv"):
        stored = parquet.read_table(path.with_suffix(".parquet"))
        assert stored.num_rows == len(table(tmp_path / "out", path.stem))


def test_events_check_without_athanor(store, tmp_path):
    synthetic.fill(store)
    export(store, tmp_path / "out")
    previous = "0" * 64
    for line in (tmp_path / "out" / "events.jsonl").read_text("utf-8").splitlines():
        assert json.loads(line)["previous"] == previous
        previous = hashlib.sha256(line.encode()).hexdigest()


def test_patterns_come_as_they_were_and_as_xy(store, tmp_path):
    synthetic.fill(store)
    export(store, tmp_path / "out")
    raw = tmp_path / "out" / "patterns" / "S0002-scan.xrdml"
    assert raw.read_bytes() == b"<xrdMeasurements sample='S0002'/>"
    angles, counts = np.loadtxt(raw.with_suffix(".xy"), unpack=True)
    assert angles[0] == pytest.approx(10.0)
    assert counts.max() > 300
    (fit,) = (tmp_path / "out" / "fits").glob("S0002-scan-*.csv")
    assert fit.read_text().startswith(
        "two_theta_degrees,observed_counts,calculated_counts,background_counts,"
    )
    assert len(list((tmp_path / "out" / "traces").iterdir())) == synthetic.N_LOADS


def test_every_scan_gives_its_counts_analysed_or_not(store, tmp_path):
    measured = Measurement(
        start_degrees=10.0, end_degrees=10.04, counts=(5, 7, 9), seconds_per_point=1.5
    )
    raw = store.put_blob(
        write_xrdml(measured, sample_id="S0001", stamp="2026-01-01T00:00:00+00:00")
    )
    scan = facts.PatternMeasured(
        sample="S0001", scan="S0001-1", raw=raw, suffix=".xrdml", instrument="xrd",
        program="quick",
    )  # fmt: skip
    store.append(synthetic.proposed("S0001"), scan, actor="executor", lab_time=1.0)
    export(store, tmp_path / "out")
    path = tmp_path / "out" / "patterns" / "S0001-1.xy"
    angles, counts = np.loadtxt(path, unpack=True)
    assert angles.tolist() == pytest.approx([10.0, 10.02, 10.04])
    assert counts.tolist() == [5, 7, 9]


def test_columns_stand_in_an_order_that_a_person_can_read(store, tmp_path):
    synthetic.fill(store)
    export(store, tmp_path / "out")
    names = list(table(tmp_path / "out", "samples")[0])
    assert names[:5] == ["sample", "sequence", "load", "role", "status"]
    groups = [name.partition(".")[0] for name in names if "." in name]
    assert list(dict.fromkeys(groups)) == [
        "verdict", "score", "score_sd", "planned", "commanded", "measured",
    ]  # fmt: skip
    assert list(table(tmp_path / "out", "doses")[0])[:3] == [
        "sequence", "lab_time", "sample",
    ]  # fmt: skip
    known = json.loads((tmp_path / "out" / "provenance.json").read_text("utf-8"))
    assert known["event_log_sha256"] == store.event_log_sha256()
    assert known["versions"] == {"athanor-lab": "0.1.0", "botorch": "0.18"}


def test_an_empty_campaign_is_exported(store, tmp_path):
    export(store, tmp_path / "out")
    assert table(tmp_path / "out", "samples") == []
    assert (tmp_path / "out" / "spec.json").is_file()


def test_a_folder_with_anything_in_it_is_refused(store, tmp_path):
    with pytest.raises(StoreError, match="the folder is not empty"):
        export(store, tmp_path)
    blocked = tmp_path / "file"
    blocked.touch()
    with pytest.raises(StoreError, match="cannot be written"):
        export(store, blocked)


def test_names_cannot_leave_the_folder(tmp_path):
    with synthetic.create(tmp_path / "d.db") as store:
        proposal = synthetic.proposed("../../etc")
        store.append(proposal, actor="engine", lab_time=0.0)
        written = export(store, tmp_path / "out")
    assert all(path.is_relative_to(tmp_path / "out") for path in written)
    assert (tmp_path / "out" / "recipes" / "_._.._etc.json").is_file()


def test_a_column_of_numbers_and_words_becomes_words():
    records = [{"a": 1, "b": 1.5}, {"a": "x", "c": 2}, {"b": 2}]
    assert columns(records) == {
        "a": ["1", "x", None], "b": [1.5, None, 2.0], "c": [None, 2, None],
    }  # fmt: skip
