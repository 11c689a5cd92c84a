"""Campaigns of many kinds end whole: what the small one leaves out."""

import json

import pytest

from campaigns.lifecycle import CampaignEnded, Fired, Proposed
from tests.end_to_end.runs import (
    CAMPAIGN,
    ROOT,
    assert_whole,
    athanor,
    elsewhere,
    events,
    write_campaign,
)
from tests.shipped import CAMPAIGNS

RICH = """\
schema = 1
name = "Überprobe-α β"
seed = 5
sample_grams = 1.5
[target]
formula = "YBa2Cu3O7"
phases = ["YBa2Cu3O7", "YBa2Cu3O6"]
[[precursors]]
formula = "Y2O3"
price_per_gram = 1.1
[[precursors]]
formula = "BaCO3"
price_per_gram = 0.25
[[precursors]]
formula = "CuO"
price_per_gram = 0.3
[[steps]]
kind = "dose"
[[steps]]
kind = "mix"
[[steps]]
kind = "dry"
[[steps]]
kind = "calcine"
temperature_celsius = 850
hold_hours = 4
crucible = "Al2O3"
[[steps]]
kind = "regrind"
[[steps]]
kind = "fire"
crucible = "Al2O3"
[[steps]]
kind = "regrind"
repeat = "regrinds"
[[steps]]
kind = "anneal"
name = "refire"
repeat = "regrinds"
temperature_celsius = 900
hold_hours = 2
crucible = "Al2O3"
[[steps]]
kind = "scan"
[space]
sets = [["Y2O3", "BaCO3", "CuO"]]
excess = { Ba = { min = 0.0, max = 0.05 } }
regrinds = [0, 1]
[space.steps.fire]
temperature_celsius = { min = 880, max = 950 }
hold_hours = { min = 1, max = 6, log = true }
atmosphere = ["O2", "N2", "CO2"]
[[objectives]]
measure = "yield"
goal = "maximize"
[[objectives]]
measure = "cost"
goal = "minimize"
threshold = 5
[[objectives]]
measure = "impurity"
phase = "BaCuO2"
goal = "minimize"
threshold = 0.5
[controls]
every_loads = 2
reference = { precursors = "Y2O3 + BaCO3 + CuO", "excess.Ba" = 0.0 }
replicates = 2
[budget]
experiments = 8
[stop]
yield_at_least = 0.99
stale_loads = 2
"""
SETTINGS = """temperature_celsius = { min = 900, max = 1100, step = 50 }
hold_hours = [2, 4]"""
SINGLE = """temperature_celsius = [950]
hold_hours = [2]
atmosphere = ["N2"]"""


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_calcining_regrinding_gases_controls_replicates_and_three_objectives(tmp_path):
    file = write_campaign(tmp_path / "Über α", RICH)
    lab = file.with_name("lab.toml")
    lab.write_text(lab.read_text("utf-8").replace("slots = 2", "slots = 4"), "utf-8")
    run = tmp_path / "läuft"
    done = athanor("simulate", file, "-o", run, "--proposer", "sobol", "--json")
    assert done.code == 0, done.err
    assert_whole(run)
    figures = json.loads(done.out)
    assert len(figures["best"][0]["scores"]) == 3
    payloads = [event.payload for event in events(run / "campaign.db")]
    roles = [p.proposal.role for p in payloads if isinstance(p, Proposed)]
    assert set(roles) == {"search", "replicate", "control"}
    steps = {p.step for p in payloads if isinstance(p, Fired)}
    assert {"calcine", "fire"} <= steps


@pytest.mark.slow
def test_one_experiment_of_one_recipe_in_nitrogen(tmp_path):
    text = CAMPAIGN.format(experiments=1)
    assert SETTINGS in text
    one_set = SINGLE + '\n[space]\nsets = [["BaCO3", "TiO2"]]'
    file = write_campaign(tmp_path, text.replace(SETTINGS, one_set))
    done = athanor("simulate", file, "-o", tmp_path / "run")
    assert done.code == 0, done.err
    assert_whole(tmp_path / "run")
    assert "1 experiment," in done.out


@pytest.mark.slow
def test_a_stop_rule_ends_a_huge_budget(tmp_path):
    text = CAMPAIGN.format(experiments=1000) + "[stop]\nyield_at_least = 0.01\n"
    file = write_campaign(tmp_path, text)
    run = tmp_path / "run"
    done = athanor("simulate", file, "--proposer", "random", "-o", run)
    assert done.code == 0, done.err
    assert "target reached" in done.out
    assert (
        len([e for e in events(run / "campaign.db") if e.payload.kind == "scored"]) == 2
    )


@pytest.mark.slow
def test_a_load_that_is_not_worth_its_furnace_hours_is_not_fired(tmp_path):
    # No load can bring ten wholes of yield an hour; the first is always fired.
    text = CAMPAIGN.format(experiments=8) + "[stop]\ngain_per_hour_below = 10.0\n"
    file = write_campaign(tmp_path, text)
    run = tmp_path / "run"
    done = athanor("simulate", file, "-o", run)
    assert done.code == 0, done.err
    log = [event.payload for event in events(run / "campaign.db")]
    assert sum(isinstance(p, Proposed) for p in log) == 2
    assert isinstance(log[-1], CampaignEnded)
    assert log[-1].reason.startswith("not worth the furnace")


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", CAMPAIGNS)
def test_examples(tmp_path, name):
    file = ROOT / "examples" / f"{name}.toml"
    done = elsewhere("simulate", file, "-o", tmp_path / "run", "--json")
    assert done.code == 0, done.err
    assert_whole(tmp_path / "run")
    figures = json.loads(done.out)
    assert figures["lab_seconds"] / figures["wall_seconds"] >= 1000
