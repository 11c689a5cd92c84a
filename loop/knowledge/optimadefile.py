"""The phase table as a file that an OPTIMADE server can serve.

Source:
    OPTIMADE specification 1.2, "Structures entry type": Andersen et al., Sci. Data 8
    (2021) 217. The form is that of optimade-python-tools: JSON lines, the first of
    which says what the file is.
"""

import json
from collections.abc import Iterable, Iterator
from functools import reduce
from math import gcd
from typing import TYPE_CHECKING, Any

from campaigns.materials.phases import Phase

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

API_VERSION = "1.2.0"
MODIFIED = "2026-01-01T00:00:00Z"
"""The table keeps no date a row; the format wants one."""
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def lines_of(phases: Iterable[Phase]) -> Iterator[str]:
    """Yield the lines of the file; phases without a structure are left out."""
    yield json.dumps({"x-optimade": {"meta": {"api_version": API_VERSION}}})
    for phase in phases:
        if phase.has_structure:
            yield json.dumps(entry_of(phase), ensure_ascii=False)


def entry_of(phase: Phase) -> dict[str, Any]:
    """Return a phase as an OPTIMADE structures resource, named by its row's key.

    Raises:
        MaterialError: If it has no structure.
    """
    structure = phase.structure()
    said = dict(phase.sources)
    return {
        "id": phase.name,
        "type": "structures",
        "attributes": {
            **_attributes(structure),
            "immutable_id": phase.row_sha256,
            "last_modified": MODIFIED,
            "_athanor_source": said.get("structure", ""),
        },
    }


def _attributes(structure: "Structure") -> dict[str, Any]:
    amounts = structure.composition.get_el_amt_dict()
    elements = sorted(amounts)
    total = sum(amounts.values())
    species = {site.species_string: site.species for site in structure}
    is_ordered = structure.is_ordered
    return {
        "elements": elements,
        "nelements": len(elements),
        "elements_ratios": [amounts[e] / total for e in elements],
        "chemical_formula_descriptive": structure.composition.formula.replace(" ", ""),
        "chemical_formula_reduced": _reduced(amounts),
        "chemical_formula_anonymous": _anonymous(amounts),
        "dimension_types": [1, 1, 1],
        "nperiodic_dimensions": 3,
        "lattice_vectors": structure.lattice.matrix.tolist(),
        "cartesian_site_positions": structure.cart_coords.tolist(),
        "nsites": len(structure),
        "species_at_sites": [site.species_string for site in structure],
        "species": [_species(name, held) for name, held in species.items()],
        "structure_features": [] if is_ordered else ["disorder"],
    }


def _species(name: str, held: Any) -> dict[str, Any]:  # noqa: ANN401 - pymatgen's
    """Return what stands on a kind of site; what it is not full of is a vacancy."""
    symbols = [element.symbol for element in held]
    shares = [float(held[element]) for element in held]
    if (empty := 1.0 - sum(shares)) > 1e-6:
        symbols.append("vacancy")
        shares.append(empty)
    return {"name": name, "chemical_symbols": symbols, "concentration": shares}


def _whole(amounts: dict[str, float]) -> dict[str, int]:
    """Return amounts in whole numbers; OPTIMADE has no others."""
    scale = 1 if all(abs(n - round(n)) < 1e-6 for n in amounts.values()) else 100
    counts = {e: max(round(scale * n), 1) for e, n in amounts.items()}
    divisor = reduce(gcd, counts.values())
    return {e: n // divisor for e, n in counts.items()}


def _reduced(amounts: dict[str, float]) -> str:
    counts = _whole(amounts)
    return "".join(f"{e}{_number(counts[e])}" for e in sorted(counts))


def _anonymous(amounts: dict[str, float]) -> str:
    counts = sorted(_whole(amounts).values(), reverse=True)
    return "".join(f"{_LETTERS[i]}{_number(n)}" for i, n in enumerate(counts))


def _number(n: int) -> str:
    return "" if n == 1 else str(n)
