"""A person's hand on a campaign, through the command line."""

import json

import pytest

from campaigns.lifecycle import Amended, Proposed, Scored
from campaigns.orders import folder_of
from campaigns.store import Store
from tests.end_to_end.runs import CAMPAIGN, athanor, events, write_campaign

WHY = ("--reason", "Gefühl", "--by", "Ada")


@pytest.fixture
def proposed(tmp_path):
    """Return a campaign of which one load is proposed and nothing is made."""
    run = tmp_path / "run"
    file = write_campaign(tmp_path, experiments=6)
    done = athanor("simulate", file, "--proposer", "random", "--review", "-o", run)
    assert done.code == 0, done.err
    return run / "campaign.db"


def payloads(database, kind):
    return [e.payload for e in events(database) if isinstance(e.payload, kind)]


def resume(database, *options):
    done = athanor("resume", database, *options)
    assert done.code == 0, done.err
    return done


def test_review_stops_before_anything_moves(proposed):
    kinds = {event.payload.kind for event in events(proposed)}
    assert kinds == {"campaign-opened", "proposed", "load-planned"}
    shown = athanor("steer", "list", proposed)
    assert "S0001 (search)" in shown.out
    assert "S0002 (search)" in shown.out


def test_a_pinned_recipe_rides_in_the_next_load(proposed):
    pinned = athanor(
        "steer", "pin", proposed, "precursors=BaO2 + TiO2",
        "fire.temperature_celsius=1050", *WHY,
    )  # fmt: skip
    assert pinned.code == 0, pinned.err
    assert (
        "to be made: precursors BaO2 + TiO2" in athanor("steer", "list", proposed).out
    )
    resume(proposed, "--review")
    second = [p.proposal for p in payloads(proposed, Proposed) if p.proposal.load == 2]
    (asked,) = [one for one in second if one.order]
    assert asked.parameters["precursors"] == "BaO2 + TiO2"
    assert {one.parameters["fire.temperature_celsius"] for one in second} == {1050.0}
    assert "Asked for by Ada" in asked.decision.reason
    assert "to be made" not in athanor("steer", "list", proposed).out


def test_vetoed_recipes_are_not_proposed(proposed):
    for setting in ("precursors=BaO2 + TiO2", "fire.temperature_celsius=900:1000"):
        vetoed = athanor("steer", "veto", proposed, setting, *WHY)
        assert vetoed.code == 0, vetoed.err
    resume(proposed)
    later = [p.proposal for p in payloads(proposed, Proposed) if p.proposal.load > 1]
    assert len(later) == 4
    for one in later:
        assert one.parameters["precursors"] == "BaCO3 + TiO2"
        assert one.parameters["fire.temperature_celsius"] > 1000
    assert athanor("replay", proposed).code == 0


def test_a_veto_can_be_taken_back(proposed):
    assert athanor("steer", "veto", proposed, "precursors=BaO2 + TiO2", *WHY).code == 0
    with Store.open(proposed) as store:
        (veto,) = store.history().vetoes
    assert athanor("steer", "undo", proposed, veto.order, *WHY).code == 0
    again = athanor("steer", "undo", proposed, veto.order, *WHY)
    assert again.code == 1
    assert "allowed: none" in again.err


def test_a_dropped_sample_is_not_made_nor_proposed_again(proposed):
    dropped = athanor("steer", "drop", proposed, "S0002", *WHY)
    assert dropped.code == 0, dropped.err
    assert "S0002 (dropped)" in athanor("steer", "list", proposed).out
    (recipe,) = [
        p.proposal.parameters
        for p in payloads(proposed, Proposed)
        if p.sample == "S0002"
    ]
    resume(proposed)
    assert "S0002" not in {p.sample for p in payloads(proposed, Scored)}
    later = [p.proposal for p in payloads(proposed, Proposed) if p.proposal.load > 1]
    assert recipe not in [one.parameters for one in later]
    twice = athanor("steer", "drop", proposed, "S0002", *WHY)
    assert twice.code == 1
    assert "not begun" in twice.err


def test_an_edited_sample_rides_in_the_next_load(proposed):
    edited = athanor(
        "steer", "edit", proposed, "S0001", "fire.hold_hours=4",
        "fire.temperature_celsius=1100", *WHY,
    )  # fmt: skip
    assert edited.code == 0, edited.err
    resume(proposed, "--review")
    second = [p.proposal for p in payloads(proposed, Proposed) if p.proposal.load == 2]
    (asked,) = [one for one in second if one.order]
    assert asked.parameters["fire.hold_hours"] == 4.0
    assert asked.parameters["fire.temperature_celsius"] == 1100.0
    assert "S0001 with changes: Gefühl" in asked.decision.reason


def test_goals_and_space_change_from_the_next_load_on(proposed, tmp_path):
    resume(proposed, "--review")
    changed = CAMPAIGN.format(experiments=6).replace("max = 1100", "max = 1150")
    changed += '[[objectives]]\nmeasure = "yield"\ngoal = "maximize"\n'
    changed += '[[objectives]]\nmeasure = "time"\ngoal = "minimize"\n'
    file = tmp_path / "changed.toml"
    file.write_text(changed, "utf-8")
    done = athanor("steer", "change", proposed, file, *WHY)
    assert done.code == 0, done.err
    assert "objectives, space" in done.out or "space, objectives" in done.out
    resume(proposed)
    (amended,) = payloads(proposed, Amended)
    assert amended.by == "Ada"
    with Store.open(proposed) as store:
        store.verify()
        scored = [t for t in store.history().trials if t.status == "scored"]
    assert len(scored) == 6
    assert all({"yield", "time"} <= set(trial.scores) for trial in scored)
    assert athanor("replay", proposed).code == 0


def test_what_may_not_change_is_refused(proposed, tmp_path):
    file = tmp_path / "changed.toml"
    file.write_text(CAMPAIGN.format(experiments=6).replace("tiny", "other"), "utf-8")
    done = athanor("steer", "change", proposed, file, *WHY)
    assert done.code == 2
    assert "begin a new campaign" in done.err


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (["fire.temperature_celsius=1000"], "precursors"),
        (["precursors=BaO2 + TiO2", "fire.temperature_celsius=1500"], "900 to 1100"),
        (["precursors=BaO2 + TiO2", "fire.hold_hours=soon"], "2 to 4"),
        (["precursors=Gold"], "BaCO3 + TiO2"),
        (["heat=1000"], "KEY=VALUE with one of precursors"),
        (["precursors"], "no equals sign"),
    ],
)
def test_a_pin_outside_the_space_is_refused(proposed, settings, says):
    done = athanor("steer", "pin", proposed, *settings, *WHY)
    assert done.code == 2
    assert says in done.err
    assert "pinned" not in {event.payload.kind for event in events(proposed)}


def test_orders_wait_beside_a_running_campaign(proposed):
    with Store.open(proposed) as running:
        running.lock()
        left = athanor("steer", "veto", proposed, "precursors=BaO2 + TiO2", *WHY)
        assert left.code == 0, left.err
        assert "before its next load" in left.out
    folder = folder_of(proposed)
    (folder / "000000000000001-torn.json").write_text('{"kind": "veto', "utf-8")
    assert len(list(folder.glob("*.json"))) == 2
    assert "waits to be taken in: vetoed" in athanor("steer", "list", proposed).out
    resume(proposed)
    with Store.open(proposed) as store:
        assert len(store.history().vetoes) == 1
    assert [one.suffix for one in folder.iterdir()] == [".refused"]
    later = [p.proposal for p in payloads(proposed, Proposed) if p.proposal.load > 1]
    assert {one.parameters["precursors"] for one in later} == {"BaCO3 + TiO2"}


def test_an_amendment_taken_in_before_a_crash_is_not_recorded_twice(proposed, tmp_path):
    file = tmp_path / "changed.toml"
    file.write_text(CAMPAIGN.format(experiments=4), "utf-8")
    with Store.open(proposed) as running:
        running.lock()
        assert athanor("steer", "change", proposed, file, *WHY).code == 0
    (left,) = folder_of(proposed).glob("*.json")
    text = left.read_bytes()
    resume(proposed, "--review")
    folder_of(proposed).mkdir()
    left.write_bytes(text)
    resume(proposed)
    assert len(payloads(proposed, Amended)) == 1
    assert not folder_of(proposed).exists()


def test_the_log_and_the_report_tell_of_orders(proposed, tmp_path):
    athanor("steer", "veto", proposed, "fire.temperature_celsius=900:1000", *WHY)
    told = athanor("log", proposed).out
    assert "Ada: V" in told
    assert "not to be made: fire temperature 900 to 1000 °C. Gefühl" in told
    assert athanor("report", proposed, "-o", tmp_path / "r.html").code == 0
    assert athanor("export", proposed, "--to", tmp_path / "out").code == 0
    assert json.loads(athanor("explain", proposed, "S0001", "--json").out)["load"] == 1
