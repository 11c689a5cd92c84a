"""Furnace loads that are made at the same time."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field

from instruments.errors import FaultError


@dataclass
class Making:
    """Loads under way, each a task of the running loop; if one fails, all come to rest.

    The effects of all loads share one halt, so that nothing new begins in any of them.
    Only a fault of the furnace that fires a load stops that load alone.
    """

    tasks: dict[int, asyncio.Task[None]] = field(default_factory=dict)

    furnaces: dict[int, str] = field(default_factory=dict)
    """Load to the furnace that fires it."""
    faults: list[FaultError] = field(default_factory=list)
    """Of furnaces whose loads wait for repair, oldest first."""

    def begin(
        self, load: int, work: Coroutine[None, None, None], *, furnace: str
    ) -> None:
        """Let a load be made."""
        self.furnaces[load] = furnace
        self.tasks[load] = asyncio.get_running_loop().create_task(work)

    async def one_over(self) -> None:
        """Wait until a load is made or its furnace has a fault, and forget it.

        Raises:
            FaultError: Of another instrument, or whatever else ended a load; those
                beside it are at rest.
        """
        await asyncio.wait(self.tasks.values(), return_when=asyncio.FIRST_COMPLETED)
        over = {n: task for n, task in self.tasks.items() if task.done()}
        failed = list[BaseException]()
        for number, task in over.items():
            error = task.exception()
            if isinstance(error, FaultError) and (
                error.instrument == self.furnaces[number]
            ):
                self.faults.append(error)
            elif error:
                failed.append(error)
        if failed:
            failed += await self.come_to_rest()
            faults = [error for error in failed if isinstance(error, FaultError)]
            raise (faults or failed)[0]
        for number in over:
            del self.tasks[number]

    async def come_to_rest(self) -> list[BaseException]:
        """Let doses and moves under way end, and nothing new begin; see `Executor`.

        Returns:
            What went wrong meanwhile.
        """
        for task in self.tasks.values():
            task.cancel()
        ends = await asyncio.gather(*self.tasks.values(), return_exceptions=True)
        self.tasks.clear()
        return [
            end for end in ends
            if isinstance(end, BaseException)
            and not isinstance(end, asyncio.CancelledError)
        ]  # fmt: skip
