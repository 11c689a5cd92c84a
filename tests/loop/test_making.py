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
        making.begin(1, load(1, 30.0))
        making.begin(2, load(2, 10.0))
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
        making.begin(1, long())
        making.begin(2, breaks(ValueError("a mistake")))
        making.begin(3, breaks(FaultError("box-b", "over-temperature")))
        with pytest.raises(FaultError, match="over-temperature"):
            await making.one_over()
        assert not making.tasks
        await making.come_to_rest()

    run(go())
    assert rested == [65.0]
