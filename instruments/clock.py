"""The one clock: every time in Athanor comes from the running event loop."""

import asyncio
import time
from datetime import UTC, datetime

VIRTUAL_EPOCH_SECONDS = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
"""Lab time at loop time zero in virtual mode, s since 1970."""


def utc_seconds() -> float:
    """Return the host's idea of now, s since 1970 UTC; for real labs only."""
    return time.time()  # noqa: TID251


class Clock:
    """Turns the loop's time into lab time, in seconds since 1970 UTC."""

    def __init__(self, epoch_seconds: float) -> None:
        """Set the lab time at which the loop's time is zero."""
        self._epoch_seconds = epoch_seconds

    @classmethod
    def real(cls) -> "Clock":
        """Return a clock that agrees with UTC; needs a running loop."""
        return cls(utc_seconds() - asyncio.get_running_loop().time())

    @classmethod
    def virtual(cls) -> "Clock":
        """Return the reproducible clock of a dry run."""
        return cls(VIRTUAL_EPOCH_SECONDS)

    def now(self) -> float:
        """Return lab time, s since 1970 UTC."""
        return self._epoch_seconds + asyncio.get_running_loop().time()


def iso(lab_seconds: float) -> str:
    """Write a lab time as ISO 8601 UTC with milliseconds."""
    stamp = datetime.fromtimestamp(lab_seconds, tz=UTC)
    return stamp.isoformat(timespec="milliseconds").replace("+00:00", "Z")
