"""Journals for executor tests: they refuse what a campaign database would refuse."""

import asyncio

from campaigns.lifecycle import (
    CampaignOpened,
    LoadPlanned,
    Proposed,
    Resumed,
    SampleEnded,
)
from campaigns.materials.phases import PhaseTable
from campaigns.results import DecisionRecord, Proposal
from campaigns.transitions import Progress
from loop.plan.bench import Bench
from loop.plan.effects import Effects
from loop.plan.executor import Executor
from loop.plan.safety import SafetyGuard
from loop.plan.scheduler import schedule
from loop.plan.tasks import plan_load
from simulators.clock import run
from tests.campaigns.examples import ybco
from tests.loop.plan.physical import HEADS, LAB, bare_lab, recipe, samples

GUARD = SafetyGuard(ybco(precursors=["Y2O3", "BaCO3", "CuO"]), PhaseTable.load())
"""Knows the reagents of `physical.recipe`."""


class KilledError(BaseException):
    """Stands for kill -9: nothing after it runs."""


def opening(numbers, *, made=None):
    """Return the facts before the first task of a load of samples."""
    names = [f"S{i:04d}" for i in numbers]
    opened = CampaignOpened(
        spec={}, spec_sha256="", lab={}, mode="virtual", proposer="random", seed=1,
        phases={}, versions={},
    )  # fmt: skip
    return [opened, *plan_of(names, made)]


def plan_of(names, made=None):
    record = DecisionRecord(method="random", seed=1, reason="test")
    proposed = [
        Proposed(
            sample=name,
            proposal=Proposal(parameters={}, load=1, decision=record),
            recipe=made or recipe(),
        )
        for name in names
    ]
    planned = LoadPlanned(load=1, furnace="box-a", samples=tuple(names), seconds=1.0)
    return [*proposed, planned]


class Journal:
    """Keeps payloads as a store would; dies after so many of them."""

    def __init__(self, dies_after=None, numbers=range(1, 9)):
        self.progress = Progress.of(opening(numbers))
        self.payloads = []
        self.dies_after = dies_after

    def append(self, *payloads, actor, lab_time):
        if self.dies_after is not None and len(self.payloads) >= self.dies_after:
            raise KilledError
        progress = self.progress.copy()
        for payload in payloads:
            progress.advance(payload)
        self.progress = progress
        self.payloads.extend(payloads)

    def put_blob(self, content):
        return "0" * 64

    def resumed(self):
        open_tasks = dict.fromkeys(self.progress.open_tasks, "unknown")
        self.append(
            Resumed(reason="a new process", reconciled=open_tasks),
            actor="engine", lab_time=0.0,
        )  # fmt: skip

    def of(self, kind):
        return [p for p in self.payloads if p.kind == kind]


def execute(
    matter, furnaces, journal, *, n=2, start=0.0, regrinds=0, first=1, lab=LAB,
    cancel_after=None, scan=None, analysed=None, made=None, guard=None,
):  # fmt: skip
    """Run a load to its end, its fault or its death; return the lab time after.

    Every sample is to be scanned again where `scan` names a longer program; `analysed`
    collects what the executor hands over.
    """
    end = [start]

    async def analyse(sample, *, again=False, lost=""):
        if analysed is not None:
            analysed.append((sample, again, lost))
        return scan is not None

    async def go():
        loop = asyncio.get_running_loop()
        effects = Effects(journal, loop.time, payloads=list(journal.payloads))
        bench = Bench(
            bare_lab(matter, furnaces, lab), effects, HEADS, loop.time, guard or GUARD
        )
        ended = {p.sample for p in journal.payloads if isinstance(p, SampleEnded)}
        load = made or samples(n, regrinds=regrinds, first=first, scan=scan)
        plan = schedule(plan_load(1, load, lab, "box-a"))
        task = asyncio.create_task(Executor(bench, 1, analyse, ended).run(plan))
        if cancel_after is not None:
            loop.call_later(cancel_after, task.cancel)
        try:
            await task
        except (KilledError, asyncio.CancelledError):
            pass
        finally:
            end[0] = loop.time()

    run(go(), start_seconds=start)
    return end[0]
