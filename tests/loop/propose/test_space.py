"""Settings, places, pools."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.precursors import precursor_sets
from campaigns.spec import Precursor
from loop.errors import ProposalError
from loop.propose.points import Points
from loop.propose.poolbuilder import build_pool
from loop.propose.space import SearchSpace, Setting, search_space
from tests.campaigns.solutions import titanate
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


def table_space(rows, **shared):
    listed = tuple({"precursors": "a", **row} for row in rows)
    settings = [
        Setting("precursors", "choice", values=("a", "b"), is_shared=False),
        Setting("mix.minutes", "number", low=1, high=60, is_shared=False),
        Setting("fire.hold_hours", "number", low=1, high=24),
    ]
    return SearchSpace(tuple(settings), candidates=listed, **shared)


TABLE_ROWS = [
    {"mix.minutes": 5.0, "fire.hold_hours": 2.0},
    {"mix.minutes": 10.0, "fire.hold_hours": 2.0},
    {"mix.minutes": 5.0, "fire.hold_hours": 8.0},
    {"mix.minutes": 5.0, "fire.hold_hours": 8.0, "precursors": "b"},
    {"mix.minutes": 20.0, "fire.hold_hours": 8.0},
]


def candidates(pool):
    return [
        pool.parameters(i, j)
        for i, row in enumerate(pool.allowed)
        for j in np.flatnonzero(row)
    ]


def test_the_pool_of_a_table_is_its_rows():
    space = table_space(TABLE_ROWS)
    pool = build_pool(space, seed=0, load=1)
    assert len(pool.profiles) == 2
    assert len(candidates(pool)) == len(TABLE_ROWS)
    assert all(one in space.candidates for one in candidates(pool))
    fewer = pool.without(space, [space.candidates[3]])
    assert space.candidates[3] not in candidates(fewer)
    assert len(candidates(fewer)) == len(TABLE_ROWS) - 1
    one = pool.at_profile(space, space.candidates[0])
    assert {c["fire.hold_hours"] for c in candidates(one)} == {2.0}


def test_settings_that_a_load_has_leave_rows_out():
    space = table_space(TABLE_ROWS)
    pool = build_pool(space, seed=0, load=1, fixed={"fire.hold_hours": 8.0})
    assert len(candidates(pool)) == 3
    with pytest.raises(ProposalError, match="no row has the settings"):
        build_pool(space, seed=0, load=1, fixed={"fire.hold_hours": 3.0})


def test_very_many_samples_of_one_profile_stand_in_several_rows(monkeypatch):
    monkeypatch.setattr("loop.propose.poolbuilder.MAX_PLACES", 16)
    wide = [{"mix.minutes": float(m), "fire.hold_hours": 2.0} for m in range(1, 31)]
    space = table_space([*wide, *TABLE_ROWS])
    pool = build_pool(space, seed=0, load=1)
    assert pool.allowed.shape[1] == 8
    distinct = {tuple(sorted(one.items())) for one in space.candidates}
    assert len(candidates(pool)) == len(distinct)
    at = candidates(pool.at_profile(space, space.candidates[0]))
    assert len(at) == 30


def test_compositions_of_a_continuous_site_add_up_and_reach_the_ends():
    free = {"min": 0.0, "max": 1.0}
    spec = titanate(composition={"Ba": {"Ba": free, "Sr": free, "Ca": free}})
    spec = spec.model_copy(
        update={"precursors": (*spec.precursors, Precursor(formula="CaCO3"))}
    )
    labels = [one.label for one in precursor_sets(spec)]
    pool = build_pool(search_space(spec, labels), seed=0, load=1)
    keys = ("share.Ba", "share.Sr", "share.Ca")
    shares = np.array([[s[key] for key in keys] for s in pool.samples])
    assert shares.sum(axis=1) == pytest.approx(1.0, abs=1e-12)
    assert (shares.max(axis=0) == 1.0).all()
    near = build_pool(
        search_space(spec, labels), seed=0, load=1,
        near=[{**pool.samples[0], "fire.hold_hours": 2.0}],
    )  # fmt: skip
    assert len(near.samples) > len(pool.samples)


def test_step_settings_are_the_load_s_or_the_sample_s():
    steps = {
        "mix": {"minutes": [5, 10], "rpm": [800, 1200]},
        "dry": {"temperature_celsius": {"min": 60, "max": 120}},
        "fire": {
            "temperature_celsius": [900, 1000],
            "hold_hours": [2, 8],
            "cool_celsius_per_minute": [1, 5],
            "crucible": ["Al2O3", "MgO"],
        },
    }
    spec = titanate(steps=steps)
    space = search_space(spec, ["a"])
    own = {s.name for s in space.conditions}
    assert own == {
        "share.Ba", "share.Sr", "mix.minutes", "mix.rpm", "fire.crucible",
    }  # fmt: skip
    assert {s.name for s in space.shared} == {
        "dry.temperature_celsius", "fire.temperature_celsius", "fire.hold_hours",
        "fire.cool_celsius_per_minute",
    }  # fmt: skip
    assert space["mix.minutes"].is_log


def test_one_share_is_varied_with_the_others_in_proportion():
    space = search_space(titanate(), ["a"])
    point = {"share.Ba": 0.5, "share.Sr": 0.5, "precursors": "a"}
    assert space.varied(point, "share.Ba", 0.8)["share.Sr"] == pytest.approx(0.2)
    assert space.varied(point, "fire.hold_hours", 2.0)["share.Sr"] == 0.5
    assert space.middle()["share.Ba"] == 0.6
