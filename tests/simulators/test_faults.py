"""Fault plans: off by default, seeded, and independent between instruments."""

import asyncio

import pytest

from simulators.faults import HEALTHY, FaultPlan
from simulators.lab import SimulatedLab
from tests.simulators.stand_in import Terminal, in_lab, simulated_lab


def test_a_plan_without_probabilities_is_healthy():
    plan = FaultPlan(1)
    assert all(plan.fate("x", float(t)) == HEALTHY for t in range(50))


def test_fates_depend_on_seed_and_instrument_alone():
    first, second = (FaultPlan(1, refuse_probability=0.3) for _ in range(2))
    alone = [first.fate("a", 0.0) for _ in range(30)]
    mixed = []
    for _ in range(30):
        second.fate("b", 0.0)
        mixed.append(second.fate("a", 0.0))
    assert alone == mixed
    assert any(fate.is_refused for fate in alone)


def test_a_hung_instrument_is_silent_and_wakes_again():
    plan = FaultPlan(1, hang_probability=1.0, hang_seconds=30.0)
    lab = simulated_lab(faults=plan)

    async def story(lab: SimulatedLab) -> str:
        scale = Terminal(lab, "scale-1")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(10):
                await scale.ask("I4")
        plan.hang_probability = 0.0
        await asyncio.sleep(30)
        return await scale.ask("I4")

    assert in_lab(story, lab).startswith("I4 A")


@pytest.mark.parametrize(
    ("name", "request_", "refusal"),
    [
        ("scale-1", "S", "S I"),
        ("doser-1", "QRA 61 1", "QRA 61 1 I 2"),
        ("ur-1", "play", "Failed to execute: play"),
    ],
)
def test_refusals_are_in_the_instruments_own_words(name, request_, refusal):
    lab = simulated_lab(faults=FaultPlan(1, refuse_probability=1.0))

    async def story(lab: SimulatedLab) -> str:
        wire = Terminal(lab, name)
        if name == "ur-1":
            await wire.line()
        return await wire.ask(request_)

    assert in_lab(story, lab) == refusal


def test_late_answers_come_late():
    lab = simulated_lab(faults=FaultPlan(1, late_probability=1.0, late_seconds=7.0))

    async def story(lab: SimulatedLab) -> float:
        await Terminal(lab, "scale-1").ask("I4")
        return lab.world.now()

    assert in_lab(story, lab) == pytest.approx(7.0, abs=0.1)
