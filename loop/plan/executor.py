"""The executor: runs the tasks of a schedule on a lab, in order of need."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from campaigns.lifecycle import SampleEnded
from instruments.errors import FaultError
from loop.plan.actions import carry_out
from loop.plan.bench import Bench
from loop.plan.effects import HeldError
from loop.plan.scheduler import Booking, Schedule
from loop.plan.tasks import Sample, Task

Analyse = Callable[[str], Awaitable[None]]
"""Identifies and scores a scanned sample by its name."""


@dataclass
class Executor:
    """Runs one load; a failing sample is held and the others go on."""

    bench: Bench
    load: int
    analyse: Analyse
    ended: set[str] = field(default_factory=set)
    """Samples that have left the load."""

    async def run(self, schedule: Schedule) -> None:
        """Run every task once; return when the last is over.

        Raises:
            FaultError: If an instrument reports a fault. The other tasks are
                cancelled; a furnace goes on with the program stored in it.
        """
        over = {b.task.name: asyncio.Event() for b in schedule.bookings}
        locks = {b.instrument: asyncio.Lock() for b in schedule.bookings}
        try:
            async with asyncio.TaskGroup() as group:
                for booking in schedule.bookings:
                    group.create_task(self._run_one(booking, over, locks))
        except ExceptionGroup as errors:
            faults = errors.subgroup(FaultError)
            raise (faults or errors).exceptions[0] from errors

    async def _run_one(
        self,
        booking: Booking,
        over: dict[str, asyncio.Event],
        locks: dict[str, asyncio.Lock],
    ) -> None:
        task = booking.task
        for need in task.needs:
            await over[need].wait()
        remaining = tuple(s for s in task.samples if s.name not in self.ended)
        if remaining:
            shrunk = task.of(remaining)
            if booking.instrument:
                async with locks[booking.instrument]:
                    await self._try(shrunk, booking.instrument)
            else:
                await self._try(shrunk, "")
        over[task.name].set()

    async def _try(self, task: Task, instrument: str) -> None:
        try:
            await carry_out(self.bench, task, instrument, load=self.load)
            if task.action == "scan":
                await self.analyse(task.samples[0].name)
        except HeldError as error:
            for sample in task.samples:
                await self._hold(sample, str(error))

    async def _hold(self, sample: Sample, reason: str) -> None:
        """Take a sample out of the load and its containers off the instruments."""
        self.ended.add(sample.name)
        self.bench.effects.record(
            SampleEnded(sample=sample.name, status="held", reason=reason)
        )
        await self.bench.clear(sample)
