"""`athanor literature`, and campaigns that start from it."""

import json

import pytest

from campaigns.store import Store
from tests.end_to_end.runs import athanor, write_campaign
from tests.loop.knowledge.reactions import write


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ATHANOR_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def file(tmp_path):
    return write(tmp_path / "small.json")


def test_sets_conditions_and_sources_are_printed(file):
    told = athanor("literature", file, "BaTiO3")
    assert told.code == 0, told.err
    assert "27 of 27 records can be used" in told.out
    assert "1. BaCO3 + TiO2" in told.out
    assert "BaCO3 + TiO2 → BaTiO3 + CO2(g)" in told.out
    assert "calcining: " in told.out
    assert "doi:10.1/0" in told.out


def test_json_holds_the_whole_answer(file):
    told = athanor(
        "literature", file, "Ba0.5Ca0.5TiO3", "--precursors", "BaO2,CaCO3,TiO2",
        "--top", "1", "--json",
    )  # fmt: skip
    answer = json.loads(told.out)
    (best,) = answer["sets"]
    assert set(best["precursors"]) == {"BaO2", "CaCO3", "TiO2"}
    assert best["gases_mol"] == {"CO2": 0.5, "O2": 0.25}
    assert answer["powder"]["celsius"]
    assert answer["nearest"][0]["doi"]
    assert answer["records"]["records"] == 27


def test_nothing_that_balances_is_said(file):
    told = athanor("literature", file, "BaHfO3")
    assert told.code == 0
    assert "no report holds Hf" in told.out
    assert "no precursor set balances" in told.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("Xx2",), "'Xx' is not an element"),
        (("BaTiO3", "--precursors", "BaCO3,Ti02x"), "allowed: chemical formulas"),
        (("BaTiO3", "--precursors", ","), "--precursors: found none"),
    ],
)
def test_bad_formulas_are_refused(file, arguments, message):
    told = athanor("literature", file, *arguments)
    assert told.code == 2
    assert message in told.err


def test_files_that_are_none_are_refused(tmp_path):
    torn = tmp_path / "torn.json"
    torn.write_text('{"reactions": [{"doi"')
    assert athanor("literature", torn, "BaTiO3").code == 2
    told = athanor("literature", tmp_path / "none.json", "BaTiO3")
    assert told.code == 2
    assert "no such file" in told.err
    assert athanor("literature", tmp_path, "BaTiO3").code == 2


def test_a_campaign_keeps_its_guesses_and_goes_on_without_the_file(file, tmp_path):
    campaign, run = write_campaign(tmp_path), tmp_path / "run"
    done = athanor("simulate", campaign, "--literature", file, "-o", run, "--review")
    assert done.code == 0, done.err
    file.unlink()
    database = run / "campaign.db"
    assert "first guesses from small.json" in athanor("log", database).out
    told = athanor("replay", database)
    assert told.code == 0, told.out + told.err
    assert "1 of 1 loads proposed identically" in told.out
    with Store.open(database) as store:
        assert store.opened.literature is not None
        (first, *_) = store.events(kinds=("proposed",))
    decision = first.payload.proposal.decision
    assert decision.model["literature.sha256"] == store.opened.literature.sha256
    assert "doi:10.1/0" in decision.reason


def test_a_proposer_without_chemistry_takes_no_literature(file, tmp_path):
    told = athanor(
        "simulate", write_campaign(tmp_path), "--literature", file,
        "--proposer", "random", "-o", tmp_path / "run",
    )  # fmt: skip
    assert told.code != 0
    assert "--literature: found the proposer random" in told.err
    assert not (tmp_path / "run").exists()
