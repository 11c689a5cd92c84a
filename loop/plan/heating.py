"""Firing and drying: a stored program runs on its own; we watch, and adopt it."""

import asyncio
import re
from dataclasses import dataclass, field

import numpy as np

from campaigns.blobs import encode_trace
from campaigns.lifecycle import Fired, Values
from campaigns.recipe import DryStep, FireStep
from instruments.errors import FaultError, NoAnswerError, RefusedError
from instruments.labspec import FurnaceSpec
from instruments.limits import check_crucible
from instruments.quantities import FurnaceState, HeatingProfile, HumanTask, Trace
from loop.plan.bench import Bench
from loop.plan.effects import Done, Effect, UnknownOutcomeError
from loop.plan.firing import heating_profile, held_hours, measured_firing
from loop.plan.guards import PATIENCE_SECONDS, wait_until_free
from loop.plan.tasks import Task

TRACE_SECONDS = 60.0
"""Time between two readings of a furnace, s."""
DRYING_RAMP = 5.0
"""Ramp of the drying oven, degrees Celsius per minute."""
LOST_CONTACT_SECONDS = 6 * 3600.0
"""A furnace runs its stored program without us; silent for longer than this, somebody
must look at it."""


@dataclass
class _Readings:
    """Readings of one firing as they come."""

    seconds: list[float] = field(default_factory=list)
    set_celsius: list[float] = field(default_factory=list)
    measured_celsius: list[float] = field(default_factory=list)

    def add(self, at: float, state: FurnaceState) -> None:
        self.seconds.append(at)
        self.set_celsius.append(state.setpoint_celsius)
        self.measured_celsius.append(state.measured_celsius)

    def trace(self) -> Trace:
        return Trace(
            seconds=np.array(self.seconds, dtype=np.float64),
            set_celsius=np.array(self.set_celsius, dtype=np.float64),
            measured_celsius=np.array(self.measured_celsius, dtype=np.float64),
        )


def as_firing(task: Task) -> FireStep:
    """Return the firing of a task; a drying is a gentle one."""
    step = task.step
    if isinstance(step, FireStep):
        return step
    if not isinstance(step, DryStep):
        raise TypeError(f"{task.name} is not a heating step")
    return FireStep(
        kind="anneal",
        name="dry",
        temperature_celsius=step.temperature_celsius,
        hold_hours=step.minutes / 60.0,
        ramp_celsius_per_minute=DRYING_RAMP,
        cool_celsius_per_minute=DRYING_RAMP,
    )


def effect_name(task: Task) -> str:
    """Return the name of the effect that heats."""
    return f"{task.name}/heat"


async def heat(bench: Bench, task: Task, furnace: str, *, load: int) -> None:
    """Run one firing of everything in a furnace, once, and record it.

    Raises:
        HeldError: If the program was refused, a fault cut the firing short, or its
            outcome cannot be known.
        FaultError: If the controller reports a fault.
    """
    step = as_firing(task)
    profile = heating_profile(step, bench.lab.spec.furnaces[furnace])
    firing = _Firing(bench, task, furnace, load, step, profile)
    await bench.effects.once(
        Effect(
            name=firing.name,
            kind="dry" if isinstance(task.step, DryStep) else "fire",
            samples=tuple(sample.name for sample in task.samples),
            instrument=furnace,
            commanded=firing.commanded,
            do=firing.do,
            find=firing.find,
        )
    )


@dataclass(frozen=True)
class _Firing:
    """One firing of one load: how to do it, and how to find out whether it was done."""

    bench: Bench
    task: Task
    furnace: str
    load: int
    step: FireStep
    profile: HeatingProfile

    @property
    def name(self) -> str:
        return effect_name(self.task)

    @property
    def spec(self) -> FurnaceSpec:
        return self.bench.lab.spec.furnaces[self.furnace]

    @property
    def commanded(self) -> Values:
        return {
            "temperature_celsius": self.profile.peak_celsius,
            "hold_hours": self.step.hold_hours,
            "ramp_celsius_per_minute": self.step.ramp_celsius_per_minute,
            "cool_celsius_per_minute": self.step.cool_celsius_per_minute,
            "atmosphere": self.step.atmosphere,
        }

    async def do(self, _: int) -> Done:
        """Start the program on a cold furnace and watch it to its end."""
        for crucible in self._crucibles():
            check_crucible(self.furnace, self.spec, crucible)
        await wait_until_free(
            self.bench.lab, self.furnace, self.bench.now,
            patience_seconds=PATIENCE_SECONDS,
        )  # fmt: skip
        await self.bench.lab.furnaces[self.furnace].start(self.profile)
        return await self._watched(is_whole=True)

    async def find(self, _: int) -> Done | None:
        """Tell from what the furnace shows whether the firing runs, ran, or never did.

        A program that still runs must be the one that was sent. Where the controller
        stands at reset it may have finished or never begun; then a person looks at
        the powder, whose firings are counted from outside. After a fault a powder
        that was heated has seen some other firing than the one that was planned.
        """
        device = self.bench.lab.furnaces[self.furnace]
        state = await device.state()
        if state.program in ("running", "hold", "holdback"):
            if not _same(await device.program(), self.profile):
                raise UnknownOutcomeError(
                    f"{self.furnace} runs a program that nobody here sent"
                )
            return await self._watched(is_whole=False)
        is_hot = state.measured_celsius > 2 * self.profile.segments[-1].target_celsius
        if not is_hot and not await _looks_heated(self.bench, self.task, self.name):
            return None
        if self.bench.effects.state(self.name) == "fault":
            raise UnknownOutcomeError(
                f"a fault of {self.furnace} cut the firing short; nobody knows what it "
                "made of the powder"
            )
        return await self._watched(is_whole=False)

    def _crucibles(self) -> set[str]:
        """Return the crucible materials of all samples; drying is done in the vial."""
        if not isinstance(self.task.step, FireStep):
            return set()
        index = self.task.index
        steps = (sample.recipe.steps[index] for sample in self.task.samples)
        return {step.crucible for step in steps if isinstance(step, FireStep)}

    async def _watched(self, *, is_whole: bool) -> Done:
        """Watch to the end and return what happened."""
        trace = await self._watch()
        measured = measured_firing(trace, self.step, self.spec, is_whole=is_whole)
        fired = Fired(
            load=self.load,
            samples=tuple(sample.name for sample in self.task.samples),
            step=self.step.name,
            furnace=self.furnace,
            planned=self.step.model_dump(exclude={"kind", "name"}),
            commanded=self.commanded,
            measured=measured,
            trace=self.bench.effects.keep(encode_trace(trace)),
        )
        return Done(measured, (fired,))

    async def _watch(self) -> Trace:
        """Read the furnace until its program is over and its door may open.

        Raises:
            FaultError: If it reports a fault, or is silent for LOST_CONTACT_SECONDS.
        """
        device, readings = self.bench.lab.furnaces[self.furnace], _Readings()
        heard = self.bench.now()
        while True:
            try:
                state = await device.state()
            except (NoAnswerError, RefusedError) as error:
                silent = self.bench.now() - heard
                if silent > LOST_CONTACT_SECONDS:
                    text = f"no valid reading for {silent / 3600:.0f} h: {error}"
                    raise FaultError(self.furnace, text) from error
                await asyncio.sleep(TRACE_SECONDS)
                continue
            heard = self.bench.now()
            if state.faults:
                raise FaultError(self.furnace, self._fault_text(state, readings))
            readings.add(heard, state)
            is_over = state.program in ("reset", "complete")
            if is_over and state.measured_celsius < self.spec.open_below_celsius:
                return readings.trace()
            await asyncio.sleep(TRACE_SECONDS)

    def _fault_text(self, state: FurnaceState, readings: _Readings) -> str:
        """Say what the powder has seen until a fault; keep the trace."""
        trace = readings.trace()
        kept = self.bench.effects.keep(encode_trace(trace))
        hours = held_hours(trace, self.step)[0]
        return (
            f"{', '.join(state.faults)}; until then at most "
            f"{max(readings.measured_celsius, default=0.0):.0f} C, and {hours:.2f} h "
            f"at the hold; trace {kept}"
        )


async def _looks_heated(bench: Bench, task: Task, name: str) -> bool:
    """Ask a person whether the powder has seen the firing of this task."""
    sample = task.samples[0]
    if isinstance(task.step, FireStep):
        label, before = sample.container("crucible"), _firings_before(task)
    else:
        label, before = sample.container("vial"), 0
    text = f"How many firings has the powder in {label} seen? Answer in the note."
    answer = await bench.lab.operators[bench.person].ask(
        HumanTask("check", label, "", text, f"{name}#seen")
    )
    seen = re.search(r"fired (\d+)|^\s*(\d+)\s*$", answer.note)
    if seen is None:
        raise UnknownOutcomeError(f"{answer.person} cannot tell: {answer.note!r}")
    return int(seen[1] or seen[2]) > before


def _firings_before(task: Task) -> int:
    steps = task.samples[0].recipe.steps[: task.index]
    return sum(isinstance(step, FireStep) for step in steps)


def _same(stored: HeatingProfile, sent: HeatingProfile) -> bool:
    """Compare programs by their ramps and the total time of their holds."""

    def ramps(profile: HeatingProfile) -> list[tuple[int, int]]:
        return [
            (round(s.target_celsius), round(s.celsius_per_minute * 10))
            for s in profile.segments
            if s.kind == "ramp"
        ]

    def held(profile: HeatingProfile) -> float:
        return sum(s.seconds for s in profile.segments if s.kind == "hold")

    return (
        ramps(stored) == ramps(sent)
        and abs(held(stored) - held(sent)) < 60.0
        and stored.atmosphere == sent.atmosphere
    )
