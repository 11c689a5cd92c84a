"""A user's own phase table, and rows added to it from structures."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from campaigns.errors import MaterialError
from campaigns.materials.formula import Formula
from campaigns.materials.newrow import NewRow, row_of, with_row
from campaigns.materials.phases import Phase, PhaseTable, read_table
from campaigns.materials.structure_check import check_phase, duplicates
from campaigns.materials.xraytables import DALTONS_PER_CUBIC_ANGSTROM
from campaigns.wholefile import write_whole

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

NEW_TABLE = """\
# Phases of one's own; format: docs/reference/phases.md.
extends = "packaged"

[citations]
"""
"""What a table begins as: the packaged rows count too."""
COMPUTED = "fromcell"
_DENSITY = re.compile(r"^_exptl_crystal_density_diffrn\s+'?(\d+\.?\d*)", re.MULTILINE)
_FORMULA = re.compile(r"^_chemical_formula_sum\s+(?:'([^']+)'|(\S+))", re.MULTILINE)
_SAME_SHARE = 0.01


@dataclass(frozen=True, slots=True)
class Addition:
    """A structure that is to become a row."""

    structure: "Structure"
    file: Path
    """The CIF that it was read from, or the database's entry."""
    content: str
    source: str
    """Where the file comes from, in the user's words."""
    name: str | None = None
    valence: str = "plain"


def add(addition: Addition, table: Path) -> Phase:
    """Add a row to a table, created if need be; the file is replaced as a whole.

    Raises:
        MaterialError: If the source is empty, the name is taken, or the row has
            faults; the file is then as it was.
    """
    if not addition.source.strip():
        raise MaterialError(
            "--source: found nothing; allowed: text, such as a paper or a database"
            " with its entry's number; say where the file comes from"
        )
    before = table.read_text(encoding="utf-8") if table.exists() else NEW_TABLE
    known = read_table(before, table)
    row = row_of(addition.structure)
    _compare_formula(row.formula, addition)
    name = addition.name or str(row.formula)
    if name in known:
        raise MaterialError(
            f"phase {name!r} stands in the table already and is not overwritten; give"
            f" another name, such as --name {row.formula}-POLYMORPH"
        )
    after = _written(before, row, addition, name)
    phases = read_table(after, table)
    _refuse_faults(phases, name, addition.file)
    if any(phases[each] != known[each] for each in known):
        raise MaterialError(f"{table}: other rows would change; the row was not added")
    write_whole(table, after)
    return phases[name]


def _written(before: str, row: NewRow, addition: Addition, name: str) -> str:
    """Return the table with the row, its file's digest in the citation."""
    digest = hashlib.sha256(addition.content.encode()).hexdigest()
    key = f"cif-{digest[:12]}"
    is_file = addition.file.suffix.lower() == ".cif"
    kind = f"CIF {addition.file.name}" if is_file else "as CIF"
    said = f"{addition.source.strip()} ({kind}, SHA-256 {digest})"
    citations = {key: said}
    stated = _DENSITY.search(addition.content)
    if stated:
        density, density_key = float(stated[1]), key
    else:
        mass = float(addition.structure.composition.weight)
        volume = float(addition.structure.volume)
        density = mass / volume * DALTONS_PER_CUBIC_ANGSTROM
        density_key = COMPUTED
        citations[COMPUTED] = "Computed from the cell and formula of the row"
    text = row.text(
        name=name, source=key, density=density, density_source=density_key,
        valence=addition.valence,
    )  # fmt: skip
    return with_row(before, text, citations)


def _refuse_faults(phases: PhaseTable, name: str, file: Path) -> None:
    problems = check_phase(phases[name])
    problems += [each for each in duplicates(phases) if each.phase == name]
    if problems:
        lines = "".join(f"\n  {problem}" for problem in problems)
        message = f"{file}: the row has faults and was not added:{lines}"
        if any(problem.kind == "charge" for problem in problems):
            message += "\n  --valence mixed, peroxide or metal says what to expect"
        raise MaterialError(message)


def _compare_formula(found: Formula, addition: Addition) -> None:
    """Compare the cell's content with the formula that the file states."""
    match = _FORMULA.search(addition.content)
    if match is None:
        return
    text = (match[1] or match[2]).replace(" ", "")
    try:
        stated = Formula.parse(text)
    except MaterialError:
        return  # `?`, or deuterium: nothing to compare with
    scale = {
        symbol: float(found.amount(symbol) / stated.amount(symbol))
        for symbol in found.elements & stated.elements
    }
    is_same = found.elements == stated.elements and max(scale.values()) <= (
        1 + _SAME_SHARE
    ) * min(scale.values())
    if not is_same:
        raise MaterialError(
            f"{addition.file}: its sites hold {found}, its formula says {stated};"
            " correct the file: sites may be missing (hydrogen?) or occupancies wrong"
        )
