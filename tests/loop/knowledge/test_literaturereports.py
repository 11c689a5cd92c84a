"""Records as chemistry."""

import pytest

from loop.errors import LiteratureError
from loop.knowledge.literaturemisread import put_right
from loop.knowledge.literaturereports import (
    Report,
    Tally,
    precursor_amounts,
    reports,
)
from tests.loop.knowledge.reactions import heating, material, record


def read(*found) -> tuple[list[Report], Tally]:
    return reports(enumerate(found, start=1))


def test_a_target_takes_only_the_solids_that_it_holds():
    # A series with its end member, a dopant's source, and water.
    (one,), tally = read(
        record(
            ["BaTiO3", "Ba0.9Sr0.1TiO3", "Ba1-xSrxTiO3"],
            ["BaCO3", "SrCO3", "TiO2", "Eu2O3", "H2O"],
        )
    )
    end, mixed = one.made
    assert end.text == "BaTiO3"
    assert end.precursors == {precursor_amounts("BaCO3"), precursor_amounts("TiO2")}
    assert mixed.precursors == end.precursors | {precursor_amounts("SrCO3")}
    assert len(one.solids) == 4
    assert tally.targets_dropped == {"no formula, or a variable without a value": 1}


def test_hydrates_and_spellings_are_one_precursor():
    assert precursor_amounts("LiOH·H2O") == precursor_amounts("LiOH")
    assert precursor_amounts("(NH4)H2PO4") == precursor_amounts("NH4H2PO4")
    assert precursor_amounts("H2O") is None
    (one,), _ = read(record("LiCoO2", ["LiOH·H2O", "Co3O4"]))
    assert precursor_amounts("LiOH") in one.solids


@pytest.mark.parametrize(
    ("misread", "meant"),
    [
        ({"Ba": 2, "C": 1, "O": 3}, {"Ba": 1, "C": 1, "O": 3}),
        ({"Y": 3, "O": 3}, {"Y": 1, "O": 1.5}),
        ({"La": 1, "N": 2, "O": 6}, {"La": 1, "N": 3, "O": 9}),
        ({"Al": 1, "O": 2, "H": 2}, {"Al": 1, "O": 3, "H": 3}),
        ({"Ca": 1, "F": 1}, {"Ca": 1, "F": 2}),
    ],
)
def test_a_misread_formula_is_put_right_by_its_charges(misread, meant):
    assert put_right(misread) == meant
    assert put_right(meant) is None


@pytest.mark.parametrize(
    "standing",
    [
        {"Ba": 1, "O": 2},  # a peroxide
        {"Mn": 3, "O": 4},  # more than one valence
        {"Al": 1, "O": 2, "H": 1},  # an oxide hydroxide
        {"Ba": 1, "Ti": 1, "O": 3},
        {"Zr": 1, "Si": 1, "O": 4},
        {"Li": 1, "C": 2, "H": 3, "O": 2},  # an acetate
        {"S": 1},
    ],
)
def test_what_may_stand_stands(standing):
    assert put_right(standing) is None


def test_what_cannot_be_read_is_counted():
    odd = record("BaTiO3", ["TiO2"])
    odd["precursors"].append(material("BaCO3", {"Ba": "x", "C": "1", "O": "3"}))
    found, tally = read(
        odd,
        record("BaTiO3", ["TiO2"]),
        record("BaTiO3", ["BaTiO3"]),
        record("CO2", ["C"]),
        record("BaTiO3", ["BaCO3", "TiO2"]),
    )
    assert [one.number for one in found] == [5]
    assert (tally.records, tally.reports) == (5, 1)
    assert tally.dropped == {
        "a precursor's amounts are no numbers": 1, "no target left": 3,
    }  # fmt: skip
    assert set(tally.targets_dropped) == {
        "an element without a source", "made of itself", "nothing but C, H, N and O",
    }  # fmt: skip


def test_firings_keep_their_kind_and_drop_drying_and_nonsense():
    (one,), _ = read(
        record(
            "BaTiO3",
            ["BaCO3", "TiO2"],
            heating(120, 12, token="heated"),
            heating(900, 5000, "air", token="pre-heated"),
            heating(1300, 2, "nitrogen", "hydrogen", token="Sintered"),
        )
    )
    first, last = one.firings
    assert (first.kind, first.celsius, first.hours) == ("calcine", 900, None)
    assert (last.kind, last.atmosphere) == ("sinter", "hydrogen+nitrogen")


def test_a_record_of_another_form_is_named():
    odd = record("BaTiO3", ["BaCO3", "TiO2"])
    del odd["precursors"][0]["composition"]
    with pytest.raises(LiteratureError, match="record 2: KeyError 'composition'"):
        read(record("BaTiO3", ["BaCO3", "TiO2"]), odd)
