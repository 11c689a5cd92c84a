"""`athanor phases`: planted faults that the check names, and rows that are added."""

import time
from dataclasses import replace

import pytest

from campaigns.materials.phaserow import VALENCES
from campaigns.materials.phases import PhaseTable
from campaigns.materials.structure_check import check
from loop.cli.phases import Valence
from tests.end_to_end.runs import athanor

SOUND = """\
[citations]
paper = "A. Author, J. Tests 1 (2000) 1"

[[phase]]
name = "Co3O4"
formula = "Co3O4"
hall = 526
cell = [8.0835, 8.0835, 8.0835, 90.0, 90.0, 90.0]
sites = [
  ["Co1", "Co", "1/8", "1/8", "1/8", 0.4],
  ["Co2", "Co", "1/2", "1/2", "1/2", 0.4],
  ["O1", "O", 0.2631, 0.2631, 0.2631, 0.6],
]
xray_density = 6.056
valence = "mixed"
heat = [["decomposes", 900, "air", "CoO"]]
sources = { structure = "paper", density = "paper", thermal = "paper" }

[[phase]]
name = "CuO"
formula = "CuO"
hall = 90
cell = [4.6837, 3.4226, 5.1288, 90.0, 99.54, 90.0]
sites = [
  ["Cu1", "Cu", "1/4", "1/4", 0, 0.4],
  ["O1", "O", 0, 0.4184, "1/4", 0.6],
]
xray_density = 6.515
heat = [["decomposes", 1028, "air", "Cu2O"], ["melts", 1326, "closed"]]
sources = { structure = "paper", density = "paper", thermal = "paper" }
"""
FAULTS = {
    "origin of the other choice": ("hall = 526", "hall = 525", "Co3O4", "Hall number"),
    "density": ("6.056", "5.1", "Co3O4", "cite a density"),
    "charge balance": ('valence = "mixed"\n', "", "Co3O4", "state `valence`"),
    "atoms in contact": ('0.4184, "1/4"', '0.3, "1/16"', "CuO", "coordinates"),
    "Hall number against cell": ("hall = 90", "hall = 523", "CuO", "Hall number"),
    "cell against Hall number": ("8.0835, 8.0835, 8.0835", "8.0835, 8.0835, 8.2",
                                 "Co3O4", "correct the cell"),
    "no such Hall number": ("hall = 90", "hall = 531", "CuO", "correct hall"),
    "occupancy above 1": ("0.4184, \"1/4\", 0.6]", "0.4184, \"1/4\", 0.6, 1.2]",
                          "CuO", "above 0 to 1"),
    "shared site overfull": ('["Cu1", "Cu", "1/4", "1/4", 0, 0.4],',
                             '["Cu1", "Cu", "1/4", "1/4", 0, 0.4],'
                             '["Zn1", "Zn", "1/4", "1/4", 0, 0.4],',
                             "CuO", "correct the occupancies"),
    "content against formula": ('formula = "Co3O4"', 'formula = "Co4O5"', "Co3O4",
                                "correct formula"),
    "site left out": ('  ["Co1", "Co", "1/8", "1/8", "1/8", 0.4],\n', "", "Co3O4",
                      "correct formula"),
    "no source": (', thermal = "paper" }\n\n', " }\n\n", "Co3O4", "a source for"),
    "source without a citation": ('structure = "paper", density = "paper", '
                                  'thermal = "paper" }\n\n',
                                  'structure = "book", density = "paper", '
                                  'thermal = "paper" }\n\n',
                                  "Co3O4", "a key of [citations]"),
    "unknown element": ('"Cu1", "Cu"', '"Cu1", "Cx"', "CuO", "element symbols"),
    "unknown element in the formula": ('formula = "CuO"', 'formula = "CxO"', "CuO",
                                       "a formula such as"),
    "negative cell": ("[4.6837", "[-4.6837", "CuO", "edges above 0"),
    "angle of 190": ("99.54", "190", "CuO", "angles below 180"),
    "melting in kelvin below zero": ("1326", "-1326", "CuO", "look the temperatures"),
    "changes out of order": ("1028", "1428", "CuO", "rising temperatures"),
    "decomposed twice in one gas": ('["melts", 1326, "closed"]',
                                    '["decomposes", 1115, "air"]', "CuO", "once in"),
    "decomposition in no gas": ('900, "air"', '900, "argon"', "Co3O4", "any, air"),
    "decomposition loses a metal": ('"air", "CoO"', '"air", "O2"', "Co3O4",
                                    "all its metals"),
    "decomposition gains a metal": ('"air", "Cu2O"', '"air", "CuFeO2"', "CuO",
                                    "its own elements"),
    "turns when molten": ('["melts", 1326, "closed"]',
                          '["melts", 1326, "any"], ["turns", 1400, "any"]', "CuO",
                          "below the melting point"),
    "turns into another composition": ('["decomposes", 900, "air", "CoO"]',
                                       '["turns", 900, "any", "CuO"]', "Co3O4",
                                       "a row of the same formula"),
    "unknown furnace gas": ('formula = "CuO"',
                            'formula = "CuO"\natmospheres = ["argon"]', "CuO",
                            "air, O2"),
    "assay above one": ('formula = "CuO"', 'formula = "CuO"\nassay = 99', "CuO",
                        "a mass share"),
    "duplicate name": ('name = "CuO"', 'name = "Co3O4"', "Co3O4", "take one row out"),
    "one element for another": ('"Co1", "Co"', '"Co1", "Ba"', "Co3O4", "correct"),
    "mistyped field": ("xray_density = 6.515", "density = 6.515", "CuO", "one of"),
}  # fmt: skip


def checked(tmp_path, text: str):
    file = tmp_path / "own.toml"
    file.write_text(text, "utf-8")
    return athanor("phases", "check", "--table", str(file))


def test_the_sound_table_passes(tmp_path):
    done = checked(tmp_path, SOUND)
    assert done.code == 0, done.err


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_named_with_its_row_and_remedy(tmp_path, fault):
    old, new, row, remedy = FAULTS[fault]
    assert old in SOUND
    done = checked(tmp_path, SOUND.replace(old, new, 1))
    assert done.code in {1, 2}
    assert row in done.err
    assert remedy in done.err


def test_every_malformed_row_is_named_at_once(tmp_path):
    text = SOUND.replace("8.0835, 8.0835, 8.0835", "0, 0, 0").replace("99.54", "190")
    done = checked(tmp_path, text)
    assert "phase Co3O4, field cell" in done.err
    assert "phase CuO, field cell" in done.err


def test_a_row_twice_under_two_names(tmp_path):
    head, rows = SOUND.split("\n\n", 1)
    again = rows.replace('name = "', 'name = "second-')
    done = checked(tmp_path, f"{head}\n\n{rows}\n{again}")
    assert "second-CuO: duplicate: the structure of CuO" in done.err
    assert "keep one of the rows" in done.err


def test_a_hundred_phases_are_checked_in_seconds():
    known = [row for row in PhaseTable.load().values() if row.has_structure]
    rows = [
        replace(row, name=f"{row.name}-{copy}") for copy in range(2) for row in known
    ][:100]
    started = time.process_time()
    check(PhaseTable(rows))
    assert time.process_time() - started < 20


def test_the_choice_of_valences_is_that_of_the_rows():
    assert tuple(Valence) == VALENCES


def test_a_structure_is_added_shown_and_used(tmp_path):
    from pymatgen.io.cif import CifWriter

    structure = PhaseTable.load()["NiO"].structure()
    structure.replace_species({"Ni": "Mn"})
    structure.scale_lattice(4.48**3)
    file, table = tmp_path / "mno.cif", tmp_path / "own.toml"
    CifWriter(structure).write_file(file)
    done = athanor(
        "phases", "add", str(file), "--source", "COD 1514105", "--table", str(table),
        "--name", "MnO-wide",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert "MnO-wide (MnO, 2 sites) added" in done.out
    shown = athanor("phases", "show", "MnO-wide", "--table", str(table))
    assert "COD 1514105 (CIF mno.cif, SHA-256 " in shown.out
    made = athanor("reaction", "MnCO3", "--temperature", "500", "--table", str(table))
    assert "MnCO3 → MnO + CO2(g)" in made.out


def test_a_file_that_is_no_cif_is_bad_input(tmp_path):
    file = tmp_path / "x.cif"
    file.write_text("not a CIF", "utf-8")
    done = athanor("phases", "add", str(file), "--source", "nowhere")
    assert done.code == 2
    assert "cannot be read as a CIF" in done.err
