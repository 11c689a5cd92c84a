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
from instruments.errors import FaultError, NoAnswerError, RefusedError
from instruments.labfile import load_lab_file
from instruments.labspec import LabSpec
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
    doses: list[Dose] = field(default_factory=list)
    firings: list[tuple[float, HeatingProfile]] = field(default_factory=list)
    heated: dict[str, int] = field(default_factory=dict)
    scans: dict[str, Scan] = field(default_factory=dict)
    answers: dict[str, HumanAnswer] = field(default_factory=dict)
    refuse_substance: str = ""
    heads: dict[str, Slot] = field(default_factory=lambda: dict(HEADS))
    faults: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Furnace to what it reports."""
    lose_answers: set[str] = field(default_factory=set)
    """Instruments whose next action is done, but not answered."""
    is_next_move_stopped: bool = False
    """The next move ends with the container in the gripper, unanswered."""
    is_arm_ready: bool = True
    refuse_program: str = ""
    """Scan program that the diffractometer declines."""
    programs: list[str] = field(default_factory=list)
    """Of the scans made, in order."""
    is_pin_locked: bool = False
    dose_error: dict[str, float] = field(default_factory=dict)
    """Substance to what falls over what was asked for."""
    stopped: list[str] = field(default_factory=list)
    decline: set[str] = field(default_factory=set)
    """Kinds of requests that the person declines."""
    told: list[str] = field(default_factory=list)
    """What the person was asked to do, in words."""

    def where(self, label: str) -> Slot:
        if label in self.heads:
            return self.heads[label]
        kind, _, number = label.partition("-")
        rack = next(n for n, r in LAB.racks.items() if r.holds == kind)
        slots = LAB.racks[rack].slots
        return self.at.get(label, Slot(rack, (int(number) - 1) % slots + 1))

    def standing_at(self, slot: Slot) -> str:
        moved = [label for label, at in self.at.items() if at == slot]
        if moved:
            return moved[0]
        kind = LAB.racks[slot.place].holds
        label = f"{kind}-{slot.index:02d}"
        assert self.where(label) == slot
        return label

    @property
    def mounted(self) -> str | None:
        return next((n for n, s in self.heads.items() if s == NECK), None)

    def answer_lost(self, instrument: str) -> None:
        if instrument in self.lose_answers:
            self.lose_answers.discard(instrument)
            raise NoAnswerError(instrument, "timed out")


@dataclass
class BareDoser:
    matter: Matter
    until: float = 0.0

    async def dose(self, substance, grams, *, position, label):
        if substance == self.matter.refuse_substance:
            raise RefusedError("quantos-1", "powder flow", code="7")
        assert self.matter.mounted == substance
        assert label not in {d.label for d in self.matter.doses}
        self.matter.is_pin_locked = True
        self.until = asyncio.get_running_loop().time() + 60
        asyncio.get_running_loop().call_later(60, self._fall, label, substance, grams)
        await asyncio.sleep(61)
        self.matter.answer_lost("quantos-1")
        self.matter.is_pin_locked = False
        return self.matter.doses[-1]

    def _fall(self, label, substance, grams):
        shown = grams * self.matter.dose_error.get(substance, 1.001)
        self.matter.doses.append(Dose(label, substance, grams, shown))

    async def last_dose(self):
        await asyncio.sleep(max(self.until - asyncio.get_running_loop().time(), 0) + 1)
        self.matter.is_pin_locked = False
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
    began: float = 0.0
    until: float = 0.0

    async def start(self, profile):
        if self.matter.faults.get(self.name):
            raise FaultError(self.name, "reports a fault")
        assert (await self.state()).program != "running"
        self.profile = profile
        now = asyncio.get_running_loop().time()
        self.began, self.until = now, now + profile.seconds()
        self.matter.firings.append((now, profile))
        for label in [
            c for c, slot in self.matter.at.items() if slot.place == self.name
        ]:
            self.matter.heated[label] = self.matter.heated.get(label, 0) + 1

    async def state(self):
        now = asyncio.get_running_loop().time()
        is_running = self.profile is not None and now < self.until
        at = self._celsius(now - self.began) if is_running else 30.0
        left = max(self.until - now, 0.0)
        faults = self.matter.faults.get(self.name, ())
        status = "running" if is_running else "reset"
        return FurnaceState(at, at, status, left, faults)

    def _celsius(self, seconds):
        times, celsius = [0.0], [25.0]
        for segment in self.profile.segments:
            alone = HeatingProfile((segment,), "air").seconds(celsius[-1])
            times.append(times[-1] + alone)
            celsius.append(segment.target_celsius)
        return float(np.interp(seconds, times, celsius))

    async def program(self):
        assert self.profile is not None
        return self.profile

    async def cool_down(self):
        raise AssertionError

    async def stop(self):
        self.until = 0.0
        self.matter.stopped.append(self.name)


@dataclass
class BareDiffractometer:
    matter: Matter

    async def scan(self, sample_id, *, position, program):
        assert sample_id not in self.matter.scans
        if program == self.matter.refuse_program:
            raise RefusedError("aeris-1", "no", code="fatal")
        await asyncio.sleep(120)
        self.matter.programs.append(program)
        grid = np.arange(10.0, 80.0, 0.5)
        pattern = Pattern(grid, np.full_like(grid, 9.0), 1.0, (1.5406, 1.5444))
        self.matter.scans[sample_id] = Scan(pattern, sample_id.encode(), ".xrdml")
        return self.matter.scans[sample_id]

    async def result(self, sample_id):
        return self.matter.scans.get(sample_id)


@dataclass
class BareArm:
    """Goes on with a move whether anybody waits for it or not."""

    matter: Matter
    until: float = 0.0

    async def move(self, source, destination):
        loop = asyncio.get_running_loop()
        assert loop.time() >= self.until, "two moves at once"
        assert GRIPPER not in [*self.matter.at.values(), *self.matter.heads.values()]
        self.until = loop.time() + 40
        is_stopped, self.matter.is_next_move_stopped = (
            self.matter.is_next_move_stopped, False,
        )  # fmt: skip
        loop.call_later(20, self._carry, source, GRIPPER if is_stopped else destination)
        await asyncio.sleep(40)
        if is_stopped:
            raise NoAnswerError("ur5e-1", "was stopped on its way")
        self.matter.answer_lost("ur5e-1")

    def _carry(self, source, end):
        if source.place in ("heads", NECK.place):
            assert not self.matter.is_pin_locked
            (label,) = (n for n, s in self.matter.heads.items() if s == source)
            self.matter.heads[label] = end
            return
        label = self.matter.standing_at(source)
        assert end not in self.matter.at.values()
        self.matter.at[label] = end

    async def state(self):
        is_moving = asyncio.get_running_loop().time() < self.until
        return ArmState(self.matter.is_arm_ready, is_moving, "", "RUNNING")

    async def stop(self):
        self.matter.stopped.append("ur5e-1")


@dataclass
class BareOperator:
    matter: Matter

    async def ask(self, task: HumanTask) -> HumanAnswer:
        if task.kind == "check":
            note = f"fired {self.matter.heated.get(task.source, 0)}"
            where = str(self.matter.where(task.source))
            return HumanAnswer(True, "Ada", location=where, note=note)
        if task.key not in self.matter.answers:
            self.matter.told.append(task.text)
            await asyncio.sleep(60)
            if task.kind in self.matter.decline:
                return HumanAnswer(False, "Ada", note="not now")
            if task.kind == "place":
                self._place(task.source, Slot.parse(task.destination))
            self.matter.answers[task.key] = HumanAnswer(True, "Ada", 0.9)
        return self.matter.answers[task.key]

    def _place(self, label, slot):
        if label in self.matter.heads:
            self.matter.heads[label] = slot
            return
        if slot not in (self.matter.at.get(label), GRIPPER):
            self._archive_what_stands_at(slot, label)
        self.matter.at[label] = slot

    def _archive_what_stands_at(self, slot, label):
        kind, default = LAB.racks[slot.place].holds, slot.index
        old = f"{kind}-{default:02d}"
        if old != label and self.matter.where(old) == slot:
            self.matter.at[old] = Slot("archive", default)


REAGENTS = ("Y2O3", "BaCO3", "CuO", "Ba(NO3)2", "PbO")
HEADS = {reagent: Slot("heads", i) for i, reagent in enumerate(REAGENTS, start=1)}
NECK = Slot("quantos-1.head")
GRIPPER = Slot("ur5e-1.gripper")


def bare_lab(
    matter: Matter, furnaces: dict[str, BareFurnace], spec: LabSpec = LAB
) -> Lab:
    """Return a lab over some matter; new drivers, same matter, after a crash."""
    return Lab(
        spec=spec,
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


def recipe(
    *, celsius: float = 900.0, regrinds: int = 0, scan: ScanStep | None = None
) -> Recipe:
    firing = FireStep(name="fire", temperature_celsius=celsius, hold_hours=4.0)
    again = [RegrindStep(), firing] * regrinds
    steps = [
        DoseStep(grams={"Y2O3": 0.2, "BaCO3": 0.6, "CuO": 0.4}),
        MixStep(),
        DryStep(),
        firing,
        *again,
        scan or ScanStep(),
    ]
    return Recipe(steps=tuple(steps), reaction="", expected_grams=1.0)


def samples(
    n: int, *, regrinds: int = 0, celsius: float = 900.0, first: int = 1,
    scan: ScanStep | None = None,
) -> list[Sample]:  # fmt: skip
    made = recipe(celsius=celsius, regrinds=regrinds, scan=scan)
    numbers = range(first, first + n)
    return [Sample(f"S{i:04d}", i, s, made) for s, i in enumerate(numbers, start=1)]
