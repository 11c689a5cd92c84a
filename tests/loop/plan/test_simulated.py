"""The executor over the drivers and the simulated firmware."""

import asyncio
from collections import Counter

import pytest

from campaigns.recipe import DoseStep, FireStep, MixStep, Recipe, ScanStep
from instruments.clock import Clock
from instruments.lab import connect
from instruments.quantities import Slot
from loop.plan.bench import Bench
from loop.plan.effects import Effects
from loop.plan.executor import Executor
from loop.plan.scheduler import schedule
from loop.plan.tasks import Sample, plan_load
from simulators.clock import run
from tests.loop.plan.journal import GUARD, Journal
from tests.simulators.stand_in import lab_spec, simulated_lab

HEADS = {"Y2O3": Slot("heads", 1), "BaCO3": Slot("heads", 2)}
RECIPE = Recipe(
    steps=(
        DoseStep(grams={"Y2O3": 0.5, "BaCO3": 0.7}),
        MixStep(),
        FireStep(name="fire", temperature_celsius=800.0, hold_hours=1.0),
        ScanStep(),
    ),
    reaction="",
    expected_grams=1.0,
)


def execute(path, journal, numbers, *, start=0.0, cancel_after=None):
    """Run a load on the world journaled at `path`; return the world's last time."""
    spec = lab_spec()
    world = simulated_lab(path)

    async def analyse(sample, *, again=False, lost=""):
        return False

    async def go():
        clock = Clock.virtual()
        effects = Effects(journal, clock.now, payloads=list(journal.payloads))
        made = [Sample(f"S{n:04d}", n, s, RECIPE) for s, n in enumerate(numbers, 1)]
        async with connect(
            spec, openers=world.openers, fetchers=world.fetchers, clock=clock
        ) as lab:
            bench = Bench(lab, effects, HEADS, clock.now, GUARD)
            plan = schedule(plan_load(1, made, spec, "box-a"))
            task = asyncio.create_task(Executor(bench, 1, analyse).run(plan))
            if cancel_after is not None:
                asyncio.get_running_loop().call_later(cancel_after, task.cancel)
            await asyncio.wait([task])
            if not task.cancelled():
                task.result()
        await world.close()
        return asyncio.get_running_loop().time()

    return run(go(), start_seconds=start), world


def assert_made(journal, world, n):
    kinds = Counter(p.kind for p in journal.payloads)
    assert kinds["pattern-measured"] == n
    assert kinds["dosed"] == 2 * n
    assert kinds["sample-ended"] == 0
    assert not journal.progress.open_tasks
    fell = Counter(
        effect["container"]
        for whole in world.world.effects
        for effect in whole.get("effects", [whole])
        if effect["kind"] == "dosed"
    )
    assert set(fell.values()) == {2}


def test_containers_beyond_the_racks_are_fetched_clean(tmp_path):
    journal = Journal(numbers=range(4, 6))
    _, world = execute(tmp_path / "world.jsonl", journal, range(4, 6))
    assert_made(journal, world, 2)
    state = world.world.state
    assert state.containers["vial-05"].slot == "vials/1"
    assert state.containers["holder-05"].slot == "holders/1"
    assert state.containers["holder-02"].slot.startswith("cupboard")


@pytest.mark.parametrize("at", [75.0, 200.0, 420.0, 1500.0, 9000.0, 30000.0])
def test_cancelled_and_resumed_on_the_simulated_lab(tmp_path, at):
    journal = Journal(numbers=range(1, 3))
    path = tmp_path / "world.jsonl"
    ended, _ = execute(path, journal, range(1, 3), cancel_after=at)
    journal.resumed()
    _, world = execute(path, journal, range(1, 3), start=ended)
    assert_made(journal, world, 2)
