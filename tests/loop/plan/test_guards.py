import asyncio
from dataclasses import replace

import pytest

from instruments.errors import FaultError, RefusedError
from instruments.quantities import FurnaceState, Slot
from loop.plan.guards import make_safe, reasons_against, wait_until_free
from simulators.clock import run
from tests.loop.plan.physical import Matter, bare_furnaces, bare_lab

MOVE = (Slot("crucibles"), Slot("box-a"))


class HotFurnace:
    """Cools by a degree a minute from 100 degrees Celsius."""

    def __init__(self, program="reset", faults=()):
        self.program, self.faults = program, faults
        self.is_stopped = False

    async def state(self):
        celsius = 100.0 - asyncio.get_running_loop().time() / 60.0
        return FurnaceState(celsius, 0.0, self.program, 0.0, self.faults)

    async def stop(self):
        self.is_stopped = True


def lab_with(furnace, matter=None):
    matter = matter or Matter()
    lab = bare_lab(matter, bare_furnaces(matter))
    return replace(lab, furnaces={**lab.furnaces, "box-a": furnace})


def against(lab):
    async def ask():
        now = asyncio.get_running_loop().time
        return await reasons_against(lab, "ur5e-1", MOVE, now)

    return run(ask())


def test_a_hot_furnace_and_a_running_program_speak_against_a_move():
    assert "box-a: the furnace is at 100 C" in against(lab_with(HotFurnace()))[0]
    assert "its program is in hold" in str(against(lab_with(HotFurnace("hold"))))
    assert against(lab_with(bare_furnaces(Matter())["box-a"])) == ()


def test_an_arm_that_is_not_ready_is_a_fault():
    matter = Matter(is_arm_ready=False)
    with pytest.raises(FaultError, match="ur5e-1: is not ready"):
        against(lab_with(HotFurnace(), matter))


def wait(lab, patience):
    async def go():
        loop = asyncio.get_running_loop()
        await wait_until_free(lab, "box-a", loop.time, patience_seconds=patience)
        return loop.time()

    return run(go())


def test_patience_lets_a_furnace_cool_and_has_an_end():
    assert 1200.0 < wait(lab_with(HotFurnace()), 7200.0) < 1300.0
    with pytest.raises(RefusedError, match="its program is in running for 2 h"):
        wait(lab_with(HotFurnace("running")), 7200.0)


def test_only_a_furnace_that_reports_a_fault_is_switched_off():
    well, ill = HotFurnace("running"), HotFurnace("running", ("sensor break",))
    assert run(make_safe(lab_with(well), "box-a")) == "left to its stored program"
    assert run(make_safe(lab_with(ill), "box-a")) == "heaters off"
    assert (well.is_stopped, ill.is_stopped) == (False, True)
