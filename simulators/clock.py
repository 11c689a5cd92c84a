"""Virtual time: an asyncio loop that jumps to its next timer instead of sleeping."""

import asyncio
import concurrent.futures
import os
import selectors
import time
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple, TypeVar, TypeVarTuple

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_SELF_PIPE = 1
"""File descriptors that every asyncio loop registers for itself."""
POLL_EVERY = 256
"""A system call in each round of the loop would cost a dry run a fifth of its time."""


class _Job(NamedTuple):
    """One call sent to an executor, and what awaits it in the loop."""

    call: concurrent.futures.Future[Any]
    awaited: asyncio.Future[Any]


class _JumpingSelector(selectors.DefaultSelector):
    """A selector that moves the loop's time on instead of waiting for it.

    asyncio calls `select` with a timeout other than zero only when nothing is ready,
    so that call is the one place where time may pass and results may come in.
    """

    def __init__(self, start_seconds: float, speed: float | None) -> None:
        super().__init__()
        self.seconds = start_seconds
        self.jobs: deque[_Job] = deque()
        self._speed = speed
        self._n_polls = 0

    def select(
        self, timeout: float | None = None
    ) -> list[tuple[selectors.SelectorKey, int]]:
        """Return ready files; else release one finished job; else jump."""
        events = self._poll()
        if events or timeout == 0:
            return events
        if self.jobs:
            self._release_oldest_job()
            return []
        if timeout is None:
            if len(self.get_map()) > _SELF_PIPE:
                return super().select(None)
            raise RuntimeError(
                "virtual time stands still: every task waits, and no timer, executor"
                " job or file could wake one"
            )
        if self._speed is None:
            self.seconds += timeout
            return []
        return self._paced(timeout, self._speed)

    def _poll(self) -> list[tuple[selectors.SelectorKey, int]]:
        """Return ready files; asked seldom while the loop has none but its own.

        The loop's own pipe only wakes it from sleep, and this loop does not sleep; it
        is emptied now and then, since signals and threads write to it.
        """
        self._n_polls += 1
        if len(self.get_map()) > _SELF_PIPE or self._n_polls % POLL_EVERY == 0:
            return super().select(0)
        return []

    def _release_oldest_job(self) -> None:
        """Wait for the job submitted first and hand over its result.

        One at a time, in order of submission and only when the loop is idle: so the
        order of events does not depend on how fast the executor's threads ran.
        """
        call, awaited = self.jobs.popleft()
        concurrent.futures.wait((call,))
        if awaited.cancelled():
            return
        if call.cancelled():
            awaited.cancel()
        elif (error := call.exception()) is not None:
            awaited.set_exception(error)
        else:
            awaited.set_result(call.result())

    def _paced(
        self, timeout: float, speed: float
    ) -> list[tuple[selectors.SelectorKey, int]]:
        """Sleep `timeout / speed` real seconds, or until a file is ready."""
        begun = time.perf_counter()
        events = super().select(timeout / speed)
        if events:
            slept = (time.perf_counter() - begun) * speed
            self.seconds += min(slept, timeout)
        else:
            self.seconds += timeout
        return events


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop whose time jumps to the next timer and is held by executor jobs.

    Time stands still while any `run_in_executor` or `asyncio.to_thread` job is out,
    so a computation costs no lab time however long it takes.
    """

    def __init__(
        self, *, start_seconds: float = 0.0, speed: float | None = None
    ) -> None:
        """Start the loop's time at `start_seconds`, s.

        Args:
            start_seconds: What `time()` says at first, s.
            speed: Lab seconds per real second, > 0; None jumps without sleeping.
        """
        self._jumping = _JumpingSelector(start_seconds, speed)
        self._pool: concurrent.futures.ThreadPoolExecutor | None = None
        super().__init__(self._jumping)

    def time(self) -> float:
        """Return virtual time, s."""
        return self._jumping.seconds

    def run_in_executor(
        self,
        executor: concurrent.futures.Executor | None,
        func: Callable[[*Ts], T],
        *args: *Ts,
    ) -> asyncio.Future[T]:
        """Run `func` beside the loop, holding virtual time until it returns."""
        if executor is None:
            executor = self._own_pool()
        awaited: asyncio.Future[T] = self.create_future()
        self._jumping.jobs.append(_Job(executor.submit(func, *args), awaited))
        return awaited

    def _own_pool(self) -> concurrent.futures.ThreadPoolExecutor:
        if self._pool is None:
            self._pool = concurrent.futures.ThreadPoolExecutor(
                max_workers=os.cpu_count(), thread_name_prefix="virtual"
            )
        return self._pool

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        """End the loop's own threads; jobs still out are finished first."""
        del timeout
        if self._pool is not None:
            self._pool.shutdown(wait=True)
            self._pool = None


def run(
    coro: Coroutine[Any, Any, T],
    *,
    start_seconds: float = 0.0,
    speed: float | None = None,
) -> T:
    """Run a coroutine to its end in virtual time; the twin of `asyncio.run`.

    Args:
        coro: What to run.
        start_seconds: The loop's first time, s; a resumed run begins at the lab time
            of the crash.
        speed: Lab seconds per real second; None runs as fast as it goes.

    Raises:
        RuntimeError: If every task waits for something that cannot happen.
        ValueError: If `speed` is not above zero.
    """
    if speed is not None and not speed > 0:
        coro.close()
        raise ValueError(f"speed: found {speed:g}; allowed: above 0, or None")

    def make() -> VirtualTimeLoop:
        return VirtualTimeLoop(start_seconds=start_seconds, speed=speed)

    with asyncio.Runner(loop_factory=make) as runner:
        return runner.run(coro)
