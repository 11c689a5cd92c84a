"""Schedules of several loads on one lab, each around those planned before it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from instruments.labspec import LabSpec
from loop.plan.scheduler import Reservations, Schedule, reserved, schedule
from loop.plan.tasks import Sample, plan_load


@dataclass
class Timetable:
    """What the loads of a campaign have booked; equal loads give equal schedules.

    Times are plans: who is late makes others wait at the instrument, first come first
    served.
    """

    lab: LabSpec
    schedules: dict[int, Schedule] = field(default_factory=dict)
    _taken: Reservations = field(default_factory=dict)
    """By lab time, s since 1970."""

    def add(
        self, load: int, samples: Sequence[Sample], furnace: str, *, at: float
    ) -> Schedule:
        """Plan a load that begins at a lab time, s since 1970, and book it.

        Raises:
            ScheduleError: If the furnace cannot fire it, or its recipes do not fit.
        """
        later = {
            name: [(low - at, high - at) for low, high in times if high > at]
            for name, times in self._taken.items()
        }
        made = schedule(plan_load(load, samples, self.lab, furnace), taken=later)
        for name, times in reserved(made).items():
            booked = self._taken.setdefault(name, [])
            booked += [(low + at, high + at) for low, high in times]
            booked.sort()
        self.schedules[load] = made
        return made
