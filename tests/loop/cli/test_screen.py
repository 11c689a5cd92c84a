"""`athanor screen` and `athanor energies` as a person types them."""

import json

import pytest

from campaigns.materials.phases import PhaseTable
from tests.end_to_end.runs import athanor

TABLE = PhaseTable.load()


def test_a_formula_of_the_table_is_screened():
    done = athanor("screen", "CaTiO3", "--routes", "2")
    assert done.code == 0, done.err
    assert "CaTiO3 at 900 °C in air" in done.out
    assert "CaCO3 + TiO2 → CaTiO3 + CO2(g)" in done.out or "CaTiO3" in done.out


def test_a_system_is_screened_as_json():
    done = athanor("screen", "Ca-Ti-O", "--temperature", "700", "--json")
    assert done.code == 0, done.err
    answer = json.loads(done.out)
    assert answer["system"] == "Ca-Ti-O"
    stable = {each["name"] for each in answer["phases"] if each["is_stable"]}
    assert "CaTiO3" in stable
    assert answer["celsius"] == 700


def test_a_cif_of_a_known_structure_is_recognised(tmp_path):
    path = tmp_path / "unknown.cif"
    structure = TABLE["CaTiO3"].structure()
    structure.to(filename=str(path))
    done = athanor("screen", path, "--routes", "0")
    assert done.code == 0, done.err
    assert "the structure is CaTiO3 of the phase table" in done.out


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (("Xx2O3",), 2, "Xx"),
        (("Ba-Xx-O",), 2, "Xx"),
        (("missing.cif",), 2, "no such file"),
        (("CaTiO3", "--temperature", "3000"), 2, "--temperature"),
        (("CaTiO3", "--energies", "missing.toml"), 2, "no such file"),
        (("Rh-O",), 2, "no phase of the table"),
        (("CaTiO3", "--mp"), 2, "MP_API_KEY"),
    ],
)
def test_bad_input_is_one_readable_message(arguments, code, reason, monkeypatch):
    monkeypatch.delenv("MP_API_KEY", raising=False)
    done = athanor("screen", *arguments)
    assert done.code == code
    assert reason in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("content", ["", "data_x\n_cell_length_a 3\n", "\x00\x01"])
def test_an_empty_or_torn_cif_is_refused(tmp_path, content):
    path = tmp_path / "torn.cif"
    path.write_text(content)
    done = athanor("screen", path)
    assert done.code == 2
    assert "cannot be read as a CIF" in done.err


def test_a_disordered_structure_is_refused(tmp_path):
    pytest.importorskip("chgnet")
    path = tmp_path / "mixed.cif"
    structure = TABLE["CaTiO3"].structure()
    structure.replace_species({"Ca": {"Ca": 0.5, "Sr": 0.5}})
    structure.to(filename=str(path))
    done = athanor("screen", path)
    assert done.code == 1
    assert "shared or partly filled" in done.err


def test_the_table_is_exported_for_optimade(tmp_path):
    path = tmp_path / "phases.jsonl"
    done = athanor("phases", "export", "--optimade", path)
    assert done.code == 0, done.err
    first, *rows = path.read_text().splitlines()
    assert "x-optimade" in json.loads(first)
    assert len(rows) == sum(phase.has_structure for phase in TABLE.values())


def test_adding_needs_one_source(tmp_path):
    table = tmp_path / "mine.toml"
    done = athanor("phases", "add", "--table", table)
    assert done.code == 2
    assert "--optimade PROVIDER or --mp ID" in done.err
    done = athanor("phases", "add", "--optimade", "http://x", "--table", table)
    assert done.code == 2
    assert "--id" in done.err
