"""Loads that are made at the same time."""

import asyncio

import pytest

from instruments.errors import FaultError
from loop.making import Making
from simulators.clock import run


def test_one_is_waited_for_at_a_time():
    over = []

    async def load(number, seconds):
        await asyncio.sleep(seconds)
        over.append(number)

    async def go():
        making = Making()
        making.begin(1, load(1, 30.0), furnace="box-a")
        making.begin(2, load(2, 10.0), furnace="box-b")
        await making.one_over()
        assert over == [2]
        assert list(making.tasks) == [1]
        await making.one_over()
        assert not making.tasks

    run(go())
    assert over == [2, 1]


def test_a_fault_brings_the_others_to_rest_and_comes_before_other_errors():
    rested = []

    async def long():
        try:
            await asyncio.sleep(1e6)
        finally:
            await asyncio.sleep(60.0)  # a dose under way is let end
            rested.append(asyncio.get_running_loop().time())

    async def breaks(error):
        await asyncio.sleep(5.0)
        raise error

    async def go():
        making = Making()
        making.begin(1, long(), furnace="box-a")
        making.begin(2, breaks(ValueError("a mistake")), furnace="box-b")
        making.begin(3, breaks(FaultError("ur5e-1", "stopped")), furnace="box-b")
        with pytest.raises(FaultError, match="stopped"):
            await making.one_over()
        assert not making.tasks
        await making.come_to_rest()

    run(go())
    assert rested == [65.0]


def test_a_fault_of_its_own_furnace_stops_a_load_alone():
    over = []

    async def load():
        await asyncio.sleep(30.0)
        over.append("made")

    async def breaks():
        await asyncio.sleep(5.0)
        raise FaultError("box-b", "sensor break")

    async def go():
        making = Making()
        making.begin(1, load(), furnace="box-a")
        making.begin(2, breaks(), furnace="box-b")
        await making.one_over()
        assert list(making.tasks) == [1]
        assert [str(error) for error in making.faults] == ["box-b: sensor break"]
        await making.one_over()
        assert not making.tasks

    run(go())
    assert over == ["made"]
