"""Tables of candidates: read with line and column, checked row by row."""

import pytest

from campaigns.candidates import rows
from campaigns.check import check
from campaigns.errors import SpecError
from campaigns.specfile import load, parse

HEAD = """
name = "table"
precursors = ["BaCO3", "BaO2", "TiO2"]
[target]
formula = "BaTiO3"
[space]
candidates = "table.csv"
"""
TABLE = """precursors,fire.temperature_celsius,fire.hold_hours,mix.minutes
BaCO3 + TiO2,1000,4,10
TiO2 + BaO2,1000,4,20
BaCO3 + TiO2,1100,8,10
"""


def written(tmp_path, text, head=HEAD):
    (tmp_path / "table.csv").write_text(text)
    return parse(head, folder=tmp_path)


def test_columns_become_what_is_searched(tmp_path):
    spec = written(tmp_path, TABLE)
    assert spec.space.sets == (("BaCO3", "TiO2"), ("BaO2", "TiO2"))
    assert spec.space.steps["fire"].temperature_celsius.values == (1000.0, 1100.0)
    assert spec.space.steps["mix"].minutes.values == (10.0, 20.0)
    assert rows(spec.space.candidates)[1] == {
        "precursors": "BaO2 + TiO2",
        "fire.temperature_celsius": 1000.0,
        "fire.hold_hours": 4.0,
        "mix.minutes": 20.0,
    }
    assert check(spec, None).faults == ()


def test_the_stored_form_holds_the_table(tmp_path):
    spec = written(tmp_path, TABLE)
    assert type(spec).model_validate_json(spec.canonical()) == spec
    path = tmp_path / "campaign.toml"
    path.write_text(HEAD)
    assert load(path) == spec


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (TABLE.replace("20", "long"), r"line 3, column 4 \(mix.minutes\).*`long`"),
        (TABLE.replace("1100", "inf"), r"line 4, column 2.*finite"),
        (TABLE.replace(",8,10", ",8"), "line 4.*3 cells"),
        (TABLE.replace("mix.minutes", "fire.hold_hours"), "column 4.*second time"),
        (TABLE.replace("mix.minutes", "mix.hours"), "column 4.*`mix.hours`"),
        (TABLE.replace("BaCO3 + TiO2,1100", ",1100"), "line 4, column 1.*a word"),
        ("", "without a head"),
        (TABLE.splitlines()[0], "without a row"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(tmp_path, text, words):
    with pytest.raises(SpecError, match=words):
        written(tmp_path, text)


def test_a_missing_file_and_a_second_search_are_refused(tmp_path):
    with pytest.raises(SpecError, match="a readable CSV file"):
        parse(HEAD, folder=tmp_path)
    with pytest.raises(SpecError, match=r"space.excess.*beside a table"):
        written(tmp_path, TABLE, HEAD + "excess = { Ba = [0.0, 0.01] }\n")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (TABLE.replace("mix.minutes", "stir.minutes"), "column 4.*`stir.minutes`"),
        (TABLE + TABLE.splitlines()[1], "line 5.*candidate of line 2 again"),
        (TABLE.replace("BaCO3 + TiO2,1100", "SrCO3 + TiO2,1100"), "SrCO3"),
        (TABLE.replace("1000,4,20", "1000,4,-1"), "numbers above 0"),
        (TABLE.replace("precursors,", "excess.Y,").replace("BaCO3 + TiO2", "0")
         .replace("TiO2 + BaO2", "0"), "excess.Y"),
    ],
)  # fmt: skip
def test_rows_that_cannot_be_made_are_refused(tmp_path, text, words):
    report = check(written(tmp_path, text), None)
    assert not report.is_possible
    assert any(words.split(".*")[-1] in str(fault) for fault in report.faults)


def test_shares_of_a_row_add_up(tmp_path):
    head = HEAD.replace('"BaO2"', '"SrCO3"') + (
        "[space.composition.Ba]\nBa = { min = 0.0, max = 1.0 }\n"
        "Sr = { min = 0.0, max = 1.0 }\n"
    )
    text = (
        "share.Ba,share.Sr,fire.temperature_celsius,fire.hold_hours\n"
        "0.7,0.3,1000,4\n0.7,0.4,1000,4\n"
    )
    report = check(written(tmp_path, text, head), None)
    (fault,) = report.faults
    assert "line 3" in fault.path
    assert "do not add up to 1" in fault.found
