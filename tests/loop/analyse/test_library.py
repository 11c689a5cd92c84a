"""Folders of CIF files as people have them: some broken, some of other elements."""

import pytest

from campaigns.errors import MaterialError
from loop.analyse.library import Library, of_folder, of_phases
from loop.analyse.referencecache import ReferenceCache
from tests.loop.analyse.synthetic import TABLE, WAVELENGTHS

CU = WAVELENGTHS[0]


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "cifs"
    made.mkdir()
    for name in ("ZnO", "NiO", "TiO2-rutile"):
        TABLE[name].structure().remove_site_property("b_iso").to(
            filename=str(made / f"{name}.cif")
        )
    return made


def names(library):
    return [reference.name for reference in library.at(CU).references]


def test_files_are_named_by_stem_and_filtered_by_elements(folder):
    entries = of_folder(folder)
    assert names(Library(entries)) == ["NiO", "TiO2-rutile", "ZnO"]
    assert names(Library(entries, frozenset({"Zn", "Ti"}))) == ["TiO2-rutile", "ZnO"]
    assert Library(entries).at(CU).notes == ()


def test_unreadable_files_are_left_out_and_named(folder, tmp_path):
    (folder / "broken.cif").write_text("data_x\n_cell_length_a 1\n")
    (folder / "empty.CIF").write_bytes(b"")
    (folder / "binary.cif").write_bytes(bytes(range(256)))
    cache = ReferenceCache(tmp_path / "cache")
    for _ in range(2):  # drawn, then from the cache
        library = Library(of_folder(folder), None, cache)
        assert names(library) == ["NiO", "TiO2-rutile", "ZnO"]
        (note,) = library.at(CU).notes
        assert note.startswith("3 of 6 reference structures cannot be read")
        assert all(name in note for name in ("broken (", "empty (", "binary ("))


def test_the_same_structure_under_two_names_stays_two_candidates(folder, tmp_path):
    (folder / "twin.cif").write_bytes((folder / "ZnO.cif").read_bytes())
    cache = ReferenceCache(tmp_path / "cache")
    assert names(Library(of_folder(folder), frozenset({"Zn"}), cache)) == [
        "ZnO",
        "twin",
    ]


def test_computed_structures_may_have_cells_further_off(folder, tmp_path):
    text = (folder / "ZnO.cif").read_text()
    (folder / "mp-2133.cif").write_text(text)
    (folder / "a.cif").write_text(f"# relaxed by VASP\n{text}")
    (folder / "measured.cif").write_text(f"# beside VASP\n{text}\n_refine_ls_x 1\n")
    for name in ("camp-1", "SCANDIA"):
        (folder / f"{name}.cif").write_text(text)
    cache = ReferenceCache(tmp_path / "cache")
    for _ in range(2):
        entries = of_folder(folder)
        found = Library(entries, frozenset({"Zn"}), cache).at(CU).references
        limits = {one.name: one.cell_limit for one in found}
        assert limits == {
            "ZnO": 0.012, "mp-2133": 0.03, "a": 0.03, "measured": 0.012,
            "camp-1": 0.012, "SCANDIA": 0.012,
        }  # fmt: skip
    entries = of_folder(folder, is_computed=True)
    assert {one.cell_limit for one in Library(entries).at(CU).references} == {0.03}


def test_nothing_to_look_for_is_an_error(folder, tmp_path):
    with pytest.raises(MaterialError, match=r"none of 3 .* made of C, H, O, Pb alone"):
        Library(of_folder(folder), frozenset({"Pb"})).at(CU)
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(MaterialError, match=r"no \.cif file"):
        of_folder(empty)
    (empty / "a.cif").write_text("torn")
    with pytest.raises(MaterialError, match="none of 1 structures can be read: a"):
        Library(of_folder(empty)).at(CU)
    (empty / "a.CIF").write_text("torn")
    with pytest.raises(MaterialError, match="two files named a"):
        of_folder(empty)


def test_table_rows_without_structure_are_left_out():
    rows = [TABLE["ZnO"], next(row for row in TABLE.values() if not row.has_structure)]
    assert names(Library(of_phases(rows))) == ["ZnO"]
