import asyncio
from collections import Counter

import pytest

from campaigns.lifecycle import Dosed, PatternMeasured, SampleEnded
from loop.plan.bench import Bench
from loop.plan.effects import Effects
from loop.plan.executor import Executor
from loop.plan.scheduler import schedule
from loop.plan.tasks import plan_load
from simulators.clock import run
from tests.loop.plan.physical import (
    HEADS,
    LAB,
    Matter,
    bare_furnaces,
    bare_lab,
    samples,
)


class KilledError(BaseException):
    """Stands for kill -9: nothing after it runs."""


class Journal:
    """Keeps payloads; dies after so many of them."""

    def __init__(self, dies_after=None):
        self.payloads = []
        self.dies_after = dies_after

    def append(self, *payloads, actor, lab_time):
        if self.dies_after is not None and len(self.payloads) >= self.dies_after:
            raise KilledError
        self.payloads.extend(payloads)

    def put_blob(self, content):
        return "0" * 64


def execute(matter, furnaces, journal, *, n=2, start=0.0, regrinds=0):
    async def analyse(sample):
        pass

    async def go():
        loop = asyncio.get_running_loop()
        effects = Effects(journal, loop.time, payloads=list(journal.payloads))
        bench = Bench(bare_lab(matter, furnaces), effects, HEADS, loop.time)
        ended = {p.sample for p in journal.payloads if isinstance(p, SampleEnded)}
        plan = schedule(plan_load(1, samples(n, regrinds=regrinds), LAB, "box-a"))
        try:
            await Executor(bench, 1, analyse, ended).run(plan)
        except BaseException as error:
            if not isinstance(error, KilledError) and KilledError.__name__ not in repr(
                error
            ):
                raise
        return loop.time()

    return run(go(), start_seconds=start)


def test_a_load_is_made_measured_and_put_back():
    matter, journal = Matter(), Journal()
    execute(matter, bare_furnaces(matter), journal)
    kinds = Counter(p.kind for p in journal.payloads)
    assert kinds["task-started"] == kinds["task-finished"]
    assert kinds["fired"] == 2
    assert {p.sample for p in journal.payloads if isinstance(p, PatternMeasured)} == {
        "S0001", "S0002",
    }  # fmt: skip
    assert all(str(slot).split("/")[0] in LAB.racks for slot in matter.at.values())


def test_a_refused_dose_holds_its_sample_and_the_others_go_on():
    matter, journal = Matter(refuse_substance="CuO"), Journal()
    furnaces = bare_furnaces(matter)
    execute(matter, furnaces, journal)
    ended = [p for p in journal.payloads if isinstance(p, SampleEnded)]
    assert [p.sample for p in ended] == ["S0001", "S0002"]
    assert "powder flow" in ended[0].reason
    assert len(matter.firings) == 0
    assert all(str(slot).split("/")[0] in LAB.racks for slot in matter.at.values())


def count_events(regrinds):
    matter, journal = Matter(), Journal()
    execute(matter, bare_furnaces(matter), journal, n=1, regrinds=regrinds)
    return len(journal.payloads)


@pytest.mark.parametrize(("regrinds", "stride"), [(0, 1), (1, 5)])
def test_killed_anywhere_nothing_is_dosed_or_fired_twice(regrinds, stride):
    total = count_events(regrinds)
    for dies_after in range(1, total, stride):
        matter, journal = Matter(), Journal(dies_after)
        furnaces = bare_furnaces(matter)
        died = execute(matter, furnaces, journal, n=1, regrinds=regrinds)
        journal.dies_after = None
        execute(matter, furnaces, journal, n=1, start=died + 5.0, regrinds=regrinds)
        assert Counter(d.substance for d in matter.doses) == {
            "Y2O3": 1, "BaCO3": 1, "CuO": 1,
        }  # fmt: skip
        assert matter.heated == {"vial-01": 1, "crucible-01": 1 + regrinds}
        dosed = [p for p in journal.payloads if isinstance(p, Dosed)]
        assert len(dosed) == 3
        assert any(isinstance(p, PatternMeasured) for p in journal.payloads)
        assert not any(isinstance(p, SampleEnded) for p in journal.payloads)
