from dataclasses import replace
from itertools import pairwise

import pytest

from loop.errors import ScheduleError
from loop.plan.firing import cooling_seconds, firing_seconds
from loop.plan.scheduler import schedule
from loop.plan.tasks import plan_load
from tests.loop.plan.physical import LAB, recipe, samples


def test_a_sample_goes_through_every_task_in_order():
    tasks = plan_load(1, samples(1), LAB, "box-a")
    assert [task.action for task in tasks] == [
        "dose", "mix", "dry", "charge", "load", "fire",
        "unload", "grind", "fill-holder", "scan", "archive",
    ]  # fmt: skip


def test_a_regrind_empties_and_refills_the_crucible():
    tasks = plan_load(1, samples(1, regrinds=1), LAB, "box-a")
    actions = [task.action for task in tasks]
    assert actions.count("fire") == 2
    assert actions[5:9] == ["fire", "unload", "regrind", "load"]


def test_one_firing_serves_the_whole_load():
    tasks = plan_load(2, samples(8), LAB, "box-a")
    (fire,) = [task for task in tasks if task.action == "fire"]
    assert len(fire.samples) == 8
    assert fire.name == "L002/3-fire"


def test_recipes_that_do_not_share_a_profile_are_refused():
    mixed = [*samples(1), *samples(2, celsius=800.0)[1:]]
    with pytest.raises(ScheduleError, match="do not share one firing profile"):
        plan_load(1, mixed, LAB, "box-a")


def test_a_rack_smaller_than_the_load_is_refused():
    racks = {**LAB.racks, "jars": LAB.racks["jars"].model_copy(update={"slots": 3})}
    lab = LAB.model_copy(update={"racks": racks})
    with pytest.raises(ScheduleError, match="4 samples, but the rack jars has 3 slots"):
        plan_load(1, samples(4), lab, "box-a")


def test_a_furnace_that_cannot_fire_a_load_says_what_it_lacks():
    hot = [replace(s, recipe=recipe(celsius=1900.0)) for s in samples(2)]
    with pytest.raises(ScheduleError, match=r"load 1: box-a cannot fire it: 1900"):
        plan_load(1, hot, LAB, "box-a")
    with pytest.raises(ScheduleError, match="oven-1 cannot fire it: it is for dry"):
        plan_load(1, samples(2), LAB, "oven-1")


def test_nothing_is_booked_twice():
    plan = schedule(plan_load(1, samples(8), LAB, "box-a"))
    taken: dict[str, list[tuple[float, float]]] = {}
    for booking in plan.bookings:
        if booking.instrument:
            span = (booking.start_seconds, booking.end_seconds)
            taken.setdefault(booking.instrument, []).append(span)
        at = booking.start_seconds
        for part in booking.task.parts:
            for name in part.uses:
                taken.setdefault(name, []).append((at, at + part.seconds))
            at += part.seconds
    for spans in taken.values():
        spans.sort()
        for (_, end), (start, _) in pairwise(spans):
            assert start >= end - 1e-6


def test_needs_come_first_and_the_schedule_is_reproducible():
    tasks = plan_load(1, samples(8, regrinds=1), LAB, "box-a")
    plan = schedule(tasks)
    for booking in plan.bookings:
        for need in booking.task.needs:
            assert plan.of(need).end_seconds <= booking.start_seconds + 1e-6
    assert schedule(tuple(reversed(tasks))) == plan


def test_a_circle_of_needs_is_refused():
    first, second, *_ = plan_load(1, samples(1), LAB, "box-a")
    from dataclasses import replace

    looped = replace(first, needs=(second.name,))
    with pytest.raises(ScheduleError, match="need one another"):
        schedule([looped, second])


def test_cooling_follows_the_slower_of_programme_and_furnace():
    curve = ((600.0, 10.0), (100.0, 2.0))
    assert cooling_seconds(700.0, 600.0, 5.0, curve) == pytest.approx(20 * 60)
    assert cooling_seconds(600.0, 100.0, 5.0, curve) == pytest.approx(250 * 60)


def test_firing_takes_ramp_hold_and_cooling():
    (firing,) = recipe().firings
    seconds = firing_seconds(firing, LAB.furnaces["box-a"])
    assert seconds > 4 * 3600 + (900 - 25) / 5 * 60


def test_each_sample_is_mixed_by_its_own_recipe():
    first, second = samples(2)
    longer = tuple(
        step.model_copy(update={"minutes": 40.0}) if step.kind == "mix" else step
        for step in second.recipe.steps
    )
    recipe_of_second = second.recipe.model_copy(update={"steps": longer})
    tasks = plan_load(
        1, [first, replace(second, recipe=recipe_of_second)], LAB, "box-a"
    )
    minutes = [task.step.minutes for task in tasks if task.action == "mix"]
    seconds = [task.seconds for task in tasks if task.action == "mix"]
    assert minutes[1] == 40.0
    assert seconds[1] - seconds[0] == pytest.approx(60.0 * (40.0 - minutes[0]))


def test_an_oven_dries_all_samples_of_a_load_alike():
    first, second = samples(2)
    hotter = tuple(
        step.model_copy(update={"temperature_celsius": 120.0})
        if step.kind == "dry" else step
        for step in second.recipe.steps
    )  # fmt: skip
    other = second.recipe.model_copy(update={"steps": hotter})
    with pytest.raises(ScheduleError, match="do not dry or regrind alike"):
        plan_load(1, [first, replace(second, recipe=other)], LAB, "box-a")
