"""Explaining and replaying decisions through the command line."""

import json
import shutil
import sqlite3
from dataclasses import replace

from campaigns.materials.phases import PhaseTable
from campaigns.review.campaign import objective_views
from campaigns.review.explanation import explain
from campaigns.store import Store
from loop.cli.setup import lab_of, proposer_of
from loop.propose.proposer import make_proposer
from loop.replay import replay
from tests.end_to_end.runs import athanor


def test_explain_tells_why_and_what_came_of_it(reasoned):
    told = athanor("explain", reasoned / "campaign.db", "S0003")
    assert told.code == 0, told.err
    assert "S0003, search of load 2" in told.out
    for title in (
        "Expected and found",
        "Chemistry that the model saw",
        "Earlier results most like it",
        "Along each parameter",
        "Best candidates not taken",
    ):
        assert title in told.out
    assert "stable carbonate" in told.out
    assert "reaction free energy" in told.out
    assert "chance to beat it" in told.out
    assert "Decided from 2 scored" in told.out


def test_explain_names_only_what_was_known_then(reasoned):
    with Store.open(reasoned / "campaign.db") as store:
        found = explain(store, "S0004", objective_views(store.spec))
    known = {trial.sample for trial in found.before.trials}
    assert known == {"S0001", "S0002"}
    assert {near.sample for near in found.decision.nearest} <= known
    assert found.decision.n_scored == 2


def test_explain_lists_the_spots_that_are_off_beyond_doubt(reasoned):
    with Store.open(reasoned / "campaign.db") as store:
        found = explain(store, "S0003", objective_views(store.spec))
    told = {k for k in found.decision.model if "offset_kelvin[box" in k}
    assert len(told) == 2, "two samples stood in two slots"
    model = {
        "yield.offset_kelvin[box-a/1]": 12.4, "yield.offset_sd_kelvin[box-a/1]": 4.0,
        "yield.offset_kelvin[box-a/2]": -1.0, "yield.offset_sd_kelvin[box-a/2]": 5.0,
    }  # fmt: skip
    decision = found.decision.model_copy(update={"model": model})
    proposal = found.proposed.proposal.model_copy(update={"decision": decision})
    proposed = found.proposed.model_copy(update={"proposal": proposal})
    lines = list(replace(found, proposed=proposed).lines())
    at = lines.index("Spots hotter (+) or colder than their furnace says")
    assert lines[at + 1] == "  box-a/1: +12 ± 4 K"
    assert not any("box-a/2" in line for line in lines)


def test_explain_draws_what_the_model_believed(reasoned, tmp_path):
    for suffix, head in ((".png", b"\x89PNG"), (".svg", b"<?xml"), (".html", b"<!doc")):
        picture = tmp_path / f"why{suffix}"
        told = athanor("explain", reasoned / "campaign.db", "S0003", "--plot", picture)
        assert told.code == 0, told.err
        assert picture.read_bytes().startswith(head)


def test_explain_as_json_holds_the_whole_record(reasoned):
    told = athanor("explain", reasoned / "campaign.db", "S0001", "--json")
    document = json.loads(told.out)
    assert document["known"] == []
    assert document["decision"]["descriptors"]["precursors"] == 2
    assert document["decision"]["slices"]


def test_explain_says_what_is_wrong(reasoned, tmp_path):
    database = reasoned / "campaign.db"
    strange = athanor("explain", database, "S9999")
    assert strange.code == 1
    assert "S0001 to S0004" in strange.err
    picture = athanor("explain", database, "S0001", "--plot", tmp_path / "why.bmp")
    assert picture.code == 2
    assert ".png, .svg, .html" in picture.err


def test_every_decision_is_made_again_to_the_last_digit(reasoned):
    told = athanor("replay", reasoned / "campaign.db")
    assert told.code == 0, told.out + told.err
    assert "load 1 (S0001, S0002): identical" in told.out
    assert "2 of 2 loads proposed identically" in told.out


def test_replay_of_one_load_as_json(reasoned):
    told = athanor("replay", reasoned / "campaign.db", "--load", 2, "--json")
    assert [one["load"] for one in json.loads(told.out)["loads"]] == [2]
    missing = athanor("replay", reasoned / "campaign.db", "--load", 7)
    assert missing.code == 1
    assert "allowed: 1 to 2" in missing.err


def test_another_proposer_is_told_apart(reasoned):
    with Store.open(reasoned / "campaign.db") as store:
        lab = lab_of(store)
        table = PhaseTable.load()
        (same,) = replay(store, lab, table, proposer_of(store), loads=[1])
        (other,) = replay(store, lab, table, make_proposer("random"), loads=[1])
    assert same.differences == ()
    assert any("was proposed" in text for text in other.differences)


def test_replay_refuses_a_log_that_was_changed(reasoned, tmp_path):
    database = tmp_path / "campaign.db"
    shutil.copy(reasoned / "campaign.db", database)
    with sqlite3.connect(database) as connection:
        connection.execute("update event set body = replace(body, '0.7', '0.8')")
    told = athanor("replay", database)
    assert told.code == 1
    assert "hash" in told.err or "changed" in told.err
