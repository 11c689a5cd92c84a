"""Which event may follow which."""

import pytest

from campaigns import lifecycle as facts
from campaigns.errors import TransitionError
from campaigns.results import Score
from campaigns.rules import CAMPAIGN, SAMPLE, TASK
from campaigns.transitions import Progress, open_tasks
from tests.campaigns import synthetic


def opened() -> facts.CampaignOpened:
    return facts.CampaignOpened(
        spec={}, spec_sha256="", lab={}, mode="virtual", proposer="random", seed=0,
        phases={}, versions={},
    )  # fmt: skip


def start(
    task: str = "T", *samples: str, action: str = "mix", attempt: int = 1
) -> facts.TaskStarted:
    return facts.TaskStarted(
        task=task, action=action, samples=samples, instrument="m", attempt=attempt
    )


def fail(outcome: str) -> facts.TaskFailed:
    return facts.TaskFailed(task="T", error="said so", outcome=outcome)


def measure(sample: str, scan: str = "scan") -> facts.PatternMeasured:
    return facts.PatternMeasured(
        sample=sample, scan=scan, raw="", suffix="", instrument="", program=""
    )


def identify(sample: str, scan: str = "scan") -> facts.Identified:
    found = synthetic.identification({"unknown": 0.4, "amorphous": 0.6})
    return facts.Identified(sample=sample, scan=scan, identification=found)


def score(sample: str, scan: str = "scan") -> facts.Scored:
    scores = {"yield": Score(mean=0.0, variance=0.0)}
    return facts.Scored(sample=sample, scan=scan, scores=scores, measured={})


def end(sample: str, status: str) -> facts.SampleEnded:
    return facts.SampleEnded(sample=sample, status=status, reason="")


def ask(sample: str) -> facts.LongerScanAsked:
    return facts.LongerScanAsked(sample=sample, scan="scan", program="", reason="")


def dose(sample: str) -> facts.Dosed:
    return facts.Dosed(
        sample=sample, precursor="CuO", label="one", planned_grams=1,
        commanded_grams=1, measured_grams=1, instrument="doser",
    )  # fmt: skip


def fired(*samples: str) -> facts.Fired:
    return facts.Fired(
        load=1, samples=samples, step="fire", furnace="f", planned={}, commanded={},
        measured={}, trace="",
    )  # fmt: skip


def plan(*samples: str) -> facts.LoadPlanned:
    return facts.LoadPlanned(load=1, furnace="f", samples=samples, seconds=1)


A, B = synthetic.proposed("A"), synthetic.proposed("B", load=2)
FINISH = facts.TaskFinished(task="T")
END = facts.CampaignEnded(reason="")


@pytest.mark.parametrize(
    ("payloads", "message"),
    [
        ([A], "campaign is absent: anything may not follow"),
        ([opened(), opened()], "campaign is running: campaign-opened may not follow"),
        ([opened(), END, A], "campaign is ended: .* allowed: identified"),
        ([opened(), END, END], "campaign is ended: campaign-ended may not follow"),
        ([opened(), start(), END], "may not end with open tasks: T"),
        ([opened(), A, A], "sample A is proposed: proposed may not follow"),
        ([opened(), FINISH], "task T is absent: finished may not follow"),
        ([opened(), start(), start()], "task T is started: started may not follow"),
        ([opened(), start(), FINISH, start(attempt=2)], "task T is finished"),
        ([opened(), start(), FINISH, FINISH], "task T is finished"),
        ([opened(), start(), fail("fault"), start(attempt=2)], "task T is fault"),
        ([opened(), start(), fail("unknown"), start(attempt=2)], "task T is unknown"),
        ([opened(), start(), fail("refused"), start(attempt=2)], "task T is refused"),
        ([opened(), start(), fail("not-started"), start()], "attempt 2 is due"),
        ([opened(), start(attempt=2)], "attempt 1 is due"),
        ([opened(), start("T", "A")], "sample A was never proposed"),
        ([opened(), A, end("A", "failed"), start("T", "A")], "no mix may start on it"),
        ([opened(), A, identify("A")], "sample A has no scan scan"),
        ([opened(), A, measure("A"), score("A")], "A is measured: scored may not"),
        ([opened(), A, measure("A"), identify("A"), score("A", "b")],
         "scan b, which is not identified"),
        ([opened(), A, ask("A")], "longer-scan-asked may not follow"),
        ([opened(), A, end("A", "lost"), score("A")], "A is lost: scored may not"),
        ([opened(), A, measure("A"), identify("A"), ask("A"), ask("A")],
         "sample A is waiting: longer-scan-asked may not follow"),
        ([opened(), END, measure("A")], "campaign is ended: anything may not follow"),
        ([opened(), A, measure("A"), measure("A")], "scan scan is already recorded"),
        ([opened(), A, dose("A"), dose("A")], "dose one of A is already recorded"),
        ([opened(), plan("A")], "load 1 is absent: load-planned may not follow"),
        ([opened(), A, B, plan("B")], "load 1 is planned with B, which was not"),
        ([opened(), A, fired("A")], "load 1 is proposed: fired may not follow"),
        ([opened(), A, plan("A"), fired("B")], "load 1 was planned without B"),
        ([opened(), facts.Resumed(reason="", reconciled={"T": "done"})],
         "task T, which is absent, not open"),
        ([opened(), start(), facts.Resumed(reason="", reconciled={"T": "maybe"})],
         "task T found maybe; allowed: done"),
    ],
)  # fmt: skip
def test_what_may_not_follow(payloads, message):
    progress = Progress.of(payloads[:-1])
    with pytest.raises(TransitionError, match=message):
        progress.advance(payloads[-1])


@pytest.mark.parametrize(
    "payloads",
    [
        [start(), fail("not-started"), start(attempt=2), FINISH],
        [start(), fail("unknown"), FINISH],
        [start(), fail("unknown"), fail("not-started"), start(attempt=2)],
        [
            start(),
            fail("fault"),
            facts.Resumed(reason="", reconciled={"T": "not-started"}),
            start(attempt=2),
        ],
        [A, plan("A"), fired("A"), measure("A"), identify("A"), score("A")],
        [A, measure("A"), identify("A"), score("A"), identify("A"), score("A")],
        [A, measure("A"), identify("A"), end("A", "unusable"), score("A")],
        [
            A,
            measure("A"),
            identify("A"),
            ask("A"),
            measure("A", "b"),
            identify("A", "b"),
            score("A", "b"),
        ],
        [A, measure("A"), identify("A"), ask("A"), score("A")],
        [
            A,
            measure("A"),
            ask("A"),
            measure("A", "b"),
            identify("A", "b"),
            score("A", "b"),
        ],
        [A, end("A", "lost"), start("T", "A", action="move")],
        [A, measure("A"), identify("A"), score("A"), END, identify("A"), score("A")],
        [
            A,
            measure("A"),
            identify("A"),
            score("A"),
            END,
            identify("A"),
            end("A", "unusable"),
            identify("A"),
            end("A", "unusable"),
            score("A"),
        ],
        [A, end("A", "held"), dose("A"), measure("A"), identify("A"), score("A")],
        [A, end("A", "failed"), start("T", "A", action="move")],
        [start(), facts.Resumed(reason="", reconciled={"T": "running"}), FINISH, END],
    ],
)
def test_what_may_follow(payloads):
    Progress.of([opened(), *payloads])


def test_every_state_named_has_its_row():
    for table in (CAMPAIGN, SAMPLE, TASK):
        for row in table.values():
            assert set(row.values()) <= set(table)


def test_a_trial_copy_leaves_the_progress_alone():
    progress = Progress.of([opened(), A])
    trial = progress.copy()
    trial.advance(dose("A"))
    trial.advance(start())
    trial.advance(measure("A"))
    assert progress == Progress.of([opened(), A])


def test_open_tasks_are_intents_without_outcome(tmp_path):
    with synthetic.create(tmp_path / "c.db") as store:
        store.append(
            start("T1"), start("T2"), start("T3"), facts.TaskFinished(task="T2"),
            actor="executor", lab_time=0.0,
        )  # fmt: skip
        assert [task.task for task in open_tasks(store.events())] == ["T1", "T3"]


def test_safety_is_judged_of_known_samples():
    progress = Progress.of([opened(), synthetic.proposed("S0001")])
    judged = facts.HazardsJudged(
        load=1, before="L001", samples=("S0001",), hazards=(), refused={}
    )
    progress.advance(judged)
    strange = judged.model_copy(update={"samples": ("S0009",)})
    with pytest.raises(TransitionError, match="S0009 was never proposed"):
        progress.copy().advance(strange)
    unjudged = judged.model_copy(update={"refused": {"S0002": "burns"}})
    with pytest.raises(TransitionError, match="S0002 refused before L001"):
        progress.copy().advance(unjudged)
