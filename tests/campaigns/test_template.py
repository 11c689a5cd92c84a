"""The file to start from is sound, and the schema accepts what the code accepts."""

import json
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.check import check
from campaigns.materials.phases import PhaseTable
from campaigns.specfile import load, parse
from campaigns.template import json_schema, new_campaign
from instruments.labfile import load_lab_file
from tests.shipped import CAMPAIGNS

ROOT = Path(__file__).parents[2]


def test_a_new_campaign_passes_its_own_check():
    lab = load_lab_file(ROOT / "examples" / "lab.toml")
    report = check(parse(new_campaign("first")), lab, PhaseTable.load())
    assert report.faults == ()
    assert report.name == "first"
    assert len(report.sets) == 2


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1,
               max_size=80))  # fmt: skip
def test_any_name_is_written_safely(name):
    assert tomllib.loads(new_campaign(name))["name"] == name


def test_the_commented_lines_are_sound_too():
    text = new_campaign("first")
    keys = ("phases", "max_celsius", "grams", "[[input", "terms", "at_most")
    opened = "\n".join(
        line.removeprefix("# ")
        if line.startswith(tuple(f"# {k}" for k in keys))
        else line
        for line in text.splitlines()
    )
    spec = parse(opened.replace("max_celsius = 900", "max_celsius = 1200"))
    assert spec.budget.grams == 100
    assert spec.input_constraints
    assert spec.precursors[1].max_celsius == 1200
    lab = load_lab_file(ROOT / "examples" / "lab.toml")
    assert check(spec, lab, PhaseTable.load()).faults == ()


def test_the_schema_describes_every_key():
    schema = json_schema()
    tables = [schema, *schema["$defs"].values()]
    keys = {key for table in tables for key in table.get("properties", {})}
    assert {"schema", "precursors", "max_celsius", "holder_grams"} <= keys
    assert json.loads(json.dumps(schema)) == schema
    assert (
        "hydrate water"
        in (schema["$defs"]["Precursor"]["properties"]["formula"]["description"])
    )


@pytest.mark.parametrize("name", CAMPAIGNS)
def test_the_schema_accepts_the_examples(name):
    jsonschema = pytest.importorskip("jsonschema")
    text = (ROOT / "examples" / f"{name}.toml").read_text()
    validator = jsonschema.Draft202012Validator(json_schema())
    assert list(validator.iter_errors(tomllib.loads(text))) == []
    assert list(validator.iter_errors(tomllib.loads(text + "\n[extra]\n")))


def test_the_schema_accepts_shorthands():
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft202012Validator(json_schema())
    short = """
    name = "t"
    precursors = ["BaCO3", { formula = "TiO2" }]
    [target]
    formula = "BaTiO3"
    [space]
    excess = { Ba = 0.02 }
    [space.steps.fire]
    temperature_celsius = [800, 900]
    hold_hours = { min = 1, max = 9 }
    atmosphere = "air"
    """
    assert list(validator.iter_errors(tomllib.loads(short))) == []
    assert parse(short).precursors[0].formula == "BaCO3"


def test_the_reference_page_names_every_key():
    page = (ROOT / "docs" / "reference" / "campaign-file.md").read_text()
    schema = json_schema()
    tables = [schema, *schema["$defs"].values()]
    keys = {key for table in tables for key in table.get("properties", {})}
    assert sorted(key for key in keys if f"`{key}`" not in page) == []


def test_examples_are_loaded_by_name():
    for name in CAMPAIGNS:
        assert load(ROOT / "examples" / f"{name}.toml").name == name


def test_the_reference_pages_short_campaign_can_run():
    page = (ROOT / "docs" / "reference" / "campaign-file.md").read_text()
    text = page.split("```toml\n")[1].split("```")[0]
    lab = load_lab_file(ROOT / "examples" / "lab.toml")
    report = check(parse(text), lab, PhaseTable.load())
    assert report.faults == ()
    assert len(report.sets) == 2
