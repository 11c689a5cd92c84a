"""Two furnaces at once: sooner done, each filled anew alone, and whole after a kill."""

from dataclasses import replace

import pytest

from campaigns.lifecycle import LoadPlanned, Proposed, SampleEnded, Scored, TaskFailed
from campaigns.store import Store
from campaigns.transitions import open_tasks
from instruments.eurotherm import EurothermFurnace
from tests.end_to_end.runs import (
    ROOT,
    assert_whole,
    athanor,
    bodies,
    elsewhere,
    events,
    write_campaign,
)

BOTH_FIRING = "world:250:after"
SLOW = [
    "store:30:before",  # both loads are dosed in turn
    "world:120:after",  # one load dries, the other is mixed
    "world:330:before",  # one furnace is emptied, the other fires
    "store:120:after",
    "world:440:after",  # one furnace was filled anew
    "store:260:before",
]
HOURS = {"one furnace": 59.6, "two furnaces": 29.9}
"""Lab time of 8 samples in furnaces of two places, as measured by these tests."""


def write_two(folder, *, small=1, **given):
    """Write a campaign and a lab with furnaces of two and of fewer places."""
    file = write_campaign(folder, **given)
    lab = (ROOT / "examples" / "lab-two-furnaces.toml").read_text("utf-8")
    lab = lab.replace("slots = 8", "slots = 2").replace(
        "slots = 4\n", f"slots = {small}\n"
    )
    file.with_name("lab.toml").write_text(lab, "utf-8")
    return file


def simulate(file, run, *more):
    done = athanor("simulate", file, "--proposer", "random", "-o", run, *more)
    assert done.code == 0, done.err
    assert_whole(run)
    return events(run / "campaign.db")


def replays(run):
    done = athanor("replay", run / "campaign.db")
    assert done.code == 0, done.out
    return done.out


def hours(log):
    return (log[-1].lab_time - log[0].lab_time) / 3600.0


def test_killed_with_both_furnaces_hot(tmp_path):
    file, run = write_two(tmp_path, experiments=4), tmp_path / "run"
    done = elsewhere(
        BOTH_FIRING, "simulate", file, "--proposer", "random", "-o", run,
        module="tests.end_to_end.victim",
    )  # fmt: skip
    assert done.code == -9, (done.out, done.err)
    before = bodies(run / "campaign.db")
    hot = {task.instrument for task in open_tasks(events(run / "campaign.db"))}
    assert hot == {"box-a", "box-b"}
    done = athanor("resume", run / "campaign.db")
    assert done.code == 0, done.err
    assert bodies(run / "campaign.db")[: len(before)] == before
    assert_whole(run)
    log = [event.payload for event in events(run / "campaign.db")]
    loads = [p for p in log if isinstance(p, LoadPlanned)]
    assert [(p.furnace, p.samples) for p in loads] == [
        ("box-a", ("S0001", "S0002")),
        ("box-b", ("S0003",)),
        ("box-b", ("S0004",)),
    ]
    first_of_third = log.index(loads[2])
    scored = {p.sample for p in log[:first_of_third] if isinstance(p, Scored)}
    assert scored == {"S0003"}, "box-b is filled anew without waiting for box-a"
    assert {p.seen for p in log if isinstance(p, Proposed)} > {1}
    assert "3 of 3 loads proposed identically" in replays(run)


@pytest.mark.slow
def test_two_furnaces_take_half_the_time(tmp_path):
    single = simulate(write_campaign(tmp_path / "a", experiments=8), tmp_path / "one")
    file = write_two(tmp_path / "b", small=2, experiments=8)
    double = simulate(file, tmp_path / "two")
    assert hours(single) == pytest.approx(HOURS["one furnace"], abs=1)
    assert hours(double) == pytest.approx(HOURS["two furnaces"], abs=1)
    again = simulate(file, tmp_path / "again")
    assert [e.sha256 for e in again] == [e.sha256 for e in double]
    assert "4 of 4" in replays(tmp_path / "two")


@pytest.mark.slow
@pytest.mark.parametrize("moment", SLOW)
def test_killed_at_any_moment(tmp_path, moment):
    file, run = write_two(tmp_path, experiments=6), tmp_path / "run"
    done = elsewhere(
        moment, "simulate", file, "--proposer", "random", "-o", run,
        module="tests.end_to_end.victim",
    )  # fmt: skip
    assert done.code == -9, (done.out, done.err)
    before = bodies(run / "campaign.db")
    done = athanor("resume", run / "campaign.db")
    assert done.code == 0, done.err
    assert bodies(run / "campaign.db")[: len(before)] == before
    assert_whole(run)
    replays(run)


@pytest.mark.slow
def test_loads_wait_for_review_and_orders_are_taken_in_between(tmp_path):
    file, run = write_two(tmp_path, experiments=4), tmp_path / "run"
    done = athanor("simulate", file, "--proposer", "random", "-o", run, "--review")
    assert done.code == 0, done.err
    database = run / "campaign.db"
    listed = athanor("steer", "list", database).out
    assert all(name in listed for name in ("S0001", "S0002", "S0003"))
    recipe = ("precursors=BaO2 + TiO2", "fire.temperature_celsius=950")
    done = athanor("steer", "pin", database, *recipe, "--by", "A", "--reason", "try it")
    assert done.code == 0, done.err
    done = athanor("resume", database, "--review")
    assert done.code == 0, done.err
    proposed = [e.payload for e in events(database) if isinstance(e.payload, Proposed)]
    assert [p.sample for p in proposed if p.proposal.order] == ["S0004"]
    assert athanor("resume", database).code == 0
    assert_whole(run)
    replays(run)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_our_proposer_counts_samples_on_their_way(tmp_path):
    file, run = write_two(tmp_path, experiments=5), tmp_path / "run"
    done = athanor("simulate", file, "-o", run)
    assert done.code == 0, done.err
    assert_whole(run)
    replays(run)
    told = athanor("explain", run / "campaign.db", "S0003").out
    assert "Chosen to add to 2 samples of load 1, on the way." in told
    assert "Asked for box-b, 1 place" in told
    assert "Loads compared, the one taken first" in told


STATE = EurothermFurnace.state


async def broken(self):
    """Return a furnace's state, box-b with a sensor break once it is hot."""
    found = await STATE(self)
    if self.name == "box-b" and found.measured_celsius > 600:
        return replace(found, faults=("sensor break",))
    return found


def test_one_furnace_has_a_fault_and_the_other_goes_on(tmp_path):
    file, run = write_two(tmp_path, experiments=6), tmp_path / "run"
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(EurothermFurnace, "state", broken)
        done = athanor("simulate", file, "--proposer", "random", "-o", run)
    assert done.code != 0
    assert "box-b: sensor break" in done.err
    log = [event.payload for event in events(run / "campaign.db")]
    loads = {p.load: p for p in log if isinstance(p, LoadPlanned)}
    (fault,) = [p for p in log if isinstance(p, TaskFailed) and p.outcome == "fault"]
    assert "until then at most" in fault.error
    # The other furnace spends what is left of the budget; the faulty one waits.
    waiting = {s for p in loads.values() if p.furnace == "box-b" for s in p.samples}
    scored = {p.sample for p in log if isinstance(p, Scored)}
    assert len(waiting) == 1
    assert len(scored) == 5
    assert [p.furnace for p in loads.values()].count("box-b") == 1

    repaired = athanor("resume", run / "campaign.db")
    assert repaired.code == 0, repaired.err
    log = [event.payload for event in events(run / "campaign.db")]
    assert log[-1].kind == "campaign-ended"
    (ended,) = [p for p in log if isinstance(p, SampleEnded)]
    assert (ended.sample, ended.status) == (*waiting, "held")
    assert "a fault of box-b cut the firing short" in ended.reason
    with Store.open(run / "campaign.db") as store:
        store.verify()
        trials = {t.sample: t.status for t in store.history().trials}
    assert trials[ended.sample] == "unusable"
    assert "cut the firing short" in (run / "report.html").read_text("utf-8")
