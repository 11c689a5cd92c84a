"""What each event writes into the derived tables: a pure function, one case a kind."""

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import singledispatch
from typing import Any

from campaigns import lifecycle as facts
from campaigns.tables import (
    DoseRow,
    FiringRow,
    FractionRow,
    IdentificationRow,
    LoadRow,
    PatternRow,
    PortionRow,
    ProposalRow,
    SampleRow,
    ScoreRow,
    Table,
    TaskRow,
)


@dataclass(frozen=True, slots=True)
class Insert:
    """Add a row."""

    table: type[Table]
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Update:
    """Change the row of a table that has this primary key."""

    table: type[Table]
    key: dict[str, Any]
    values: dict[str, Any]


Change = Insert | Update


def text(value: object) -> str:
    """Write a map or a list as JSON with sorted keys."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def changes(
    events: Iterable[facts.Event], *, attempts: dict[str, int]
) -> Iterator[Change]:
    """Yield what the events change, in order.

    Args:
        events: New events, oldest first.
        attempts: Task to its latest attempt; brought up to date here, because an
            outcome names its task but not the attempt.
    """
    for event in events:
        payload = event.payload
        if isinstance(payload, facts.TaskStarted):
            attempts[payload.task] = payload.attempt
        elif isinstance(payload, facts.TaskFinished | facts.TaskFailed):
            yield _outcome(payload, event, attempt=attempts[payload.task])
        yield from _of(payload, event)


def _outcome(
    payload: facts.TaskFinished | facts.TaskFailed, event: facts.Event, *, attempt: int
) -> Update:
    values: dict[str, Any] = {"ended": event.lab_time}
    if isinstance(payload, facts.TaskFinished):
        values |= {"status": "finished", "measured": text(payload.measured)}
    else:
        values |= {"status": payload.outcome, "error": payload.error}
    return Update(TaskRow, {"task": payload.task, "attempt": attempt}, values)


@singledispatch
def _of(payload: facts.Frozen, event: facts.Event) -> Iterator[Change]:
    """Most kinds add one row; those not registered below add none."""
    yield from ()


@_of.register
def _(payload: facts.Proposed, event: facts.Event) -> Iterator[Change]:
    proposal, decision = payload.proposal, payload.proposal.decision
    yield Insert(
        SampleRow,
        {
            "sample": payload.sample,
            "sequence": event.sequence,
            "load": proposal.load,
            "role": proposal.role,
            "status": "pending",
            "reason": "",
            "planned": text(proposal.parameters),
            "measured": "{}",
            "recipe": text(payload.recipe.model_dump(mode="json")),
            "reaction": payload.recipe.reaction,
            "expected_grams": payload.recipe.expected_grams,
        },
    )
    yield Insert(
        ProposalRow,
        {
            "sample": payload.sample,
            "method": decision.method,
            "reason": decision.reason,
            "acquisition": decision.acquisition,
            "mean": text(decision.mean),
            "sd": text(decision.sd),
            "seed": decision.seed,
            "history_sha256": decision.history_sha256,
        },
    )


@_of.register
def _(payload: facts.LoadPlanned, event: facts.Event) -> Iterator[Change]:
    values = payload.model_dump(mode="json", exclude={"kind", "samples"})
    samples = text(payload.samples)
    yield Insert(LoadRow, {**values, "samples": samples, "lab_time": event.lab_time})


@_of.register
def _(payload: facts.TaskStarted, event: facts.Event) -> Iterator[Change]:
    yield Insert(
        TaskRow,
        {
            "task": payload.task,
            "attempt": payload.attempt,
            "action": payload.action,
            "samples": text(payload.samples),
            "instrument": payload.instrument,
            "status": "started",
            "started": event.lab_time,
            "ended": None,
            "error": "",
            "commanded": text(payload.commanded),
            "measured": "{}",
        },
    )


def _flat(payload: facts.Frozen, event: facts.Event) -> dict[str, Any]:
    """Return a payload of plain columns with its place and time."""
    values = payload.model_dump(mode="json", exclude={"kind"})
    return {**values, "sequence": event.sequence, "lab_time": event.lab_time}


@_of.register
def _(payload: facts.Dosed, event: facts.Event) -> Iterator[Change]:
    yield Insert(DoseRow, _flat(payload, event))


@_of.register
def _(payload: facts.PortionMoved, event: facts.Event) -> Iterator[Change]:
    yield Insert(PortionRow, _flat(payload, event))


@_of.register
def _(payload: facts.Fired, event: facts.Event) -> Iterator[Change]:
    values = _flat(payload, event)
    for column in ("samples", "planned", "commanded", "measured"):
        values[column] = text(values[column])
    yield Insert(FiringRow, values)


@_of.register
def _(payload: facts.PatternMeasured, event: facts.Event) -> Iterator[Change]:
    yield Insert(PatternRow, _flat(payload, event))


@_of.register
def _(payload: facts.Identified, event: facts.Event) -> Iterator[Change]:
    found = payload.identification
    place = {
        "sequence": event.sequence,
        "sample": payload.sample,
        "scan": payload.scan,
    }
    yield Insert(
        IdentificationRow,
        {
            **place,
            "rwp": found.rwp,
            "gof": found.gof,
            "is_usable": found.is_usable,
            "quality": text(found.quality),
            "fit": found.fit,
        },
    )
    fractions = found.fractions
    for i, (phase, mean) in enumerate(
        zip(fractions.phases, fractions.mean, strict=True)
    ):
        sd = math.sqrt(max(fractions.covariance[i][i], 0.0))
        yield Insert(FractionRow, {**place, "phase": phase, "mean": mean, "sd": sd})


@_of.register
def _(payload: facts.Scored, event: facts.Event) -> Iterator[Change]:
    for objective, score in sorted(payload.scores.items()):
        yield Insert(
            ScoreRow,
            {
                "sequence": event.sequence,
                "objective": objective,
                "sample": payload.sample,
                "scan": payload.scan,
                "mean": score.mean,
                "variance": score.variance,
                "flags": text(score.flags),
            },
        )
    values = {
        "status": "scored",
        "reason": "",
        "measured": text(payload.measured),
    }
    yield Update(SampleRow, {"sample": payload.sample}, values)


@_of.register
def _(payload: facts.SampleEnded, event: facts.Event) -> Iterator[Change]:
    values = {"status": payload.status, "reason": payload.reason}
    yield Update(SampleRow, {"sample": payload.sample}, values)
