"""Rows from CIF files: the round trip, provenance, and what is refused."""

import hashlib
import warnings

import numpy as np
import pytest
from pymatgen.analysis.structure_matcher import StructureMatcher

from campaigns import wholefile
from campaigns.errors import MaterialError
from campaigns.materials import ownphases
from campaigns.materials.formula import Formula
from campaigns.materials.newrow import formula_of
from campaigns.materials.ownphases import Addition, add
from campaigns.materials.phases import PhaseTable, read_table
from campaigns.materials.scattering import reflections
from loop.analyse.ciffile import structure_of

TABLE = PhaseTable.load()
EMPTY = "# nothing but one's own\n"


def cif_of(name: str) -> str:
    from pymatgen.io.cif import CifWriter

    return str(CifWriter(TABLE[name].structure(), symprec=None))


def addition(tmp_path, content: str, **changes) -> Addition:
    file = tmp_path / "new.cif"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        structure = structure_of(content)
    return Addition(structure, file, content, **{"source": "a paper", **changes})


def own_table(tmp_path, text: str = EMPTY):
    table = tmp_path / "own.toml"
    table.write_text(text, "utf-8")
    return table


@pytest.mark.parametrize(
    "name",
    ["NiO", "BaCO3", "CaCO3", "Co3O4", "Y2BaCuO5", "YBa2Cu3O6.5", "LiCoO2", "ZrO2",
     "Cu2(OH)2CO3", "TiO2-anatase", "Y2O3"],
)  # fmt: skip
def test_a_row_is_the_structure_it_was_read_from(tmp_path, name):
    valence = TABLE[name].valence
    asked = addition(tmp_path, cif_of(name), name="new", valence=valence)
    phase = add(asked, own_table(tmp_path))
    built = phase.structure()
    built.remove_site_property("b_iso")
    matcher = StructureMatcher(ltol=1e-4, stol=1e-3, angle_tol=0.01, scale=False)
    assert matcher.fit(built, asked.structure)
    old, new = (
        reflections(each, 1.540598, 70.0)
        for each in (asked.structure, phase.structure())
    )
    assert new.d_angstrom == pytest.approx(old.d_angstrom, rel=1e-5)
    strengths = [r.multiplicity * r.f_squared / r.zmv for r in (old, new)]
    np.testing.assert_allclose(
        strengths[1], strengths[0], rtol=1e-3, atol=1e-5 * strengths[0].max()
    )


@pytest.mark.parametrize(
    ("lithium", "formula"),
    [(1 / 6, "Li4Ti5O12"), (0.0, "LiTi2O4"), (0.1, "Li1.2Ti1.8O4")],
)
def test_formulas_of_mixed_sites_are_whole_where_they_can_be(lithium, formula):
    structure = TABLE["MgAl2O4"].structure()
    titanium = {"Li": lithium, "Ti": 1 - lithium} if lithium else {"Ti": 1.0}
    structure.replace_species({"Mg": "Li", "Al": titanium})
    found = formula_of(structure).composition
    expected = Formula.parse(formula).composition
    scale = found[0][1] / expected[0][1]
    assert found == tuple((symbol, n * scale) for symbol, n in expected)
    assert scale in {1, 5}


def test_provenance_is_kept(tmp_path):
    content = cif_of("NiO")
    phase = add(addition(tmp_path, content), own_table(tmp_path))
    digest = hashlib.sha256(content.encode()).hexdigest()
    said = f"a paper (CIF new.cif, SHA-256 {digest})"
    assert dict(phase.sources)["structure"] == said


def test_displacements_and_density_of_the_file_are_kept(tmp_path):
    item = "_exptl_crystal_density_diffrn 6.81\n_chemical_formula_sum"
    content = cif_of("NiO").replace("_chemical_formula_sum", item)
    asked = addition(tmp_path, content)
    asked.structure.add_site_property("b_iso", [0.4] * len(asked.structure))
    phase = add(asked, own_table(tmp_path))
    assert phase.xray_density == 6.81
    assert {site.b_iso_angstrom2 for site in phase.sites} == {0.4}


def test_a_new_table_extends_the_packaged_one(tmp_path):
    table = tmp_path / "phases.toml"
    text = ownphases.NEW_TABLE
    assert len(read_table(text, table)) == len(TABLE)
    with pytest.raises(MaterialError, match="duplicate: the structure of NiO"):
        add(addition(tmp_path, cif_of("NiO"), name="bunsenite"), table)
    assert list(tmp_path.iterdir()) == []


def test_rows_and_comments_of_the_table_stay(tmp_path):
    table = own_table(tmp_path)
    add(addition(tmp_path, cif_of("NiO")), table)
    before = table.read_text("utf-8")
    add(addition(tmp_path, cif_of("MgO")), table)
    after = table.read_text("utf-8")
    assert EMPTY.strip() in after
    assert before.partition("[[phase]]")[2] in after
    assert list(read_table(after, table)) == ["NiO", "MgO"]


def test_a_row_is_never_overwritten(tmp_path):
    table = own_table(tmp_path)
    add(addition(tmp_path, cif_of("NiO")), table)
    before = table.read_bytes()
    with pytest.raises(MaterialError, match="'NiO' stands in the table already"):
        add(addition(tmp_path, cif_of("NiO")), table)
    assert table.read_bytes() == before


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("NiO", "Ni4 O4", "Ni4 O6", "its sites hold NiO, its formula says Ni4O6"),
        ("NiO", "4.17710000", "3.17710000", "bond: shortest Ni-O"),
        ("NiO", "4.17710000", "2.07710000", "contact: "),
        ("BaO2", "nothing", "nothing", "charge: anions need 4"),
    ],
)
def test_faults_are_refused_with_reasons(tmp_path, name, old, new, message):
    table = own_table(tmp_path)
    content = cif_of(name).replace(old, new)
    with pytest.raises(MaterialError, match=message):
        add(addition(tmp_path, content), table)
    assert table.read_text("utf-8") == EMPTY


def test_a_source_is_asked_for(tmp_path):
    with pytest.raises(MaterialError, match="--source: found nothing"):
        add(addition(tmp_path, cif_of("NiO"), source=" "), own_table(tmp_path))


def test_a_broken_write_leaves_the_old_table(tmp_path, monkeypatch):
    table = own_table(tmp_path)

    def fails(*_):
        raise OSError("disk full")

    monkeypatch.setattr(wholefile.os, "replace", fails)
    with pytest.raises(OSError, match="disk full"):
        add(addition(tmp_path, cif_of("NiO")), table)
    assert table.read_text("utf-8") == EMPTY
    assert list(tmp_path.iterdir()) == [table]
