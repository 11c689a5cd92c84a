"""What became of samples that gave no score: each kind has an effect of its own."""

from dataclasses import replace

import numpy as np
import pytest

from campaigns.lifecycle import SampleEnded
from campaigns.materials.phases import PhaseTable
from campaigns.store import Store
from loop.analyse import samples
from loop.errors import AnalysisError
from loop.knowledge.earlier import read_earlier
from tests.end_to_end.runs import athanor, events, write_campaign

PARSE = samples.parse


def spoilt(raw, suffix, *, name, instrument=None):
    """Read a pattern as measured but of two samples: a glass, and a torn file."""
    pattern = PARSE(raw, suffix, name=name, instrument=instrument)
    if name.startswith("S0002"):
        x = pattern.two_theta
        smooth = 400.0 * (1 + 4 / x) + 900.0 * np.exp(-(((x - 28) / 6) ** 2))
        rng = np.random.Generator(np.random.Philox(key=7))
        return replace(pattern, counts=rng.poisson(smooth).astype(float))
    if name.startswith("S0003"):
        raise AnalysisError(f"{name}: torn")
    return pattern


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Return the folder of a campaign with a glass and an unreadable sample."""
    folder = tmp_path_factory.mktemp("failures")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(samples, "parse", spoilt)
        done = athanor(
            "simulate", write_campaign(folder), "--proposer", "random",
            "-o", folder / "run",
        )  # fmt: skip
    assert done.code == 0, done.err
    return folder / "run"


def ends(run):
    found = (e.payload for e in events(run / "campaign.db"))
    return {p.sample: p.status for p in found if isinstance(p, SampleEnded)}


def statuses(run):
    with Store.open(run / "campaign.db") as store:
        return {trial.sample: trial.status for trial in store.history().trials}


def test_a_person_may_call_a_sample_failed_that_no_pattern_tells_of(run):
    database = run / "campaign.db"
    # A glass is a failed synthesis; what cannot be read says nothing of it.
    assert ends(run) == {"S0002": "failed", "S0003": "unusable"}
    assert athanor("replay", database).code == 0

    why = ("--reason", "molten over the rim", "--by", "Ada")
    scored = athanor("steer", "fail", database, "S0001", *why)
    assert scored.code == 1
    assert "allowed: samples that were dosed and ended held or unusable: S0003" in (
        scored.err
    )
    done = athanor("steer", "fail", database, "S0003", *why)
    assert done.code == 0, done.err
    assert "S0003 counts as failed" in done.out
    assert statuses(run)["S0003"] == "failed"
    again = athanor("steer", "fail", database, "S0003", *why)
    assert "held or unusable: none" in again.err

    report = athanor("report", database, "-o", run / "again.html")
    assert report.code == 0, report.err
    page = (run / "again.html").read_text("utf-8")
    assert "nothing crystalline: a broad hump and no line" in page
    assert "Ada: molten over the rim" in page
    for sample, reason in (("S0002", "nothing crystalline"), ("S0003", "Ada: molten")):
        told = athanor("explain", database, sample)
        assert told.code == 0, told.err
        assert reason in told.out

    (earlier,) = read_earlier([database], is_real=False, table=PhaseTable.load())
    assert [(f.sample, f.status) for f in earlier.failures] == [
        ("S0002", "failed"), ("S0003", "failed"),
    ]  # fmt: skip
    assert [r.sample for r in earlier.results] == ["S0001", "S0004"]
    (hold,) = earlier.failures[0].holds
    assert hold.celsius > 850
