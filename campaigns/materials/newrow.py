"""A row of the phase table from a crystal structure: symmetry, sites and text."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import gcd
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from campaigns.errors import MaterialError
from campaigns.materials.formula import Formula
from campaigns.materials.phases import operations

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

_SYMPREC_ANGSTROM = 0.01
_SAME_SITE_ANGSTROM = 0.05
_WHOLE = 1e-3
"""Amounts per cell this near to whole numbers are whole."""
_MOST_ATOMS = 12
"""Atoms of the rarest element in a formula unit that are tried."""
_DENOMINATORS = (1, 2, 3, 4, 6, 8, 12)
_EXACT = 1e-6
"""Coordinates this near to a simple fraction are fixed by symmetry."""


@dataclass(frozen=True, slots=True)
class NewRow:
    """What a structure says of a row; sites as `phases.toml` writes them."""

    formula: Formula
    hall: int
    symbol: str
    """Short international symbol and number, for a reader."""
    cell: tuple[float, ...]
    sites: tuple[tuple[Any, ...], ...]

    def text(
        self,
        *,
        name: str,
        source: str,
        density: float,
        density_source: str,
        valence: str = "plain",
    ) -> str:
        """Write the row as TOML.

        Args:
            name: Key of the row.
            source: Key of the citation of the structure.
            density: X-ray density, g/cm3.
            density_source: Key of the density's citation.
            valence: What charge balance may expect.
        """
        sites = "".join(
            f"  [{', '.join(_toml(value) for value in site)}],\n" for site in self.sites
        )
        cell = ", ".join(f"{value:.6f}" for value in self.cell)
        stated = "" if valence == "plain" else f"valence = {_toml(valence)}\n"
        return (
            f"[[phase]]\nname = {_toml(name)}\nformula = {_toml(str(self.formula))}\n"
            f"hall = {self.hall}  # {self.symbol}\ncell = [{cell}]\n"
            f"sites = [\n{sites}]\nxray_density = {density:.4f}\n{stated}"
            f"sources = {{ structure = {_toml(source)},"
            f" density = {_toml(density_source)} }}\n"
        )


def row_of(structure: "Structure") -> NewRow:
    """Find symmetry, standard cell and asymmetric unit of a structure.

    Args:
        structure: Full cell, in any setting; partial occupancies allowed; a site
            property `b_iso`, Å², is kept.

    Raises:
        MaterialError: If no symmetry is found.
    """
    import spglib
    from pymatgen.core.lattice import Lattice

    kinds: dict[Any, int] = {}
    numbers = [kinds.setdefault(site.species, len(kinds) + 1) for site in structure]
    matrix, positions = structure.lattice.matrix, structure.frac_coords
    cell = (matrix.tolist(), positions.tolist(), numbers)
    data = spglib.get_symmetry_dataset(cell, symprec=_SYMPREC_ANGSTROM)
    if data is None:
        raise MaterialError(
            f"spglib finds no symmetry at {_SYMPREC_ANGSTROM} Å; atoms may coincide:"
            " correct the file's coordinates or space group"
        )
    lattice = Lattice(data.std_lattice)
    # The standard cell's atoms, by the atom of the primitive cell that both share.
    origins = {p: i for i, p in reversed(list(enumerate(data.mapping_to_primitive)))}
    whence = [origins[p] for p in data.std_mapping_to_primitive]
    chosen = _one_of_each_orbit(
        np.asarray(data.std_positions),
        np.asarray(data.std_types),
        hall=data.hall_number,
        matrix=lattice.matrix,
    )
    sites: list[tuple[Any, ...]] = []
    counts: dict[str, int] = {}
    for index in chosen:
        original = structure[whence[index]]
        xyz = tuple(_coordinate(x) for x in data.std_positions[index])
        b_iso = original.properties.get("b_iso")
        for symbol, share in _amounts(original.species).items():
            counts[symbol] = counts.get(symbol, 0) + 1
            label = f"{symbol}{counts[symbol]}"
            b_value = "" if b_iso is None else round(float(b_iso), 4)
            filled = () if abs(share - 1) < _EXACT else (round(share, 6),)
            sites.append((label, symbol, *xyz, b_value, *filled))
    constants = tuple(float(value) for value in (*lattice.abc, *lattice.angles))
    symbol = f"{data.international}, no. {data.number}"
    formula = formula_of(structure)
    return NewRow(formula, data.hall_number, symbol, constants, tuple(sites))


def formula_of(structure: "Structure") -> Formula:
    """Return one formula unit: the smallest in whole numbers, if at most one is not.

    Where two or more amounts of the cell are not whole, as in a spinel of Li4Ti5O12,
    the unit is a share of the least amount that makes all of them whole.
    """
    cell = _amounts(structure.composition)
    whole = [round(n) for n in cell.values() if _is_whole(n)]
    unit = float(gcd(*whole)) if whole else 1.0
    if len(cell) - len(whole) > 1:
        least = min(cell.values())
        shares = (least / n for n in range(1, _MOST_ATOMS + 1))
        fitting = (u for u in shares if all(_is_whole(n / u) for n in cell.values()))
        unit = next(fitting, unit)
    amounts = {symbol: n / unit for symbol, n in cell.items()}
    return Formula.of(
        {
            symbol: Fraction(round(n)) if _is_whole(n) else Fraction(str(round(n, 4)))
            for symbol, n in amounts.items()
        }
    )


def _is_whole(amount: float) -> bool:
    return abs(amount - round(amount)) < _WHOLE


def _amounts(composition: Any) -> dict[str, float]:  # noqa: ANN401
    """Return symbol to amount, the least electronegative first, without charges."""
    plain = composition.element_composition
    ordered = sorted(plain.elements, key=lambda e: e.X if e.X == e.X else 9.0)
    return {element.symbol: float(plain[element]) for element in ordered}


def _one_of_each_orbit(
    positions: NDArray[np.float64],
    types: NDArray[np.int64],
    *,
    hall: int,
    matrix: NDArray[np.float64],
) -> list[int]:
    """Return one atom of each set that the symmetry turns into each other."""
    rotations, translations = operations(hall)
    left = list(range(len(positions)))
    chosen = []
    while left:
        first = left[0]
        chosen.append(first)
        images = rotations @ positions[first] + translations
        gaps = positions[left][:, None] - images[None]
        gaps -= np.round(gaps)
        nearest = np.linalg.norm(gaps @ matrix, axis=2).min(axis=1)
        left = [
            index
            for index, distance in zip(left, nearest, strict=True)
            if distance > _SAME_SITE_ANGSTROM or types[index] != types[first]
        ]
    return chosen


def _coordinate(value: float) -> str | float:
    """Return a coordinate as an exact fraction where symmetry fixes it."""
    for denominator in _DENOMINATORS:
        near = round(value * denominator)
        if abs(value - near / denominator) < _EXACT:
            return str(Fraction(near, denominator))
    return round(float(value), 6)


def _toml(value: object) -> str:
    """Write a text or number; JSON's texts are TOML's basic strings."""
    return json.dumps(value, ensure_ascii=False)


def with_row(text: str, row: str, citations: Mapping[str, str]) -> str:
    """Return the text of a phase table with a row at its end.

    Args:
        text: The table as it stands.
        row: The row as TOML.
        citations: Keys that the row needs, with their citations; those that the
            table holds already are left as they are.

    Raises:
        MaterialError: If the citations cannot be added.
    """
    import tomllib

    document = tomllib.loads(text)
    held = document.get("citations", {})
    lines = "".join(
        f"{_toml(key)} = {_toml(said)}\n"
        for key, said in citations.items()
        if key not in held
    )
    head = "[citations]\n"
    start = 0 if text.startswith(head) else text.find(f"\n{head}") + 1
    if start or text.startswith(head):
        end = start + len(head)
        text = text[:end] + lines + text[end:]
    elif "citations" in document:
        raise MaterialError(
            "the table's citations do not begin with a line `[citations]`; write them"
            " so, for the new one to be put there"
        )
    else:
        at = text.find("[[phase]]")
        at = len(text) if at < 0 else at
        text = f"{text[:at]}{head}{lines}\n{text[at:]}"
    return f"{text.rstrip()}\n\n{row}"
