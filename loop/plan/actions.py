"""What each kind of task does on the bench, effect by effect."""

from statistics import fmean

from campaigns.recipe import MixStep, RegrindStep, ScanStep
from instruments.labspec import DoserSpec
from instruments.quantities import Slot
from loop.plan.arm import carry, mount
from loop.plan.bench import Bench
from loop.plan.heating import heat
from loop.plan.tasks import Container, Sample, Task
from loop.plan.work import dose, mix, scan, weigh

GRIND_RPM, GRIND_MINUTES = 1500.0, 10.0


async def carry_out(bench: Bench, task: Task, instrument: str, *, load: int) -> None:
    """Carry out one task on the instrument that was booked for it."""
    match task.action:
        case "dry":
            await _dry(bench, task, instrument, load=load)
        case "fire":
            await heat(bench, task, instrument, load=load)
        case "load":
            await _load(bench, task)
        case _:
            (sample,) = task.samples
            await SAMPLE_ACTIONS[task.action](bench, task, sample, instrument)


async def _dose(bench: Bench, task: Task, sample: Sample, doser: str) -> None:
    await bench.fetch(sample, "vial")
    await _carry_in(bench, task, sample, "vial", Slot(doser))
    shares: list[float] = []
    for precursor, planned in sample.recipe.grams.items():
        wanted = corrected_grams(planned, shares, bench.lab.spec.dosers[doser])
        await mount(
            bench, sample, doser, precursor, name=f"{task.name}/mount {precursor}"
        )
        measured = await dose(
            bench, sample, doser, precursor, wanted_grams=wanted,
            name=f"{task.name}/{precursor}",
        )  # fmt: skip
        shares.append(measured / planned)
    await _carry_home(bench, task, sample, "vial", Slot(doser))


def corrected_grams(planned: float, shares: list[float], spec: DoserSpec) -> float:
    """Return the mass to ask for so that the ratios of the recipe hold, g.

    Chemistry needs the ratios, not the total: a first dose that came out 1 % high
    makes the next ones 1 % larger.

    Args:
        planned: Mass in the recipe, g.
        shares: Measured over planned mass of the doses so far, dimensionless.
        spec: The doser, outside whose range nothing is corrected.
    """
    wanted = planned * fmean(shares) if shares else planned
    return wanted if spec.min_grams <= wanted <= spec.max_grams else planned


async def _mix(bench: Bench, task: Task, sample: Sample, mixer: str) -> None:
    step = task.step
    if not isinstance(step, MixStep):
        raise TypeError(f"{task.name} does not mix")
    await _carry_in(bench, task, sample, "vial", Slot(mixer))
    await mix(
        bench, sample, mixer, rpm=step.rpm, minutes=step.minutes,
        name=f"{task.name}/mix", kind="mix",
    )  # fmt: skip
    await _carry_home(bench, task, sample, "vial", Slot(mixer))


async def _dry(bench: Bench, task: Task, oven: str, *, load: int) -> None:
    # By the sample's own number, so that a sample held meanwhile moves no other.
    n_slots = bench.lab.spec.furnaces[oven].slots
    slots = {s.name: Slot(oven, (s.slot - 1) % n_slots + 1) for s in task.samples}
    for sample in task.samples:
        await _carry_in(bench, task, sample, "vial", slots[sample.name])
    await heat(bench, task, oven, load=load)
    for sample in task.samples:
        await _carry_home(bench, task, sample, "vial", slots[sample.name])


async def _charge(bench: Bench, task: Task, sample: Sample, balance: str) -> None:
    """Weigh the crucible empty, let a person fill it, and weigh it full."""
    await bench.fetch(sample, "crucible")
    await _carry_in(bench, task, sample, "crucible", Slot(balance))
    await weigh(bench, sample, balance, name=f"{sample.name}/crucible-empty")
    await _pour(bench, task, sample, "vial", "crucible")
    await weigh(bench, sample, balance, name=f"{sample.name}/crucible-full")
    await _carry_home(bench, task, sample, "crucible", Slot(balance))


async def _load(bench: Bench, task: Task) -> None:
    (sample,) = task.samples
    (furnace,) = task.places
    await _carry_in(bench, task, sample, "crucible", Slot(furnace, sample.slot))


async def _unload(bench: Bench, task: Task, sample: Sample, balance: str) -> None:
    """Bring the crucible from the furnace over the balance to its rack."""
    (furnace,) = task.places
    label = sample.container("crucible")
    await carry(
        bench,
        sample,
        label,
        Slot(furnace, sample.slot),
        Slot(balance),
        name=f"{task.name}/in",
    )
    await weigh(bench, sample, balance, name=f"{task.name}/crucible-fired")
    await _carry_home(bench, task, sample, "crucible", Slot(balance))


async def _regrind(bench: Bench, task: Task, sample: Sample, mixer: str) -> None:
    step = task.step
    if not isinstance(step, RegrindStep):
        raise TypeError(f"{task.name} does not regrind")
    await _grind_in_jar(bench, task, sample, mixer, rpm=step.rpm, minutes=step.minutes)
    await _pour(bench, task, sample, "jar", "crucible")


async def _grind(bench: Bench, task: Task, sample: Sample, mixer: str) -> None:
    await _grind_in_jar(
        bench, task, sample, mixer, rpm=GRIND_RPM, minutes=GRIND_MINUTES
    )


async def _fill_holder(bench: Bench, task: Task, sample: Sample, _: str) -> None:
    step = task.step
    if not isinstance(step, ScanStep):
        raise TypeError(f"{task.name} does not scan")
    await bench.fetch(sample, "holder")
    jar, holder = sample.container("jar"), sample.container("holder")
    await bench.ask(
        sample, "fill-holder", f"{task.name}/fill", jar, holder,
        f"Press {step.holder_grams} g of the powder from {jar} into {holder}.",
    )  # fmt: skip


async def _scan(bench: Bench, task: Task, sample: Sample, diffractometer: str) -> None:
    """Scan the filled holder for the first time, or for the second and longer."""
    step = task.step
    if not isinstance(step, ScanStep):
        raise TypeError(f"{task.name} does not scan")
    is_second = task.action == "rescan"
    await _carry_in(bench, task, sample, "holder", Slot(diffractometer))
    await scan(
        bench, sample, diffractometer, name=f"{task.name}/scan",
        program=step.longer if is_second else step.program,
        label=f"{sample.name}-longer" if is_second else sample.name,
    )  # fmt: skip
    await _carry_home(bench, task, sample, "holder", Slot(diffractometer))


async def _archive(bench: Bench, task: Task, sample: Sample, _: str) -> None:
    jar, holder = sample.container("jar"), sample.container("holder")
    await bench.ask(
        sample, "recover", f"{task.name}/recover", holder, jar,
        f"Empty {holder} back into {jar}, clean it, and archive the jar.",
    )  # fmt: skip


async def _grind_in_jar(
    bench: Bench, task: Task, sample: Sample, mixer: str, *, rpm: float, minutes: float
) -> None:
    await bench.fetch(sample, "jar")
    await _pour(bench, task, sample, "crucible", "jar")
    await _carry_in(bench, task, sample, "jar", Slot(mixer))
    await mix(
        bench,
        sample,
        mixer,
        rpm=rpm,
        minutes=minutes,
        name=f"{task.name}/grind",
        kind="grind",
    )
    await _carry_home(bench, task, sample, "jar", Slot(mixer))


async def _pour(
    bench: Bench, task: Task, sample: Sample, source: Container, destination: Container
) -> None:
    start, end = sample.container(source), sample.container(destination)
    # The lid was weighed with the empty crucible, so it must be on again.
    is_covered = any(firing.covered for firing in sample.recipe.firings)
    lid = " Put its lid back on." if is_covered and destination == "crucible" else ""
    await bench.ask(
        sample, "transfer", f"{task.name}/{source} to {destination}", start, end,
        f"Transfer all powder from {start} into {end} and note its mass.{lid}",
    )  # fmt: skip


async def _carry_in(
    bench: Bench, task: Task, sample: Sample, kind: Container, to: Slot
) -> None:
    label, home = sample.container(kind), bench.home(sample, kind)
    await carry(bench, sample, label, home, to, name=f"{task.name}/{label} in")


async def _carry_home(
    bench: Bench, task: Task, sample: Sample, kind: Container, source: Slot
) -> None:
    label, home = sample.container(kind), bench.home(sample, kind)
    await carry(bench, sample, label, source, home, name=f"{task.name}/{label} home")


SAMPLE_ACTIONS = {
    "dose": _dose,
    "mix": _mix,
    "charge": _charge,
    "unload": _unload,
    "regrind": _regrind,
    "grind": _grind,
    "fill-holder": _fill_holder,
    "scan": _scan,
    "rescan": _scan,
    "archive": _archive,
}
