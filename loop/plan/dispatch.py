"""The gate of safety: what is asked before a load, a pour and a heating may begin."""

from collections.abc import Iterable

from campaigns.lifecycle import SampleEnded
from campaigns.recipe import DoseStep
from campaigns.safety import Judgement
from loop.plan.bench import Bench
from loop.plan.effects import HeldError
from loop.plan.firing import heating_profile
from loop.plan.heating import as_firing, effect_name
from loop.plan.safety import event, reason_of
from loop.plan.scheduler import Schedule
from loop.plan.tasks import Sample, Task

NOT_BEGUN = ("absent", "not-started")
"""States of an effect of which nothing has happened."""


def furnace_of(schedule: Schedule) -> str:
    """Return where a load is fired, empty if it is not."""
    fired = (b.instrument for b in schedule.bookings if b.task.action == "fire")
    return next(fired, "")


def hold_unsafe(
    bench: Bench, load: int, schedule: Schedule, ended: Iterable[str]
) -> set[str]:
    """Hold the samples of a load that may not be made as planned; return their names.

    Nothing has moved yet, so nothing has to be cleared away. Judgement and held
    samples are recorded at once; a load that was judged is not judged again.
    """
    before = f"L{load:03d}"
    named = {s.name: s for b in schedule.bookings for s in b.task.samples}
    samples = [named[name] for name in sorted(named) if name not in set(ended)]
    furnace = furnace_of(schedule)
    if not samples or not furnace or bench.effects.was_judged(before):
        return set()
    judgement = bench.guard.of_plan(samples, furnace, bench.lab.spec)
    held = [
        SampleEnded(sample=name, status="held", reason=reason_of(finding))
        for name, finding in judgement.refused.items()
    ]
    judged = event(judgement, load=load, before=before, samples=samples)
    bench.effects.record(judged, *held)
    return set(judgement.refused)


def refuse_unsafe(
    bench: Bench, load: int, task: Task, instrument: str, *, furnace: str
) -> None:
    """Refuse a task by what was weighed and the program that would run.

    Asked before powder leaves its vial and before each heating, unless that is under
    way already: then only the furnace decides.

    Args:
        bench: The bench.
        load: Number of the load.
        task: What is about to begin.
        instrument: Where.
        furnace: Where the load is fired.

    Raises:
        HeldError: With the samples that may not take part and the first one's reason.
    """
    judgement = _judgement(bench, task, instrument, furnace)
    if judgement is None:
        return
    is_known = bench.effects.was_judged(task.name)
    if not is_known and (judgement.refused or task.action != "charge"):
        bench.effects.record(
            event(judgement, load=load, before=task.name, samples=task.samples)
        )
    for finding in judgement.refused.values():
        alike = [name for name, f in judgement.refused.items() if f == finding]
        raise HeldError(reason_of(finding), samples=tuple(alike))


def _judgement(
    bench: Bench, task: Task, instrument: str, furnace: str
) -> Judgement | None:
    guard, lab = bench.guard, bench.lab.spec
    doses = {s.name: _doses(bench, s) for s in task.samples}
    match task.action:
        case "charge":
            return guard.of_doses(task.samples, doses, furnace, lab)
        case "dry" | "fire" if bench.effects.state(effect_name(task)) in NOT_BEGUN:
            profile = heating_profile(as_firing(task), lab.furnaces[instrument])
            return guard.of_heating(task, doses, profile, instrument, lab)
        case _:
            return None


def _doses(bench: Bench, sample: Sample) -> dict[str, float]:
    """Return what was weighed of each reagent, g; the plan where nothing was."""
    kinds = [isinstance(step, DoseStep) for step in sample.recipe.steps]
    dosing = f"{sample.name}/{kinds.index(True)}-dose"
    weighed = {
        reagent: bench.effects.measured(f"{dosing}/{reagent}")
        for reagent in sample.recipe.grams
    }
    return {
        reagent: float(found["grams"]) if found else sample.recipe.grams[reagent]
        for reagent, found in weighed.items()
    }
