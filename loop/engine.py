"""The closed loop: history, propose, plan, execute, identify, score; and again.

Every furnace that can fire the campaign has a load of its own; as soon as one load is
made, the next for its furnace is proposed, with those in the other furnaces pending.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from campaigns.furnaces import firing_furnaces, idle_reason
from campaigns.ledger import Ledger
from campaigns.lifecycle import CampaignEnded, LoadPlanned, Payload, Proposed
from campaigns.materials.phases import PhaseTable
from campaigns.spec import CampaignSpec
from campaigns.synthesis import build_recipe
from instruments.protocols import Lab
from instruments.quantities import Slot
from loop.analyse.samples import analyse_sample, settle
from loop.asking import ask
from loop.errors import ExhaustedError, ProposalError, ScheduleError
from loop.making import Making
from loop.plan.bench import Bench
from loop.plan.effects import Effects
from loop.plan.executor import Executor
from loop.plan.safety import SafetyGuard
from loop.plan.tasks import CONTAINERS, Sample
from loop.plan.timetable import Timetable
from loop.propose.proposer import Proposer
from loop.recorder import Recorder
from loop.steering import take_orders
from loop.stopping import price_reason, stop_reason

SECONDS_PER_DAY = 86400.0


@dataclass
class Engine:
    """One campaign on one lab."""

    recorder: Recorder
    spec: CampaignSpec
    lab: Lab
    table: PhaseTable
    proposer: Proposer
    now: Callable[[], float]
    """Lab time, s since 1970."""
    compute: Callable[[Callable[[], Any]], Awaitable[Any]]
    """Runs a long computation without stopping the instruments."""
    making: Making = field(default_factory=Making)
    _computing: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def ledger(self) -> Ledger:
        """Return where the campaign stands."""
        return self.recorder.ledger

    async def run(self, *, only_propose: bool = False) -> str:
        """Go on until the campaign is over; return why it ended.

        A reason to stop lets no further load begin; those under way are made, and if
        the reason holds no longer then, the campaign goes on.

        Args:
            only_propose: Begin no load that is proposed from here on, and return once
                those under way are made, without ending the campaign: a person looks
                at the new ones first.

        Raises:
            ProposalError: If no further sample can be proposed.
            ScheduleError: If the lab cannot carry out a load.
            FaultError: If an instrument reports a fault, at once; of a furnace that
                fires, once the others have made all they can. The campaign can be
                resumed.
        """
        bench, timetable = self._bench(), self._timetable()
        ready: Sequence[LoadPlanned] = self.ledger.open_loads()
        try:
            while True:
                for load in ready:
                    work = self._make(load, bench, timetable)
                    self.making.begin(load.load, work, furnace=load.furnace)
                new, reason = await self._refill(timetable)
                ready = () if only_propose else new
                if ready:
                    continue
                if self.making.tasks:
                    await self.making.one_over()
                elif self.making.faults:
                    # Its load is open, and what became of it is asked after repair.
                    raise self.making.faults[0]
                elif only_propose and self.ledger.open_loads():
                    return "a load waits for a person's review"
                else:
                    break
        finally:
            await self.making.come_to_rest()
        self._append(CampaignEnded(reason=reason))
        return reason

    async def _refill(self, timetable: Timetable) -> tuple[list[LoadPlanned], str]:
        """Propose a load for every free furnace; return them, or why there are none."""
        new: list[LoadPlanned] = []
        reason = ""
        for furnace in self._furnaces():
            if not self._is_free(furnace):
                continue
            take_orders(self.recorder, self.table, lab_time=self.now())
            self.spec = self.recorder.store.spec
            found = self._reason() or await self._propose(furnace, timetable)
            if isinstance(found, str):
                reason = found
            else:
                new.append(found)
        return new, reason

    def _furnaces(self) -> tuple[str, ...]:
        """Return the furnaces that can fire the campaign, the largest first.

        Raises:
            ScheduleError: If there is none; says what each lacks.
        """
        lab = self.lab.spec
        if found := firing_furnaces(self.spec, lab):
            return found
        reasons = "; ".join(
            f"{name}: {idle_reason(self.spec, furnace)}"
            for name, furnace in lab.furnaces.items()
            if furnace.purpose == "fire"
        )
        raise ScheduleError(f"no furnace can fire this campaign; {reasons or 'none'}")

    def _is_free(self, furnace: str) -> bool:
        """Tell whether a furnace has no load, and the racks have room for another."""
        ledger, lab = self.ledger, self.lab.spec
        busy = {load.load: load for load in ledger.open_loads()}
        busy |= {number: ledger.loads[number] for number in self.making.tasks}
        if any(load.furnace == furnace for load in busy.values()):
            return False
        names = [sample for load in busy.values() for sample in load.samples]
        first, slots = len(ledger.proposed), lab.furnaces[furnace].slots
        new = range(first, min(first + slots, self.spec.budget.experiments))
        return not any(
            {_index(name) % rack.slots for name in names}
            & {number % rack.slots for number in new}
            for rack in lab.racks.values()
            if rack.holds in CONTAINERS
        )

    def _bench(self) -> Bench:
        """Return the bench that all loads share."""
        effects = Effects(self.recorder, self.now, payloads=self.ledger.tasks)
        guard = SafetyGuard(self.spec, self.table)
        return Bench(self.lab, effects, self._heads(), self.now, guard)

    def _timetable(self) -> Timetable:
        """Return the bookings of every load so far, as they were planned."""
        ledger, timetable = self.ledger, Timetable(self.lab.spec)
        for load in ledger.loads.values():
            samples = _as_samples([ledger.proposed[name] for name in load.samples])
            at = ledger.planned_at[load.load]
            timetable.add(load.load, samples, load.furnace, at=at)
        return timetable

    async def _make(
        self, load: LoadPlanned, bench: Bench, timetable: Timetable
    ) -> None:
        """Make, measure and score one furnace load."""
        bench = replace(bench, guard=SafetyGuard(self.spec, self.table))
        held = set(self.ledger.held)
        executor = Executor(bench, load.load, self._analyse, held)
        await executor.run(timetable.schedules[load.load])

    async def _propose(self, furnace: str, timetable: Timetable) -> LoadPlanned | str:
        """Propose the next load and record it, or say why it is not worth making."""
        history, seen = self.recorder.store.history(), self.ledger.sequence
        made = len(history.trials)
        number = len(self.ledger.loads) + 1
        spec, lab = self.spec, self.lab.spec
        try:
            proposals = await self._compute(
                lambda: ask(
                    self.proposer, spec, lab, self.table, history,
                    load=number, furnace=furnace,
                )
            )  # fmt: skip
        except ExhaustedError as error:
            if self.making.tasks or self.making.faults:
                return str(error)
            raise
        if not proposals:
            raise ProposalError("no candidate of the space is left to try")
        if (reason := price_reason(spec, proposals)) is not None:
            return reason
        proposed = [
            Proposed(
                sample=f"S{made + i:04d}",
                proposal=proposal,
                recipe=build_recipe(spec, proposal.parameters),
                seen=seen,
            )
            for i, proposal in enumerate(proposals, start=1)
        ]
        at = self.now()
        plan = timetable.add(number, _as_samples(proposed), furnace, at=at)
        planned = LoadPlanned(
            load=number,
            furnace=furnace,
            samples=tuple(p.sample for p in proposed),
            seconds=plan.seconds,
        )
        self.recorder.append(*proposed, planned, actor="engine", lab_time=at)
        return planned

    async def _analyse(
        self, sample: str, *, again: bool = False, lost: str = ""
    ) -> bool:
        """Identify and score a scanned sample, once; see `executor.Analyse`."""
        ledger = self.ledger
        if ledger.is_settled(sample) or (sample in ledger.asked and not again):
            return sample in ledger.asked
        if lost:
            found = settle(self.spec, self.table, ledger, sample, reason=lost)
            self._append(*found, actor="analyser")
            return True
        raw = self.recorder.store.blob(ledger.scans[sample].raw)
        result = await self._compute(
            lambda: analyse_sample(
                self.spec, self.table, ledger, sample, raw, lab=self.lab.spec
            )
        )
        if result.fit is not None:
            self.recorder.put_blob(result.fit)
        self._append(*result.payloads, actor="analyser")
        return sample in ledger.asked

    async def _compute(self, work: Callable[[], Any]) -> Any:  # noqa: ANN401
        """Compute one thing at a time: PyTorch's random state is the process's own."""
        async with self._computing:
            return await self.compute(work)

    def _heads(self) -> dict[str, Slot]:
        """Return where each dosing head stands: its rack, in campaign file order."""
        rack = next(n for n, r in self.lab.spec.racks.items() if r.holds == "head")
        labels = (p.label for p in self.spec.precursors)
        return {label: Slot(rack, i) for i, label in enumerate(labels, start=1)}

    def _reason(self) -> str | None:
        return stop_reason(
            self.spec,
            self.recorder.store.history(),
            days=(self.now() - self.ledger.opened_at) / SECONDS_PER_DAY,
            grams=self.ledger.grams_dosed(),
        )

    def _append(self, *payloads: Payload, actor: str = "engine") -> None:
        self.recorder.append(*payloads, actor=actor, lab_time=self.now())


def _index(sample: str) -> int:
    """Return a sample's number, from 0."""
    return int(sample.removeprefix("S")) - 1


def _as_samples(proposed: Sequence[Proposed]) -> tuple[Sample, ...]:
    """Give the samples of one load their furnace slots, in order."""
    return tuple(
        Sample(p.sample, _index(p.sample) + 1, slot, p.recipe)
        for slot, p in enumerate(proposed, start=1)
    )
