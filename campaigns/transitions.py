"""Where everything in a campaign stands, advanced by what `campaigns.rules` allows."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import singledispatchmethod
from typing import Self

from campaigns import lifecycle as facts
from campaigns.errors import TransitionError
from campaigns.rules import (
    CAMPAIGN,
    DOUBTFUL,
    FOUND,
    LOAD,
    SAMPLE,
    TASK,
    TASKS_OF_SAMPLE,
    step,
)


@dataclass(frozen=True, slots=True)
class TaskState:
    """How far a task has come, and its latest start."""

    state: str
    started: facts.TaskStarted


@dataclass
class Progress:
    """Where everything in a campaign stands; advanced by one payload at a time."""

    campaign: str = "absent"
    samples: dict[str, str] = field(default_factory=dict)
    load_of: dict[str, int] = field(default_factory=dict)
    tasks: dict[str, TaskState] = field(default_factory=dict)
    loads: dict[int, str] = field(default_factory=dict)
    members: dict[int, tuple[str, ...]] = field(default_factory=dict)
    """Load to the samples planned into it."""
    scans: dict[str, str] = field(default_factory=dict)
    """Scan to its sample."""
    identified: set[str] = field(default_factory=set)
    """Scans with an identification."""
    labels: set[str] = field(default_factory=set)
    """Labels of the doses recorded."""
    orders: dict[str, bool] = field(default_factory=dict)
    """Order of a person to whether it is open."""

    @classmethod
    def of(cls, payloads: Iterable[facts.Payload]) -> Self:
        """Return the progress after all payloads in order.

        Raises:
            TransitionError: At the first one that may not follow.
        """
        progress = cls()
        for payload in payloads:
            progress.advance(payload)
        return progress

    def copy(self) -> "Progress":
        """Return an equal one that can be advanced on trial."""
        return replace(
            self,
            samples=dict(self.samples),
            load_of=dict(self.load_of),
            tasks=dict(self.tasks),
            loads=dict(self.loads),
            members=dict(self.members),
            scans=dict(self.scans),
            identified=set(self.identified),
            labels=set(self.labels),
            orders=dict(self.orders),
        )

    @property
    def open_tasks(self) -> dict[str, facts.TaskStarted]:
        """Return the tasks that were started and have no outcome."""
        return {
            name: task.started
            for name, task in self.tasks.items()
            if task.state == "started"
        }

    def advance(self, payload: facts.Payload) -> None:
        """Take a payload in.

        Raises:
            TransitionError: If it may not follow; this object may then be half
                advanced and is to be thrown away.
        """
        named = CAMPAIGN.get(self.campaign, {})
        is_border = payload.kind in {"campaign-opened", "campaign-ended"}
        is_named = is_border or payload.kind in named
        happening = payload.kind if is_named else "anything"
        self.campaign = step(CAMPAIGN, self.campaign, happening, of="the campaign")
        self._take(payload)

    @singledispatchmethod
    def _take(self, payload: facts.Frozen) -> None:
        raise TransitionError(f"nothing says what may follow a {type(payload)}")

    @_take.register
    def _(self, payload: facts.CampaignOpened) -> None:
        """Nothing but the campaign's own state changes."""

    @_take.register
    def _(self, payload: facts.Proposed) -> None:
        load = payload.proposal.load
        self._advance_sample(payload.sample, "proposed")
        self._advance_load(load, "proposed")
        self.load_of[payload.sample] = load
        if payload.proposal.order:
            self._close_order(payload.proposal.order)

    @_take.register
    def _(self, payload: facts.LoadPlanned) -> None:
        self._advance_load(payload.load, "load-planned")
        for sample in payload.samples:
            if self.load_of.get(sample) != payload.load:
                raise TransitionError(
                    f"load {payload.load} is planned with {sample}, which was not "
                    f"proposed for it"
                )
        self.members[payload.load] = payload.samples

    @_take.register
    def _(self, payload: facts.HazardsJudged) -> None:
        for sample in payload.samples:
            self._state(sample)
        if strange := sorted(payload.refused.keys() - set(payload.samples)):
            raise TransitionError(
                f"{', '.join(strange)} refused before {payload.before}, but not judged"
            )

    @_take.register
    def _(self, payload: facts.TaskStarted) -> None:
        known = self.tasks.get(payload.task)
        state = known.state if known else "absent"
        after = step(TASK, state, "started", of=f"task {payload.task}")
        expected = known.started.attempt + 1 if known else 1
        if payload.attempt != expected:
            raise TransitionError(
                f"task {payload.task}: attempt {payload.attempt} starts where attempt "
                f"{expected} is due"
            )
        for sample in payload.samples:
            stands = self._state(sample)
            if payload.action not in TASKS_OF_SAMPLE[stands]:
                raise TransitionError(
                    f"sample {sample} is {stands}: no {payload.action} may start on it"
                )
        self.tasks[payload.task] = TaskState(after, payload)

    @_take.register
    def _(self, payload: facts.TaskFinished) -> None:
        self._advance_task(payload.task, "finished")

    @_take.register
    def _(self, payload: facts.TaskFailed) -> None:
        self._advance_task(payload.task, payload.outcome)

    @_take.register
    def _(self, payload: facts.Dosed) -> None:
        if payload.label in self.labels:
            raise TransitionError(
                f"dose {payload.label} of {payload.sample} is already recorded"
            )
        self.labels.add(payload.label)
        self._advance_sample(payload.sample, "dosed")

    @_take.register
    def _(self, payload: facts.PortionMoved) -> None:
        self._advance_sample(payload.sample, "portion-moved")

    @_take.register
    def _(self, payload: facts.Fired) -> None:
        self._advance_load(payload.load, "fired")
        for sample in payload.samples:
            if sample not in self.members[payload.load]:
                raise TransitionError(
                    f"load {payload.load} was planned without {sample}, which it fired"
                )
            self._advance_sample(sample, "fired")

    @_take.register
    def _(self, payload: facts.PatternMeasured) -> None:
        if payload.scan in self.scans:
            raise TransitionError(f"scan {payload.scan} is already recorded")
        self._advance_sample(payload.sample, "pattern-measured")
        self.scans[payload.scan] = payload.sample

    @_take.register
    def _(self, payload: facts.Identified) -> None:
        if self.scans.get(payload.scan) != payload.sample:
            raise TransitionError(
                f"sample {payload.sample} has no scan {payload.scan} to identify"
            )
        self._advance_sample(payload.sample, "identified")
        self.identified.add(payload.scan)

    @_take.register
    def _(self, payload: facts.LongerScanAsked) -> None:
        self._advance_sample(payload.sample, "longer-scan-asked")

    @_take.register
    def _(self, payload: facts.Scored) -> None:
        self._advance_sample(payload.sample, "scored")
        if (
            payload.scan not in self.identified
            or self.scans[payload.scan] != payload.sample
        ):
            raise TransitionError(
                f"sample {payload.sample} is scored from scan {payload.scan}, which "
                f"is not identified"
            )

    @_take.register
    def _(self, payload: facts.SampleEnded) -> None:
        self._advance_sample(payload.sample, payload.status)

    @_take.register
    def _(self, payload: facts.Pinned) -> None:
        self._open_order(payload.pin.order)

    @_take.register
    def _(self, payload: facts.Vetoed) -> None:
        self._open_order(payload.veto.order)

    @_take.register
    def _(self, payload: facts.OrderWithdrawn) -> None:
        self._close_order(payload.order)

    @_take.register
    def _(self, payload: facts.Amended) -> None:
        """What may be changed was checked against the file that held before."""

    @_take.register
    def _(self, payload: facts.Resumed) -> None:
        for task, found in payload.reconciled.items():
            if found not in FOUND:
                listed = ", ".join(sorted(FOUND))
                raise TransitionError(f"task {task} found {found}; allowed: {listed}")
            state = self.tasks[task].state if task in self.tasks else "absent"
            if state not in DOUBTFUL:
                raise TransitionError(
                    f"resumed with task {task}, which is {state}, not open"
                )
            if state != "started" and found == "not-started":
                self._advance_task(task, "not-started")

    @_take.register
    def _(self, payload: facts.CampaignEnded) -> None:
        if self.open_tasks:
            listed = ", ".join(self.open_tasks)
            raise TransitionError(f"the campaign may not end with open tasks: {listed}")

    def _open_order(self, order: str) -> None:
        if order in self.orders:
            raise TransitionError(f"order {order} is already recorded")
        self.orders[order] = True

    def _close_order(self, order: str) -> None:
        if not self.orders.get(order):
            listed = ", ".join(name for name, is_open in self.orders.items() if is_open)
            raise TransitionError(
                f"order {order} is not open; open ones: {listed or 'none'}"
            )
        self.orders[order] = False

    def _state(self, sample: str) -> str:
        if sample not in self.samples:
            raise TransitionError(f"sample {sample} was never proposed")
        return self.samples[sample]

    def _advance_sample(self, sample: str, happening: str) -> None:
        state = self.samples.get(sample, "absent")
        self.samples[sample] = step(SAMPLE, state, happening, of=f"sample {sample}")

    def _advance_load(self, load: int, happening: str) -> None:
        state = self.loads.get(load, "absent")
        self.loads[load] = step(LOAD, state, happening, of=f"load {load}")

    def _advance_task(self, name: str, happening: str) -> None:
        known = self.tasks.get(name)
        state = known.state if known else "absent"
        after = step(TASK, state, happening, of=f"task {name}")
        if known:
            self.tasks[name] = replace(known, state=after)


def open_tasks(events: Iterable[facts.Event]) -> tuple[facts.TaskStarted, ...]:
    """Return the intents without an outcome, oldest first: what a resume must check."""
    opened: dict[str, facts.TaskStarted] = {}
    for event in events:
        payload = event.payload
        if isinstance(payload, facts.TaskStarted):
            opened[payload.task] = payload
        elif isinstance(payload, facts.TaskFinished | facts.TaskFailed):
            opened.pop(payload.task, None)
    return tuple(opened.values())
