"""Recipes weigh what the balance says, and doses come back as parameters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.errors import MaterialError, SpecError
from campaigns.recipe import Recipe
from campaigns.spec import CampaignSpec
from campaigns.synthesis import build_recipe, cost, measured_parameters
from tests.campaigns.examples import ybco, ybco_data
from tests.campaigns.solutions import titanate, titanate_data

POINT = {
    "precursors": "Y2O3 + BaCO3 + CuO",
    "excess.Ba": 0.0,
    "regrinds": 0,
    "fire.temperature_celsius": 920.0,
    "fire.hold_hours": 12.0,
    "fire.atmosphere": "O2",
}


def test_ybco_by_hand():
    # CRC molar masses: Y2O3 225.810, BaCO3 197.336, CuO 79.545, YBa2Cu3O7 666.19.
    # Per gram of target: 1/2 x 225.810, 2 x 197.336, 3 x 79.545, each over 666.19.
    recipe = build_recipe(ybco(), POINT)
    assert recipe.grams == pytest.approx(
        {"Y2O3": 0.16948, "BaCO3": 0.59243, "CuO": 0.35821}, abs=2e-5
    )
    assert recipe.expected_grams == 1.0
    assert recipe.reaction == (
        "1/2 Y2O3 + 2 BaCO3 + 3 CuO + 1/4 O2(g) → YBa2Cu3O7 + 2 CO2(g)"
    )


def test_barium_titanate_by_hand_with_assay_and_loss_on_ignition():
    # BaTiO3 233.192: 197.336 / 233.192 / (0.99 x 0.99) and 79.866 / 233.192.
    spec = ybco(
        target={"formula": "BaTiO3"},
        precursors=[
            {"formula": "BaCO3", "assay": 0.99, "loss_on_ignition": 0.01},
            "TiO2",
        ],
        space={"steps": {}},
        steps=[{"kind": "dose"}, {"kind": "fire", "temperature_celsius": 1150,
                                  "hold_hours": 8}, {"kind": "scan"}],
        sample_grams=2.0,
    )  # fmt: skip
    recipe = build_recipe(spec, {"precursors": "BaCO3 + TiO2"})
    assert recipe.grams == pytest.approx({"BaCO3": 1.72682, "TiO2": 0.68498}, abs=5e-5)


def test_hydrate_water_is_weighed_in():
    # Y2(CO3)3.3H2O 411.88: 1/2 x 411.88 / 666.19.
    point = POINT | {"precursors": "Y2(CO3)3.3H2O + BaCO3 + CuO"}
    recipe = build_recipe(ybco(), point)
    assert recipe.grams["Y2(CO3)3.3H2O"] == pytest.approx(0.30913, abs=2e-5)


def test_lithium_cobaltate_with_excess_by_hand():
    # LiCoO2 97.871; 1.05 x 1/2 x 73.89 / 97.871 and 1/3 x 240.797 / 97.871.
    spec = ybco(
        target={"formula": "LiCoO2"},
        precursors=["Li2CO3", "Co3O4"],
        space={"excess": {"Li": 0.05}, "steps": {}},
        steps=[{"kind": "dose"}, {"kind": "fire", "temperature_celsius": 850,
                                  "hold_hours": 12}, {"kind": "scan"}],
    )  # fmt: skip
    recipe = build_recipe(spec, {"precursors": "Li2CO3 + Co3O4", "excess.Li": 0.05})
    assert recipe.grams == pytest.approx(
        {"Li2CO3": 0.39636, "Co3O4": 0.82012}, abs=5e-5
    )


def test_a_deficit_limits_the_powder_expected():
    recipe = build_recipe(ybco(), POINT | {"excess.Ba": -0.04})
    assert recipe.expected_grams == pytest.approx(0.96)


def test_regrinds_repeat_their_run_of_steps():
    point = POINT | {
        "regrinds": 2,
        "refire.temperature_celsius": 930.0,
        "refire.hold_hours": 8.0,
    }
    recipe = build_recipe(ybco(), point)
    kinds = [step.kind for step in recipe.steps]
    assert kinds == [
        "dose", "mix", "dry", "fire", "regrind", "anneal", "regrind", "anneal", "scan",
    ]  # fmt: skip
    assert [step.name for step in recipe.firings] == ["fire", "refire", "refire"]
    assert recipe.firings[0].atmosphere == "O2"
    assert recipe.firings[1].hold_hours == 8.0


def test_template_settings_hold_where_nothing_is_searched():
    data = ybco_data()
    data["steps"][3] |= {"crucible": "MgO", "cool_celsius_per_minute": 1.0}
    recipe = build_recipe(CampaignSpec.model_validate(data), POINT)
    assert recipe.firings[0].crucible == "MgO"
    assert recipe.firings[0].cool_celsius_per_minute == 1.0


@pytest.mark.parametrize(
    ("changes", "error", "problem"),
    [
        ({"precursors": "Y2O3"}, MaterialError, "not a precursor set"),
        ({"fire.celsius": 1}, SpecError, r"parameters.fire.celsius: .*unknown"),
        ({"excess.Ti": 0.1}, SpecError, r"parameters.excess.Ti"),
        (
            {"regrinds": 1},
            SpecError,
            r"steps.refire.temperature_celsius: found nothing",
        ),
    ],
)
def test_points_outside_the_space_are_refused(changes, error, problem):
    with pytest.raises(error, match=problem):
        build_recipe(ybco(), POINT | changes)


@given(st.floats(0, 0.2), st.floats(0.1, 20))
def test_doses_as_planned_measure_as_planned(excess, sample_grams):
    spec = ybco(sample_grams=sample_grams)
    point = POINT | {"excess.Ba": excess}
    recipe = build_recipe(spec, point)
    measured = measured_parameters(spec, point, recipe.grams, [])
    assert measured["excess.Ba"] == pytest.approx(excess, abs=1e-9)
    assert Recipe.model_validate_json(recipe.model_dump_json()) == recipe


def test_measured_values_replace_planned_ones():
    point = POINT | {
        "regrinds": 2,
        "refire.temperature_celsius": 930.0,
        "refire.hold_hours": 8.0,
    }
    spec = ybco()
    doses = build_recipe(spec, point).grams | {}
    doses["BaCO3"] *= 1.01
    measured = measured_parameters(
        spec,
        point,
        doses,
        [
            ("fire", {"hold_celsius": 918.5, "hold_hours": 12.01, "peak_celsius": 925}),
            ("refire", {"hold_celsius": 928.0, "hold_hours": 8.0}),
            ("refire", {"hold_celsius": 930.0, "hold_hours": 8.2}),
        ],
    )
    assert measured == pytest.approx(
        point
        | {
            "excess.Ba": 0.01,
            "fire.temperature_celsius": 918.5,
            "fire.hold_hours": 12.01,
            "refire.temperature_celsius": 929.0,
            "refire.hold_hours": 8.1,
        }
    )


def test_nothing_measured_leaves_the_plan():
    assert measured_parameters(ybco(), POINT, {}, []) == POINT


def test_a_dose_of_something_else_is_refused():
    with pytest.raises(MaterialError, match="PbO: dosed, but not in the campaign"):
        measured_parameters(ybco(), POINT, {"PbO": 1.0}, [])


def test_cost_is_the_sum_over_doses():
    spec = ybco(
        precursors=[
            {"formula": "Y2O3", "price_per_gram": 2.0},
            {"formula": "BaCO3", "price_per_gram": 0.5},
            "CuO",
        ]
    )
    assert cost(spec, {"Y2O3": 0.5, "BaCO3": 2.0, "CuO": 1.0}) == 2.0


def test_settings_of_any_step_come_from_the_parameters():
    spec = titanate()
    point = {
        "precursors": "BaCO3 + SrCO3 + TiO2", "share.Ba": 0.5, "share.Sr": 0.5,
        "mix.minutes": 33.0, "dry.temperature_celsius": 110.0,
        "fire.temperature_celsius": 1000.0, "fire.hold_hours": 2.0,
        "fire.cool_celsius_per_minute": 1.5, "fire.crucible": "MgO",
    }  # fmt: skip
    steps = {step.kind: step for step in build_recipe(spec, point).steps}
    assert steps["mix"].minutes == 33.0
    assert steps["dry"].temperature_celsius == 110.0
    assert steps["fire"].cool_celsius_per_minute == 1.5
    assert steps["fire"].crucible == "MgO"
    with pytest.raises(SpecError, match=r"scan\.program"):
        build_recipe(spec, point | {"scan.program": "2min"})


def test_a_sample_keeps_its_crucible():
    data = titanate_data()
    data["steps"] = [
        {"kind": "dose"}, {"kind": "calcine", "temperature_celsius": 900,
        "hold_hours": 2}, {"kind": "fire"}, {"kind": "scan"},
    ]  # fmt: skip
    spec = CampaignSpec.model_validate(data)
    point = {
        "precursors": "BaCO3 + SrCO3 + TiO2", "share.Ba": 0.5, "share.Sr": 0.5,
        "fire.temperature_celsius": 1000.0, "fire.hold_hours": 2.0,
        "calcine.crucible": "Pt",
    }  # fmt: skip
    firings = build_recipe(spec, point).firings
    assert [firing.crucible for firing in firings] == ["Pt", "Pt"]
