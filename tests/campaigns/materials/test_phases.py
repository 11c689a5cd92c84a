"""The phase table: lookup, structures, digests, and errors of malformed rows."""

from dataclasses import replace

import numpy as np
import pytest

from campaigns.errors import MaterialError
from campaigns.materials.formula import Formula
from campaigns.materials.phases import PhaseTable

TABLE = PhaseTable.load()
ROW = """
[citations]
paper = "A. Author, J. Tests 1 (2000) 1"
[[phase]]
name = "NiO"
formula = "NiO"
hall = 523
cell = [4.1771, 4.1771, 4.1771, 90, 90, 90]
sites = [["Ni1", "Ni", 0, 0, 0, 0.3], ["O1", "O", "1/2", "1/2", "1/2", ""]]
sources = { structure = "paper" }
"""


def load(tmp_path, text: str) -> PhaseTable:
    path = tmp_path / "phases.toml"
    path.write_text(text, encoding="utf-8")
    return PhaseTable.load(path)


def test_more_than_a_hundred_phases_with_structure() -> None:
    assert sum(phase.has_structure for phase in TABLE.values()) >= 140


NAMED = """
Y2O3 BaO BaO2 BaCO3 CuO Cu2O Y2BaCuO5 BaCuO2 Y2Cu2O5 YBa2Cu3O7 YBa2Cu3O6
BaTiO3 BaTiO3-cubic Ba2TiO4 TiO2-anatase TiO2-rutile CaCO3 Al2O3 BaAl2O4
Bi2O3 In2O3 La(OH)3 Li2CO3 MnCO3 NiO V2O5 ZnO ZrO2
"""


@pytest.mark.parametrize("name", NAMED.split())
def test_phases_that_other_parts_name(name: str) -> None:
    assert TABLE[name].has_structure


def test_an_unknown_phase_names_those_alike() -> None:
    with pytest.raises(MaterialError, match=r"no phase 'BaCO'.*BaCO3"):
        TABLE["BaCO"]
    assert "BaCO" not in TABLE


def test_by_formula_gives_every_polymorph() -> None:
    names = {phase.name for phase in TABLE.by_formula("TiO2")}
    assert names == {"TiO2-rutile", "TiO2-anatase", "TiO2-brookite"}
    assert TABLE.by_formula(Formula.parse("Ti2O4")) == TABLE.by_formula("TiO2")


def test_within_takes_only_the_elements_named() -> None:
    names = {phase.name for phase in TABLE.within({"Ba", "O"})}
    assert names == {"BaO", "BaO2"}


def test_spinels_and_cuprite_have_their_origin_right() -> None:
    # Cu-O 1.849 Å in cuprite; both oxygens 1.92 Å from each octahedral cobalt.
    for name, metal, expected in [("Cu2O", "Cu", 1.848), ("Co3O4", "Co", 1.921)]:
        structure = TABLE[name].structure()
        first, second, _, distances = structure.get_neighbor_list(2.3)
        bonds = [
            distance
            for i, j, distance in zip(first, second, distances, strict=True)
            if structure[i].specie.symbol == metal and structure[j].specie.symbol == "O"
        ]
        assert np.median(bonds) == pytest.approx(expected, abs=0.02)


def test_a_structure_is_the_callers_own() -> None:
    TABLE["NiO"].structure().remove_sites([0])
    assert len(TABLE["NiO"].structure()) == 8


def test_a_row_without_structure_says_so() -> None:
    with pytest.raises(MaterialError, match="has no structure in the table"):
        TABLE["Y2(CO3)3-3H2O"].structure()


def test_the_digest_follows_every_value() -> None:
    phase = TABLE["NiO"]
    assert phase.row_sha256 == PhaseTable.load()["NiO"].row_sha256
    assert replace(phase, note="another").row_sha256 != phase.row_sha256
    site = replace(phase.sites[0], b_iso_angstrom2=0.9)
    changed = replace(phase, sites=(site, *phase.sites[1:]))
    assert changed.row_sha256 != phase.row_sha256


def test_models_are_marked_as_such() -> None:
    models = [name for name, phase in TABLE.items() if phase.positions == "model"]
    assert {"YBa2Cu3O6.5", "BaCuO2", "BaTi2O5"} <= set(models)
    assert len(models) < 8
    assert "model" in dict(TABLE["BaCuO2"].sources)["structure"]


def test_every_number_has_a_source() -> None:
    for phase in TABLE.values():
        groups = dict(phase.sources)
        assert not phase.has_structure or groups["structure"]
        assert all(len(text) > 15 for text in groups.values())


def test_a_well_formed_row_is_read(tmp_path) -> None:
    phase = load(tmp_path, ROW)["NiO"]
    assert phase.sites[1].xyz == (0.5, 0.5, 0.5)
    assert phase.sites[1].b_iso_angstrom2 is None
    assert len(phase.structure()) == 8


def test_elements_may_share_a_site(tmp_path) -> None:
    shared = ROW.replace(
        '["Ni1", "Ni", 0, 0, 0, 0.3]',
        '["Ni1", "Ni", 0, 0, 0, 0.3, 0.75], ["Li1", "Li", 0, 0, 0, 0.3, 0.25]',
    )
    amounts = load(tmp_path, shared)["NiO"].structure().composition
    assert amounts["Li"] == pytest.approx(1.0)
    assert amounts["Ni"] == pytest.approx(3.0)


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ('name = "NiO"', "", "has name None"),
        ('formula = "NiO"', "", "field formula: found nothing"),
        ("hall = 523", "", "hall, cell and sites, or none"),
        ("hall = 523", "hall = 600", "Hall number 600"),
        ("[4.1771, 4.1771, 4.1771, 90, 90, 90]", "[4.1]", "field cell"),
        ("4.1771, 4.1771, 4.1771", "-4.1771, 4.1771, 4.1771", "edges above 0"),
        ('"Ni", 0, 0, 0, 0.3]', '"Ni", 0, 0]', "field sites"),
        ('"Ni", 0, 0, 0, 0.3]', '"Ni", 0, 0, 0, 0.3, 1.5]', "occupancy 1.5"),
        ('"1/2", "1/2", "1/2"', '"half", "1/2", "1/2"', "field sites.O1"),
        ('{ structure = "paper" }', "{}", "sources.structure: found nothing"),
        ('structure = "paper"', 'structure = "book"', "found book"),
        ("hall = 523", "hall = 523\ncolour = 1", "one of"),
        ("hall = 523", 'hall = 523\nvalence = "odd"', "plain, mixed, peroxide"),
        ("hall = 523", 'hall = 523\npositions = "guessed"', "refined, model"),
        ("hall = 523", 'hall = 523\nxray_density = "6"', "xray_density: found '6'"),
        ("[[phase]]", "[[phase", "cannot be read"),
    ],
)
def test_a_malformed_row_is_named(tmp_path, old, new, text) -> None:
    assert old in ROW
    with pytest.raises(MaterialError, match=text):
        load(tmp_path, ROW.replace(old, new, 1))["NiO"].structure()


def test_a_name_stands_once(tmp_path) -> None:
    twice = ROW + ROW[ROW.index("[[phase]]") :]
    with pytest.raises(MaterialError, match="'NiO' stands in the table twice"):
        load(tmp_path, twice)
