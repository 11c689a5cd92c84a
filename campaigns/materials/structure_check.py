"""Faults in the phase table, found by physics rather than by eye.

Each row with a structure is built and asked: does the cell hold its formula, does the
charge balance, is the density the cited one, do atoms keep their distance, are bonds
as long and as strong as such bonds are, and does the symmetry come out as stated?
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from campaigns.errors import MaterialError
from campaigns.materials.phases import Phase, operations
from campaigns.materials.xraytables import DALTONS_PER_CUBIC_ANGSTROM

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

_DENSITY_SHARE = 0.02
_SAME_CELL_SHARE = 0.005
"""Cells of one phase by different authors agree better than this."""
_COLDEST_CELSIUS, _HOTTEST_CELSIUS = 0.0, 4000.0
"""No reagent of this trade melts below, no oxide or carbide above."""
_METRIC_SHARE = 1e-4
_SYMPREC_ANGSTROM = 0.01
_REACH_ANGSTROM = 3.4
"""Bonds to oxygen longer than this add less than 0.05 valence units, even for Ba."""
_BOND_VALENCE_B = 0.37
"""Å. Source: Brese & O'Keeffe, Acta Cryst. B47 (1991) 192."""
_VALENCE_SUM_SHARES = (0.70, 1.45)
"""Bond-valence sum over charge that is allowed; well refined oxides keep within 0.85
to 1.2, save large cations in perovskites."""


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


@dataclass(frozen=True)
class _Cation:
    charges: tuple[int, ...]
    """Usual oxidation states."""
    bond: tuple[float, float]
    """Allowed shortest distance to oxygen, Å."""
    r0: float
    """Bond-valence parameter with oxygen, Å."""


REMEDIES = {
    "temperature": "look the temperatures up again, in °C and in their gas",
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

_CATIONS = {
    "H": _Cation((1,), (0.85, 1.10), 0.95),
    "Li": _Cation((1,), (1.80, 2.20), 1.466),
    "Na": _Cation((1,), (2.20, 2.60), 1.803),
    "K": _Cation((1,), (2.55, 3.00), 2.132),
    "Mg": _Cation((2,), (1.88, 2.15), 1.693),
    "Al": _Cation((3,), (1.65, 1.95), 1.651),
    "Si": _Cation((4,), (1.57, 1.65), 1.624),
    "P": _Cation((5,), (1.45, 1.60), 1.617),
    "Ca": _Cation((2,), (2.20, 2.55), 1.967),
    "Ti": _Cation((3, 4), (1.68, 2.02), 1.815),
    "V": _Cation((3, 4, 5), (1.55, 2.05), 1.803),
    "Mn": _Cation((2, 3, 4), (1.80, 2.25), 1.765),
    "Fe": _Cation((2, 3), (1.82, 2.20), 1.745),
    "Co": _Cation((2, 3), (1.85, 2.18), 1.696),
    "Ni": _Cation((2, 3), (1.85, 2.12), 1.670),
    "Cu": _Cation((1, 2), (1.78, 2.02), 1.650),
    "Zn": _Cation((2,), (1.90, 2.15), 1.704),
    "Sr": _Cation((2,), (2.40, 2.80), 2.118),
    "Y": _Cation((3,), (2.12, 2.45), 2.014),
    "Zr": _Cation((4,), (1.98, 2.25), 1.937),
    "Mo": _Cation((4, 6), (1.65, 2.02), 1.907),
    "In": _Cation((3,), (2.05, 2.25), 1.902),
    "Te": _Cation((4, 6), (1.83, 2.02), 1.977),
    "Ba": _Cation((2,), (2.48, 2.90), 2.290),
    "La": _Cation((3,), (2.30, 2.65), 2.172),
    "Ce": _Cation((3, 4), (2.25, 2.50), 2.028),
    "Bi": _Cation((3,), (2.00, 2.35), 2.090),
    "C": _Cation((4,), (1.24, 1.33), 1.390),
    "N": _Cation((5,), (1.20, 1.28), 1.432),
}
"""Bond lengths: Shannon, Acta Cryst. A32 (1976) 751, sums of radii with margins for
distortion; C, N, Si, P, H: means of such groups. Bond-valence parameters: Brese &
O'Keeffe (1991), averaged over the listed charges."""

_CONTACTS = {
    frozenset("OH"): 0.85,
    frozenset("NH"): 0.95,
    frozenset("B"): 1.60,
    frozenset("O"): 1.45,
}
"""Shortest allowed distance, Å, by pair; O-O is that of a peroxide ion."""
_CONTACT_ANGSTROM = 1.10
"""Shortest allowed distance of any other pair, Å."""


def check(table: Mapping[str, Phase]) -> list[Problem]:
    """Return everything wrong with a phase table, in the order of its rows.

    Args:
        table: Phases by name; rows without a structure are checked for charge only.
    """
    found = [problem for phase in table.values() for problem in check_phase(phase)]
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
    found = [Problem(phase.name, "charge", text) for text in _charge(phase)]
    found += [Problem(phase.name, "temperature", text) for text in _thermal(phase)]
    found += [Problem(phase.name, "occupancy", text) for text in _occupancy(phase)]
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
        tests["valence sum"] = _valence_sums(phase, structure)
    for kind, texts in tests.items():
        found += [Problem(phase.name, kind, text) for text in dict.fromkeys(texts)]
    return found


def _charge(phase: Phase) -> Iterator[str]:
    """Yield a text where no usual charges balance the anions."""
    if phase.valence == "metal":
        return
    amounts = dict(phase.formula.composition)
    oxide = 1 if phase.valence == "peroxide" else 2
    anions = amounts.pop("O", 0) * oxide
    unknown = sorted(set(amounts) - set(_CATIONS))
    if unknown:
        yield f"no usual charge is known for {', '.join(unknown)}; add it here"
        return
    choices = [_CATIONS[symbol].charges for symbol in amounts]
    totals = [
        sum(n * charge for n, charge in zip(amounts.values(), picked, strict=True))
        for picked in product(*choices)
    ]
    if phase.valence == "mixed":
        # Copper is the one metal here that a mixed oxide takes above its usual charge.
        is_balanced = min(totals) <= anions <= max(totals) + amounts.get("Cu", 0)
    else:
        is_balanced = anions in totals
    if not is_balanced:
        sums = ", ".join(sorted({f"{float(total):g}" for total in totals}))
        yield f"anions need {float(anions):g}, cations give {sums} ({phase.valence})"


def _thermal(phase: Phase) -> Iterator[str]:
    melts, decomposes = phase.melting_celsius, phase.decomposition_celsius
    for word, celsius in (("melts", melts), ("decomposes", decomposes)):
        if celsius is not None and not _COLDEST_CELSIUS <= celsius <= _HOTTEST_CELSIUS:
            yield (
                f"{word} at {celsius:g} °C; allowed: {_COLDEST_CELSIUS:g} to"
                f" {_HOTTEST_CELSIUS:g} °C"
            )
    if (decomposes is None) != (not phase.decomposition_atmosphere):
        yield "a decomposition temperature and its atmosphere; allowed: both or none"
    is_melt_told = "melt" in phase.note
    if melts is None or decomposes is None:
        return
    if melts < decomposes and not is_melt_told:
        yield (
            f"melts at {melts:g} °C, below its decomposition at {decomposes:g} °C;"
            " allowed: with a `note` that it is the melt that decomposes"
        )


def _cell(phase: Phase, structure: "Structure") -> Iterator[str]:
    """Yield a text where the symmetry does not leave the cell as it is."""
    metric = structure.lattice.matrix @ structure.lattice.matrix.T
    rotations, _ = operations(phase.hall or 0)
    # A rotation of coordinates keeps lengths if it keeps the metric tensor.
    turned = np.swapaxes(rotations, 1, 2) @ metric @ rotations
    if np.abs(turned - metric).max() > _METRIC_SHARE * np.abs(metric).max():
        edges = " ".join(f"{value:g}" for value in phase.cell or ())
        yield f"Hall number {phase.hall} does not allow the cell {edges}"


def _occupancy(phase: Phase) -> Iterator[str]:
    filled: dict[tuple[float, float, float], float] = {}
    for site in phase.sites:
        filled[site.xyz] = filled.get(site.xyz, 0.0) + site.occupancy
    for xyz, total in filled.items():
        if total > 1 + 1e-6:
            yield f"{total:g} atoms share the site at {xyz}; allowed: at most 1"


def _formula(phase: Phase, structure: "Structure") -> Iterator[str]:
    amounts = structure.composition.get_el_amt_dict()
    wanted = {symbol: float(n) for symbol, n in phase.formula.composition}
    units = sum(amounts.values()) / sum(wanted.values())
    held = {symbol: amounts.get(symbol, 0.0) / units for symbol in wanted | amounts}
    if any(abs(held[symbol] - wanted.get(symbol, 0.0)) > 1e-3 for symbol in held):
        cell = " ".join(f"{symbol}{n:g}" for symbol, n in amounts.items())
        yield f"the cell holds {cell}, not a multiple of {phase.formula}"
    elif abs(units - round(units)) > 1e-3:
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
        least = min(_CONTACTS.get(frozenset(pair), _CONTACT_ANGSTROM) for pair in pairs)
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
        if symbols[index] != "O" and site.is_ordered:
            chosen = (first == index) & is_oxygen[second]
            yield symbols[index], np.sort(distances[chosen])


def _bonds(structure: "Structure") -> Iterator[str]:
    for symbol, distances in _oxygens(structure):
        cation = _CATIONS.get(symbol)
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
    for symbol, distances in _oxygens(structure):
        cation = _CATIONS.get(symbol)
        # Hydrogen bonds and peroxide ions do not follow the oxide parameters.
        if cation is None or symbol == "H" or phase.valence == "peroxide":
            continue
        total = float(np.exp((cation.r0 - distances) / _BOND_VALENCE_B).sum())
        least, most = low * min(cation.charges), high * max(cation.charges)
        if not least <= total <= most:
            yield (
                f"bond-valence sum of {symbol} is {total:.2f}; "
                f"allowed: {least:.2f} to {most:.2f}"
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
