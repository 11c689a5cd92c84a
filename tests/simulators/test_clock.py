"""Virtual time: jumps, executor jobs, order, pacing."""

import asyncio
import time

import pytest

from simulators import clock


def test_eight_long_holds_cost_no_wall_time():
    async def main() -> float:
        for _ in range(8):
            await asyncio.sleep(4 * 3600)
        return asyncio.get_running_loop().time()

    begun = time.perf_counter()
    assert clock.run(main()) == pytest.approx(8 * 4 * 3600)
    assert time.perf_counter() - begun < 0.5


def test_time_starts_where_told_and_timers_fire_in_order():
    seen: list[tuple[float, str]] = []

    async def wait(seconds: float, name: str) -> None:
        await asyncio.sleep(seconds)
        seen.append((asyncio.get_running_loop().time(), name))

    async def main() -> None:
        await asyncio.gather(wait(3, "c"), wait(1, "a"), wait(2, "b"))

    clock.run(main(), start_seconds=100.0)
    assert seen == [(101.0, "a"), (102.0, "b"), (103.0, "c")]


def test_a_timer_months_away_is_reached_in_day_long_jumps():
    async def main() -> float:
        await asyncio.sleep(100 * 86400)
        return asyncio.get_running_loop().time()

    assert clock.run(main()) == pytest.approx(100 * 86400)


def test_an_executor_job_costs_no_virtual_time():
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(1)
            ticks += 1

    async def main() -> float:
        ticking = asyncio.create_task(tick())
        await asyncio.to_thread(time.sleep, 0.05)
        now = asyncio.get_running_loop().time()
        ticking.cancel()
        return now

    assert clock.run(main()) == 0.0
    assert ticks == 0


def test_results_come_in_order_of_submission_however_fast_the_threads_ran():
    async def one(name: str, real_seconds: float, seen: list[str]) -> None:
        await asyncio.to_thread(time.sleep, real_seconds)
        seen.append(name)

    async def main() -> list[str]:
        seen: list[str] = []
        await asyncio.gather(one("slow", 0.05, seen), one("fast", 0.0, seen))
        return seen

    assert clock.run(main()) == ["slow", "fast"]


def test_an_error_in_a_job_reaches_its_caller():
    def fail() -> None:
        raise OSError("disk gone")

    with pytest.raises(OSError, match="disk gone"):
        clock.run(asyncio.to_thread(fail))


def test_a_cancelled_job_does_not_stop_the_loop():
    async def main() -> float:
        job = asyncio.create_task(asyncio.to_thread(time.sleep, 0.02))
        await asyncio.sleep(0)
        job.cancel()
        await asyncio.sleep(5)
        return asyncio.get_running_loop().time()

    assert clock.run(main()) == 5.0


def test_a_deadlock_is_an_error_not_a_hang():
    async def main() -> None:
        await asyncio.Event().wait()

    with pytest.raises(RuntimeError, match="virtual time stands still"):
        clock.run(main())


def test_speed_paces_lab_time():
    begun = time.perf_counter()
    clock.run(asyncio.sleep(10), speed=200)
    assert 0.04 < time.perf_counter() - begun < 1.0


def test_speed_must_be_positive():
    with pytest.raises(ValueError, match=r"speed: found 0; allowed: above 0"):
        clock.run(asyncio.sleep(1), speed=0)
