"""Recorded decisions made again from what was known then."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from campaigns.lifecycle import LoadPlanned, Proposed
from campaigns.materials.phases import PhaseTable
from campaigns.results import DecisionRecord, Proposal
from campaigns.store import Store
from instruments.labspec import LabSpec
from loop.asking import ask
from loop.errors import ProposalError
from loop.propose.proposer import Proposer

SHOWN = 6
"""Differences of one sample that are told; a different model differs in hundreds."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """One load, proposed again."""

    load: int
    samples: tuple[str, ...]
    differences: tuple[str, ...]
    """How what comes now differs from what was recorded; empty if in nothing."""


def replay(
    store: Store,
    lab: LabSpec,
    table: PhaseTable,
    proposer: Proposer,
    *,
    loads: Sequence[int] = (),
) -> Iterator[Replayed]:
    """Propose each load again, from the history before it, and compare.

    Parameters, roles and decision records must be equal to the last digit. Fields
    that an older record does not hold are not compared, nor are versions of libraries.

    Args:
        store: The campaign.
        lab: The lab it was opened on.
        table: Known phases.
        proposer: The one it was opened with.
        loads: Load numbers, all if empty.

    Raises:
        ProposalError: If the campaign has no such load.
    """
    recorded: dict[int, list[tuple[int, Proposed]]] = {}
    furnaces: dict[int, str] = {}
    for event in store.events(kinds=("proposed", "load-planned")):
        match event.payload:
            case Proposed() as proposed:
                load = proposed.proposal.load
                recorded.setdefault(load, []).append((event.sequence, proposed))
            case LoadPlanned() as planned:
                furnaces[planned.load] = planned.furnace
            case _:
                pass
    missing = [load for load in loads if load not in recorded]
    if missing:
        raise ProposalError(
            f"--load: found {missing[0]}; allowed: {_range(recorded)}; see the loads"
            " with `athanor log`"
        )
    for load in loads or recorded:
        sequence, first = recorded[load][0]
        before = first.seen or sequence - 1
        again = ask(
            proposer, store.spec_at(until=before), lab, table,
            store.history(until=before), load=load, furnace=furnaces[load],
        )  # fmt: skip
        then = [proposed for _, proposed in recorded[load]]
        yield Replayed(
            load,
            tuple(proposed.sample for proposed in then),
            tuple(_differences(then, again)),
        )


def _range(loads: Iterable[int]) -> str:
    found = sorted(loads)
    return f"{found[0]} to {found[-1]}" if found else "none: nothing was proposed yet"


def _differences(then: Sequence[Proposed], now: Sequence[Proposal]) -> Iterator[str]:
    if len(then) != len(now):
        yield f"{len(then)} samples were proposed, {len(now)} come now"
    for recorded, again in zip(then, now, strict=False):
        told = list(_of_sample(recorded.proposal, again))
        yield from (f"{recorded.sample}: {text}" for text in told[:SHOWN])
        if len(told) > SHOWN:
            yield f"{recorded.sample}: {len(told) - SHOWN} more differences"


def _of_sample(then: Proposal, now: Proposal) -> Iterator[str]:
    fields = {"role": (then.role, now.role), "order": (then.order, now.order)}
    for name, (was, now_is) in fields.items():
        if was != now_is:
            yield f"{name} {was or 'none'} was recorded, {now_is or 'none'} comes now"
    for key in sorted(then.parameters | now.parameters):
        old, new = then.parameters.get(key), now.parameters.get(key)
        if old != new:
            yield f"{key} {old} was proposed, {new} comes now"
    yield from _of_decision(then.decision, now.decision)


def _of_decision(then: DecisionRecord, now: DecisionRecord) -> Iterator[str]:
    for field in sorted(then.model_fields_set - {"versions"}):
        old, new = (one.model_dump(include={field})[field] for one in (then, now))
        if old == new:
            continue
        if isinstance(old, dict) and isinstance(new, dict):
            for key in sorted(old | new):
                if old.get(key) != new.get(key):
                    yield f"{field}.{key}: {old.get(key)} then, {new.get(key)} now"
        elif isinstance(old, tuple):
            yield f"{field} differ"
        else:
            yield f"{field}: {old} then, {new} now"
