"""From recipes to tasks: what has to happen to the samples of one furnace load."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from campaigns.furnaces import lacks
from campaigns.recipe import (
    DoseStep,
    DryStep,
    FireStep,
    MixStep,
    Recipe,
    RegrindStep,
    ScanStep,
    Step,
)
from instruments.labspec import LabSpec
from loop.errors import ScheduleError
from loop.plan.firing import firing_seconds

Action = Literal[
    "dose", "mix", "dry", "charge", "load", "fire", "unload",
    "regrind", "grind", "fill-holder", "scan", "rescan", "archive",
]  # fmt: skip
"""What a task does; each is a function of `loop.plan.actions`."""
Container = Literal["vial", "crucible", "jar", "holder"]
CONTAINERS: tuple[Container, ...] = ("vial", "crucible", "jar", "holder")
"""Kinds of containers; each sample has one of each."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample of a load, with the containers that are its own."""

    name: str
    """Such as `S0007`."""
    number: int
    """From 1 within the campaign; names its containers."""
    slot: int
    """Its position in the furnace, from 1."""
    recipe: Recipe

    def container(self, kind: Container) -> str:
        """Return the label of one of its containers."""
        return f"{kind}-{self.number:02d}"


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a task that also needs an instrument beside the task's own."""

    seconds: float
    uses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Task:
    """One piece of work on one instrument."""

    name: str
    action: Action
    samples: tuple[Sample, ...]
    instruments: tuple[str, ...]
    """Instruments of which any one will do; held for the whole task."""
    parts: tuple[Part, ...]
    needs: tuple[str, ...]
    """Names of the tasks that come before."""
    step: Step
    """The recipe step that it belongs to."""
    places: tuple[str, ...] = ()
    """Instruments that it reaches into without holding them, such as the furnace."""

    def of(self, samples: tuple[Sample, ...]) -> "Task":
        """Return the same task for some of its samples."""
        return replace(self, samples=samples)

    @property
    def index(self) -> int:
        """Return the place of its step in the recipes, which begins its own name."""
        return int(self.name.rpartition("/")[2].partition("-")[0])

    @property
    def seconds(self) -> float:
        """Return the expected length, s."""
        return sum(part.seconds for part in self.parts)


def plan_load(
    load: int, samples: Sequence[Sample], lab: LabSpec, furnace: str
) -> tuple[Task, ...]:
    """Return every task of a load, each after those that it needs.

    The recipes of one load have the same kinds of steps in the same order and the
    same drying, regrinding and firing settings; masses, mixing and crucibles differ.

    Raises:
        ScheduleError: If the recipes do not fit together, the furnace cannot fire
            them, or a rack is smaller than the load: its samples would share a slot.
    """
    kinds = {tuple(step.kind for step in sample.recipe.steps) for sample in samples}
    shared = {tuple(f.shared for f in sample.recipe.firings) for sample in samples}
    treated = {
        tuple(s for s in sample.recipe.steps if isinstance(s, DryStep | RegrindStep))
        for sample in samples
    }
    if len(kinds) != 1 or len(shared) != 1:
        raise ScheduleError(f"load {load}: its recipes do not share one firing profile")
    firings = [firing for sample in samples for firing in sample.recipe.firings]
    if reason := lacks(lab.furnaces[furnace], firings, len(samples)):
        raise ScheduleError(f"load {load}: {furnace} cannot fire it: {reason}")
    if len(treated) != 1:
        raise ScheduleError(
            f"load {load}: its recipes do not dry or regrind alike, but an oven dries"
            " all samples of a load"
        )
    for name, rack in lab.racks.items():
        if rack.holds in CONTAINERS and rack.slots < len(samples):
            raise ScheduleError(
                f"load {load}: {len(samples)} samples, but the rack {name} has "
                f"{rack.slots} slots; give the lab a larger rack or a smaller furnace"
            )
    planner = _Planner(load, tuple(samples), lab, furnace)
    for index in range(len(samples[0].recipe.steps)):
        planner.add_step(index)
    return tuple(planner.tasks)


@dataclass
class _Planner:
    """Collects tasks step by step, remembering where the powder is."""

    load: int
    samples: tuple[Sample, ...]
    lab: LabSpec
    furnace: str
    tasks: list[Task] = field(default_factory=list)
    last: dict[str, str] = field(default_factory=dict)
    """Sample to the name of its latest task."""
    where: Literal["vial", "crucible", "furnace", "jar"] = "vial"

    def add_step(self, index: int) -> None:
        """Add the tasks of the recipe step at `index`."""
        step = self.samples[0].recipe.steps[index]
        match step.kind:
            case "dose":
                self.each("dose", index, tuple(self.lab.dosers), self.dose_parts)
            case "mix":
                self.each(
                    "mix", index, self.mixers("mix"),
                    lambda sample: self.mix_parts(sample, index),
                )  # fmt: skip
            case "dry":
                self.add_dry(index, step)
            case "fire" | "calcine" | "anneal":
                self.add_firing(index, step)
            case "regrind":
                self.unload(index)
                seconds = step.minutes * 60.0 + 2 * self.person_seconds
                grind = self.carried(seconds)
                self.each("regrind", index, self.mixers("grind"), grind)
                self.where = "crucible"
            case "scan":
                self.add_scan(index, step)

    def add_dry(self, index: int, step: DryStep) -> None:
        """Add oven runs, as many as the oven's slots make necessary."""
        ovens = tuple(n for n, f in self.lab.furnaces.items() if f.purpose == "dry")
        if not ovens:
            raise ScheduleError("the recipe dries, but no furnace has purpose 'dry'")
        slots = min(self.lab.furnaces[name].slots for name in ovens)
        warm_up = 3600.0
        for start in range(0, len(self.samples), slots):
            batch = self.samples[start : start + slots]
            moves = 2 * len(batch) * self.arm_seconds
            parts = (
                Part(moves / 2, self.arms),
                Part(step.minutes * 60.0 + warm_up),
                Part(moves / 2, self.arms),
            )
            self.add(
                f"{index}-dry-{start // slots + 1}", "dry", index, ovens, parts, batch
            )

    def add_firing(self, index: int, step: FireStep) -> None:
        """Add charging and loading where needed, then the firing of the load."""
        if self.where == "vial":
            weighing = self.carried(2 * 30.0 + self.person_seconds)
            self.each("charge", index, tuple(self.lab.balances), weighing)
        if self.where != "furnace":
            one_move = (Part(self.arm_seconds, self.arms),)
            self.each("load", index, (), one_move)
        seconds = firing_seconds(step, self.lab.furnaces[self.furnace])
        name = f"{index}-{step.name}"
        self.add(name, "fire", index, (self.furnace,), (Part(seconds),), self.samples)
        self.where = "furnace"

    def unload(self, index: int) -> None:
        """Add unloading and weighing where the samples are in the furnace."""
        if self.where == "furnace":
            weighing = self.carried(30.0)
            self.each("unload", index, tuple(self.lab.balances), weighing)
            self.where = "crucible"

    def add_scan(self, index: int, step: ScanStep) -> None:
        """Add grinding, holder filling, the scans and archiving.

        The holder is emptied last: while it is full it can be scanned again.
        """
        self.unload(index)
        people = tuple(self.lab.operators)
        by_hand = (Part(self.person_seconds),)
        grind = self.carried(600.0 + self.person_seconds)
        self.each("grind", index, self.mixers("grind"), grind)
        self.each("fill-holder", index, people, by_hand)
        diffractometers = tuple(self.lab.diffractometers)
        self.each("scan", index, diffractometers, self.scan_parts(step.program))
        if step.longer:
            self.each("rescan", index, diffractometers, self.scan_parts(step.longer))
        self.each("archive", index, people, by_hand)
        self.where = "jar"

    def each(
        self,
        action: Action,
        index: int,
        instruments: tuple[str, ...],
        parts: tuple[Part, ...] | Callable[[Sample], tuple[Part, ...]],
    ) -> None:
        """Add one task for each sample."""
        for sample in self.samples:
            stretch = parts if isinstance(parts, tuple) else parts(sample)
            self.add(
                f"{index}-{action}", action, index, instruments, stretch, (sample,)
            )

    def add(
        self,
        name: str,
        action: Action,
        index: int,
        instruments: tuple[str, ...],
        parts: tuple[Part, ...],
        samples: tuple[Sample, ...],
    ) -> None:
        """Add one task after the latest task of each of its samples."""
        is_shared = action in ("dry", "fire")
        owner = f"L{self.load:03d}" if is_shared else samples[0].name
        needs = dict.fromkeys(self.last[s.name] for s in samples if s.name in self.last)
        task = Task(
            name=f"{owner}/{name}",
            action=action,
            samples=samples,
            instruments=instruments,
            parts=parts,
            needs=tuple(needs),
            step=samples[0].recipe.steps[index],
            places=(self.furnace,) if action in ("load", "unload") else (),
        )
        self.tasks.append(task)
        self.last.update({sample.name: task.name for sample in samples})

    def dose_parts(self, sample: Sample) -> tuple[Part, ...]:
        """Return the stretches of dosing one sample."""
        doser = next(iter(self.lab.dosers.values()))
        (dose,) = (s for s in sample.recipe.steps if isinstance(s, DoseStep))
        mount = Part(2 * self.arm_seconds, self.arms)
        moves = Part(self.arm_seconds, self.arms)
        doses = [p for _ in dose.grams for p in (mount, Part(doser.seconds_per_dose))]
        return (moves, *doses, moves)

    def mix_parts(self, sample: Sample, index: int) -> tuple[Part, ...]:
        """Return the stretches of mixing one sample, by its own recipe."""
        step = sample.recipe.steps[index]
        if not isinstance(step, MixStep):
            raise TypeError(f"step {index} of {sample.name} does not mix")
        return self.carried(step.minutes * 60.0)

    def scan_parts(self, program: str) -> tuple[Part, ...]:
        """Return the stretches of a scan by a program, the default if unnamed."""
        lengths = [
            x.programs[program or x.default_program]
            for x in self.lab.diffractometers.values()
        ]
        return self.carried(max(lengths))

    def carried(self, seconds: float) -> tuple[Part, ...]:
        """Return a stay on an instrument between two moves of the arm."""
        move = Part(self.arm_seconds, self.arms)
        return (move, Part(seconds), move)

    def mixers(self, purpose: Literal["mix", "grind"]) -> tuple[str, ...]:
        """Return the mixers for a purpose.

        Raises:
            ScheduleError: If the lab has none.
        """
        names = tuple(n for n, m in self.lab.mixers.items() if purpose in m.purposes)
        if not names:
            raise ScheduleError(f"no mixer of this lab has the purpose {purpose!r}")
        return names

    @property
    def arms(self) -> tuple[str, ...]:
        """Return the arm that carries containers."""
        return (next(iter(self.lab.arms)),)

    @property
    def arm_seconds(self) -> float:
        """Return the length of one move, s."""
        return self.lab.arms[self.arms[0]].seconds_per_move

    @property
    def person_seconds(self) -> float:
        """Return the length of one human task, s."""
        return next(iter(self.lab.operators.values())).seconds_per_task
