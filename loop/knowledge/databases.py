"""What is asked of databases of structures, and what they give."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure


@dataclass(frozen=True, slots=True)
class Entry:
    """One structure of a database."""

    id: str
    """As the database names it."""
    structure: "Structure"
    source: str
    """Citation: database, entry, address and what it says of itself."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of a database: one entry, or all of a composition."""

    id: str = ""
    formula: str = ""
