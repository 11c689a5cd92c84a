"""Toxic dust, toxic vapour and loss: by element, state, temperature and gas."""

import pytest

from campaigns.safety.elements import dust_findings, dusts, vapour_findings, vapours
from tests.campaigns.safety.powders import CLOSED, FURNACE, OPEN, TABLE, portion, rules


@pytest.mark.parametrize("formula", ["BeO", "CdO", "As2O3", "HgO", "Tl2O3", "UO3"])
def test_the_worst_powders_are_refused_unless_accepted(formula):
    (finding,) = dust_findings(portion("MgO", formula))
    assert (finding.rule, finding.severity) == ("toxic-dust", "refuse")
    assert not finding.is_hard
    assert finding.source


@pytest.mark.parametrize("formula", ["PbO", "NiO", "Co3O4", "V2O5", "K2CrO4", "BaO2"])
def test_harmful_powders_are_warned_of(formula):
    (finding,) = dust_findings(portion("MgO", formula))
    assert finding.severity == "warn"


@pytest.mark.parametrize("formula", ["Cr2O3", "BaCO3", "BaTiO3", "Y2O3"])
def test_harmless_states_and_salts_are_not(formula):
    assert list(dust_findings(portion("MgO", formula))) == []


def judged(formula, celsius, furnace, target="MgO", **values):
    sample = portion(target, formula, celsius=celsius, **values)
    return list(vapour_findings(sample, furnace, TABLE))


@pytest.mark.parametrize(
    ("formula", "celsius"), [("HgO", 400), ("As2O3", 300), ("CdO", 900), ("Tl2O3", 600)]
)
def test_deadly_vapour_needs_a_closed_furnace(formula, celsius):
    (refused,) = judged(formula, celsius, FURNACE)
    assert (refused.rule, refused.severity) == ("toxic-vapour", "refuse")
    assert refused.is_hard
    assert "closed = true" in refused.remedy
    assert rules(judged(formula, celsius, CLOSED), "refuse") == []


def test_lead_needs_an_extract_above_800_celsius():
    (refused,) = judged("PbO", 900, OPEN)
    assert refused.severity == "refuse"
    assert not refused.is_hard
    assert rules(judged("PbO", 900, FURNACE)) == [("toxic-vapour", "Pb")]
    assert rules(judged("PbO", 900, FURNACE), "refuse") == []
    assert judged("PbO", 700, OPEN) == []


def test_zinc_leaves_a_reducing_gas_sooner():
    assert rules(judged("ZnO", 950, FURNACE, atmosphere="N2"))
    assert judged("ZnO", 950, FURNACE) == []


@pytest.mark.parametrize(
    ("formula", "cold", "hot"), [("MoO3", 600, 750), ("Bi2O3", 780, 900)]
)
def test_loss_is_warned_of_above_the_temperature_of_the_phase_table(formula, cold, hot):
    (finding,) = judged(formula, hot, FURNACE)
    assert (finding.rule, finding.severity) == ("element-loss", "warn")
    assert formula in finding.reason
    assert judged(formula, cold, FURNACE) == []


def test_lithium_loss_is_told_by_the_target():
    found = judged("Li2CO3", 1000, FURNACE, target="LiCoO2")
    assert rules(found) == [("element-loss", "Li")]


def test_every_rule_has_a_source():
    assert all(rule.source for rule in (*dusts(), *vapours()))
