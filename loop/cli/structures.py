"""Crystal structures that commands are given: CIF files, or entries of databases."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

    from loop.knowledge.databases import Entry, Wanted


def read_cif(file: Path) -> tuple["Structure", str]:
    """Return the first structure of a CIF file, and the file's text.

    Raises:
        MaterialError: If it holds none.
    """
    from campaigns.errors import MaterialError
    from loop.analyse.ciffile import structure_of

    content = file.read_text(encoding="utf-8", errors="replace")
    try:
        return structure_of(content), content
    except Exception as error:
        message = f"{file} cannot be read as a CIF: {error}"
        raise MaterialError(message) from error


def fetched(
    wanted: "Wanted", *, optimade: str | None, is_mp: bool, mp_key: str | None
) -> tuple["Entry", ...]:
    """Return a database's structures, of the one database that is asked.

    Raises:
        DatabaseError: If it does not answer or holds none.
        MissingPackageError: If its client is not installed.
    """
    if is_mp:
        from loop.knowledge.mpclient import fetch

        return fetch(wanted, key=mp_key)
    if optimade:
        from loop.knowledge.optimadeclient import fetch as ask

        return ask(optimade, wanted)
    return ()


def one_entry(
    *,
    optimade: str | None,
    entry: str | None,
    formula: str | None,
    mp: str | None,
    mp_key: str | None,
) -> "Entry":
    """Return the one structure that options name.

    Raises:
        SpecError: If they name none, two, or a composition that several entries have.
    """
    from campaigns.errors import SpecError
    from loop.knowledge.databases import Wanted

    if bool(mp) == bool(optimade):
        raise SpecError.single(
            "FILE", "no one source of a structure",
            "a CIF file, --optimade PROVIDER or --mp ID", "give exactly one",
        )  # fmt: skip
    if optimade and bool(entry) == bool(formula):
        raise SpecError.single(
            "--id", "both or neither of --id and --formula", "one of them",
            "name the entry, or its composition",
        )  # fmt: skip
    wanted = Wanted(id=mp or entry or "", formula=formula or "")
    found = fetched(wanted, optimade=optimade, is_mp=bool(mp), mp_key=mp_key)
    if len(found) > 1:
        alike = ", ".join(f"{each.id} ({_symbol(each.structure)})" for each in found)
        raise SpecError.single(
            "--formula", f"{len(found)} entries of {formula}", "one entry",
            f"name it with --id: {alike}",
        )  # fmt: skip
    return found[0]


def _symbol(structure: "Structure") -> str:
    """Return the space group, to tell polymorphs apart."""
    from loop.knowledge.confinement import silent

    with silent():
        return str(structure.get_space_group_info()[0])
