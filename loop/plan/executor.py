"""The executor: runs the tasks of a schedule on a lab, in order of need."""

import asyncio
from dataclasses import dataclass, field
from typing import Protocol

from campaigns.lifecycle import SampleEnded
from instruments.errors import FaultError, LimitExceededError, RefusedError
from loop.plan.actions import carry_out
from loop.plan.bench import Bench
from loop.plan.dispatch import furnace_of, hold_unsafe, refuse_unsafe
from loop.plan.effects import HaltedError, HeldError
from loop.plan.guards import make_safe
from loop.plan.scheduler import Booking, Schedule
from loop.plan.tasks import Sample, Task


class Analyse(Protocol):
    """Identifies and scores samples; what it has done it does not do again."""

    async def __call__(
        self, sample: str, *, again: bool = False, lost: str = ""
    ) -> bool:
        """Take in a scan.

        Args:
            sample: Its name.
            again: This was the second, longer scan.
            lost: Why nothing comes of that; it was measured if empty.

        Returns:
            Whether a longer scan of it is asked for, now or earlier.
        """
        ...


AFTER_THE_SCAN = ("rescan", "archive")
"""Tasks on a sample that has a pattern already."""
OUT_OF_VESSELS = ("regrind", "grind", "fill-holder")
"""Tasks that take fired powder out of its vessel."""
LANDED = ("dose", "move")
"""Effects that are let end when the lab is brought to rest: half of one is a spoilt
sample or a container in the gripper, the whole takes minutes. A mixer is stopped by
its driver and turned again later; furnaces, diffractometers and people go on without
us, and are asked later."""
LANDING_SECONDS = 900.0
"""Within this time every dose and move has ended, or its instrument is stopped."""


@dataclass
class Executor:
    """Runs one load; a failing sample is held and the others go on.

    Loads made at the same time have an executor each over one bench.
    """

    bench: Bench
    load: int
    analyse: Analyse
    ended: set[str] = field(default_factory=set)
    """Samples that have left the load."""
    asked: set[str] = field(default_factory=set)
    """Samples to be scanned a second time."""
    furnace: str = ""
    """Where the load is fired."""

    async def run(self, schedule: Schedule) -> None:
        """Run every task once; return when the last is over.

        Samples that the rules of safety keep out of the load are held first, before
        anything moves.

        Whatever ends it early, the lab is brought to rest first: doses and moves
        under way are let end, nothing new begins, furnaces go on with the programs
        stored in them. The campaign can be resumed.

        Raises:
            FaultError: If an instrument reports a fault. It is stopped; notes on the
                error say how it was left.
            CancelledError: If the caller gave up, as after Ctrl-C.
        """
        self.furnace = furnace_of(schedule)
        self.ended |= hold_unsafe(self.bench, self.load, schedule, self.ended)
        over = {b.task.name: asyncio.Event() for b in schedule.bookings}
        running = {
            asyncio.create_task(self._run_one(booking, over))
            for booking in schedule.bookings
        }
        if not running:
            return
        try:
            done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_EXCEPTION)
        except asyncio.CancelledError:
            self.bench.effects.halt()
            await self._landed(running)
            raise
        failed = [error for task in done if (error := task.exception())]
        if failed:
            await self._come_to_rest(failed, running)

    async def _come_to_rest(
        self, failed: list[BaseException], running: set[asyncio.Task[None]]
    ) -> None:
        """Make the faulty instruments safe, let the others end, and raise.

        A fault of the load's own furnace concerns no other load: what this one has
        under way waits for that furnace, and nobody else uses it.
        """
        if not all(map(self.is_own_fault, failed)):
            self.bench.effects.halt()
        for error in (e for e in failed if isinstance(e, FaultError)):
            words = await make_safe(self.bench.lab, error.instrument)
            error.add_note(f"{error.instrument}: {words}")
        later = await self._landed(running)
        faults = [e for e in (*failed, *later) if isinstance(e, FaultError)]
        raise (faults or failed)[0]

    def is_own_fault(self, error: BaseException) -> bool:
        """Tell whether an error is a fault of the furnace that fires this load."""
        return isinstance(error, FaultError) and error.instrument == self.furnace

    async def _landed(self, running: set[asyncio.Task[None]]) -> list[BaseException]:
        """End all tasks, doses and moves under way in their own time.

        Returns:
            What else went wrong meanwhile.
        """
        effects = self.bench.effects
        landing = set()
        for task in running:
            effect = effects.under_way(task)
            if effect is not None and effect.kind in LANDED and not task.done():
                landing.add(task)
            else:
                task.cancel()
        if landing:
            await asyncio.wait(landing, timeout=LANDING_SECONDS)
        for task in landing:
            if not task.done():
                effect = effects.under_way(task)
                if effect is not None and effect.kind in LANDED:
                    await make_safe(self.bench.lab, effect.instrument)
                task.cancel()
        ends = await asyncio.gather(*running, return_exceptions=True)
        return [
            end for end in ends
            if isinstance(end, BaseException)
            and not isinstance(end, asyncio.CancelledError)
        ]  # fmt: skip

    async def _run_one(self, booking: Booking, over: dict[str, asyncio.Event]) -> None:
        task = booking.task
        for need in task.needs:
            await over[need].wait()
        try:
            if booking.instrument:
                async with self.bench.lock(booking.instrument):
                    await self._work(task, booking.instrument)
            else:
                await self._work(task, "")
        except HaltedError:
            return
        except Exception as error:
            if not self.is_own_fault(error):
                # At once, before a task that waits for this instrument takes it.
                self.bench.effects.halt()
            raise
        over[task.name].set()

    async def _work(self, task: Task, instrument: str) -> None:
        """Carry a task out; without those of its samples that have to be held."""
        while remaining := self._taking_part(task):
            part = task.of(remaining)
            try:
                refuse_unsafe(
                    self.bench, self.load, part, instrument, furnace=self.furnace
                )
                await carry_out(self.bench, part, instrument, load=self.load)
                await self._analyse(task, remaining[0])
            except (HeldError, LimitExceededError, RefusedError) as error:
                named = error.samples if isinstance(error, HeldError) else ()
                for sample in remaining:
                    if not named or sample.name in named:
                        await self._hold(task, sample, error)
            else:
                return

    def _taking_part(self, task: Task) -> tuple[Sample, ...]:
        is_second = task.action == "rescan"
        return tuple(
            sample
            for sample in task.samples
            if sample.name not in self.ended
            and (not is_second or sample.name in self.asked)
        )

    async def _analyse(self, task: Task, sample: Sample) -> None:
        """Have a scan analysed; the first may ask for the second."""
        if task.action == "scan" and await self.analyse(sample.name):
            self.asked.add(sample.name)
        elif task.action == "rescan":
            await self.analyse(sample.name, again=True)

    async def _hold(self, task: Task, sample: Sample, error: Exception) -> None:
        """Take a sample's containers off the instruments and it out of the load.

        In this order: a process that dies between the two holds it again. What its
        first scan showed is not lost with whatever fails after it.
        """
        await self.bench.clear(sample)
        reason = str(error)
        if task.action in AFTER_THE_SCAN:
            await self.analyse(sample.name, again=True, lost=reason)
        else:
            self.bench.effects.record(
                SampleEnded(
                    sample=sample.name,
                    status="lost" if is_lost(task, error) else "held",
                    reason=reason,
                )
            )
        self.ended.add(sample.name)


def is_lost(task: Task, error: Exception) -> bool:
    """Tell whether a person could not get fired powder out of its vessel."""
    refused = error.refused if isinstance(error, HeldError) else None
    return task.action in OUT_OF_VESSELS and refused in ("transfer", "fill-holder")
