"""The real drivers over simulated firmware: each verb acts on the world as it says."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from instruments.clock import Clock
from instruments.errors import FaultError, InstrumentError, RefusedError
from instruments.lab import connect
from instruments.protocols import Lab
from instruments.quantities import HeatingProfile, HumanTask, Segment, Slot
from simulators import clock
from simulators.faults import FaultPlan
from simulators.lab import SimulatedLab
from tests.simulators.stand_in import lab_spec, load, simulated_lab

Story = Callable[[Lab, SimulatedLab], Awaitable[Any]]

FIRING = HeatingProfile(
    (
        Segment("ramp", 900.0, celsius_per_minute=10.0),
        Segment("hold", 900.0, seconds=20 * 3600.0),
        Segment("ramp", 60.0, celsius_per_minute=5.0),
    ),
    "O2",
)


def with_drivers(
    story: Story,
    *,
    path: Path | None = None,
    start_seconds: float = 0.0,
    faults: FaultPlan | None = None,
) -> Any:
    """Connect the drivers to the small lab and run a story in virtual time."""

    async def main() -> Any:
        simulated = simulated_lab(path, faults=faults)
        wiring = connect(
            lab_spec(),
            openers=simulated.openers,
            clock=Clock.virtual(),
            fetchers=simulated.fetchers,
        )
        try:
            async with wiring as lab:
                return await story(lab, simulated)
        finally:
            await simulated.close()

    return clock.run(main(), start_seconds=start_seconds)


def task(kind: Any, source: str, destination: str = "") -> HumanTask:
    return HumanTask(kind, source, destination, "Please", key=f"{kind}/{source}")


async def make_vial(lab: Lab) -> None:
    """Mount a head, place the vial, dose, and take both back."""
    arm, doser = lab.arms["ur-1"], lab.dosers["doser-1"]
    await arm.move(Slot("heads", 1), Slot("doser-1.head"))
    await arm.move(Slot("vials", 1), Slot("doser-1", 3))
    assert await doser.mounted() == "Y2O3"
    dose = await doser.dose("Y2O3", 0.5, position=3, label="S1-dose-1")
    assert dose.measured_grams == pytest.approx(0.5, rel=0.02)
    assert await doser.last_dose() == dose
    await arm.move(Slot("doser-1.head"), Slot("heads", 1))
    await arm.move(Slot("doser-1", 3), Slot("vials", 1))


def test_a_sample_is_made_by_the_drivers():
    async def story(lab: Lab, simulated: SimulatedLab) -> None:
        arm, person = lab.arms["ur-1"], lab.operators["bench-1"]
        await make_vial(lab)
        await lab.balances["scale-1"].zero()
        await arm.move(Slot("vials", 1), Slot("scale-1"))
        vial = simulated.world.state.containers["vial-01"]
        gross = vial.tare_grams + vial.content_grams
        mass = await lab.balances["scale-1"].weigh()
        assert mass.grams == pytest.approx(gross, abs=5e-4)
        await arm.move(Slot("scale-1"), Slot("dac-1"))
        await lab.mixers["dac-1"].mix(rpm=1500, seconds=120)
        await arm.move(Slot("dac-1"), Slot("vials", 1))
        answer = await person.ask(task("transfer", "vial-01", "crucible-01"))
        assert answer.is_done
        await arm.move(Slot("crucibles", 1), Slot("box-a", 2))
        furnace = lab.furnaces["box-a"]
        await furnace.start(FIRING)
        assert await furnace.program() == FIRING
        state = await furnace.state()
        assert state.program == "running"
        assert state.seconds_left == pytest.approx(FIRING.seconds(), abs=60)
        await asyncio.sleep(7200)
        with pytest.raises(FaultError, match="PROTECTIVE_STOP"):
            await arm.move(Slot("box-a", 2), Slot("crucibles", 1))
        while (await furnace.state()).program != "complete":
            await asyncio.sleep(600)
        while (await furnace.state()).measured_celsius > 70:
            await asyncio.sleep(600)
        answer = await person.ask(task("place", "crucible-01", "crucibles/1"))
        assert answer.is_done, answer.note
        assert (
            await person.ask(task("fill-holder", "crucible-01", "holder-01"))
        ).is_done
        await person.ask(task("place", "holder-01", "aeris-1/1"))
        scan = await lab.diffractometers["aeris-1"].scan(
            "S1-a", position=1, program="10-80_8min"
        )
        assert scan.pattern.sample_id == "S1-a"
        assert scan.pattern.counts.mean() == pytest.approx(100, rel=0.1)
        again = await lab.diffractometers["aeris-1"].result("S1-a")
        assert again is not None
        assert again.raw == scan.raw
        powder = load(simulated.world.state.containers["crucible-01"].powder)
        assert powder.n_mixed == 1
        assert powder.peak_celsius == pytest.approx(900, abs=15)
        assert simulated.world.state.total_grams() == pytest.approx(40.05, abs=1e-9)

    with_drivers(story)


def test_a_cancelled_firing_ramps_down_under_its_gas():
    async def story(lab: Lab, simulated: SimulatedLab) -> None:
        furnace = lab.furnaces["box-a"]
        await furnace.start(FIRING)
        await asyncio.sleep(7200)
        await furnace.cool_down()
        assert (await furnace.program()).atmosphere == "O2"
        await asyncio.sleep(3600)
        assert simulated.world.furnace("box-a").logic == 1
        state = await furnace.state()
        assert 500 < state.measured_celsius < 700

    with_drivers(story)


def test_an_emergency_stop_turns_the_heaters_off():
    async def story(lab: Lab, simulated: SimulatedLab) -> None:
        furnace = lab.furnaces["box-a"]
        await furnace.start(FIRING)
        await asyncio.sleep(3600)
        await furnace.stop()
        assert (await furnace.state()).program == "reset"
        assert simulated.world.furnace("box-a").output_percent == 0.0

    with_drivers(story)


def test_a_running_program_is_adopted_after_a_kill(tmp_path: Path):
    path = tmp_path / "run.world.jsonl"

    async def begin(lab: Lab, simulated: SimulatedLab) -> float:
        await lab.furnaces["box-a"].start(FIRING)
        await asyncio.sleep(7200)
        return simulated.world.now()

    async def adopt(lab: Lab, simulated: SimulatedLab) -> None:
        state = await lab.furnaces["box-a"].state()
        assert state.program == "running"
        assert state.measured_celsius == pytest.approx(900, abs=2)
        assert await lab.furnaces["box-a"].program() == FIRING

    killed_at = with_drivers(begin, path=path)
    with_drivers(adopt, path=path, start_seconds=killed_at)


def test_an_empty_place_and_a_wrong_head_are_refused():
    async def story(lab: Lab, simulated: SimulatedLab) -> None:
        with pytest.raises(RefusedError, match="the head mounted is None"):
            await lab.dosers["doser-1"].dose("CuO", 0.1, position=1, label="x")
        with pytest.raises(RefusedError, match="no holder at position 2"):
            await lab.diffractometers["aeris-1"].scan(
                "S1-a", position=2, program="10-80_8min"
            )
        with pytest.raises(FaultError, match="PROTECTIVE_STOP"):
            await lab.arms["ur-1"].move(Slot("scale-1"), Slot("vials", 1))

    with_drivers(story)


def test_a_stop_during_a_dose_tells_what_fell():
    async def story(lab: Lab, simulated: SimulatedLab) -> None:
        arm, doser = lab.arms["ur-1"], lab.dosers["doser-1"]
        await arm.move(Slot("heads", 1), Slot("doser-1.head"))
        await arm.move(Slot("vials", 1), Slot("doser-1", 1))
        dosing = asyncio.create_task(
            doser.dose("Y2O3", 0.5, position=1, label="stopped")
        )
        await asyncio.sleep(30)
        await doser.stop()
        with pytest.raises(RefusedError, match="stopped externally"):
            await dosing
        last = await doser.last_dose()
        assert last is not None
        fallen = simulated.world.state.containers["vial-01"].raw["Y2O3"]
        assert last.measured_grams == pytest.approx(fallen, abs=2e-4)

    with_drivers(story)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_lost_and_late_answers_never_dose_twice(seed: int):
    faults = FaultPlan(seed, lose_probability=0.02, late_probability=0.02)

    async def story(lab: Lab, simulated: SimulatedLab) -> None:
        world = simulated.world
        world.do("moved", container="Y2O3", destination="doser-1.head/1")
        world.do("moved", container="vial-01", destination="doser-1/1")
        for attempt in range(5):
            with contextlib.suppress(InstrumentError):
                await lab.dosers["doser-1"].dose(
                    "Y2O3", 0.2, position=1, label=f"a{attempt}"
                )
        labels = [
            part["label"]
            for effect in world.effects
            for part in effect.get("effects", [])
            if part["kind"] == "dosed"
        ]
        assert len(labels) == len(set(labels))

    with_drivers(story, faults=faults)
