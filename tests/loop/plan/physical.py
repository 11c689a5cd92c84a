"""A lab without bytes: instruments that remember what physically happened to them."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from campaigns.recipe import (
    DoseStep,
    DryStep,
    FireStep,
    MixStep,
    Recipe,
    RegrindStep,
    ScanStep,
)
from instruments.errors import RefusedError
from instruments.labfile import load_lab_file
from instruments.protocols import Lab
from instruments.quantities import (
    ArmState,
    Dose,
    FurnaceState,
    HeatingProfile,
    HumanAnswer,
    HumanTask,
    Mass,
    Pattern,
    Scan,
    Slot,
)
from loop.plan.tasks import Sample

LAB = load_lab_file(Path(__file__).parents[3] / "examples" / "lab.toml")


@dataclass
class Matter:
    """What is true of the lab, whoever watches."""

    at: dict[str, Slot] = field(default_factory=dict)
    mounted: str | None = None
    doses: list[Dose] = field(default_factory=list)
    firings: list[tuple[float, HeatingProfile]] = field(default_factory=list)
    heated: dict[str, int] = field(default_factory=dict)
    scans: dict[str, Scan] = field(default_factory=dict)
    answers: dict[str, HumanAnswer] = field(default_factory=dict)
    refuse_substance: str = ""

    def where(self, label: str) -> Slot:
        kind, _, number = label.partition("-")
        rack = next(n for n, r in LAB.racks.items() if r.holds == kind)
        return self.at.get(label, Slot(rack, int(number)))


@dataclass
class BareDoser:
    matter: Matter

    async def dose(self, substance, grams, *, position, label):
        if substance == self.matter.refuse_substance:
            raise RefusedError("quantos-1", "powder flow", code="7")
        assert self.matter.mounted == substance
        assert label not in {d.label for d in self.matter.doses}
        await asyncio.sleep(60)
        self.matter.doses.append(Dose(label, substance, grams, grams * 1.001))
        await asyncio.sleep(1)
        return self.matter.doses[-1]

    async def last_dose(self):
        return self.matter.doses[-1] if self.matter.doses else None

    async def mounted(self):
        return self.matter.mounted

    async def stop(self):
        pass


@dataclass
class BareBalance:
    async def weigh(self):
        await asyncio.sleep(10)
        return Mass(10.0, 0.0001)

    async def zero(self):
        pass


@dataclass
class BareMixer:
    async def mix(self, *, rpm, seconds):
        await asyncio.sleep(seconds)

    async def is_running(self):
        return False

    async def stop(self):
        pass


@dataclass
class BareFurnace:
    matter: Matter
    name: str
    profile: HeatingProfile | None = None
    until: float = 0.0

    async def start(self, profile):
        assert (await self.state()).program != "running"
        self.profile = profile
        now = asyncio.get_running_loop().time()
        self.until = now + profile.seconds()
        self.matter.firings.append((now, profile))
        for label in [
            c for c, slot in self.matter.at.items() if slot.place == self.name
        ]:
            self.matter.heated[label] = self.matter.heated.get(label, 0) + 1

    async def state(self):
        now = asyncio.get_running_loop().time()
        is_running = self.profile is not None and now < self.until
        at = self.profile.peak_celsius if is_running and self.profile else 30.0
        left = max(self.until - now, 0.0)
        return FurnaceState(at, at, "running" if is_running else "reset", left)

    async def program(self):
        assert self.profile is not None
        return self.profile

    async def cool_down(self):
        pass

    async def stop(self):
        pass


@dataclass
class BareDiffractometer:
    matter: Matter

    async def scan(self, sample_id, *, position, program):
        assert sample_id not in self.matter.scans
        await asyncio.sleep(120)
        grid = np.arange(10.0, 80.0, 0.5)
        pattern = Pattern(grid, np.full_like(grid, 9.0), 1.0, (1.5406, 1.5444))
        self.matter.scans[sample_id] = Scan(pattern, sample_id.encode(), ".xrdml")
        return self.matter.scans[sample_id]

    async def result(self, sample_id):
        return self.matter.scans.get(sample_id)


@dataclass
class BareArm:
    matter: Matter

    async def move(self, source, destination):
        await asyncio.sleep(20)
        if source.place == "heads" or destination.place == "heads":
            self.matter.mounted = (
                HEADS_BY_SLOT[source] if source.place == "heads" else None
            )
        else:
            label = self._standing_at(source)
            assert destination not in self.matter.at.values()
            self.matter.at[label] = destination
        await asyncio.sleep(20)

    def _standing_at(self, slot):
        moved = [label for label, at in self.matter.at.items() if at == slot]
        if moved:
            return moved[0]
        kind = LAB.racks[slot.place].holds
        label = f"{kind}-{slot.index:02d}"
        assert self.matter.where(label) == slot
        return label

    async def state(self):
        return ArmState(True, False, "", "RUNNING NORMAL")

    async def stop(self):
        pass


@dataclass
class BareOperator:
    matter: Matter

    async def ask(self, task: HumanTask) -> HumanAnswer:
        if task.kind == "check":
            note = f"fired {self.matter.heated.get(task.source, 0)}"
            where = str(self.matter.where(task.source))
            return HumanAnswer(True, "Ada", location=where, note=note)
        if task.key not in self.matter.answers:
            await asyncio.sleep(60)
            if task.kind == "place":
                self.matter.at[task.source] = Slot.parse(task.destination)
            self.matter.answers[task.key] = HumanAnswer(True, "Ada", 0.9)
        return self.matter.answers[task.key]


HEADS = {"Y2O3": Slot("heads", 1), "BaCO3": Slot("heads", 2), "CuO": Slot("heads", 3)}
HEADS_BY_SLOT = {slot: label for label, slot in HEADS.items()}


def bare_lab(matter: Matter, furnaces: dict[str, BareFurnace]) -> Lab:
    """Return a lab over some matter; new drivers, same matter, after a crash."""
    return Lab(
        spec=LAB,
        dosers={"quantos-1": BareDoser(matter)},
        balances={"xpr-1": BareBalance()},
        mixers={"dac-1": BareMixer()},
        furnaces=furnaces,
        diffractometers={"aeris-1": BareDiffractometer(matter)},
        arms={"ur5e-1": BareArm(matter)},
        operators={"bench-1": BareOperator(matter)},
    )


def bare_furnaces(matter: Matter) -> dict[str, BareFurnace]:
    return {name: BareFurnace(matter, name) for name in LAB.furnaces}


def recipe(*, celsius: float = 900.0, regrinds: int = 0) -> Recipe:
    firing = FireStep(name="fire", temperature_celsius=celsius, hold_hours=4.0)
    again = [RegrindStep(), firing] * regrinds
    steps = [
        DoseStep(grams={"Y2O3": 0.2, "BaCO3": 0.6, "CuO": 0.4}),
        MixStep(),
        DryStep(),
        firing,
        *again,
        ScanStep(),
    ]
    return Recipe(steps=tuple(steps), reaction="", expected_grams=1.0)


def samples(n: int, *, regrinds: int = 0, celsius: float = 900.0) -> list[Sample]:
    made = recipe(celsius=celsius, regrinds=regrinds)
    return [Sample(f"S{i:04d}", i, i, made) for i in range(1, n + 1)]
