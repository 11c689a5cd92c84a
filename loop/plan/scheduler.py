"""A list scheduler: which instrument does which task, and when. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from loop.errors import ScheduleError
from loop.plan.tasks import Task


@dataclass(frozen=True, slots=True)
class Booking:
    """One task on one instrument for a time."""

    task: Task
    instrument: str
    """Empty where the task needs none of its own."""
    start_seconds: float
    """From the start of the schedule."""
    end_seconds: float


@dataclass(frozen=True, slots=True)
class Schedule:
    """Every task once, in order of start."""

    bookings: tuple[Booking, ...]

    @property
    def seconds(self) -> float:
        """Return the length of the whole schedule, s."""
        return max((b.end_seconds for b in self.bookings), default=0.0)

    def of(self, task: str) -> Booking:
        """Return the booking of a task by its name."""
        return next(b for b in self.bookings if b.task.name == task)


Reservations = dict[str, list[tuple[float, float]]]
"""Instrument to the intervals for which it is taken, in order."""


def schedule(tasks: Sequence[Task], *, taken: Reservations | None = None) -> Schedule:
    """Place every task at the earliest time that its needs and instruments allow.

    Tasks are taken longest remaining path first among those whose needs are placed
    (the critical-path rule of Graham, SIAM J. Appl. Math. 17 (1969) 416); ties go by
    name, so that equal inputs give equal schedules.

    Args:
        tasks: Of one load.
        taken: When instruments are booked by others, s from the start of the schedule.

    Raises:
        ScheduleError: If tasks need one another in a circle, or a task not given.
    """
    by_name = {task.name: task for task in tasks}
    urgency = _remaining_path(by_name)
    ends: dict[str, float] = {}
    booked = {name: list(times) for name, times in (taken or {}).items()}
    bookings: list[Booking] = []
    waiting = sorted(tasks, key=lambda task: (-urgency[task.name], task.name))
    while waiting:
        ready = next((t for t in waiting if all(n in ends for n in t.needs)), None)
        if ready is None:
            raise ScheduleError(f"tasks need one another: {waiting[0].name}")
        waiting.remove(ready)
        earliest = max((ends[name] for name in ready.needs), default=0.0)
        booking = min(
            (
                _book(ready, name, earliest, booked)
                for name in ready.instruments or ("",)
            ),
            key=lambda b: (b.start_seconds, b.instrument),
        )
        _reserve(booking, booked)
        ends[ready.name] = booking.end_seconds
        bookings.append(booking)
    return Schedule(
        tuple(sorted(bookings, key=lambda b: (b.start_seconds, b.task.name)))
    )


def reserved(made: Schedule) -> Reservations:
    """Return when a schedule has booked each instrument."""
    found: Reservations = {}
    for booking in made.bookings:
        _reserve(booking, found)
    return found


def _remaining_path(by_name: dict[str, Task]) -> dict[str, float]:
    """Return each task's length plus the longest chain of tasks after it, s."""
    followers: dict[str, list[str]] = {name: [] for name in by_name}
    for task in by_name.values():
        for need in task.needs:
            if need not in by_name:
                raise ScheduleError(f"{task.name} needs {need}, which is not a task")
            followers[need].append(task.name)
    lengths: dict[str, float] = {}
    waiting = list(by_name)
    while waiting:
        ready = [n for n in waiting if all(f in lengths for f in followers[n])]
        if not ready:
            raise ScheduleError(f"tasks need one another: {', '.join(sorted(waiting))}")
        for name in ready:
            after = max((lengths[f] for f in followers[name]), default=0.0)
            lengths[name] = by_name[name].seconds + after
        waiting = [name for name in waiting if name not in lengths]
    return lengths


def _uses(task: Task, instrument: str) -> list[tuple[str, float, float]]:
    """Return (instrument, from, to) of a task, in seconds from its start."""
    uses = [(instrument, 0.0, task.seconds)] if instrument else []
    at = 0.0
    for part in task.parts:
        uses += [(name, at, at + part.seconds) for name in part.uses]
        at += part.seconds
    return uses


def _book(task: Task, instrument: str, earliest: float, taken: Reservations) -> Booking:
    """Return the first booking not before `earliest` that clashes with nothing."""
    uses = _uses(task, instrument)
    start, moved = earliest, True
    while moved:
        moved = False
        for name, low, high in uses:
            for begin, end in taken.get(name, ()):
                if start + low < end - 1e-9 and start + high > begin + 1e-9:
                    start, moved = end - low, True
    return Booking(task, instrument, start, start + task.seconds)


def _reserve(booking: Booking, taken: Reservations) -> None:
    for name, low, high in _uses(booking.task, booking.instrument):
        intervals = taken.setdefault(name, [])
        intervals.append((booking.start_seconds + low, booking.start_seconds + high))
        intervals.sort()
