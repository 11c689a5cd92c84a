"""Objectives follow from fractions, doses and measured facts by exact arithmetic."""

import math

import numpy as np
import pytest

from campaigns.results import Identification, PhaseFractions
from campaigns.spec import CampaignSpec
from loop.analyse.candidates import candidate_phases, expected_elements, target_phases
from loop.analyse.objectives import score, solid_solution_amount
from loop.analyse.powder import RunFacts
from loop.errors import AnalysisError
from tests.loop.analyse.synthetic import TABLE


def spec(basis="crystalline", **changes):
    return CampaignSpec.model_validate(
        {
            "schema": 1,
            "name": "ybco",
            "target": {
                "formula": "YBa2Cu3O7",
                "phases": ["YBa2Cu3O7", "YBa2Cu3O6"],
                "yield_basis": basis,
                "solid_solution": {
                    "phase": "YBa2Cu3O7",
                    "symbol": "O",
                    "cell": "c",
                    "points": [[11.68, 6.93], [11.84, 6.0]],
                },
            },
            "precursors": [
                {"formula": "Y2O3", "price_per_gram": 1.0},
                {"formula": "BaCO3", "price_per_gram": 0.5},
                {"formula": "CuO", "price_per_gram": 0.25},
            ],
            "space": {"steps": {"fire": {"hold_hours": {"min": 1, "max": 2}}}},
            "objectives": [
                {"measure": "yield", "goal": "maximize"},
                {"measure": "cost", "goal": "minimize"},
                {"measure": "energy", "goal": "minimize"},
                {"measure": "time", "goal": "minimize"},
                {"measure": "peak_temperature", "goal": "minimize"},
                {"measure": "impurity", "goal": "minimize", "phase": "CuO"},
            ],
        }
        | changes
    )


# One mole of target's worth of each precursor, in thousandths.
DOSES = {"Y2O3": 0.1129051, "BaCO3": 0.394672, "CuO": 0.2386359}
FACTS = RunFacts(
    dosed_grams=DOSES,
    energy_kilowatt_hours=24.0,
    samples_in_load=8,
    furnace_hours=15.5,
    peak_celsius=931.0,
    powder_grams=0.6,
)


def identified(means, sigma=0.05):
    names = (*means, *(n for n in ("unknown", "amorphous") if n not in means))
    mean = np.array([means.get(name, 0.0) for name in names])
    spread = sigma**2 * (np.diag(mean) - np.outer(mean, mean))
    return Identification(
        fractions=PhaseFractions(
            phases=names,
            mean=tuple(mean),
            covariance=tuple(map(tuple, spread)),
        ),
        rwp=0.05,
        gof=1.2,
        cells={"YBa2Cu3O7": (3.82, 3.88, 11.76)},
    )


MIXED = {"YBa2Cu3O7": 0.5, "YBa2Cu3O6": 0.1, "Y2BaCuO5": 0.2, "CuO": 0.1}


def test_yield_of_the_crystalline_part_sums_accepted_phases():
    found = score(
        spec(),
        identified(MIXED | {"amorphous": 0.06, "unknown": 0.04}),
        facts=FACTS,
        table=TABLE,
    )
    assert found["yield"].mean == pytest.approx(0.6 / 0.9)
    assert found["yield"].flags == ("amorphous 6%",)
    assert found["impurity:CuO"].mean == pytest.approx(0.1 / 0.9)
    whole = score(
        spec("whole"), identified(MIXED | {"amorphous": 0.1}), facts=FACTS, table=TABLE
    )
    assert whole["yield"].mean == pytest.approx(0.6)


def test_variance_counts_what_accepted_phases_share():
    found = score(
        spec(), identified(MIXED | {"unknown": 0.1}), facts=FACTS, table=TABLE
    )
    # A multinomial-like covariance: the share p of a part has p (1 - p) / 0.9.
    p = 0.6 / 0.9
    assert found["yield"].variance == pytest.approx(
        0.05**2 * p * (1 - p) / 0.9, rel=0.01
    )


def test_yield_per_limiting_cation():
    pure = {"YBa2Cu3O7": 1.0}
    at = spec("limiting-cation")
    found = score(at, identified(pure), facts=FACTS, table=TABLE)
    assert found["yield"].mean == pytest.approx(1.0, abs=1e-3)
    poor_in_copper = RunFacts(DOSES | {"CuO": DOSES["CuO"] / 2}, 24.0, 8, 15.5, 931.0)
    found = score(at, identified({"CuO": 1.0}), facts=poor_in_copper, table=TABLE)
    assert found["yield"].mean == 0.0
    assert "not found" in found["yield"].flags
    # Half the copper: at most half a mole of target, here with the rest as it was.
    rest = {"YBa2Cu3O7": 666.2, "Y2O3": 0.5 * 225.81, "BaCO3": 2 * 197.34}
    total = 0.5 * rest["YBa2Cu3O7"] + 0.5 * rest["Y2O3"] + 0.5 * rest["BaCO3"]
    shares = {name: 0.5 * grams / total for name, grams in rest.items()}
    found = score(at, identified(shares), facts=poor_in_copper, table=TABLE)
    assert found["yield"].mean == pytest.approx(1.0, abs=2e-3)


def test_cost_energy_time_temperature():
    found = score(spec(), identified({"YBa2Cu3O7": 1.0}), facts=FACTS, table=TABLE)
    price = DOSES["Y2O3"] + 0.5 * DOSES["BaCO3"] + 0.25 * DOSES["CuO"]
    assert found["cost"].mean == pytest.approx(price / 0.6)
    assert found["energy"].mean == 3.0
    assert found["time"].mean == 15.5
    assert found["peak_temperature"].mean == 931.0


def test_cost_is_bounded_as_the_target_vanishes():
    found = score(spec(), identified({"CuO": 1.0}), facts=FACTS, table=TABLE)
    full = score(spec(), identified({"YBa2Cu3O7": 1.0}), facts=FACTS, table=TABLE)
    assert found["cost"].mean == pytest.approx(100 * full["cost"].mean)
    assert math.isfinite(found["cost"].variance)
    assert any("target below" in flag for flag in found["cost"].flags)
    unweighed = RunFacts(DOSES, 24.0, 8, 15.5, 931.0)
    found = score(spec(), identified({"YBa2Cu3O7": 1.0}), facts=unweighed, table=TABLE)
    assert any("not weighed" in flag for flag in found["cost"].flags)
    assert found["cost"].mean == pytest.approx(
        full["cost"].mean * 0.6 / 0.6662, rel=2e-3
    )


def test_bounded_figures_are_scored_beside_the_objectives():
    at = spec(
        outcome_constraints=[
            {"measure": "impurity", "phase": "BaCuO2", "at_most": 0.1},
            {"measure": "yield", "at_least": 0.3},
        ]
    )
    found = score(
        at, identified({"YBa2Cu3O7": 0.9, "BaCuO2": 0.1}), facts=FACTS, table=TABLE
    )
    assert list(found) == [*(o.label for o in at.objectives), "impurity:BaCuO2"]
    assert found["impurity:BaCuO2"].mean == pytest.approx(0.1)


def test_solid_solution_amount_from_the_cell():
    found = identified(MIXED)
    solution = spec().target.solid_solution
    assert solid_solution_amount(solution, found) == pytest.approx(6.465)
    empty = found.model_copy(update={"cells": {}})
    assert solid_solution_amount(solution, empty) is None


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        (RunFacts({}, 1.0, 1, 1.0, 900.0), "dosed_grams"),
        (RunFacts(DOSES, 1.0, 0, 1.0, 900.0), "samples_in_load"),
        (RunFacts(DOSES, float("nan"), 1, 1.0, 900.0), "energy"),
        (RunFacts(DOSES, 1.0, 1, -1.0, 900.0), "furnace_hours"),
        (RunFacts(DOSES, 1.0, 1, 1.0, 900.0, powder_grams=0.0), "powder_grams"),
    ],
)
def test_impossible_facts(facts, message):
    with pytest.raises(AnalysisError, match=message):
        score(spec(), identified(MIXED), facts=facts, table=TABLE)


def test_candidates_of_a_campaign():
    names = [
        phase.name
        for phase in candidate_phases(
            spec(), ("Y2O3", "BaCO3", "CuO"), TABLE, crucibles=("Al2O3", "platinum")
        )
    ]
    assert {"YBa2Cu3O7", "Y2BaCuO5", "BaCO3", "Cu2O", "Y3Al5O12"} <= set(names)
    assert "TiO2-rutile" not in names
    assert all(TABLE[name].has_structure for name in names)
    assert expected_elements(spec(), ("Y2O3", "BaCO3")) == {"Y", "Ba"}
    with pytest.raises(AnalysisError, match="not a precursor"):
        candidate_phases(spec(), ("SrCO3",), TABLE)


def test_target_phases_must_be_in_the_table():
    assert target_phases(spec(), TABLE) == ("YBa2Cu3O7", "YBa2Cu3O6")
    with pytest.raises(AnalysisError, match="no row"):
        target_phases(spec(target={"formula": "Sr2RuO4"}), TABLE)
