"""Whether a structure is one of those known."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from campaigns.materials.formula import Formula
from campaigns.materials.phases import Phase, PhaseTable

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

    from loop.knowledge.databases import Entry


@dataclass(frozen=True, slots=True)
class Novelty:
    """What is known of a composition, and whether the structure is among it."""

    same_formula: tuple[str, ...]
    """Phases of the table with the composition."""
    same_structure: tuple[str, ...]
    """Those of them with the structure; with no structure given, empty."""
    asked: str = ""
    """Provider that was asked, empty if none."""
    entries: tuple[str, ...] = ()
    """Its entries of the composition."""
    entries_same: tuple[str, ...] = ()
    """Those of them with the structure."""

    @property
    def is_known(self) -> bool:
        """Return whether the structure, or without one the composition, is known."""
        return bool(self.same_structure or self.entries_same)


def novelty(
    formula: Formula,
    structure: "Structure | None",
    phases: PhaseTable,
    *,
    provider: str = "",
    entries: Iterable["Entry"] = (),
) -> Novelty:
    """Compare a composition, and its structure if known, with table and provider."""
    alike = phases.by_formula(formula)
    held = tuple(entries)
    names = tuple(phase.name for phase in alike)
    ids = tuple(entry.id for entry in held)
    if structure is None:
        return Novelty(names, (), provider, ids)
    same = tuple(phase.name for phase in alike if _is_same(structure, phase))
    same_entries = tuple(e.id for e in held if matches(structure, e.structure))
    return Novelty(names, same, provider, ids, same_entries)


def matching(structure: "Structure", phases: Iterable[Phase]) -> Phase | None:
    """Return the first phase with a structure, none if there is none."""
    return next((phase for phase in phases if _is_same(structure, phase)), None)


def _is_same(structure: "Structure", phase: Phase) -> bool:
    return phase.has_structure and matches(structure, phase.structure())


def matches(one: "Structure", other: "Structure") -> bool:
    """Return whether two cells are of one structure, sizes and settings aside.

    Source:
        pymatgen's StructureMatcher with its usual tolerances: 0.2 of the lengths, 0.3
        of the distance between atoms, 5 degrees.
    """
    from pymatgen.analysis.structure_matcher import StructureMatcher

    return bool(StructureMatcher().fit(one, other))
