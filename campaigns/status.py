"""Where a campaign stands now."""

import math
from collections import Counter
from dataclasses import dataclass
from typing import Literal

from campaigns import labels
from campaigns import lifecycle as facts
from campaigns.history import history, last_of_lab, reanalysed
from campaigns.inventory import Stock, stock
from campaigns.narrative import Narrator, duration, scored
from campaigns.results import Score, Trial
from campaigns.spec import CampaignSpec
from campaigns.store import Store
from campaigns.transitions import Progress


@dataclass(frozen=True, slots=True)
class RunningTask:
    """A task that has started and has no outcome yet."""

    task: str
    action: str
    instrument: str
    samples: tuple[str, ...]
    seconds: float
    """Since it started, by the last event's time, s."""


@dataclass(frozen=True, slots=True)
class Best:
    """The best sample so far by one objective."""

    objective: str
    sample: str
    score: Score
    parameters: dict[str, float | str]


@dataclass(frozen=True, slots=True)
class Status:
    """Everything `athanor status` shows."""

    name: str
    state: Literal["running", "ended"]
    mode: str
    n_events: int
    lab_seconds: float
    """From the first event to the last, s."""
    load: int
    """The latest load proposed; 0 before the first."""
    samples: dict[str, int]
    """`pending`, `scored`, `failed`, `unusable` to how many."""
    verdicts: dict[str, int]
    """`made`, `not made`, `withheld` to how many."""
    reanalysed: tuple[str, ...]
    """Samples with an older result beside the one that counts."""
    n_planned: int
    """Experiments allowed by the budget."""
    running: tuple[RunningTask, ...]
    best: tuple[Best, ...]
    stock: tuple[Stock, ...]
    last_event: str
    """The last event in words."""

    def lines(self) -> tuple[str, ...]:
        """Return the status as plain text."""
        counts = ", ".join(f"{number} {what}" for what, number in self.samples.items())
        proposed = sum(self.samples.values())
        return (
            f"campaign  {self.name} ({self.state}, {self.mode})",
            f"lab time  {duration(self.lab_seconds)}, {self.n_events} events",
            f"load      {self.load}",
            f"samples   {proposed} of {self.n_planned} ({counts or 'none yet'})",
            *self._result_lines(),
            *(
                f"running   {task.task} on {task.instrument} for "
                f"{duration(task.seconds)}: {labels.listed(task.samples)}"
                for task in self.running
            ),
            *(
                f"best      {scored(best.objective, best.score)} by {best.sample}: "
                f"{labels.parameters(best.parameters)}"
                for best in self.best
            ),
            *(
                f"stock     {item.precursor}: {item.left_grams:.3f} g left of "
                f"{item.initial_grams:g} g"
                for item in self.stock
            ),
            f"last      {self.last_event}",
        )

    def _result_lines(self) -> tuple[str, ...]:
        listed = ", ".join(f"{number} {says}" for says, number in self.verdicts.items())
        lines = [f"target    {listed}"] if listed else []
        if self.reanalysed:
            again = labels.listed(self.reanalysed)
            lines.append(f"analysed  again: {again}; the newest result counts")
        return tuple(lines)


def status(store: Store) -> Status:
    """Return where a campaign stands by its database.

    Raises:
        StoreError: If the database cannot be read.
    """
    events = store.events()
    opened, spec = store.opened, store.spec
    progress = Progress.of(event.payload for event in events)
    trials = history(events).trials
    counts: dict[str, int] = {}
    for trial in trials:
        counts[trial.status] = counts.get(trial.status, 0) + 1
    verdicts = Counter(trial.verdict.says for trial in trials if trial.verdict)
    *_, last = Narrator().lines(events)
    return Status(
        name=spec.name,
        state="ended" if progress.campaign == "ended" else "running",
        mode=opened.mode,
        n_events=len(events),
        lab_seconds=last_of_lab(events).lab_time - events[0].lab_time,
        load=max((trial.load for trial in trials), default=0),
        samples=counts,
        verdicts=dict(sorted(verdicts.items())),
        reanalysed=reanalysed(events),
        n_planned=spec.budget.experiments,
        running=_running(progress, events),
        best=_best(spec, trials),
        stock=stock(spec, events),
        last_event=last.strip(),
    )


def _running(
    progress: Progress, events: tuple[facts.Event, ...]
) -> tuple[RunningTask, ...]:
    since = {
        event.payload.task: event.lab_time
        for event in events
        if isinstance(event.payload, facts.TaskStarted)
    }
    return tuple(
        RunningTask(
            name,
            started.action,
            started.instrument,
            started.samples,
            events[-1].lab_time - since[name],
        )
        for name, started in progress.open_tasks.items()
    )


def _best(spec: CampaignSpec, trials: tuple[Trial, ...]) -> tuple[Best, ...]:
    best = []
    first = spec.objectives[0]
    lead = 1.0 if first.goal == "maximize" else -1.0
    for objective in spec.objectives:
        label = objective.label
        sign = 1.0 if objective.goal == "maximize" else -1.0
        known = [trial for trial in trials if label in trial.scores]
        if known:
            # A draw goes to the sample that is better by the first objective.
            top = max(
                known,
                key=lambda trial: (
                    sign * trial.scores[label].mean,
                    lead * trial.scores[first.label].mean
                    if first.label in trial.scores
                    else -math.inf,
                ),
            )
            best.append(Best(label, top.sample, top.scores[label], top.measured))
    return tuple(best)
