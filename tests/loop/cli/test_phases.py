"""`athanor phases`: planted faults that the check names, and rows that are added."""

import time

import pytest

from campaigns.materials.phaserow import VALENCES
from campaigns.materials.phases import PhaseTable
from campaigns.materials.structure_check import check
from loop.cli.phases import Valence
from tests.campaigns.materials.plantedfaults import FAULTS, SOUND, with_fault
from tests.end_to_end.runs import athanor


def checked(tmp_path, text: str):
    file = tmp_path / "own.toml"
    file.write_text(text, "utf-8")
    return athanor("phases", "check", "--table", str(file))


def test_the_sound_table_passes(tmp_path):
    done = checked(tmp_path, SOUND)
    assert done.code == 0, done.err


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_named_with_its_row_and_remedy(tmp_path, fault):
    _, _, row, remedy = FAULTS[fault]
    done = checked(tmp_path, with_fault(fault))
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
    assert len(known) >= 100
    started = time.process_time()
    check(PhaseTable(known[:100]))
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
