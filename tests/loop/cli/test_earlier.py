"""Campaigns that begin with the results of earlier ones."""

import json

import pytest

from campaigns.store import Store
from tests.end_to_end.runs import athanor, write_campaign
from tests.loop.backtest.tables import hill


def test_a_campaign_keeps_earlier_results_and_goes_on_without_them(reasoned, tmp_path):
    campaign, run = write_campaign(tmp_path), tmp_path / "run"
    copy = tmp_path / "before.db"
    with Store.open(reasoned / "campaign.db") as store:
        store.backup(copy)
    done = athanor("simulate", campaign, "--earlier", copy, "-o", run, "--review")
    assert done.code == 0, done.err
    copy.unlink()
    database = run / "campaign.db"
    assert "results of earlier campaigns: tiny (4 samples)" in (
        athanor("log", database).out
    )
    told = athanor("replay", database)
    assert told.code == 0, told.out + told.err
    assert "1 of 1 loads proposed identically" in told.out
    with Store.open(database) as store:
        (kept,) = store.opened.earlier
        (first, *_) = store.events(kinds=("proposed",))
    assert (kept.file, kept.target) == ("before.db", "BaTiO3")
    decision = first.payload.proposal.decision
    assert decision.model["earlier[0].sha256"] == kept.sha256
    assert "tiny (BaTiO3, 4 samples, weight 0.50)" in decision.reason


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("--earlier", "none.db"), "no such file"),
        (("--proposer", "random", "--earlier", "DB"), "found the proposer random"),
    ],
)
def test_what_cannot_be_remembered_is_refused(reasoned, tmp_path, given, message):
    database = str(reasoned / "campaign.db")
    options = [database if one == "DB" else one for one in given]
    run = tmp_path / "run"
    told = athanor("simulate", write_campaign(tmp_path), *options, "-o", run)
    assert told.code != 0
    assert message in told.err
    assert not run.exists()


def test_databases_without_earlier_results_read_as_before(reasoned):
    with Store.open(reasoned / "campaign.db") as store:
        assert store.opened.earlier == ()
        assert "earlier" not in store.events()[0].canonical()


def test_a_backtest_compares_with_and_without_an_earlier_table(tmp_path):
    table = hill(tmp_path)
    told = athanor(
        "backtest", table, "--objective", "y:max", "--earlier", table, "--seeds", 1,
        "--budget", 5, "--methods", "athanor", "--json",
    )  # fmt: skip
    assert told.code == 0, told.err
    found = json.loads(told.out)
    assert set(found) == {"athanor+earlier", "athanor"}
