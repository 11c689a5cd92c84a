"""Impossible campaigns are refused, with path and remedy; possible ones explained."""

import copy
from pathlib import Path

import pytest

from campaigns.check import check
from campaigns.errors import SpecError
from campaigns.materials.phases import PhaseTable
from campaigns.spec import CampaignSpec
from campaigns.specfile import load
from instruments.labfile import load_lab_file
from tests.campaigns.examples import ybco_data
from tests.shipped import CAMPAIGNS

ROOT = Path(__file__).parents[3]
LAB = load_lab_file(ROOT / "examples" / "lab.toml")
TABLE = PhaseTable.load()


def data_with(changes: dict) -> dict:
    """Return the YBCO campaign with values replaced at dotted paths."""
    data = copy.deepcopy(ybco_data())
    for path, value in changes.items():
        at = data
        *parents, last = path.split("/")
        for part in parents:
            at = at[int(part)] if isinstance(at, list) else at.setdefault(part, {})
        at[int(last) if isinstance(at, list) else last] = value
    return data


def report_of(changes: dict, *, lab=LAB):
    return check(CampaignSpec.model_validate(data_with(changes)), lab, TABLE)


def test_the_reference_campaign_is_possible():
    report = report_of({})
    assert report.faults == ()
    assert report.is_possible
    report.require()


@pytest.mark.parametrize("name", CAMPAIGNS)
def test_examples_can_run_on_the_example_lab(name):
    report = check(load(ROOT / "examples" / f"{name}.toml"), LAB, TABLE)
    assert report.faults == ()


FIRE = "space/steps/fire"
OXALATE = ["BaTiO(C2O4)2.4H2O"]
FIRST_FIRE = [{"kind": "fire"}, {"kind": "dose"}, {"kind": "scan"}]
ENDLESS = [{"kind": "dose"}, {"kind": "fire"}]
MIX_LATE = [{"kind": "dose"}, {"kind": "fire"}, {"kind": "mix"}, {"kind": "scan"}]
TWINS = [{"kind": "dose"}, {"kind": "fire"}, {"kind": "fire"}, {"kind": "scan"}]
NO_FIRING = [{"kind": "dose"}, {"kind": "scan"}]
IMPURITY = {"measure": "impurity", "goal": "minimize"}


@pytest.mark.parametrize(
    ("changes", "path", "found", "remedy"),
    [
        # impossible chemistry
        ({"target/formula": "YBa2Xq3O7"}, "target.formula", "YBa2Xq3O7", "'Xq'"),
        ({"precursors/2": "BaCO3)"}, "precursors[2].formula", "BaCO3)", "character 6"),
        ({"target/formula": "CO2"}, "target.formula", "CO2", "need a cation"),
        ({"target/formula": "YSr2Cu3O7"}, "space.sets", "no set", "supplies Sr"),
        ({"precursors": ["Y2O3", "CuO"]}, "space.sets", "no set", "supplies Ba"),
        (
            {"space/max_precursors": 2},
            "space.sets", "no set", "raise space.max_precursors",
        ),
        ({"space/sets": [["Y2O3", "BaO"]]}, "space.sets[0]", "`BaO`", "`BaO2`"),
        ({"space/sets": [["Y2O3", "CuO"]]}, "space.sets[0]", "Y2O3 + CuO", "of Ba"),
        (
            {"space/sets": [["Y2O3", "BaO2", "CuO"], ["CuO", "BaO2", "Y2O3"]]},
            "space.sets[1]", "Y2O3 + BaO2 + CuO", "remove one",
        ),
        ({"precursors/2": "BaO2"}, "precursors[3].name", "second time", "different"),
        (
            {"precursors/2": {"formula": "BaCO3", "name": "a + b"}},
            "precursors[2].name", "a + b", "joins",
        ),
        ({"space/excess": {"Ti": 0.1}}, "space.excess.Ti", "`Ti`", "cation"),
        ({"space/excess": {"Ba": 5}}, "space.excess.Ba", "5 to 5", "per cent"),
        ({"space/excess": {"Ba": "much"}}, "space.excess.Ba", "words", "0.05"),
        (
            {
                "target/formula": "BaTiO3",
                "precursors": OXALATE,
                "space/excess": {"Ba": [0.0, 0.05]},
            },
            "space.excess", "cannot supply", "separate source",
        ),
        (
            {"precursors/2": {"formula": "BaCO3", "stock_grams": 0.1}},
            "precursors[2].stock_grams", "0.1 g", "buy more",
        ),
        # heat
        (
            {f"{FIRE}/temperature_celsius": {"min": 800, "max": 1300}},
            "space.steps.fire.temperature_celsius", "1300", "lab offers",
        ),
        (
            {
                f"{FIRE}/temperature_celsius": {"min": 800, "max": 1800},
                "steps/3/crucible": "Al2O3",
            },
            "space.steps.fire.temperature_celsius", "1800", "another crucible",
        ),
        (
            {"precursors/3": {"formula": "BaO2", "max_celsius": 900}},
            "space.steps.fire.temperature_celsius", "950", "remove BaO2",
        ),
        ({f"{FIRE}/temperature_celsius": [20, 900]},
         "space.steps.fire.temperature_celsius", "20 °C", "only heat"),
        ({"steps/3/crucible": "SiO2"}, "steps[3].crucible", "SiO2 with Ba", "BaSiO3"),
        ({"steps/3/crucible": "AlO3"}, "steps[3].crucible", "AlO3", "Al2O3"),
        ({"steps/3/crucible": "Au"}, "steps[3].crucible", "Au", "lab offers"),
        # what the lab has
        (
            {"steps/3/ramp_celsius_per_minute": 25},
            "steps[3].ramp_celsius_per_minute", "25 °C/min", "lab offers",
        ),
        ({f"{FIRE}/atmosphere": ["air", "Ar"]},
         "space.steps.fire.atmosphere", "Ar", "lab offers"),
        ({"steps/2/temperature_celsius": 400}, "steps[2].temperature_celsius", "400",
         "calcine"),
        ({"steps/1/rpm": 9000}, "steps[1].rpm", "9000", "slower"),
        ({"sample_grams": 0.4, "steps/6/holder_grams": 0.1,
          "precursors/0": {"formula": "Y2O3"}, "space/sets": [["Y2O3", "BaO2", "CuO"]],
          "target/formula": "YBa100Cu100O201"}, "sample_grams", "mg of Y2O3",
         "raise sample_grams"),
        ({"sample_grams": 40}, "sample_grams", "g of BaCO3", "lower sample_grams"),
        ({"steps/6/holder_grams": 3}, "steps[6].holder_grams", "3 g", "less"),
        # the recipe template
        ({"steps": FIRST_FIRE}, "steps", "fire, dose", "begin"),
        ({"steps": ENDLESS}, "steps", "dose, fire", "end"),
        ({"steps": NO_FIRING}, "steps", "no firing", "kind `fire`"),
        ({"steps": MIX_LATE}, "steps[2]", "mix after", "regrind"),
        ({"steps": TWINS}, "steps[1].name", "for 2 steps", "of its own"),
        ({"steps/0/repeat": "regrinds"}, "steps[0].repeat", "dose", "remove"),
        ({"steps/3/name": "a.b"}, "steps[3].name", "a.b", "full stops"),
        ({"space/regrinds": None}, "steps[4].repeat", "regrinds", "[space]"),
        ({"space/regrinds": [0, 0.5]}, "space.regrinds", "whole", "list"),
        ({"space/regrinds": [0, 9]}, "space.regrinds", "0 to 9", "loses"),
        ({f"{FIRE}/hold_hours": None}, "steps[3].hold_hours", "nothing", "search it"),
        ({"steps/3/hold_hours": 4}, "space.steps.fire.hold_hours", "fixes", "remove"),
        ({"space/steps/fier": {"hold_hours": 4}}, "space.steps.fier", "fier", "`fire`"),
        ({f"{FIRE}/hold_hours": ["long"]}, "space.steps.fire.hold_hours", "words",
         "numbers"),
        ({f"{FIRE}/hold_hours": [0, 4]}, "space.steps.fire.hold_hours", "0", "raise"),
        ({f"{FIRE}/atmosphere": [1, 2]}, "space.steps.fire.atmosphere", "numbers",
         "air"),
        # goals and limits
        ({"objectives": [IMPURITY]}, "objectives[0].phase", "nothing", "impurity"),
        ({"objectives": [IMPURITY | {"phase": "BaCuO3"}]}, "objectives[0].phase",
         "BaCuO3", "did you mean"),
        ({"objectives": [{"measure": "cost", "goal": "minimize", "phase": "CuO"}]},
         "objectives[0].phase", "CuO", "remove"),
        ({"objectives": [IMPURITY | {"phase": "CuO"}] * 2}, "objectives[1].measure",
         "second time", "outcome_constraints"),
        ({"objectives": [{"measure": "yield", "goal": "maximize", "threshold": 90}]},
         "objectives[0].threshold", "90", "0.9"),
        ({"outcome_constraints": [{"measure": "yield"}]}, "outcome_constraints[0]",
         "no bound", "add"),
        ({"outcome_constraints": [{"measure": "cost", "at_least": 2, "at_most": 1}]},
         "outcome_constraints[0]", "at_least 2", "swap"),
        ({"outcome_constraints": [{"measure": "impurity", "phase": "X",
                                   "at_most": 0.1}]},
         "outcome_constraints[0].phase", "`X`", "add the row"),
        ({"input_constraints": [{"terms": {"fire.hold": 1}, "at_most": 3}]},
         "input_constraints[0].terms.fire.hold", "fire.hold", "`fire.hold_hours`"),
        ({"input_constraints": [{"terms": {"fire.hold_hours": 1}, "at_most": 0.5}]},
         "input_constraints[0].at_most", "0.5", "no recipe"),
        ({"controls": {"every_loads": 1, "reference": {"precursors": "CuO"}}},
         "controls.reference.precursors", "CuO", "name one"),
        ({"controls": {"every_loads": 1, "reference": {}}},
         "controls.reference.precursors", "nothing", "name one"),
        ({"controls": {"every_loads": 1, "reference": {
            "precursors": "Y2O3 + BaCO3 + CuO", "fire.hold_hour": 3}}},
         "controls.reference.fire.hold_hour", "fire.hold_hour", "`fire.hold_hours`"),
        ({"objectives": [{"measure": "cost", "goal": "minimize"}]},
         "objectives[0].measure", "no precursor has a price", "add prices"),
        ({"budget": {"grams": 0.5}}, "budget.grams", "0.5 g", "raise"),
        ({"budget": {"days": 0.05}}, "budget.days", "0.05", "raise"),
        ({"steps/6/program": "2 min"}, "steps[6].program", "2 min", "2min"),
        ({"steps/6/longer": "80min"}, "steps[6].longer", "80min", "8min"),
        ({"steps/6/longer": "2min"}, "steps[6].longer", "takes 120 s", "a longer"),
        # phases
        ({"target/phases": ["YBa2Cu3O9"]}, "target.phases[0]", "YBa2Cu3O9",
         "YBa2Cu3O7"),
        ({"target/phases": ["CuO"]}, "target.phases[0]", "`CuO`", "remove"),
        ({"target/formula": "YBa4Cu3O9"}, "target.formula", "YBa4Cu3O9", "add a row"),
        ({"precursors/2": {"formula": "BaCO3", "phase": "witherit"}},
         "precursors[2].phase", "witherit", "add the row"),
        ({"target/solid_solution": {"phase": "YBa2Cu3O7", "symbol": "O", "cell": "c",
                                    "points": [[11.84, 6.0], [11.68, 6.93]]}},
         "target.solid_solution.points", "11.84", "sort"),
        ({"target/solid_solution": {"phase": "YBa2Cu3O7", "symbol": "F", "cell": "c",
                                    "points": [[11.68, 6.93], [11.84, 6.0]]}},
         "target.solid_solution.symbol", "F", "element of the target"),
    ],
)  # fmt: skip
def test_impossible_campaigns_are_refused(changes, path, found, remedy):
    report = report_of(changes)
    faults = [fault for fault in report.faults if fault.path == path]
    assert faults, [str(fault) for fault in report.faults]
    (fault,) = faults[:1]
    assert found in fault.found
    assert remedy in fault.remedy
    assert fault.allowed
    with pytest.raises(SpecError, match=r"found .*; allowed: "):
        report.require()


@pytest.mark.parametrize(
    ("changes", "path", "text"),
    [
        ({}, "precursors[0].stock_grams", ""),
        (
            {"precursors/0": {"formula": "Y2O3", "stock_grams": 2}},
            "precursors[0].stock_grams",
            "2 g lasts for 11 of 24 samples",
        ),
        ({"precursors/0": {"formula": "Y2O3", "hazards": ["H999"]}},
         "precursors[0]", "H999"),
        ({"precursors/1": "SrCO3"}, "precursors[1]", "never used"),
        ({}, "precursors[3].assay", "BaO2: neither assay nor loss_on_ignition"),
        ({"precursors/3": {"formula": "BaO2", "assay": 0.93}}, "precursors[3].assay",
         ""),
        ({"precursors/0": "Y(NO3)3.6H2O"}, "precursors", "NO2 comes off (toxic)"),
        ({f"{FIRE}/temperature_celsius": [900, 1000]}, "steps[3].crucible",
         "Ba-Cu in Al2O3 above 975 °C"),
        ({"budget": {"experiments": 5}}, "budget.experiments", "one load of 8"),
        ({"precursors/0": {"formula": "Y2O3", "price_per_gram": 2},
          "objectives": [{"measure": "cost", "goal": "minimize"}]},
         "objectives[0].measure", "counted as free: Y2(CO3)3.3H2O"),
        ({"budget": {"experiments": 1}}, "space.sets", "8 precursor sets for 1"),
        ({"controls": {"reference": {"precursors": "x"}}}, "controls.reference",
         "not used"),
        ({"objectives": [{"measure": "yield", "goal": "minimize"}]},
         "objectives[0].goal", "minimised"),
    ],
)  # fmt: skip
def test_risks_are_warned_of_but_not_refused(changes, path, text):
    report = report_of(changes)
    if not text:
        assert not [w for w in report.warnings if w.path == path]
        return
    assert report.is_possible, [str(fault) for fault in report.faults]
    assert any(w.path == path and text in w.text for w in report.warnings), (
        report.warnings
    )


def test_oxidiser_and_fuel_are_warned_of():
    report = report_of(
        {
            "target": {"formula": "BaTiO3"},
            "precursors": ["Ba(NO3)2", "TiO(C2O4).H2O"],
            "space/excess": {},
        }
    )
    assert any("oxidiser and fuel" in warning.text for warning in report.warnings)


def test_without_a_lab_or_table_only_the_chemistry_is_checked():
    spec = CampaignSpec.model_validate(data_with({"steps/1/rpm": 9000}))
    assert check(spec, None).is_possible
    assert not check(spec, LAB).is_possible


def test_the_report_explains_each_set():
    report = report_of({})
    assert len(report.sets) == 8
    first = report.sets[0]
    assert first.label == "Y2O3 + BaCO3 + CuO"
    # 2 x 44.009 and -1/4 x 31.998 g per 666.19 g of YBa2Cu3O7.
    assert first.gas_grams == pytest.approx({"CO2": 0.13212, "O2": -0.01201}, abs=2e-5)
    mass_in = sum(first.grams.values()) - sum(first.gas_grams.values())
    assert mass_in == pytest.approx(first.powder_grams)
    text = report.text()
    assert "1/2 Y2O3 + 2 BaCO3 + 3 CuO + 1/4 O2(g) → YBa2Cu3O7 + 2 CO2(g)" in text
    assert "releases 132 mg CO2; takes up 12 mg O2" in text
    assert "650 to 950 in steps of 10" in text
    assert text.endswith("no faults: this campaign can run")


def test_the_report_lists_faults_with_remedies():
    text = report_of({"target/formula": "YSr2Cu3O7"}).text()
    assert "remedy:  no precursor supplies Sr of YSr2Cu3O7" in text
