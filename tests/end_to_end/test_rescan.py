"""A second, longer scan: asked for, made once, and the one that counts."""

from collections import Counter

import pytest

from campaigns.lifecycle import Identified, LongerScanAsked, PatternMeasured, Scored
from tests.end_to_end.runs import (
    assert_whole,
    athanor,
    events,
    journal,
    log_sha256,
    write_rescanned_campaign,
)
from tests.end_to_end.test_kill import killed, resumed

MOMENTS = [
    "store:108:before",  # the short scan is judged, and the judgement lost
    "store:109:before",  # the holder is about to go back to the diffractometer
    "world:230:before",  # on its way there
    "world:232:after",  # the longer scan runs
    "store:118:before",  # scanned, the holder is back in its rack
    "store:119:before",  # the longer scan is analysed, and the result lost
    "store:119:after",  # scored, not archived
]


def assert_rescanned(folder):
    assert_whole(folder)
    log = [event.payload for event in events(folder / "campaign.db")]
    asked = [p for p in log if isinstance(p, LongerScanAsked)]
    assert [p.sample for p in asked] == ["S0001", "S0002"]
    assert all("BaO2" in p.reason for p in asked)
    scans = [p for p in log if isinstance(p, PatternMeasured)]
    assert Counter((p.sample, p.program) for p in scans) == {
        (name, program): 1 for name in ("S0001", "S0002") for program in PROGRAMS
    }
    longer = {p.sample: p.scan for p in scans if p.program == "8min"}
    assert {p.scan for p in log if isinstance(p, Identified)} == {p.scan for p in scans}
    assert {p.sample: p.scan for p in log if isinstance(p, Scored)} == longer
    begun = [
        effect["values"]["sample_id"]
        for effect in journal(folder)
        if effect["kind"] == "begun" and effect["action"] == "scan"
    ]
    assert sorted(begun) == sorted(p.scan for p in scans), "scanned without a record"


PROGRAMS = ("quick", "8min")


def test_rescanned_and_killed_before_it_and_the_same_again(tmp_path, rescanned):
    file = write_rescanned_campaign(tmp_path)
    run, again = tmp_path / "run", tmp_path / "again"
    arguments = ("simulate", file, "--proposer", "random", "-o")
    resumed(run, killed(run, "store:108:after", *arguments, run))
    assert_rescanned(run)
    assert athanor(*arguments, again).code == 0
    assert_rescanned(again)
    assert log_sha256(again) == log_sha256(rescanned)


@pytest.mark.slow
@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_at_any_moment_of_a_rescan(tmp_path, moment):
    file = write_rescanned_campaign(tmp_path)
    run = tmp_path / "run"
    arguments = ("simulate", file, "--proposer", "random", "-o", run)
    resumed(run, killed(run, moment, *arguments))
    assert_rescanned(run)
