"""The closed loop: history, propose, plan, execute, identify, score; and again."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from campaigns.ledger import Ledger
from campaigns.lifecycle import CampaignEnded, LoadPlanned, Payload, Proposed
from campaigns.materials.phases import PhaseTable
from campaigns.spec import CampaignSpec
from campaigns.synthesis import build_recipe
from instruments.protocols import Lab
from instruments.quantities import Slot
from loop.analyse.samples import analyse_sample, settle
from loop.asking import ask
from loop.errors import ProposalError
from loop.plan.bench import Bench
from loop.plan.effects import Effects
from loop.plan.executor import Executor
from loop.plan.safety import SafetyGuard
from loop.plan.scheduler import schedule
from loop.plan.tasks import Sample, choose_furnace, plan_load
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

    @property
    def ledger(self) -> Ledger:
        """Return where the campaign stands."""
        return self.recorder.ledger

    async def run(self, *, only_propose: bool = False) -> str:
        """Go on until the campaign is over; return why it ended.

        Args:
            only_propose: Stop, without ending the campaign, once a load is proposed:
                a person looks at it first.

        Raises:
            ProposalError: If no further sample can be proposed.
            ScheduleError: If the lab cannot carry out a load.
            FaultError: If an instrument reports a fault; the campaign can be resumed.
        """
        reason: str | None = None
        while reason is None:
            if (load := self.ledger.open_load()) is None:
                self._take_orders()
                reason = self._reason() or await self._propose()
                if only_propose and reason is None:
                    return "a load waits for a person's review"
            else:
                await self._make(load)
        self._append(CampaignEnded(reason=reason))
        return reason

    def _take_orders(self) -> None:
        """Do as persons asked meanwhile."""
        take_orders(self.recorder, self.table, lab_time=self.now())
        self.spec = self.recorder.store.spec

    async def _make(self, load: LoadPlanned) -> None:
        """Make, measure and score one furnace load."""
        samples = _as_samples([self.ledger.proposed[name] for name in load.samples])
        plan = schedule(plan_load(load.load, samples, self.lab.spec, load.furnace))
        effects = Effects(self.recorder, self.now, payloads=self.ledger.tasks)
        guard = SafetyGuard(self.spec, self.table)
        bench = Bench(self.lab, effects, self._heads(), self.now, guard)
        executor = Executor(bench, load.load, self._analyse, set(self.ledger.held))
        await executor.run(plan)

    async def _propose(self) -> str | None:
        """Propose the next load and record it, or say why it is not worth making."""
        history = self.recorder.store.history()
        made = len(history.trials)
        number = len(self.ledger.loads) + 1
        proposals = await self.compute(
            lambda: ask(self.proposer, self.spec, self.lab.spec, history, load=number)
        )
        if not proposals:
            raise ProposalError("no candidate of the space is left to try")
        if (reason := price_reason(self.spec, proposals)) is not None:
            return reason
        proposed = [
            Proposed(
                sample=f"S{made + i:04d}",
                proposal=proposal,
                recipe=build_recipe(self.spec, proposal.parameters),
            )
            for i, proposal in enumerate(proposals, start=1)
        ]
        self._append(*proposed, self._plan(number, proposed))
        return None

    def _plan(self, number: int, proposed: Sequence[Proposed]) -> LoadPlanned:
        """Choose the furnace of a load and foresee its length."""
        lab, samples = self.lab.spec, _as_samples(proposed)
        firings = [firing for p in proposed for firing in p.recipe.firings]
        furnace = choose_furnace(lab, firings, len(proposed))
        return LoadPlanned(
            load=number,
            furnace=furnace,
            samples=tuple(p.sample for p in proposed),
            seconds=schedule(plan_load(number, samples, lab, furnace)).seconds,
        )

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
        result = await self.compute(
            lambda: analyse_sample(
                self.spec, self.table, ledger, sample, raw, lab=self.lab.spec
            )
        )
        if result.fit is not None:
            self.recorder.put_blob(result.fit)
        self._append(*result.payloads, actor="analyser")
        return sample in ledger.asked

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


def _as_samples(proposed: Sequence[Proposed]) -> tuple[Sample, ...]:
    """Give the samples of one load their furnace slots, in order."""
    return tuple(
        Sample(p.sample, int(p.sample.removeprefix("S")), slot, p.recipe)
        for slot, p in enumerate(proposed, start=1)
    )
