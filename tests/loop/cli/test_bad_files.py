"""Bad campaign and lab files through the command line: refused, explained, no trace."""

import re

import pytest

from tests.campaigns.test_specfile import HEAD, TAIL
from tests.end_to_end.runs import ROOT, athanor, elsewhere, write_campaign
from tests.instruments.test_labfile import BAD as BAD_LABS

YBCO = (ROOT / "examples" / "ybco.toml").read_text("utf-8")
LAB = (ROOT / "examples" / "lab.toml").read_text("utf-8")
FIRE = "temperature_celsius = { min = 650, max = 1000, step = 10 }"
FIRST = 'name = "ybco"'

BAD_CAMPAIGNS = [
    # (text of the example, its replacement, path of the fault, a word of the answer)
    (FIRST, "name = ybco", "line 10", "quotes"),
    (FIRST, "", "name", "add `name`"),
    (FIRST, 'name = ""', "name", "write"),
    (FIRST, FIRST + "\nnmae = 1", "nmae", "`name`"),
    ("schema = 1", "schema = 99", "schema", "99"),
    ("seed = 7", "seed = -7", "seed", "-7"),
    ("sample_grams = 1.5", "sample_grams = 0", "sample_grams", "0"),
    ("sample_grams = 1.5", "sample_grams = 4000", "sample_grams", "lower"),
    ("sample_grams = 1.5", "sample_grams = 0.02", "steps[4].holder_grams", "g"),
    ('formula = "YBa2Cu3O7"', 'formula = "YBa2Xq3O7"', "target.formula", "Xq"),
    ('formula = "YBa2Cu3O7"', 'formula = "YSr2Cu3O7"', "space.sets", "Sr"),
    ('yield_basis = "crystalline"', 'yield_basis = "all"', "target.yield_basis",
     "whole"),
    ('phases = ["YBa2Cu3O7", "YBa2Cu3O6.5", "YBa2Cu3O6"]', 'phases = ["YBCO"]',
     "target.phases[0]", "YBCO"),
    ("assay = 0.9999", "assay = 99.99", "precursors[0].assay", "0.95 for 95 %"),
    ("stock_grams = 250", "stock_grams = 0.5", "precursors[2].stock_grams", "buy"),
    ('formula = "CuO"', 'formula = "CuO)"', "precursors[4].formula", "CuO)"),
    ('kind = "dose"', 'kind = "doze"', "steps[0].kind", "`dose`"),
    ("rpm = 1500", "rpm = 15000", "steps[1].rpm", "2500"),
    ("temperature_celsius = 80", "temperature_celsius = 480",
     "steps[2].temperature_celsius", "480"),
    ("ramp_celsius_per_minute = 5", "ramp_celsius_per_minute = 50",
     "steps[3].ramp_celsius_per_minute", "50"),
    ('crucible = "Al2O3"', 'crucible = "SiO2"', "steps[3].crucible", "SiO2"),
    ("max_precursors = 3", "max_precursors = 2", "space.sets", "max_precursors"),
    ('sets = "all"', 'sets = [["Y2O3", "CuO"]]', "space.sets[0]", "Ba"),
    (FIRE, FIRE.replace("1000", "1700"), "space.steps.fire.temperature_celsius",
     "1700"),
    (FIRE, FIRE.replace("1000", "600"), "space.steps.fire.temperature_celsius",
     "swap"),
    (FIRE, FIRE.replace("max", "maxx"), "space.steps.fire.temperature_celsius.maxx",
     "`max`"),
    ('["air", "O2"]', '["air", "Ar"]', "space.steps.fire.atmosphere", "Ar"),
    ("[space.steps.fire]", "[space.steps.fier]", "space.steps.fier", "fire"),
    ('measure = "yield"', 'measure = "yeild"', "objectives[0].measure", "`yield`"),
    ('measure = "time"', 'measure = "impurity"', "objectives[1].phase", "impurity"),
    ('goal = "minimize"', 'goal = "minimise"', "objectives[1].goal", "`minimize`"),
    ("experiments = 24", "experiments = 0", "budget.experiments", "0"),
    ("days = 14", "days = 0.01", "budget.days", "0.01"),
    ("stale_loads = 3", "stale_loads = 0", "stop.stale_loads", "0"),
]  # fmt: skip


def assert_refused(outcome, file, path, word, folder, before):
    assert outcome.code == 2, outcome
    assert outcome.out == ""
    assert outcome.err.startswith(f"athanor: {file} cannot be used:\n")
    assert "Traceback" not in outcome.err
    lines = [line.strip() for line in outcome.err.splitlines()[1:]]
    about = [line for line in lines if line.startswith(f"{path}")]
    assert about, outcome.err
    assert word in about[0]
    assert re.fullmatch(r".*: found .+; allowed: .+; .+", about[0])
    assert {item.name for item in folder.rglob("*")} == before


@pytest.mark.parametrize(
    ("old", "new", "path", "word"),
    BAD_CAMPAIGNS,
    ids=[b[1][:40] for b in BAD_CAMPAIGNS],
)
def test_bad_campaigns(tmp_path, monkeypatch, old, new, path, word):
    monkeypatch.chdir(tmp_path)
    assert old in YBCO
    (tmp_path / "bad.toml").write_text(YBCO.replace(old, new, 1), "utf-8")
    outcome = athanor("simulate", "bad.toml")
    assert_refused(outcome, "bad.toml", path, word, tmp_path, {"bad.toml"})


@pytest.mark.parametrize(("old", "new", "path", "words"), BAD_LABS)
def test_bad_labs(tmp_path, monkeypatch, old, new, path, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lab.toml").write_text(LAB.replace(old, new, 1), "utf-8")
    outcome = athanor("lab", "check", "lab.toml")
    del words
    assert_refused(outcome, "lab.toml", path, "", tmp_path, {"lab.toml"})


def test_a_bad_lab_beside_the_campaign_stops_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lab.toml").write_text(LAB.replace("schema = 1", "schema = 2"), "utf-8")
    (tmp_path / "good.toml").write_text(YBCO, "utf-8")
    before = {"lab.toml", "good.toml"}
    for name in ("simulate", "check"):
        outcome = athanor(name, "good.toml")
        assert_refused(outcome, "lab.toml", "schema", "2", tmp_path, before)


def test_a_lab_that_cannot_do_the_campaign_blames_the_campaign(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lab = LAB.replace("max_celsius = 1150.0", "max_celsius = 900.0", 1)
    (tmp_path / "lab.toml").write_text(lab, "utf-8")
    (tmp_path / "good.toml").write_text(YBCO, "utf-8")
    outcome = athanor("check", "good.toml")
    path = "space.steps.fire.temperature_celsius"
    before = {"lab.toml", "good.toml"}
    assert_refused(outcome, "good.toml", path, "900", tmp_path, before)


@pytest.mark.parametrize("content", [b"", b"name = '\xff'", HEAD.encode()])
def test_files_that_are_hardly_campaigns(tmp_path, monkeypatch, content):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.toml").write_bytes(content)
    outcome = athanor("simulate", "x.toml")
    assert_refused(outcome, "x.toml", "", "", tmp_path, {"x.toml"})


def test_every_fault_is_told_at_once(tmp_path):
    text = HEAD.replace('"t"', '""') + TAIL.replace("hold_hours", "hold_hour")
    file = write_campaign(tmp_path, text + "[budget]\nexperiments = -1\n")
    assert len(athanor("check", file).err.splitlines()) == 4


def test_the_same_in_a_process_of_its_own(tmp_path):
    file = write_campaign(tmp_path, YBCO.replace('"YBa2Cu3O7"', '"YBa2Xq3O7"', 1))
    outcome = elsewhere("simulate", file, "-o", tmp_path / "run")
    assert_refused(outcome, file, "target.formula", "Xq", tmp_path,
                   {"tiny.toml", "lab.toml"})  # fmt: skip
