"""A command line that kills itself, as SIGKILL does, at a chosen write.

    python -m tests.end_to_end.victim store:40:before simulate tiny.toml

`store` counts transactions of the campaign database, `world` lines of the simulated
world's journal; `before` dies with the write undone, `after` once it is done.
"""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from campaigns.store import Store
from loop.cli.main import main
from simulators.journal import Journal

WRITERS: dict[str, type] = {"store": Store, "world": Journal}


def arm(moment: str) -> None:
    """Make the chosen write the last thing that this process does."""
    where, number, when = moment.split(":")
    writer = WRITERS[where]
    append: Callable[..., Any] = writer.append  # type: ignore[attr-defined]
    left = [int(number)]

    def fatal(*args: Any, **kwargs: Any) -> Any:
        left[0] -= 1
        if left[0] == 0 and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        written = append(*args, **kwargs)
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return written

    writer.append = fatal  # type: ignore[attr-defined]


if __name__ == "__main__":
    arm(sys.argv.pop(1))
    main()
