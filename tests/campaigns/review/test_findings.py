"""The summary in sentences."""

import pytest

from campaigns import lifecycle as facts
from campaigns.review.campaign import report_view
from tests.campaigns import synthetic


@pytest.fixture
def view(tmp_path):
    with synthetic.fill(synthetic.create(tmp_path / "c.db")) as store:
        return report_view(store)


def test_the_summary_says_what_was_sought_reached_and_how_sure(view):
    told = {name: " ".join(sentences) for name, sentences in view.summary}
    assert list(told) == ["Sought", "Reached", "How sure", "Effort"]
    assert "YBa₂Cu₃O₇₋ₓ, with the highest yield and the lowest energy" in told["Sought"]
    assert "weight share of the crystalline part" in told["Sought"]
    assert "Lowest energy: 4.38 ± 0.10 kWh per sample, sample S0003" in told["Reached"]
    assert "not S0008's alone" not in told["How sure"]
    assert "The recipe of S0008 was made 2 times: S0006, S0008." in told["How sure"]
    assert "86.0 ± 3.6 % of S0008 is target" in told["How sure"]
    assert "Rwp 8.0% and goodness of fit 1.4" in told["How sure"]
    assert "of 6 samples" in told["How sure"]
    assert "8 of 8 experiments in 2 furnace loads" in told["Effort"]
    assert "The best was experiment 8, in load 2." in told["Effort"]


def test_every_doubtful_sample_is_listed_once(view):
    found = {warning.sample: warning for warning in view.warnings}
    assert len(found) == len(view.warnings)
    assert found["S0001"].texts == ("crucible cracked",)
    assert found["S0004"].status == "unusable"
    assert "peaks at 27.1° are explained by no phase" in found["S0004"].texts


def test_a_real_lab_needs_no_notice(tmp_path):
    with synthetic.create(tmp_path / "c.db", mode="real") as store:
        view = report_view(store)
    assert view.notice == ""
    assert dict(view.summary)["Reached"] == ("No sample has been scored yet.",)


def test_samples_show_doses_firings_and_powder(view):
    sample = view.samples[5]
    doses, firing = sample.stages
    assert [row.planned for row in doses.rows] == ["0.5200", "0.3100", "0.1500"]
    assert [row.difference for row in doses.rows] == ["+0.30 %"] * 3
    assert firing.firing in {one.anchor for one in view.firings}
    assert [row.measured for row in firing.rows] == ["908.5", "12"]
    assert [row.grams for row in sample.powder][:4] == [
        0.15045,
        0.52156,
        0.31093,
        0.971,
    ]
    assert sample.powder[3].note == "arrived; 0.9830 g taken"


def test_the_lab_is_shown_with_its_work(view):
    named = {one.name: one for one in view.instruments}
    assert named["box-a"].role == "furnace"
    assert named["box-a"].tasks == 2
    assert named["arm"].busy_hours == 0
    assert named["box-a"].busy_share > 0.8
    assert [one.subject for one in view.incidents] == ["S0001", "S0004"]
    dosed = {one.precursor: one for one in view.dosing}
    assert dosed["CuO"].doses == 8
    assert dosed["CuO"].mean_percent == pytest.approx(0.3)


def test_failed_attempts_and_interruptions_are_incidents(tmp_path):
    start = facts.TaskStarted(
        task="S0001/mix", action="mix", samples=("S0001",), instrument="mixer"
    )
    with synthetic.create(tmp_path / "c.db") as store:
        store.append(
            synthetic.proposed("S0001"),
            start,
            facts.TaskFailed(
                task="S0001/mix", error="no\nanswer", outcome="not-started"
            ),
            start.model_copy(update={"attempt": 2}),
            facts.Resumed(reason="power cut", reconciled={"S0001/mix": "done"}),
            actor="executor",
            lab_time=5.0,
        )
        view = report_view(store)
    assert [one.text for one in view.incidents] == [
        "not-started: no answer",
        "tried again, attempt 2",
        "resumed (power cut); open tasks: S0001/mix done",
    ]
    (mixer,) = (one for one in view.instruments if one.name == "mixer")
    assert (mixer.tasks, mixer.not_done) == (1, 1)
