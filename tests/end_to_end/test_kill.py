"""A killed run goes on: no event lost, nothing done twice, the campaign ends."""

import pytest

from tests.end_to_end.runs import (
    assert_whole,
    athanor,
    bodies,
    elsewhere,
    write_campaign,
)

FAST = "world:177:before"  # the furnace has run its program, nobody has looked yet
SLOW = [
    "store:4:before",  # an intent is lost: nothing was asked of the instrument
    "store:5:after",  # an intent without its effect
    "world:13:before",  # a dose asked for, not begun
    "world:13:after",  # powder falling
    "store:12:before",  # a dose done, not recorded
    "world:44:after",  # mixing begun
    "world:74:before",  # mixing, to be stopped
    "world:115:before",  # the oven is programmed, not run
    "world:115:after",  # drying
    "world:128:after",  # powder being poured
    "world:165:before",  # half of the furnace's program is written
    "world:175:before",  # the furnace is programmed, not run
    "world:175:after",  # firing
    "world:184:before",  # fired, being recovered
    "world:199:after",  # grinding
    "world:219:after",  # scanning
    "world:239:before",  # a pattern is measured, not fetched
    "store:150:before",  # somewhere in the second load
]


def killed(folder, moment, *arguments):
    done = elsewhere(moment, *arguments, module="tests.end_to_end.victim")
    assert done.code == -9, (done.out, done.err)
    return bodies(folder / "campaign.db")


def resumed(folder, before):
    done = athanor("resume", folder / "campaign.db")
    assert done.code == 0, done.err
    after = bodies(folder / "campaign.db")
    assert after[: len(before)] == before, "an event was lost or changed"
    assert_whole(folder)
    return after


def test_killed_during_a_load(tmp_path):
    file = write_campaign(tmp_path, experiments=2)
    run = tmp_path / "run"
    arguments = ("simulate", file, "--proposer", "random", "-o", run)
    resumed(run, killed(run, FAST, *arguments))
    again = athanor("resume", run / "campaign.db")
    assert again.code == 1
    assert "has ended" in again.err


@pytest.mark.slow
@pytest.mark.parametrize("moment", SLOW)
def test_killed_at_any_moment(tmp_path, moment):
    file = write_campaign(tmp_path, experiments=4)
    run = tmp_path / "run"
    arguments = ("simulate", file, "--proposer", "random", "-o", run)
    resumed(run, killed(run, moment, *arguments))


@pytest.mark.slow
def test_killed_again_and_again(tmp_path):
    file = write_campaign(tmp_path, experiments=4)
    run = tmp_path / "run"
    log = killed(
        run, "store:11:after", "simulate", file, "--proposer", "random", "-o", run
    )
    steps = ["world:7:before", "store:3:after", "world:29:after", "store:17:before",
             "world:41:before", "store:23:after", "world:53:after"]  # fmt: skip
    for moment in steps:
        longer = killed(run, moment, "resume", run / "campaign.db")
        assert longer[: len(log)] == log
        log = longer
    resumed(run, log)
