"""What the arm does: carry containers, and change dosing heads."""

import asyncio

from campaigns.lifecycle import PortionMoved
from instruments.errors import FaultError, RefusedError
from instruments.quantities import HumanTask, Slot
from loop.plan.bench import Bench
from loop.plan.effects import Done, Effect, UnknownOutcomeError
from loop.plan.guards import GUARD_POLL_SECONDS, PATIENCE_SECONDS, reasons_against
from loop.plan.tasks import Sample

ARM_POLL_SECONDS = 5.0


async def carry(
    bench: Bench,
    sample: Sample,
    label: str,
    source: Slot,
    destination: Slot,
    *,
    name: str,
) -> None:
    """Let the arm carry a container, once, when the way is free.

    Raises:
        HeldError: If the way does not become free, or nobody finds the container.
        FaultError: If the arm is not ready.
    """
    moved = PortionMoved(
        sample=sample.name,
        source=str(source),
        destination=str(destination),
        moved_by=bench.arm,
        container=label,
    )

    async def find(attempt: int) -> Done | None:
        await _stands(bench)
        at = await bench.locate(label, f"{name}#where-{attempt}")
        if at == destination:
            return Done({}, (moved,))
        if at is None:
            raise UnknownOutcomeError(f"nobody can say where {label} stands")
        if at != source:
            # A move that was stopped ends in the gripper, or beside the way.
            await _put(bench, label, source, key=f"{name}#back-{attempt}")
        return None

    async def do(_: int) -> Done:
        await _move_when_free(bench, source, destination)
        return Done({}, (moved,))

    await bench.effects.once(
        Effect(
            name=name,
            kind="move",
            samples=(sample.name,),
            instrument=bench.arm,
            commanded={"container": label, "from": str(source), "to": str(destination)},
            do=do,
            find=find,
        )
    )


async def mount(
    bench: Bench, sample: Sample, doser: str, precursor: str, *, name: str
) -> None:
    """See to it that a doser carries the dosing head of a precursor.

    Raises:
        HeldError: If the arm or the doser refuses.
        FaultError: If a head is mounted that is none of this campaign's.
    """
    neck = Slot(f"{doser}.head")

    async def find(attempt: int) -> Done | None:
        await _stands(bench)
        await bench.lab.dosers[doser].last_dose()
        if await bench.lab.dosers[doser].mounted() == precursor:
            return Done({})
        await _tidy_heads(bench, neck, key=f"{name}#{attempt}")
        return None

    async def do(_: int) -> Done:
        # A head is locked while a dose runs and until its result was read.
        await bench.lab.dosers[doser].last_dose()
        mounted = await bench.lab.dosers[doser].mounted()
        if mounted == precursor:
            return Done({})
        if mounted is not None:
            await _move_when_free(bench, neck, _rack_slot(bench, doser, mounted))
        await _move_when_free(bench, _rack_slot(bench, doser, precursor), neck)
        return Done({})

    await bench.effects.once(
        Effect(
            name=name,
            kind="move",
            samples=(sample.name,),
            instrument=bench.arm,
            commanded={"head": precursor, "to": str(neck)},
            do=do,
            find=find,
        )
    )


def _rack_slot(bench: Bench, doser: str, substance: str) -> Slot:
    if substance not in bench.heads:
        raise FaultError(
            doser,
            f"carries a head of {substance}, which this campaign does not use; take "
            f"it out, then resume",
        )
    return bench.heads[substance]


async def _tidy_heads(bench: Bench, neck: Slot, *, key: str) -> None:
    """After a move of a head that was not seen to end: put the heads in their places.

    The arm may hold one, and must not reach for another with it.
    """
    for label, home in bench.heads.items():
        at = await bench.locate(label, f"{key} where is {label}")
        if at is None:
            raise UnknownOutcomeError(f"nobody can say where the head of {label} is")
        if at not in (home, neck):
            await _put(bench, label, home, key=f"{key} put back {label}")


async def _put(bench: Bench, label: str, slot: Slot, *, key: str) -> None:
    """Ask a person to put something where the arm can find it."""
    text = f"A move did not end. Put {label} at {slot}."
    answer = await bench.lab.operators[bench.person].ask(
        HumanTask("place", label, str(slot), text, key)
    )
    if not answer.is_done:
        raise UnknownOutcomeError(f"{label} is not back at {slot}: {answer.note}")


async def _move_when_free(bench: Bench, source: Slot, destination: Slot) -> None:
    """Move once nothing speaks against it; others may use the arm meanwhile.

    Raises:
        RefusedError: If the way is not free within PATIENCE_SECONDS.
    """
    until = bench.now() + PATIENCE_SECONDS
    while True:
        async with bench.arm_lock:
            reasons = await reasons_against(
                bench.lab, bench.arm, (source, destination), bench.now
            )
            if not reasons:
                await bench.lab.arms[bench.arm].move(source, destination)
                return
        if bench.now() >= until:
            raise RefusedError(bench.arm, "; ".join(reasons))
        await asyncio.sleep(GUARD_POLL_SECONDS)


async def _stands(bench: Bench) -> None:
    """Wait until the arm stands still."""
    while (await bench.lab.arms[bench.arm].state()).is_moving:
        await asyncio.sleep(ARM_POLL_SECONDS)
