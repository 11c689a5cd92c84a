"""Several loads on one lab, planned around one another."""

from itertools import pairwise

from loop.plan.timetable import Timetable
from tests.loop.plan.physical import samples
from tests.loop.propose.sites import LAB


def booked(timetable, instrument, begins):
    """Return when the loads hold an instrument or use it beside another, lab time."""
    found = []
    for load, made in timetable.schedules.items():
        for b in made.bookings:
            at = begins[load] + b.start_seconds
            if b.instrument == instrument:
                found.append((at, at + b.task.seconds))
            for part in b.task.parts:
                if instrument in part.uses:
                    found.append((at, at + part.seconds))
                at += part.seconds
    return sorted(found)


def three_loads():
    timetable = Timetable(LAB)
    begins = {1: 0.0, 2: 0.0, 3: 20 * 3600.0}
    timetable.add(1, samples(4), "box-a", at=begins[1])
    timetable.add(2, samples(4, first=5), "box-b", at=begins[2])
    timetable.add(3, samples(2, first=9), "box-a", at=begins[3])
    return timetable, begins


def test_no_instrument_is_booked_twice_at_a_time():
    timetable, begins = three_loads()
    for name in ("quantos-1", "dac-1", "oven-1", "ur5e-1", "aeris-1", "xpr-1"):
        times = booked(timetable, name, begins)
        assert len(times) >= 10 or name == "oven-1"
        assert all(a[1] <= b[0] + 1e-6 for a, b in pairwise(times)), name


def test_a_load_beside_another_takes_longer_but_less_than_one_after_the_other():
    alone = Timetable(LAB).add(1, samples(4, first=5), "box-b", at=0.0).seconds
    timetable, _ = three_loads()
    first, second = (timetable.schedules[n].seconds for n in (1, 2))
    assert alone < second < first + alone


def test_equal_loads_give_equal_timetables():
    one, two = three_loads(), three_loads()
    assert one[0].schedules == two[0].schedules
