"""Settings, places, pools."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loop.errors import ProposalError
from loop.propose.points import Points
from loop.propose.pool import build_pool
from loop.propose.space import Setting, search_space
from tests.loop.propose.oven import make_spec

CONDITIONAL = {
    "steps": [
        {"kind": "dose"},
        {"kind": "fire", "hold_hours": 4},
        {"kind": "regrind", "repeat": "regrinds"},
        {"kind": "fire", "name": "again", "hold_hours": 4, "repeat": "regrinds"},
    ],
    "space": {
        "sets": "all",
        "excess": {"Ba": {"min": 0.0, "max": 0.1, "step": 0.05}},
        "regrinds": {"min": 0, "max": 2},
        "steps": {
            "fire": {"temperature_celsius": {"min": 800, "max": 900, "step": 50}},
            "again": {
                "temperature_celsius": {"values": [700, 950]},
                "atmosphere": {"values": ["air", "O2"]},
            },
        },
    },
}


def space_of(**changes):
    return search_space(make_spec(**changes), ["A + B", "A + C"])


def test_settings_are_shared_or_own():
    space = space_of(**CONDITIONAL)
    assert [s.name for s in space.own] == ["precursors", "excess.Ba"]
    assert space["regrinds"].values == (0.0, 1.0, 2.0)
    assert {s.name for s in space.shared if s.needs_regrind} == {
        "again.temperature_celsius",
        "again.atmosphere",
    }


def test_a_pool_lists_every_point_once_and_drops_settings_that_do_not_exist():
    pool = build_pool(space_of(**CONDITIONAL), seed=0, load=1)
    # 3 temperatures without a regrind, and 3 x 2 x 2 x 2 with one or two.
    assert len(pool.profiles) == 3 + 3 * 2 * 2 * 2
    assert len(pool.samples) == 2 * 3
    for profile in pool.profiles:
        assert (profile["regrinds"] >= 1) == ("again.atmosphere" in profile)


def test_a_continuous_pool_is_fresh_in_each_load_and_the_same_each_time():
    space = space_of(
        space={
            "sets": "all",
            "steps": {"fire": {"temperature_celsius": {"min": 700, "max": 1000}}},
        }
    )
    one, again, two = (build_pool(space, seed=0, load=n) for n in (1, 1, 2))
    assert one.profiles == again.profiles
    assert one.profiles != two.profiles
    values = [p["fire.temperature_celsius"] for p in one.profiles]
    assert np.histogram(values, bins=8, range=(700, 1000))[0].min() > 50


def test_a_measured_point_is_refined_though_it_lies_off_the_grid():
    space = space_of(
        space={
            "sets": "all",
            "steps": {
                "fire": {
                    "temperature_celsius": {"min": 700, "max": 1000, "step": 25},
                    "hold_hours": {"min": 1, "max": 24},
                }
            },
        }
    )
    near = {
        "precursors": "A + B",
        "fire.temperature_celsius": 861.3,
        "fire.hold_hours": 30.0,
    }
    pool = build_pool(space, seed=0, load=1, near=[near])
    wanted = {"fire.temperature_celsius": 850.0, "fire.hold_hours": 24.0}
    assert any(p == pytest.approx(wanted) for p in pool.profiles)
    assert all(p["fire.temperature_celsius"] % 25 == 0 for p in pool.profiles)


def test_fixed_settings_hold_for_every_profile():
    fixed = {"fire.temperature_celsius": 861.0}
    pool = build_pool(space_of(**CONDITIONAL), seed=0, load=1, fixed=fixed)
    assert {p["fire.temperature_celsius"] for p in pool.profiles} == {861.0}


def test_constraints_must_name_numbers():
    with pytest.raises(ProposalError, match=r"input_constraints\[0\].*found nothing"):
        space_of(input_constraints=[{"terms": {"nothing": 1}, "at_most": 1}])


def test_no_set_is_refused():
    with pytest.raises(ProposalError, match="found no precursor set"):
        search_space(make_spec(), [])


def test_numbers_must_be_finite():
    space = space_of()
    with pytest.raises(ProposalError, match="not finite"):
        space.encode(space.shared, Points([{"fire.temperature_celsius": float("nan")}]))


@given(st.floats(0, 1))
def test_places_of_numbers_go_there_and_back(place):
    for setting in (
        Setting("x", "number", low=-5, high=20),
        Setting("x", "number", low=1, high=24, is_log=True),
    ):
        there = setting.decode(place)
        assert setting.place(there) == pytest.approx(place, abs=1e-9)
        assert columns(setting, there).item() == pytest.approx(place, abs=1e-9)


def test_choices_are_equally_far_apart():
    setting = Setting("x", "choice", values=("a", "b", "c"))
    rows = columns(setting, "a", "b", "c")
    gaps = np.linalg.norm(rows[:, None] - rows[None], axis=-1)
    assert gaps[~np.eye(3, dtype=bool)] == pytest.approx(1.0)
    assert columns(setting, "elsewhere").tolist() == [[0.0, 0.0, 0.0]]


def columns(setting: Setting, *values: float | str) -> np.ndarray:
    points = Points([{setting.name: value} for value in values])
    return setting.encode(points, np.ones(len(values), dtype=bool))
