"""Hazards at check: grouped, worst first, refusals as faults, acceptance on record."""

import re

import pytest

from campaigns.check import check
from campaigns.spec import CampaignSpec
from campaigns.specfile import parse
from tests.campaigns.check.test_run import LAB, TABLE, data_with, report_of
from tests.campaigns.safety.powders import rules

NITRATE = {"sample_grams": 3, "precursors/0": "Y(NO3)3.6H2O", "precursors/1": "Y2O3"}
OXIDISER = {
    "target": {"formula": "BaTiO3"},
    "precursors": ["Ba(NO3)2", "TiO(C2O4).H2O"],
    "space/excess": {},
}


def lab_with(**changes):
    furnace = LAB.furnaces["box-a"].model_copy(update=changes)
    return LAB.model_copy(update={"furnaces": {**LAB.furnaces, "box-a": furnace}})


def test_labels_and_vapours_are_listed_without_stopping_anything():
    report = report_of({"precursors/0": {"formula": "Y2O3", "hazards": ["H999"]}})
    assert report.is_possible
    assert ("label", "Y2O3") in rules(report.safety, "warn")
    assert "Y2O3: H999" in report.text()


def test_nitrates_need_an_extract():
    assert ("gas-toxic", "NO2") in rules(report_of(NITRATE).safety, "warn")
    report = report_of(NITRATE, lab=lab_with(extract=False))
    (fault,) = (f for f in report.faults if "NO2" in f.found)
    assert fault.path == "steps[3]"
    assert "1 ppm" in fault.allowed
    assert "extract = true" in fault.remedy
    assert "accept" not in fault.remedy  # a hard one


def test_oxidiser_with_fuel_is_refused_by_composition():
    report = report_of(OXIDISER)
    faults = [f for f in report.faults if f.path == "precursors"]
    assert any("Ba(NO3)2 with TiO(C2O4)" in f.found for f in faults)


def test_hazards_of_a_full_load_alone_are_warnings():
    tight = lab_with(vent_litres_per_minute=2.02)
    carbonate = {"precursors/0": "Y2(CO3)3.3H2O", "precursors/1": "Y2O3"}
    found = [
        f
        for f in report_of(carbonate, lab=tight).safety
        if f.rule == "gas-pressure" and f.about == "box-a"
    ]
    assert any("a full load of 8" in f.found for f in found)
    assert all(f.severity == "warn" for f in found)


def test_the_report_groups_hazards_the_worst_first():
    report = report_of(OXIDISER)
    text = report.text()
    refused, careful = (text.index(f"safety, {w}") for w in ("refused", "to be"))
    assert refused < careful
    assert "oxidiser-with-fuel" in text[refused:careful]
    assert report.safety_text() in text
    heads = re.findall(r"^  ([a-z-]+)$", report.safety_text(), re.MULTILINE)
    assert len(heads) == len(set(heads))


def test_what_is_accepted_is_shown_and_does_not_stop():
    hot = {
        "space/steps/fire/temperature_celsius": [1070],
        "steps/3/crucible": "MgO",
    }
    assert not report_of(hot).is_possible
    accept = {"rule": "target-melts", "reason": "melt growth, agreed with A. Person"}
    report = report_of({**hot, "safety": {"accept": [accept]}})
    assert not [f for f in report.faults if "1070" in f.found], report.faults
    assert "accepted: melt growth" in report.text()
    assert "safety, accepted by the campaign file: 1 finding" in report.text()


def test_only_rules_can_be_accepted():
    accept = {"rule": "gas-toxik", "reason": "a slip of the pen"}
    report = report_of({"safety": {"accept": [accept]}})
    (fault,) = report.faults
    assert fault.path == "safety.accept[0].rule"
    assert "`gas-toxic`" in fault.remedy


def test_an_acceptance_that_cannot_be_given_is_refused():
    accept = {"rule": "gas-toxic", "reason": "we shall hold our breath"}
    changes = {**NITRATE, "safety": {"accept": [accept]}}
    report = report_of(changes, lab=lab_with(extract=False))
    assert any("NO2" in fault.found for fault in report.faults)


def test_an_acceptance_needs_a_reason():
    text = """
name = "x"
precursors = ["BaCO3", "TiO2"]
target = { formula = "BaTiO3" }
space = { steps = { fire = { temperature_celsius = 900, hold_hours = 2 } } }
[safety]
accept = [{ rule = "toxic-dust" }]
"""
    with pytest.raises(Exception, match=r"safety\.accept\[0\]\.reason"):
        parse(text)


def test_files_without_safety_keep_their_hash():
    plain = CampaignSpec.model_validate(data_with({}))
    assert "safety" not in plain.canonical()
    accept = {"rule": "toxic-dust", "reason": "glove box, J. Doe"}
    given = CampaignSpec.model_validate(data_with({"safety": {"accept": [accept]}}))
    assert "glove box" in given.canonical()


def test_without_a_lab_only_the_chemistry_is_judged():
    spec = CampaignSpec.model_validate(data_with(NITRATE))
    found = {finding.rule for finding in check(spec, None, TABLE).safety}
    assert "gas-toxic" not in {
        f.rule for f in check(spec, None, TABLE).safety if f.severity == "refuse"
    }
    assert "air-sensitive" not in found
    assert "melts" in found
