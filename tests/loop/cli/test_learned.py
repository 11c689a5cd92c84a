"""Campaigns that are told the pathways of their precursor sets."""

import pytest

from campaigns.store import Store
from tests.end_to_end.runs import athanor, write_campaign


@pytest.fixture
def learned(reasoned, tmp_path):
    file = tmp_path / "learned.json"
    told = athanor("learn", reasoned / "campaign.db", "-o", file)
    assert told.code == 0, told.err
    return file


def test_a_campaign_keeps_pathways_and_goes_on_without_the_file(learned, tmp_path):
    campaign, run = write_campaign(tmp_path), tmp_path / "run"
    done = athanor("simulate", campaign, "--learned", learned, "-o", run, "--review")
    assert done.code == 0, done.err
    learned.unlink()
    database = run / "campaign.db"
    assert "pathways learned from 4 powders of learned.json" in (
        athanor("log", database).out
    )
    told = athanor("replay", database)
    assert told.code == 0, told.out + told.err
    assert "1 of 1 loads proposed identically" in told.out
    with Store.open(database) as store:
        kept = store.opened.learned
        (first, *_) = store.events(kinds=("proposed",))
    assert set(kept.sets) == {"BaCO3 + TiO2", "BaO2 + TiO2"}
    assert first.payload.proposal.decision.model["learned.sha256"] == kept.sha256
    words = athanor("explain", database, first.payload.sample).out
    assert "Pathway (learned.json, 4 powders)" in " ".join(words.split())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--learned", "none.json"), "none.json"),
        (("--learned", "FILE", "--proposer", "random"), "found the proposer random"),
        (("--learned", "TORN"), "cut short"),
    ],
)
def test_what_cannot_be_used_is_refused_before_anything(
    learned, tmp_path, options, message
):
    torn = tmp_path / "torn.json"
    torn.write_text(learned.read_text()[:-30])
    files = {"FILE": learned, "TORN": torn}
    run = tmp_path / "run"
    given = [files.get(one, one) for one in options]
    told = athanor("simulate", write_campaign(tmp_path), *given, "-o", run)
    assert told.code != 0
    assert message in told.err
    assert not run.exists()


def test_databases_without_pathways_read_as_before(reasoned):
    with Store.open(reasoned / "campaign.db") as store:
        assert store.opened.learned is None
        assert "learned" not in store.events()[0].canonical()
