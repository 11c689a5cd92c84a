"""Faults in the phase table, found by physics rather than by eye.

Each row with a structure is built and asked: does the cell hold its formula, does the
charge balance, is the density the cited one, do atoms keep their distance, are bonds
as long and as strong as such bonds are, and does the symmetry come out as stated?
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, product
from typing import TYPE_CHECKING, Any

import numpy as np

from campaigns.errors import MaterialError
from campaigns.materials.bonds import CATIONS, CONTACT_ANGSTROM, CONTACTS
from campaigns.materials.factcheck import (
    charge,
    heat,
    occupancy,
    transitions,
    usual_charges,
)
from campaigns.materials.phases import Phase, operations
from campaigns.materials.xraytables import DALTONS_PER_CUBIC_ANGSTROM

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

_DENSITY_SHARE = 0.02
_SAME_CELL_SHARE = 0.005
"""Cells of one phase by different authors agree better than this."""
_METRIC_SHARE = 1e-4
_SYMPREC_ANGSTROM = 0.01
_REACH_ANGSTROM = 3.4
"""Bonds to oxygen longer than this add less than 0.05 valence units, even for Ba."""
_AMMONIUM_ANGSTROM = 1.2
"""Nitrogen with a hydrogen this near is ammonium; N-H is 1.03 Å by neutrons."""
_BOND_VALENCE_B = 0.37
"""Å. Source: Brese & O'Keeffe, Acta Cryst. B47 (1991) 192."""
_VALENCE_SUM_SHARES = (0.70, 1.45)
"""Bond-valence sum over charge that is allowed; well refined oxides keep within 0.85
to 1.2, save large cations in perovskites."""
_OXYGEN_SUM_SHARES = (0.62, 1.35)
"""The same for oxygen; 0.66 is found in La2O3 and 1.29 in MoO2, the rest lies within
0.8 to 1.2."""


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a row."""

    phase: str
    """Name of the row."""
    kind: str
    """A key of `REMEDIES`."""
    message: str
    """What was found, and what is allowed."""

    def __str__(self) -> str:
        """Write the problem on one line, with what to do about it."""
        remedy = REMEDIES[self.kind]
        return f"{self.phase}: {self.kind}: {self.message}; {remedy}"


REMEDIES = {
    "heat": "look the temperatures up again, in °C and in their gas",
    "transition": "name a row of the same formula, or leave the other form out",
    "charge": "correct the formula, or state `valence`",
    "structure": "correct hall, cell or sites",
    "cell": "take the Hall number of the cited setting, or correct the cell",
    "formula": "correct formula, occupancies, or the Hall number's origin",
    "occupancy": "correct the occupancies of the elements that share the site",
    "density": "cite a density by X-rays, and compare cell and formula with the source",
    "contact": "correct the coordinates, or the Hall number's origin and setting",
    "bond": "correct coordinates, element or Hall number",
    "valence sum": "correct coordinates, element or Hall number",
    "symmetry": "take the Hall number of the space group found, or correct the sites",
    "duplicate": "keep one of the rows",
}
"""Kind of problem to what to do about it."""


def check(table: Mapping[str, Phase]) -> list[Problem]:
    """Return everything wrong with a phase table, in the order of its rows.

    Args:
        table: Phases by name; rows without a structure are checked for charge, heat
            and polymorphs only.
    """
    found = [problem for phase in table.values() for problem in check_phase(phase)]
    found += [Problem(name, "transition", text) for name, text in transitions(table)]
    return found + duplicates(table)


def duplicates(table: Mapping[str, Phase]) -> list[Problem]:
    """Return a problem for each row that describes the structure of one above it."""
    seen: dict[tuple[object, ...], list[Phase]] = {}
    found = []
    for phase in table.values():
        if phase.cell is None:
            continue
        alike = seen.setdefault((phase.hall, phase.formula.reduced.composition), [])
        for other in alike:
            if np.allclose(phase.cell, other.cell or 0.0, rtol=_SAME_CELL_SHARE):
                text = f"the structure of {other.name} under another name"
                found.append(Problem(phase.name, "duplicate", text))
        alike.append(phase)
    return found


def check_phase(phase: Phase) -> list[Problem]:
    """Return everything wrong with one row."""
    found = [Problem(phase.name, "charge", text) for text in charge(phase)]
    found += [Problem(phase.name, "heat", text) for text in heat(phase)]
    found += [Problem(phase.name, "occupancy", text) for text in occupancy(phase)]
    if not phase.has_structure:
        return found
    try:
        structure = phase.structure()
    except (MaterialError, ValueError) as error:
        return [*found, Problem(phase.name, "structure", str(error))]
    tests = {
        "cell": _cell(phase, structure),
        "formula": _formula(phase, structure),
        "density": _density(phase, structure),
        "contact": _contacts(structure),
        "symmetry": _symmetry(phase, structure),
    }
    # A model is no better than its author's wishes: bonds prove nothing about it.
    if phase.valence != "metal" and phase.positions == "refined":
        tests["bond"] = _bonds(structure)
        tests["valence sum"] = chain(
            _valence_sums(phase, structure), _oxygen_sums(phase, structure)
        )
    for kind, texts in tests.items():
        found += [Problem(phase.name, kind, text) for text in dict.fromkeys(texts)]
    return found


def _cell(phase: Phase, structure: "Structure") -> Iterator[str]:
    """Yield a text where the symmetry does not leave the cell as it is."""
    metric = structure.lattice.matrix @ structure.lattice.matrix.T
    rotations, _ = operations(phase.hall or 0)
    # A rotation of coordinates keeps lengths if it keeps the metric tensor.
    turned = np.swapaxes(rotations, 1, 2) @ metric @ rotations
    if np.abs(turned - metric).max() > _METRIC_SHARE * np.abs(metric).max():
        edges = " ".join(f"{value:g}" for value in phase.cell or ())
        yield f"Hall number {phase.hall} does not allow the cell {edges}"


def _formula(phase: Phase, structure: "Structure") -> Iterator[str]:
    amounts = structure.composition.get_el_amt_dict()
    wanted = {symbol: float(n) for symbol, n in phase.formula.composition}
    units = sum(amounts.values()) / sum(wanted.values())
    held = {symbol: amounts.get(symbol, 0.0) / units for symbol in wanted | amounts}
    if any(abs(held[symbol] - wanted.get(symbol, 0.0)) > 1e-3 for symbol in held):
        cell = " ".join(f"{symbol}{n:g}" for symbol, n in amounts.items())
        yield f"the cell holds {cell}, not a multiple of {phase.formula}"
    elif structure.is_ordered and abs(units - round(units)) > 1e-3:
        yield f"the cell holds {units:.3f} formula units; allowed: a whole number"


def _density(phase: Phase, structure: "Structure") -> Iterator[str]:
    if phase.xray_density is None:
        yield "no X-ray density is cited to compare the cell with"
        return
    units = structure.composition.num_atoms / float(
        sum(n for _, n in phase.formula.composition)
    )
    mass = units * phase.formula.molar_mass
    density = mass / structure.volume * DALTONS_PER_CUBIC_ANGSTROM
    if abs(density / phase.xray_density - 1) > _DENSITY_SHARE:
        yield (
            f"the cell gives {density:.3f} g/cm³, cited {phase.xray_density:.3f}; "
            f"allowed: within {_DENSITY_SHARE:.0%}"
        )


def _contacts(structure: "Structure") -> Iterator[str]:
    first, second, _, distances = structure.get_neighbor_list(1.7)
    for i, j, distance in zip(first, second, distances, strict=True):
        ours, theirs = structure[i].species, structure[j].species
        # Alternatives of one disordered position may lie close together.
        if i > j or ours.num_atoms + theirs.num_atoms <= 1 + 1e-6:
            continue
        pairs = product(ours.get_el_amt_dict(), theirs.get_el_amt_dict())
        least = min(CONTACTS.get(frozenset(pair), CONTACT_ANGSTROM) for pair in pairs)
        if distance < least - 1e-6:
            yield (
                f"{ours.formula}-{theirs.formula} {distance:.3f} Å apart; "
                f"allowed: {least:.2f} Å or more"
            )


def _oxygens(structure: "Structure") -> Iterator[tuple[str, np.ndarray]]:
    """Yield each ordered cation with its distances to oxygen, rising, Å."""
    first, second, _, distances = structure.get_neighbor_list(_REACH_ANGSTROM)
    symbols = [site.species.elements[0].symbol for site in structure]
    is_oxygen = np.array([symbol == "O" for symbol in symbols])
    for index, site in enumerate(structure):
        ours = first == index
        near = {symbols[i] for i in second[ours & (distances < _AMMONIUM_ANGSTROM)]}
        # Neither atom of ammonium has a bond to oxygen.
        is_ammonium = {symbols[index], *near} == {"N", "H"}
        if symbols[index] != "O" and site.is_ordered and not is_ammonium:
            yield symbols[index], np.sort(distances[ours & is_oxygen[second]])


def _bonds(structure: "Structure") -> Iterator[str]:
    for symbol, distances in _oxygens(structure):
        cation = CATIONS.get(symbol)
        if cation is None:
            continue
        low, high = cation.bond
        shortest = distances[0] if len(distances) else np.inf
        if not low <= shortest <= high:
            yield (
                f"shortest {symbol}-O is {shortest:.3f} Å; "
                f"allowed: {low:.2f} to {high:.2f} Å"
            )


def _valence_sums(phase: Phase, structure: "Structure") -> Iterator[str]:
    low, high = _VALENCE_SUM_SHARES
    charges = usual_charges(phase)
    for symbol, distances in _oxygens(structure):
        # Hydrogen bonds and peroxide ions do not follow the oxide parameters.
        if symbol not in charges or symbol == "H" or phase.valence == "peroxide":
            continue
        r0 = CATIONS[symbol].r0
        total = float(np.exp((r0 - distances) / _BOND_VALENCE_B).sum())
        least, most = low * min(charges[symbol]), high * max(charges[symbol])
        if not least <= total <= most:
            yield (
                f"bond-valence sum of {symbol} is {total:.2f}; "
                f"allowed: {least:.2f} to {most:.2f}"
            )


def _oxygen_sums(phase: Phase, structure: "Structure") -> Iterator[str]:
    """Yield a text for each oxygen that has too many bonds, or too few.

    Sites in part empty are not asked, nor oxygens that hydrogen may bond to.
    """
    if phase.valence == "peroxide" or "H" in phase.elements:
        return
    low, high = _OXYGEN_SUM_SHARES
    shares = [site.species.get_el_amt_dict() for site in structure]
    sums = np.zeros(len(structure))
    first, second, _, distances = structure.get_neighbor_list(_REACH_ANGSTROM)
    for i, j, distance in zip(first, second, distances, strict=True):
        for symbol, share in shares[i].items():
            if symbol in CATIONS:
                exponent = (CATIONS[symbol].r0 - distance) / _BOND_VALENCE_B
                sums[j] += share * np.exp(exponent)
    for share, total in zip(shares, sums, strict=True):
        if share == {"O": 1.0} and not 2 * low <= total <= 2 * high:
            yield (
                f"bond-valence sum of O is {total:.2f}; "
                f"allowed: {2 * low:.2f} to {2 * high:.2f}"
            )


def _symmetry(phase: Phase, structure: "Structure") -> Iterator[str]:
    import spglib

    kinds: dict[Any, int] = {}
    numbers = [kinds.setdefault(site.species, len(kinds) + 1) for site in structure]
    matrix, positions = structure.lattice.matrix, structure.frac_coords
    cell = (matrix.tolist(), positions.tolist(), numbers)
    dataset = spglib.get_symmetry_dataset(cell, symprec=_SYMPREC_ANGSTROM)
    stated = spglib.get_spacegroup_type(phase.hall or 0)
    if dataset is None or stated is None:
        yield f"spglib finds no symmetry at {_SYMPREC_ANGSTROM} Å"
    elif dataset.number != stated.number:
        yield (
            f"spglib finds {dataset.international} (no. {dataset.number}), stated "
            f"{stated.international_short} (no. {stated.number})"
        )
