"""Sites that cations share: their corners, grids and draws, and what follows."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.composition import (
    Site,
    composed,
    corners,
    generic,
    shares_of,
    sites,
    target_of,
)
from campaigns.errors import MaterialError, SpecError
from campaigns.precursors import find_set, gaps, precursor_sets
from campaigns.spec import Range
from campaigns.synthesis import build_recipe, measured_parameters
from tests.campaigns.solutions import titanate

SETTINGS = {"fire.temperature_celsius": 1000.0, "fire.hold_hours": 2.0}


def site(**limits: tuple[float, float] | tuple[float, float, float]) -> Site:
    ranges = {
        name: Range(min=one[0], max=one[1], step=one[2] if len(one) > 2 else None)
        for name, one in limits.items()
    }
    return Site("Ba", tuple(ranges.items()))


def test_corners_are_the_extreme_compositions():
    found = site(Ba=(0.2, 1.0), Sr=(0.0, 0.5), Ca=(0.0, 0.5)).corners
    assert [tuple(map(float, one.values())) for one in found] == [
        (0.2, 0.3, 0.5), (0.2, 0.5, 0.3), (0.5, 0.0, 0.5), (0.5, 0.5, 0.0),
        (1.0, 0.0, 0.0),
    ]  # fmt: skip
    assert site(Ba=(0.6, 0.8), Sr=(0.6, 0.8)).corners == ()


def test_a_grid_holds_what_adds_up_to_one():
    found = site(Ba=(0, 1, 0.25), Sr=(0, 1, 0.25), Ca=(0, 0.5, 0.25)).grid
    assert len(found) == 12
    assert all(sum(one.values()) == 1 for one in found)
    loose = site(Ba=(0, 1), Sr=(0, 0.5, 0.1)).grid
    assert [one["Ba"] for one in loose] == [1.0, 0.9, 0.8, 0.7, 0.6, 0.5]
    assert site(Ba=(0, 1), Sr=(0, 1)).grid == ()


@given(st.lists(st.floats(1e-6, 1 - 1e-6), min_size=3, max_size=3))
def test_draws_lie_within_the_limits_and_add_up_to_one(places):
    one = site(Ba=(0.2, 0.9), Sr=(0.05, 0.5), Ca=(0.0, 0.7))
    found = one.draw(places)
    if found is not None:
        assert one.allows(found)
        assert sum(Fraction(repr(v)) for v in found.values()) == 1


def test_draws_are_even_over_the_simplex():
    one = site(Ba=(0, 1), Sr=(0, 1), Ca=(0, 1))
    draw = np.random.default_rng(0)
    found = [one.draw(draw.uniform(size=3).tolist()) for _ in range(2000)]
    mean = np.mean([list(f.values()) for f in found if f], axis=0)
    assert mean == pytest.approx([1 / 3] * 3, abs=0.02)
    # Half of the triangle's area has no share above 1/2 in a given corner: 3/4 hold.
    assert np.mean([f["Ba"] < 0.5 for f in found if f]) == pytest.approx(0.75, abs=0.03)


def test_one_share_moves_and_the_others_keep_their_proportion():
    one = site(Ba=(0, 1), Sr=(0, 1), Ca=(0, 1))
    found = one.moved({"Ba": 0.5, "Sr": 0.3, "Ca": 0.2}, "Ba", 0.0)
    assert found == {"Ba": 0, "Sr": Fraction(3, 5), "Ca": Fraction(2, 5)}
    alone = one.moved({"Ba": 1.0, "Sr": 0.0, "Ca": 0.0}, "Ba", 0.5)
    assert alone["Sr"] == alone["Ca"] == Fraction(1, 4)


def test_neighbours_swap_one_cation_for_another():
    one = site(Ba=(0.2, 1, 0.1), Sr=(0, 0.8, 0.1))
    found = list(one.around({"Ba": 1.0, "Sr": 0.0}))
    assert found == [{"Ba": 0.9, "Sr": 0.1}]


def test_the_target_follows_the_shares():
    spec = titanate()
    point = {"share.Ba": 0.7, "share.Sr": 0.3}
    assert str(target_of(spec, point)) == "Ba0.7Sr0.3TiO3"
    assert str(target_of(spec, {"share.Ba": 1.0, "share.Sr": 0.0})) == "BaTiO3"
    assert str(target_of(spec, point)) == "Ba0.7Sr0.3TiO3"
    assert sum(shares_of(spec, {"share.Ba": 0.1 + 0.2, "share.Sr": 0.7}).values()) == 1
    assert len(generic(spec)) == len(corners(spec)) + 1
    assert sites(spec)[0].keys == ("share.Ba", "share.Sr")


@pytest.mark.parametrize(
    ("point", "words"),
    [
        ({"share.Ba": 0.7}, "share.Sr"),
        ({"share.Ba": 0.7, "share.Sr": 0.2}, "add up to 0.9"),
        ({"share.Ba": 1.2, "share.Sr": -0.2}, "add up to 1"),
    ],
)
def test_shares_must_add_up(point, words):
    with pytest.raises(SpecError, match=words):
        shares_of(titanate(), point)


def test_sets_that_balance_somewhere_are_listed_with_where_they_do_not():
    found = {one.label: one for one in precursor_sets(titanate())}
    assert list(found) == [
        "BaCO3 + SrCO3 + TiO2", "BaCO3 + SrCO3 + BaTi2O5", "SrCO3 + TiO2 + BaTi2O5",
    ]  # fmt: skip
    missed = {label: gaps(titanate(), one) for label, one in found.items()}
    assert [list(map(str, one)) for one in missed.values()] == [
        [], ["Ba0.2Sr0.8TiO3"], ["BaTiO3"],
    ]  # fmt: skip


def test_a_set_reacts_to_each_composition():
    one = find_set(titanate(), "BaCO3 + SrCO3 + TiO2")
    half = one.at(composed(titanate(), {"Ba": Fraction(1, 2), "Sr": Fraction(1, 2)}))
    assert str(half.reaction) == (
        "1/2 BaCO3 + 1/2 SrCO3 + TiO2 → Ba0.5Sr0.5TiO3 + CO2(g)"
    )
    pure = one.at(composed(titanate(), {"Ba": Fraction(1), "Sr": Fraction(0)}))
    assert str(pure.reaction) == "BaCO3 + TiO2 → BaTiO3 + CO2(g)"
    assert pure.moles({}) == (1, 0, 1)
    rich = find_set(titanate(), "BaCO3 + SrCO3 + BaTi2O5")
    with pytest.raises(MaterialError, match="would bring too much"):
        rich.at(composed(titanate(), {"Ba": Fraction(1, 5), "Sr": Fraction(4, 5)}))


def test_a_recipe_weighs_out_its_own_composition():
    spec = titanate()
    point = {"precursors": "BaCO3 + SrCO3 + TiO2", "share.Ba": 1.0, "share.Sr": 0.0}
    recipe = build_recipe(spec, point | SETTINGS)
    assert recipe.target == "BaTiO3"
    assert set(recipe.grams) == {"BaCO3", "TiO2"}
    mixed = build_recipe(spec, point | SETTINGS | {"share.Ba": 0.4, "share.Sr": 0.6})
    assert mixed.target == "Ba0.4Sr0.6TiO3"
    assert mixed.grams["SrCO3"] > mixed.grams["BaCO3"] > 0


def test_shares_are_measured_from_what_was_weighed():
    spec = titanate()
    point = {"precursors": "BaCO3 + SrCO3 + TiO2", "share.Ba": 0.5, "share.Sr": 0.5}
    grams = dict(build_recipe(spec, point | SETTINGS).grams)
    exact = measured_parameters(spec, point, grams, [])
    assert exact["share.Sr"] == pytest.approx(0.5)
    grams["SrCO3"] *= 1.02
    found = measured_parameters(spec, point, grams, [])
    assert found["share.Sr"] == pytest.approx(0.51 / 1.01)
    assert float(found["share.Ba"]) + float(found["share.Sr"]) == pytest.approx(1)


def test_no_composition_says_so():
    limits = {"min": 0.6, "max": 0.8}
    with pytest.raises(MaterialError, match="add to 1"):
        precursor_sets(titanate(composition={"Ba": {"Ba": limits, "Sr": limits}}))
