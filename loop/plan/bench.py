"""The bench: single effects on instruments, each recorded, each done once."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from campaigns.lifecycle import (
    Dosed,
    PatternMeasured,
    PortionMoved,
    TaskKind,
    Values,
)
from instruments.protocols import Lab
from instruments.quantities import (
    Dose,
    HumanTask,
    Scan,
    Slot,
)
from loop.plan.effects import Done, Effect, Effects, HeldError, UnknownOutcomeError
from loop.plan.tasks import Sample

POLL_SECONDS = 5.0
Container = Literal["vial", "crucible", "jar", "holder"]


@dataclass
class Bench:
    """Instruments of one lab, as the executor uses them."""

    lab: Lab
    effects: Effects
    heads: Mapping[str, Slot]
    """Precursor to the rack slot of its dosing head."""
    now: Callable[[], float]
    places: dict[str, Slot] = field(default_factory=dict)
    """Container to where it was last carried."""
    arm_lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def arm(self) -> str:
        """Return the name of the arm."""
        return next(iter(self.lab.arms))

    @property
    def person(self) -> str:
        """Return the name of the operator."""
        return next(iter(self.lab.operators))

    def home(self, sample: Sample, kind: Container) -> Slot:
        """Return the rack slot of a sample's container.

        Raises:
            HeldError: If the lab has no rack for such containers.
        """
        for name, rack in self.lab.spec.racks.items():
            if rack.holds == kind:
                return Slot(name, (sample.number - 1) % rack.slots + 1)
        raise HeldError(f"the lab file names no rack for a {kind}")

    async def fetch(self, sample: Sample, kind: Container) -> None:
        """See to it that a sample's own container stands in its rack slot."""
        home = self.home(sample, kind)
        if sample.number <= self.lab.spec.racks[home.place].slots:
            return
        label = sample.container(kind)
        text = f"Put a clean {kind}, labelled {label}, at {home}; archive the old one."
        await self.ask(
            sample, "place", f"{sample.name}/fresh-{kind}", label, str(home), text
        )

    async def carry(
        self, sample: Sample, label: str, source: Slot, destination: Slot, *, name: str
    ) -> None:
        """Let the arm carry a container, and record the move."""

        async def find(_: int) -> Done | None:
            await self._arm_stands()
            at = await self.locate(label, f"{name}#where")
            if at == source:
                return None
            if at == destination:
                return moved
            raise UnknownOutcomeError(f"{label} stands at {at or 'no known place'}")

        async def do(_: int) -> Done:
            async with self.arm_lock:
                await self.lab.arms[self.arm].move(source, destination)
            return moved

        moved = Done(
            {},
            (
                PortionMoved(
                    sample=sample.name,
                    source=str(source),
                    destination=str(destination),
                    moved_by=self.arm,
                    container=label,
                ),
            ),
        )
        self.places[label] = source
        await self.effects.once(
            Effect(
                name=name,
                kind="move",
                samples=(sample.name,),
                instrument=self.arm,
                commanded={"from": str(source), "to": str(destination)},
                do=do,
                find=find,
            )
        )
        self.places[label] = destination

    async def clear(self, sample: Sample) -> None:
        """Ask a person to bring a held sample's containers back to their racks."""
        kinds: tuple[Container, ...] = ("vial", "crucible", "jar", "holder")
        for kind in kinds:
            label, home = sample.container(kind), self.home(sample, kind)
            if self.places.get(label, home) != home:
                text = f"{sample.name} is held. Bring {label} back to {home}."
                name = f"{sample.name}/clear-{kind}"
                await self.ask(sample, "place", name, label, str(home), text)

    async def _arm_stands(self) -> None:
        while (await self.lab.arms[self.arm].state()).is_moving:
            await asyncio.sleep(POLL_SECONDS)

    async def locate(self, label: str, key: str) -> Slot | None:
        """Ask a person where a container stands."""
        task = HumanTask("check", label, "", f"Where does {label} stand?", key)
        answer = await self.lab.operators[self.person].ask(task)
        return Slot.parse(answer.location) if answer.location else None

    async def mount(
        self, sample: Sample, doser: str, precursor: str, *, name: str
    ) -> None:
        """See to it that a doser carries the dosing head of a precursor."""
        neck = Slot(f"{doser}.head")

        async def find(_: int) -> Done | None:
            await self._arm_stands()
            mounted = await self.lab.dosers[doser].mounted()
            return Done({}) if mounted == precursor else None

        async def do(_: int) -> Done:
            async with self.arm_lock:
                mounted = await self.lab.dosers[doser].mounted()
                if mounted is not None and mounted != precursor:
                    await self.lab.arms[self.arm].move(neck, self.heads[mounted])
                if mounted != precursor:
                    await self.lab.arms[self.arm].move(self.heads[precursor], neck)
            return Done({})

        await self.effects.once(
            Effect(
                name=name,
                kind="move",
                samples=(sample.name,),
                instrument=self.arm,
                commanded={"head": precursor, "to": str(neck)},
                do=do,
                find=find,
            )
        )

    async def dose(
        self, sample: Sample, doser: str, precursor: str, grams: float, *, name: str
    ) -> None:
        """Dose one precursor into the vial at the doser, once."""
        commanded = round(grams, 5)
        index = list(sample.recipe.grams).index(precursor) + 1

        def label(attempt: int) -> str:
            return f"{sample.name}-{index}-{attempt}"

        def done(dose: Dose) -> Done:
            facts = (
                Dosed(
                    sample=sample.name,
                    precursor=precursor,
                    label=dose.label,
                    planned_grams=grams,
                    commanded_grams=commanded,
                    measured_grams=dose.measured_grams,
                    instrument=doser,
                ),
            )
            return Done({"grams": dose.measured_grams}, facts)

        async def do(attempt: int) -> Done:
            return done(
                await self.lab.dosers[doser].dose(
                    precursor, commanded, position=1, label=label(attempt)
                )
            )

        async def find(attempt: int) -> Done | None:
            last = await self.lab.dosers[doser].last_dose()
            return done(last) if last and last.label == label(attempt) else None

        await self.effects.once(
            Effect(
                name=name,
                kind="dose",
                samples=(sample.name,),
                instrument=doser,
                commanded={"precursor": precursor, "grams": commanded},
                do=do,
                find=find,
            )
        )

    async def mix(
        self, sample: Sample, mixer: str, *, rpm: float, minutes: float, name: str,
        kind: TaskKind,
    ) -> None:  # fmt: skip
        """Turn what is clamped in a mixer; a second time does no harm."""

        async def do(_: int) -> Done:
            await self.lab.mixers[mixer].mix(rpm=rpm, seconds=minutes * 60.0)
            return Done({})

        async def find(_: int) -> Done | None:
            was_running = False
            while await self.lab.mixers[mixer].is_running():
                was_running = True
                await asyncio.sleep(POLL_SECONDS)
            return Done({}) if was_running else None

        await self.effects.once(
            Effect(
                name=name,
                kind=kind,
                samples=(sample.name,),
                instrument=mixer,
                commanded={"rpm": rpm, "minutes": minutes},
                do=do,
                find=find,
            )
        )

    async def weigh(self, sample: Sample, balance: str, *, name: str) -> float:
        """Weigh what stands on the pan, g."""

        async def do(_: int) -> Done:
            return Done({"grams": (await self.lab.balances[balance].weigh()).grams})

        async def find(_: int) -> Done | None:
            return None

        measured = await self.effects.once(
            Effect(
                name=name,
                kind="weigh",
                samples=(sample.name,),
                instrument=balance,
                commanded={},
                do=do,
                find=find,
            )
        )
        return float(measured["grams"])

    async def ask(
        self,
        sample: Sample,
        kind: Literal["transfer", "fill-holder", "recover", "place"],
        name: str,
        source: str,
        destination: str,
        text: str,
    ) -> Values:
        """Ask a person to move powder or a container, once."""

        async def request(attempt: int) -> Done:
            task = HumanTask(kind, source, destination, text, f"{name}#{attempt}")
            answer = await self.lab.operators[self.person].ask(task)
            if not answer.is_done:
                raise HeldError(f"{answer.person} could not: {answer.note or text}")
            mass = {} if answer.mass_grams is None else {"grams": answer.mass_grams}
            moved = PortionMoved(
                sample=sample.name,
                source=source,
                destination=destination,
                moved_by=answer.person,
                mass_in_grams=answer.mass_grams,
            )
            return Done(dict(mass), (moved,))

        return await self.effects.once(
            Effect(
                name=name,
                kind=kind,
                samples=(sample.name,),
                instrument=self.person,
                commanded={"from": source, "to": destination},
                do=request,
                find=request,
            )
        )

    async def scan(self, sample: Sample, instrument: str, *, name: str) -> None:
        """Measure the holder on the belt, under an identifier used only once."""
        spec = self.lab.spec.diffractometers[instrument]
        diffractometer = self.lab.diffractometers[instrument]

        def identifier(attempt: int) -> str:
            return f"{sample.name}-{attempt}"

        def done(scan: Scan, attempt: int) -> Done:
            measured = PatternMeasured(
                sample=sample.name,
                scan=identifier(attempt),
                raw=self.effects.keep(scan.raw),
                suffix=scan.suffix,
                instrument=instrument,
                program=spec.default_program,
            )
            return Done({"points": float(len(scan.pattern.counts))}, (measured,))

        async def do(attempt: int) -> Done:
            scan = await diffractometer.scan(
                identifier(attempt), position=1, program=spec.default_program
            )
            return done(scan, attempt)

        async def find(attempt: int) -> Done | None:
            scan = await diffractometer.result(identifier(attempt))
            if scan is None:
                await asyncio.sleep(spec.programs[spec.default_program] + 60.0)
                scan = await diffractometer.result(identifier(attempt))
            return None if scan is None else done(scan, attempt)

        await self.effects.once(
            Effect(
                name=name,
                kind="scan",
                samples=(sample.name,),
                instrument=instrument,
                commanded={"program": spec.default_program},
                do=do,
                find=find,
            )
        )
