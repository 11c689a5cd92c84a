"""Campaign files are read whole, or refused with every fault."""

import copy
import json
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.errors import SpecError
from campaigns.spec import CampaignSpec, Choice, Range
from campaigns.specfile import load, parse
from tests.campaigns.examples import ybco_data

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.toml"))
CAMPAIGNS = [path for path in EXAMPLES if "lab" not in path.stem]

HASH = "3f452bc3c1b4dba55c1cd2919a354b3e067ec96a6ba37572fe41eeb988fc83b0"
HEAD = """
schema = 1
name = "t"
precursors = ["BaCO3", "TiO2"]
[target]
formula = "BaTiO3"
"""
TAIL = """
[space.steps.fire]
temperature_celsius = { min = 800, max = 1100 }
hold_hours = [4, 8]
"""


def faults_of(text: str):
    with pytest.raises(SpecError) as caught:
        parse(text)
    return caught.value.faults


@pytest.mark.parametrize("path", CAMPAIGNS, ids=lambda path: path.stem)
def test_examples_load(path):
    assert load(path).name == path.stem


@pytest.mark.parametrize(
    ("text", "path", "found", "remedy"),
    [
        ("name = ybco", "line 1, column 8", "name = ybco", "quotes"),
        ("[target", "line 1", "[target", "expected"),
        (HEAD + "[target]\nx=1", "line 7", "[target]", "merge"),
        ("", "name", "nothing", "add `name`"),
        (HEAD, "space", "nothing", "add `space`"),
        (HEAD + TAIL + "[objectve]\n", "objectve", "unknown key", "`objectives`"),
        (
            HEAD + "yeild_basis = 'whole'\n" + TAIL,
            "target.yeild_basis", "unknown key", "`yield_basis`",
        ),
        (
            HEAD + "yield_basis = 'wholly'\n" + TAIL,
            "target.yield_basis", "'wholly'", "`whole`",
        ),
        (
            HEAD + TAIL.replace("hold_hours", "hold_hour"),
            "space.steps.fire.hold_hour", "unknown key", "`hold_hours`",
        ),
        (
            HEAD + TAIL.replace("min = 800", "min = 1200"),
            "space.steps.fire.temperature_celsius", "1200", "swap",
        ),
        (
            HEAD + TAIL.replace("min = 800", "mni = 800"),
            "space.steps.fire.temperature_celsius.mni", "unknown key", "`min`",
        ),
        (
            HEAD + TAIL.replace("max = 1100", "max = 1100, step = 500"),
            "space.steps.fire.temperature_celsius", "500", "lower it",
        ),
        (
            HEAD + TAIL.replace("min = 800", "log = true, min = 0"),
            "space.steps.fire.temperature_celsius", "0", "raise min",
        ),
        (
            HEAD + TAIL.replace("[4, 8]", '[4, "eight"]'),
            "space.steps.fire.hold_hours", "eight", "choose one kind",
        ),
        (
            HEAD + TAIL.replace("[4, 8]", "[4, 4]"),
            "space.steps.fire.hold_hours", "[4, 4]", "repeated",
        ),
        (
            HEAD + TAIL.replace("[4, 8]", "[]"),
            "space.steps.fire.hold_hours.values", "[]", "add",
        ),
        (
            HEAD + TAIL.replace("max = 1100", "max = inf"),
            "space.steps.fire.temperature_celsius.max", "inf", "give a number",
        ),
        (
            HEAD + TAIL + "[budget]\nexperiments = 0\n",
            "budget.experiments", "0", "raise it",
        ),
        (HEAD + TAIL + "[budget]\ndays = 'many'\n", "budget.days", "'many'", "quotes"),
        (
            HEAD + TAIL + "[stop]\nyield_at_least = 95\n",
            "stop.yield_at_least", "95", "0.95 for 95 %",
        ),
        (
            HEAD + TAIL + "[[objectives]]\nmeasure = 'yeild'\ngoal = 'maximize'\n",
            "objectives[0].measure", "'yeild'", "`yield`",
        ),
        (
            HEAD + TAIL + "[[objectives]]\nmeasure = 'yield'\n",
            "objectives[0].goal", "nothing", "add `goal`",
        ),
        (
            HEAD + TAIL + "[[steps]]\nkind = 'fier'\n",
            "steps[0].kind", "'fier'", "`fire`",
        ),
        (
            HEAD + TAIL + "[[steps]]\nkind = 'fire'\nrpm = 100\n",
            "steps[0]", "rpm", "remove rpm",
        ),
        (HEAD.replace("schema = 1", "schema = 2") + TAIL, "schema", "2", "use what"),
        (
            HEAD.replace('"TiO2"', '{ formula = "TiO2", assay = 99.8 }') + TAIL,
            "precursors[1].assay", "99.8", "0.95 for 95 %",
        ),
        (
            HEAD.replace('"TiO2"', '{ formula = "TiO2", prize = 1 }') + TAIL,
            "precursors[1].prize", "unknown key", "price_per_gram|remove",
        ),
        (HEAD.replace('["BaCO3", "TiO2"]', "[]") + TAIL, "precursors", "[]", "add"),
        (HEAD.replace('["BaCO3", "TiO2"]', "7") + TAIL, "precursors", "7", "put it in"),
        (HEAD.replace('"t"', '""') + TAIL, "name", "''", "write"),
        (HEAD + TAIL + "[space]\nsets = 'some'\n", "space.sets", "'some'", "allowed"),
    ],
)  # fmt: skip
def test_bad_files_are_refused_with_path_and_remedy(text, path, found, remedy):
    faults = faults_of(text)
    fault = next((f for f in faults if f.path.startswith(path)), None)
    assert fault is not None, faults
    assert found in fault.found
    assert any(word in fault.remedy for word in remedy.split("|")), fault
    assert fault.allowed


def test_every_fault_is_reported_at_once():
    text = HEAD.replace('"t"', '""') + TAIL.replace("hold_hours", "hold_hour")
    text += "[budget]\nexperiments = -1\n"
    assert len(faults_of(text)) == 3


def test_a_missing_file_says_so(tmp_path):
    with pytest.raises(SpecError, match="no readable file"):
        load(tmp_path / "absent.toml")


def test_a_file_that_is_not_text_says_so(tmp_path):
    path = tmp_path / "x.toml"
    path.write_bytes(b"name = '\xff'")
    with pytest.raises(SpecError, match="not UTF-8"):
        load(path)


def test_shorthands_mean_the_same_as_the_long_form():
    short = ybco_data()
    long = copy.deepcopy(short)
    long["precursors"] = [{"formula": text} for text in short["precursors"]]
    long["space"]["regrinds"] = {"values": [0, 1]}
    long["space"]["steps"]["fire"]["atmosphere"] = {"values": ["air", "O2"]}
    assert CampaignSpec.model_validate(short) == CampaignSpec.model_validate(long)


def test_a_single_value_is_a_choice_of_one():
    data = ybco_data()
    data["space"]["excess"] = {"Ba": 0.02}
    spec = CampaignSpec.model_validate(data)
    assert spec.space.excess == {"Ba": Choice(values=(0.02,))}


def test_the_hash_is_fixed():
    # A change of this number means that stored campaigns no longer match their files.
    spec = CampaignSpec.model_validate(ybco_data())
    assert spec.sha256 == HASH
    assert CampaignSpec.model_validate(json.loads(spec.canonical())).sha256 == HASH


def test_the_hash_ignores_order_and_layout_but_not_content():
    data = ybco_data()
    turned = dict(reversed(list(data.items())))
    spec = CampaignSpec.model_validate(data)
    assert CampaignSpec.model_validate(turned).sha256 == spec.sha256
    data["seed"] = 1
    assert CampaignSpec.model_validate(data).sha256 != spec.sha256


NUMBERS = st.one_of(
    st.tuples(st.floats(1, 500), st.floats(1, 500)).map(
        lambda pair: {"min": pair[0], "max": pair[0] + pair[1]}
    ),
    st.lists(st.floats(1, 2000), min_size=1, max_size=4, unique=True),
)


@given(
    temperature=NUMBERS,
    hold=NUMBERS,
    seed=st.integers(0, 2**31),
    experiments=st.integers(1, 500),
    price=st.floats(0, 1e4),
    name=st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1,
                 max_size=80),
)  # fmt: skip
def test_json_round_trip(temperature, hold, seed, experiments, price, name):
    data = ybco_data() | {"seed": seed, "name": name}
    data["budget"] = {"experiments": experiments}
    data["precursors"][0] = {"formula": "Y2O3", "price_per_gram": price}
    data["space"]["steps"]["fire"] |= {
        "temperature_celsius": temperature,
        "hold_hours": hold,
    }
    spec = CampaignSpec.model_validate(data)
    again = CampaignSpec.model_validate(json.loads(spec.canonical()))
    assert again == spec
    assert again.canonical() == spec.canonical()


@pytest.mark.parametrize("path", CAMPAIGNS, ids=lambda path: path.stem)
def test_examples_survive_the_round_trip(path):
    spec = load(path)
    assert CampaignSpec.model_validate(json.loads(spec.canonical())) == spec
    assert CampaignSpec.model_validate(tomllib.loads(path.read_text())) == spec


def test_stepped_ranges_end_at_the_last_whole_step():
    assert Range(min=0, max=1, step=0.3).values == (0, 0.3, 0.6, 0.9)
    assert len(Range(min=650, max=1000, step=10).values) == 36
    assert Range(min=0, max=1).values == ()
