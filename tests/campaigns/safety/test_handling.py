"""What air does to reagents at the doser."""

import pytest

from campaigns.materials.formula import Formula
from campaigns.safety.handling import handling_findings, kinds, sensitivities
from tests.campaigns.safety.powders import portion, reagent


def judged(formula, dosing, **values):
    sample = portion("BaTiO3", reagent(formula, **values))
    return [f for f in handling_findings(sample, dosing) if f.rule == "air-sensitive"]


@pytest.mark.parametrize("formula", ["Na", "NaH", "Li"])
def test_what_burns_in_air_is_refused_for_good(formula):
    (finding,) = judged(formula, "air")
    assert finding.severity == "refuse"
    assert finding.is_hard
    assert judged(formula, "argon") == []


@pytest.mark.parametrize("formula", ["Na2O", "K2O", "CaC2", "Na2O2", "KO2", "P2O5"])
def test_what_reacts_violently_is_refused(formula):
    assert judged(formula, "air")[0].severity == "refuse"
    assert judged(formula, "argon") == []


@pytest.mark.parametrize(
    "formula",
    ["BaO", "CaO", "La2O3", "BaO2", "K2CO3", "LiOH", "Ni(NO3)2.6H2O", "MgCl2"],
)
def test_what_gains_weight_is_warned_of(formula):
    (finding,) = judged(formula, "air")
    assert finding.severity == "warn"
    assert "dose in" in finding.remedy
    assert judged(formula, "argon") == []


@pytest.mark.parametrize("formula", ["BaCO3", "TiO2", "CuO", "CaF2", "Al2O3"])
def test_what_keeps_in_air_is_not(formula):
    assert judged(formula, "air") == []


def test_a_stated_loss_is_not_asked_for():
    assert "loss_on_ignition" in judged("CaO", "air")[0].found
    assert "loss_on_ignition" not in judged("CaO", "air", has_loss_stated=True)[0].found


def test_dry_air_is_enough_against_water_alone():
    assert judged("MgCl2", "dry-air") == []
    assert judged("Na2O", "dry-air")[0].severity == "refuse"


def test_labels_come_from_the_file_else_from_the_table():
    def labels(**values):
        sample = portion("BaTiO3", reagent("BaO2", **values))
        return [f.found for f in handling_findings(sample, "argon")]

    assert labels(hazards=("H999",)) == ["BaO2: H999"]
    assert "oxidising" in labels()[0]
    assert list(handling_findings(portion("SrTiO3", "SrCO3"), "argon")) == []


def test_plain_oxides_and_hydroxides_are_told_apart():
    assert kinds(Formula.parse("CaO")) == {"oxide"}
    assert kinds(Formula.parse("LiOH.H2O")) == {"water", "hydroxide"}
    assert kinds(Formula.parse("CaTiO3")) == frozenset()


def test_every_class_has_a_source():
    assert all(known.source and known.reason for known in sensitivities())
