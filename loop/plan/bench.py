"""The bench: one lab as the executor uses it, with the person who works at it."""

import asyncio
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from campaigns.lifecycle import PortionMoved, Values
from instruments.errors import FaultError, InstrumentError
from instruments.protocols import Lab
from instruments.quantities import HumanTask, Slot
from loop.plan.effects import Done, Effect, Effects, HeldError
from loop.plan.guards import PATIENCE_SECONDS, wait_until_free
from loop.plan.safety import SafetyGuard
from loop.plan.tasks import CONTAINERS, Container, Sample


@dataclass
class Bench:
    """Instruments of one lab, as the executor uses them."""

    lab: Lab
    effects: Effects
    heads: Mapping[str, Slot]
    """Precursor to the rack slot of its dosing head."""
    now: Callable[[], float]
    """Lab time, s since 1970."""
    guard: SafetyGuard
    """Asked before powder is dosed, poured or heated."""
    arm_lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    locks: dict[str, asyncio.Lock] = field(default_factory=dict)
    """Instrument to what lets one task at a time have it, whichever load's it is."""
    last_labels: dict[str, str] = field(default_factory=dict)
    """Doser to the label of its latest dose, empty before its first."""

    def lock(self, instrument: str) -> asyncio.Lock:
        """Return what a task holds while it has an instrument."""
        return self.locks.setdefault(instrument, asyncio.Lock())

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
        """See to it that a sample's own container stands in its rack slot.

        The racks are full at first; later samples share the slots of earlier ones,
        whose containers a person archives.
        """
        home = self.home(sample, kind)
        if sample.number <= self.lab.spec.racks[home.place].slots:
            return
        label = sample.container(kind)
        text = f"Put a clean {kind}, labelled {label}, at {home}; archive the old one."
        await self.place(sample, f"{sample.name}/fresh-{kind}", label, home, text)

    async def clear(self, sample: Sample) -> None:
        """Ask a person to bring a held sample's containers back to their racks.

        Raises:
            FaultError: If one is not brought back: it would block an instrument, or
                the arm would run into it.
        """
        racked = {rack.holds for rack in self.lab.spec.racks.values()}
        for kind in (kind for kind in CONTAINERS if kind in racked):
            label, home = sample.container(kind), self.home(sample, kind)
            if not self.effects.whereabouts.stands_at(label, home):
                await self._bring_back(sample, kind, label, home)

    async def _bring_back(
        self, sample: Sample, kind: Container, label: str, home: Slot
    ) -> None:
        # A request that was declined is answered so for ever: ask a new one.
        names = (f"{sample.name}/clear-{kind}-{n}" for n in itertools.count(1))
        name = next(
            n for n in names if self.effects.state(n) not in ("refused", "unknown")
        )
        text = f"{sample.name} is held. Bring {label} back to {home}."
        try:
            at = await self.locate(label, f"{name}#where")
            if at is not None and at != home:
                await wait_until_free(
                    self.lab, at.place, self.now, patience_seconds=PATIENCE_SECONDS
                )
            await self.place(sample, name, label, home, text)
        except (HeldError, InstrumentError) as error:
            raise FaultError(
                self.person, f"{label} is not back at {home}, clear the way: {error}"
            ) from error

    async def locate(self, label: str, key: str) -> Slot | None:
        """Ask a person where a container stands; None if they cannot find it."""
        task = HumanTask("check", label, "", f"Where does {label} stand?", key)
        answer = await self.lab.operators[self.person].ask(task)
        return Slot.parse(answer.location) if answer.location else None

    async def place(
        self, sample: Sample, name: str, label: str, slot: Slot, text: str
    ) -> None:
        """Ask a person to put a container somewhere, once."""
        moved = PortionMoved(
            sample=sample.name,
            source=label,
            destination=str(slot),
            moved_by=self.person,
            container=label,
        )
        task = HumanTask("place", label, str(slot), text)
        commanded: Values = {"container": label, "to": str(slot)}
        await self._ask_once(sample, name, task, commanded, moved)

    async def ask(
        self,
        sample: Sample,
        kind: Literal["transfer", "fill-holder", "recover"],
        name: str,
        source: str,
        destination: str,
        text: str,
    ) -> Values:
        """Ask a person to move powder between containers, once.

        Returns:
            `grams` that arrived, where the person weighed them.
        """
        moved = PortionMoved(
            sample=sample.name,
            source=source,
            destination=destination,
            moved_by=self.person,
        )
        task = HumanTask(kind, source, destination, text)
        commanded: Values = {"from": source, "to": destination}
        return await self._ask_once(sample, name, task, commanded, moved)

    async def _ask_once(
        self,
        sample: Sample,
        name: str,
        task: HumanTask,
        commanded: Values,
        moved: PortionMoved,
    ) -> Values:
        async def request(attempt: int) -> Done:
            keyed = HumanTask(
                task.kind, task.source, task.destination, task.text, f"{name}#{attempt}"
            )
            answer = await self.lab.operators[self.person].ask(keyed)
            if not answer.is_done:
                why = answer.note or task.text
                raise HeldError(f"{answer.person} could not: {why}")
            mass = answer.mass_grams
            said = {"moved_by": answer.person, "mass_in_grams": mass}
            measured: Values = {} if mass is None else {"grams": mass}
            return Done(measured, (moved.model_copy(update=said),))

        if task.kind == "check":
            raise ValueError(f"{name}: a look changes nothing; ask it directly")
        return await self.effects.once(
            Effect(
                name=name,
                kind=task.kind,
                samples=(sample.name,),
                instrument=self.person,
                commanded=commanded,
                do=request,
                # The key tells a person what was done already.
                find=request,
            )
        )
