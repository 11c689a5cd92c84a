"""Firing and drying: a stored program runs on its own; we watch, and adopt it."""

import asyncio
import re
from dataclasses import dataclass, field

import numpy as np

from campaigns.blobs import encode_trace
from campaigns.lifecycle import Fired, Values
from campaigns.recipe import DryStep, FireStep
from instruments.errors import FaultError
from instruments.protocols import Furnace
from instruments.quantities import FurnaceState, HeatingProfile, HumanTask, Trace
from loop.plan.bench import Bench
from loop.plan.effects import Done, Effect, UnknownOutcomeError
from loop.plan.firing import heating_profile, measured_firing
from loop.plan.tasks import Task

TRACE_SECONDS = 60.0
"""Time between two readings of a furnace, s."""
DRYING_RAMP = 5.0
"""Ramp of the drying oven, degrees Celsius per minute."""


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


def as_firing(step: FireStep | DryStep) -> FireStep:
    """Return a drying step as the gentle firing that it is."""
    if isinstance(step, FireStep):
        return step
    return FireStep(
        kind="anneal",
        name="dry",
        temperature_celsius=step.temperature_celsius,
        hold_hours=step.minutes / 60.0,
        ramp_celsius_per_minute=DRYING_RAMP,
        cool_celsius_per_minute=DRYING_RAMP,
    )


async def heat(bench: Bench, task: Task, furnace: str, *, load: int) -> None:
    """Run one firing of everything in a furnace, once, and record it.

    Raises:
        HeldError: If the program was refused or its outcome cannot be known.
        FaultError: If the controller reports a fault.
    """
    if not isinstance(task.step, FireStep | DryStep):
        raise TypeError(f"{task.name} is not a heating step")
    step = as_firing(task.step)
    spec = bench.lab.spec.furnaces[furnace]
    profile = heating_profile(step, spec)
    commanded: Values = {
        "temperature_celsius": profile.peak_celsius,
        "hold_hours": step.hold_hours,
        "ramp_celsius_per_minute": step.ramp_celsius_per_minute,
        "cool_celsius_per_minute": step.cool_celsius_per_minute,
        "atmosphere": step.atmosphere,
    }
    names = tuple(sample.name for sample in task.samples)

    async def watched(*, is_whole: bool) -> Done:
        device = bench.lab.furnaces[furnace]
        trace = await _watch(bench, device, furnace, spec.open_below_celsius)
        measured = measured_firing(trace, step, spec, is_whole=is_whole)
        fired = Fired(
            load=load,
            samples=names,
            step=step.name,
            furnace=furnace,
            planned=step.model_dump(exclude={"kind", "name"}),
            commanded=commanded,
            measured=measured,
            trace=bench.effects.keep(encode_trace(trace)),
        )
        return Done(measured, (fired,))

    async def do(_: int) -> Done:
        await _until_cold(bench, furnace)
        await bench.lab.furnaces[furnace].start(profile)
        return await watched(is_whole=True)

    async def find(_: int) -> Done | None:
        if await _has_run(bench, task, furnace, profile):
            return await watched(is_whole=False)
        return None

    await bench.effects.once(
        Effect(
            name=f"{task.name}/heat",
            kind="dry" if isinstance(task.step, DryStep) else "fire",
            samples=names,
            instrument=furnace,
            commanded=commanded,
            do=do,
            find=find,
        )
    )


async def _watch(
    bench: Bench, device: Furnace, furnace: str, open_below_celsius: float
) -> Trace:
    """Read the furnace until its program is over and its door may open."""
    readings = _Readings()
    while True:
        state = await device.state()
        if state.faults:
            raise FaultError(furnace, ", ".join(state.faults))
        readings.add(bench.now(), state)
        is_over = state.program in ("reset", "complete")
        if is_over and state.measured_celsius < open_below_celsius:
            return readings.trace()
        await asyncio.sleep(TRACE_SECONDS)


async def _until_cold(bench: Bench, furnace: str) -> None:
    limit = bench.lab.spec.furnaces[furnace].open_below_celsius
    while True:
        state = await bench.lab.furnaces[furnace].state()
        if state.program in ("reset", "complete") and state.measured_celsius < limit:
            return
        await asyncio.sleep(TRACE_SECONDS)


async def _has_run(
    bench: Bench, task: Task, furnace: str, profile: HeatingProfile
) -> bool:
    """Tell whether an interrupted firing runs or ran, from what the furnace shows.

    A program that still runs must be the one that was sent. Where the controller
    stands at reset it may have finished or never begun; then a person looks at the
    powder, whose firings are counted from outside.
    """
    state = await bench.lab.furnaces[furnace].state()
    if state.program in ("running", "hold", "holdback"):
        stored = await bench.lab.furnaces[furnace].program()
        if not _same(stored, profile):
            raise UnknownOutcomeError(f"{furnace} runs a program that nobody here sent")
        return True
    is_hot = state.measured_celsius > 2 * profile.segments[-1].target_celsius
    return is_hot or await _looks_heated(bench, task)


async def _looks_heated(bench: Bench, task: Task) -> bool:
    """Ask a person whether the powder has seen the firing of this task."""
    sample = task.samples[0]
    if isinstance(task.step, FireStep):
        label, before = sample.container("crucible"), _firings_before(task)
    else:
        label, before = sample.container("vial"), 0
    text = f"How many firings has the powder in {label} seen?"
    answer = await bench.lab.operators[bench.person].ask(
        HumanTask("check", label, "", text, f"{task.name}/heat#seen")
    )
    seen = re.search(r"fired (\d+)", answer.note)
    if seen is None:
        raise UnknownOutcomeError(f"{answer.person} cannot tell: {answer.note}")
    return int(seen[1]) > before


def _firings_before(task: Task) -> int:
    index = int(task.name.rpartition("/")[2].partition("-")[0])
    steps = task.samples[0].recipe.steps[:index]
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
