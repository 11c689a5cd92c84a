"""A campaign as plain files."""

import csv
import hashlib
import json

import numpy as np
import pytest

from campaigns.errors import StoreError
from campaigns.export.bundle import export
from campaigns.export.records import columns
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
