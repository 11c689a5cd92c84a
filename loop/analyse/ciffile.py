"""Crystal structures in CIF files, with the displacement parameters they state."""

import math
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

OCCUPANCY_TOLERANCE = 1.05
"""Occupancies of a site that add up to so much are rounded thirds and the like, and are
scaled to 1; more is an error of the file."""
LARGEST_B = 20.0
"""Larger isotropic B, in square angstrom, is a refinement gone astray."""
_U_TO_B = 8.0 * math.pi**2
"""B = 8 pi^2 U. Source: International Tables for Crystallography D, section 1.9.1."""


def structure_of(text: str) -> "Structure":
    """Return the first structure in a CIF, its sites' B as `b_iso` where stated.

    Args:
        text: The file's content.

    Raises:
        Exception: Of any class: a CIF parser fails by whatever it stumbles over.
    """
    from pymatgen.io.cif import CifFile, CifParser

    parser = CifParser.from_str(text, occupancy_tolerance=OCCUPANCY_TOLERANCE)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            structure = parser.parse_structures(primitive=False)[0]
        except ValueError as error:  # the reason stands in the warnings alone
            reasons = dict.fromkeys(str(one.message) for one in said)
            raise ValueError("; ".join((*reasons, str(error)))) from error
    stated: dict[str, float] = {}
    for block in CifFile.from_str(text).data.values():
        stated = {**_b_by_label(block.data), **stated}
    values = [stated.get(site.label) for site in structure]
    if any(value is not None for value in values):
        structure.add_site_property("b_iso", values)
    return structure


def _b_by_label(block: Mapping[str, Any]) -> dict[str, float]:
    """Return label of an atom site to B, square angstrom, where a block states it."""
    labels = block.get("_atom_site_label", ())
    found: dict[str, float] = {}
    for item, factor in (("U", _U_TO_B), ("B", 1.0)):
        column = block.get(f"_atom_site_{item}_iso_or_equiv", ())
        if len(column) != len(labels) or isinstance(column, str):
            continue
        for label, value in zip(labels, column, strict=True):
            b = factor * _number(value)
            if 0.0 < b <= LARGEST_B:
                found[label] = b
    return found


def _number(text: str) -> float:
    """Return a CIF number without its standard uncertainty; NaN if it is none."""
    try:
        return float(text.partition("(")[0])
    except ValueError:
        return math.nan
