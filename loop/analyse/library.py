"""Candidate structures before the wavelength is known, and references drawn of them."""

import hashlib
import re
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from campaigns.errors import MaterialError
from campaigns.materials.phases import Phase
from loop.analyse.ciffile import structure_of
from loop.analyse.referencecache import ReferenceCache, Refusal, key_of
from loop.analyse.references import (
    COMPUTED_CELL_LIMIT,
    Reference,
    from_structure,
)
from loop.errors import AnalysisError

ALWAYS = frozenset({"C", "H", "O"})
"""Elements that any powder may take from air: allowed whatever else is."""
_COMPUTED = re.compile(
    r"(?<![A-Za-z])(mp-\d+|mvc-\d+|JVASP-\d+|OQMD|AFLOW|VASP|PBE(sol)?|SCAN|GGA|DFT)"
    r"(?![A-Za-z])"
)
"""Databases and methods of computed structures, in a file's name or content."""
_MEASURED = re.compile(r"^_(diffrn|cell_measurement|refine|refln|pd)_", re.MULTILINE)
"""Items of the CIF dictionaries that only a measurement fills."""
_NAMED = 5
"""So many files are named in one sentence."""
_WAVELENGTH_DIGITS = 5


@dataclass(frozen=True, slots=True)
class Entry:
    """One structure that may be in a powder."""

    name: str
    digest: str
    """sha256 of all that the structure is made from."""
    structure: Callable[[], Any]
    """Returns the pymatgen structure; may fail in any way."""
    is_computed: bool = False
    """Its cell is that of a calculation, and may be a few percent off."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """References for one wavelength."""

    references: tuple[Reference, ...]
    notes: tuple[str, ...]
    """What was left out, in words."""


@dataclass(frozen=True, slots=True)
class Library:
    """Structures to look for, drawn as references when a wavelength is known."""

    entries: tuple[Entry, ...]
    elements: frozenset[str] | None = None
    """Only structures made of these, C, H and O; none for all structures."""
    cache: ReferenceCache | None = None
    grains: Mapping[str, float] = field(default_factory=dict)
    """Measured grain diameters by name, micrometres."""
    _drawn: dict[float, Drawn] = field(default_factory=dict, compare=False)

    def at(self, wavelength: float) -> Drawn:
        """Return the references for a wavelength; drawn once.

        Structures that cannot be read are left out and named in the notes: in a folder
        collected from databases some always are.

        Args:
            wavelength: K-alpha1, angstrom; rounded to 5 decimals, a thousandth of what
                a spectrometer separates.

        Raises:
            MaterialError: If no structure is left.
        """
        wavelength = round(wavelength, _WAVELENGTH_DIGITS)
        if wavelength not in self._drawn:
            self._drawn[wavelength] = self._draw(wavelength)
        return self._drawn[wavelength]

    def _draw(self, wavelength: float) -> Drawn:
        references: list[Reference] = []
        refused: list[str] = []
        for entry in self.entries:
            found = self._reference(entry, wavelength)
            if isinstance(found, Refusal):
                refused.append(f"{entry.name} ({found.reason})")
            elif self.elements is None or found.elements <= self.elements | ALWAYS:
                if entry.is_computed:
                    found = replace(found, cell_limit=COMPUTED_CELL_LIMIT)
                if entry.name in self.grains:
                    found = replace(found, grain_micrometres=self.grains[entry.name])
                references.append(found)
        if not references:
            raise MaterialError(self._nothing(refused))
        return Drawn(tuple(references), _notes(refused, len(self.entries)))

    def _reference(self, entry: Entry, wavelength: float) -> Reference | Refusal:
        key = key_of(entry.digest, wavelength)
        found = self.cache.fetch(key, entry.name) if self.cache else None
        if found is None:
            found = _made(entry, wavelength)
            if self.cache:
                self.cache.keep(key, found)
        return found

    def _nothing(self, refused: list[str]) -> str:
        if len(refused) == len(self.entries):
            return f"none of {len(refused)} structures can be read: {_some(refused)}"
        made = ", ".join(sorted((self.elements or frozenset()) | ALWAYS))
        return (
            f"none of {len(self.entries)} reference structures is made of {made} "
            "alone; name all elements of the powder or give other references"
        )


def of_folder(folder: Path, *, is_computed: bool = False) -> tuple[Entry, ...]:
    """Return the CIF files of a folder, named by file stem.

    Args:
        folder: Holds the files itself; folders in it are not looked into.
        is_computed: All structures are computed. Those of which file name or content
            says so (`mp-1234`, VASP) are taken for computed in any case.

    Raises:
        MaterialError: If the folder holds no CIF file, or two of one name.
    """
    files = sorted(p for p in folder.iterdir() if p.suffix.lower() == ".cif")
    if not files:
        raise MaterialError(f"{folder}: found no .cif file; give a folder of CIF files")
    stems = [path.stem for path in files]
    twice = sorted({stem for stem in stems if stems.count(stem) > 1})
    if twice:
        raise MaterialError(
            f"{folder}: found two files named {', '.join(twice)}; rename one of each"
        )
    return tuple(_of_cif(path, is_computed=is_computed) for path in files)


def of_phases(phases: Iterable[Phase]) -> tuple[Entry, ...]:
    """Return the phase-table rows that have a structure."""
    return tuple(
        Entry(phase.name, phase.row_sha256, phase.structure)
        for phase in phases
        if phase.has_structure
    )


def _of_cif(path: Path, *, is_computed: bool) -> Entry:
    content = path.read_bytes()
    text = content.decode(errors="replace")

    marks = _COMPUTED.search(f"{path.stem}\n{text}")
    return Entry(
        path.stem,
        hashlib.sha256(content).hexdigest(),
        partial(structure_of, text),
        is_computed or bool(marks and not _MEASURED.search(text)),
    )


def _made(entry: Entry, wavelength: float) -> Reference | Refusal:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pymatgen warns of rounded coordinates
            structure = entry.structure()
        return from_structure(entry.name, structure, wavelength=wavelength)
    except AnalysisError as error:
        return Refusal(_line(str(error).removeprefix(f"{entry.name}: ")))
    except Exception as error:  # a CIF parser fails by whatever its code stumbles over
        return Refusal(_line(f"{error}" or type(error).__name__))


def _line(text: str) -> str:
    return " ".join(text.split())[:120]


def _notes(refused: list[str], total: int) -> tuple[str, ...]:
    if not refused:
        return ()
    return (
        f"{len(refused)} of {total} reference structures cannot be read and were left "
        f"out: {_some(refused)}",
    )


def _some(items: list[str]) -> str:
    more = len(items) - _NAMED
    return ", ".join(items[:_NAMED]) + (f" and {more} more" if more > 0 else "")
