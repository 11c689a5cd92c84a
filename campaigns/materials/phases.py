"""The table of known phases, `phases.toml`: structures and facts with their sources.

A row without a cell is a reagent known only by its composition (hydrates, amorphous
carbonates). Nothing here imports pymatgen until a structure is built.
"""

import hashlib
import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from campaigns.errors import MaterialError
from campaigns.materials.formula import Formula
from campaigns.materials.heat import Change, first
from campaigns.materials.phaserow import parse_row

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

_TABLE = Path(__file__).with_name("phases.toml")
_SAME_SITE_ANGSTROM = 0.05
"""Images of a site closer than this are one atom: cited coordinates are rounded."""


@dataclass(frozen=True)
class Site:
    """One site of the asymmetric unit."""

    label: str
    """Label in the cited structure, such as `O1`."""
    element: str
    """Element symbol."""
    xyz: tuple[float, float, float]
    """Fractional coordinates in the setting of the Hall number."""
    occupancy: float
    """Share of the site that the element fills, above 0 to 1."""
    b_iso_angstrom2: float | None
    """Isotropic displacement parameter B, Å²; none where the source gives none."""

    def __str__(self) -> str:
        """Write the site on one line."""
        x, y, z = self.xyz
        share = "" if self.occupancy == 1 else f", occupancy {self.occupancy:g}"
        b = "" if self.b_iso_angstrom2 is None else f", B {self.b_iso_angstrom2:g} Å²"
        return f"{self.label} ({self.element}) {x:.5g} {y:.5g} {z:.5g}{b}{share}"


@dataclass(frozen=True)
class Phase:
    """One phase: what it is made of, how it is built and how to handle it."""

    name: str
    """Key of the row; a formula, with a suffix for all but the usual polymorph."""
    formula: Formula
    """Composition of one formula unit."""
    hall: int | None
    """spglib Hall number (1 to 530), which fixes setting and origin."""
    cell: tuple[float, float, float, float, float, float] | None
    """a, b, c in Å and α, β, γ in degrees, at room temperature."""
    sites: tuple[Site, ...]
    """Asymmetric unit; empty where no structure is known."""
    positions: str
    """`refined` by diffraction, or `model`: lines stand right, intensities may not."""
    xray_density: float | None
    """Cited X-ray density, g/cm³; the checker compares the cell with it."""
    valence: str
    """What charge balance expects: `plain`, `mixed`, `peroxide` or `metal`."""
    heat: tuple[Change, ...]
    """What happens on heating, rising in temperature."""
    hazards: tuple[str, ...]
    """GHS hazard classes in words."""
    crucibles: tuple[str, ...]
    """Crucible materials that it does not attack at its usual temperatures."""
    atmospheres: tuple[str, ...]
    """Furnace gases in which it is fired without harm below its changes by heat."""
    spoiled_by: tuple[str, ...]
    """Gases that it takes up at room temperature: store and weigh it without them."""
    assay: float | None
    """As sold: mass share that is this formula; none where not typical of anything."""
    loss_on_ignition: float | None
    """As sold: mass share lost on drying (adsorbed water, not hydrate water)."""
    habit: tuple[int, int, int] | None
    """Plane normal (hkl) along which plates or needles align in a packed powder."""
    note: str
    """Anything a user of the row has to know."""
    sources: tuple[tuple[str, str], ...]
    """(group of fields, citation) for every number of the row."""

    @cached_property
    def row_sha256(self) -> str:
        """Digest of every value of the row."""
        values = {key: repr(getattr(self, key)) for key in self.__dataclass_fields__}
        text = json.dumps(values, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def elements(self) -> frozenset[str]:
        """Symbols of the elements in the formula."""
        return frozenset(symbol for symbol, _ in self.formula.composition)

    @property
    def melting_celsius(self) -> float | None:
        """Lowest melting point in any gas, congruent or not, °C."""
        return first(self.heat, "melts")

    @property
    def has_structure(self) -> bool:
        """Whether the row holds a cell."""
        return self.hall is not None

    def structure(self) -> "Structure":
        """Return the full cell, with site property `b_iso` (Å² or none).

        Raises:
            MaterialError: If the row has no structure.
        """
        return _structure(self).copy()

    def __hash__(self) -> int:
        """Hash by name; equality still compares every field."""
        return hash(self.name)


class PhaseTable(Mapping[str, Phase]):
    """Phases by name, in the order of the file."""

    def __init__(self, phases: Iterable[Phase]) -> None:
        """Index the phases.

        Raises:
            MaterialError: If two rows have the same name.
        """
        self._phases: dict[str, Phase] = {}
        for phase in phases:
            if phase.name in self._phases:
                message = (
                    f"phase {phase.name!r} stands in the table twice; take one row out,"
                    " or name polymorphs apart, such as TiO2-rutile"
                )
                raise MaterialError(message)
            self._phases[phase.name] = phase

    @classmethod
    def load(cls, path: Path | None = None) -> "PhaseTable":
        """Read a phase table.

        Args:
            path: A TOML file in the format of `phases.toml`; that file by default.

        Raises:
            MaterialError: If a row is malformed; names the row, the field and what is
                allowed there.
        """
        return _load(path or _TABLE)

    def __getitem__(self, name: str) -> Phase:
        """Return the phase of that name.

        Raises:
            MaterialError: If there is none; suggests names alike.
        """
        try:
            return self._phases[name]
        except KeyError:
            raise MaterialError(self._unknown(name)) from None

    def __contains__(self, name: object) -> bool:
        """Say whether a phase of that name is known."""
        return name in self._phases

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names."""
        return iter(self._phases)

    def __len__(self) -> int:
        """Return the number of phases."""
        return len(self._phases)

    def by_formula(self, formula: Formula | str) -> tuple[Phase, ...]:
        """Return all phases of one composition, the usual polymorph first."""
        wanted = Formula.parse(formula) if isinstance(formula, str) else formula
        return self._by_composition.get(_reduced(wanted), ())

    @cached_property
    def _by_composition(
        self,
    ) -> dict[tuple[tuple[str, object], ...], tuple[Phase, ...]]:
        found: dict[tuple[tuple[str, object], ...], tuple[Phase, ...]] = {}
        for phase in self._phases.values():
            composition = _reduced(phase.formula)
            found[composition] = (*found.get(composition, ()), phase)
        return found

    def within(self, elements: Iterable[str]) -> tuple[Phase, ...]:
        """Return the phases made of no other elements than these."""
        allowed = frozenset(elements)
        return tuple(p for p in self._phases.values() if p.elements <= allowed)

    def _unknown(self, name: str) -> str:
        from difflib import get_close_matches

        alike = get_close_matches(name, self._phases, n=3, cutoff=0.5)
        hint = f"; alike: {', '.join(alike)}" if alike else ""
        return f"no phase {name!r} in the table of {len(self)}{hint}"


@lru_cache(maxsize=8)
def _load(path: Path) -> PhaseTable:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        message = f"phase table {path} cannot be read: {error}"
        raise MaterialError(message) from error
    return read_table(text, path)


def read_table(text: str, path: Path) -> PhaseTable:
    """Read the text of a phase table.

    Args:
        text: TOML in the format of `phases.toml`; with `extends = "packaged"` above
            all tables, its rows stand after those of that file.
        path: Where the text comes from, for messages.

    Raises:
        MaterialError: Of every malformed row: its name, the field, what is allowed.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = f"phase table {path} cannot be read: {error}"
        raise MaterialError(message) from error
    phases: list[Phase] = []
    if (extends := document.get("extends")) is not None:
        if extends != "packaged":
            message = (
                f"phase table {path}, extends: found {extends!r}; allowed: 'packaged'"
                " (the table that comes along); correct it, or leave it out"
            )
            raise MaterialError(message)
        phases += PhaseTable.load().values()
    faults = []
    for row in document.get("phase", []):
        try:
            phases.append(_phase(row, document.get("citations", {})))
        except MaterialError as error:
            faults.append(str(error))
    if faults:
        raise MaterialError("\n".join(faults))
    return PhaseTable(phases)


def _phase(row: Mapping[str, Any], citations: Mapping[str, str]) -> Phase:
    values = parse_row(row, citations)
    sites = tuple(Site(**site) for site in values.pop("sites"))
    return Phase(sites=sites, **values)


def _reduced(formula: Formula) -> tuple[tuple[str, object], ...]:
    first = formula.composition[0][1]
    return tuple((symbol, amount / first) for symbol, amount in formula.composition)


@lru_cache(maxsize=512)
def _structure(phase: Phase) -> "Structure":
    from pymatgen.core.lattice import Lattice
    from pymatgen.core.structure import Structure

    if phase.cell is None or phase.hall is None:
        message = (
            f"phase {phase.name} has no structure in the table ({phase.note}); "
            "take a phase with one, or add its cell and sites"
        )
        raise MaterialError(message)
    lattice = Lattice.from_parameters(*phase.cell)
    rotations, translations = operations(phase.hall)
    # Elements that share a site are one mixed site of the structure.
    mixed: dict[tuple[float, float, float], list[Site]] = {}
    for site in phase.sites:
        mixed.setdefault(site.xyz, []).append(site)
    species, positions, b_iso = [], [], []
    for xyz, sharing in mixed.items():
        images = (rotations @ np.array(xyz) + translations) % 1.0
        for image in _distinct(images, lattice.matrix):
            species.append({site.element: site.occupancy for site in sharing})
            positions.append(image)
            b_iso.append(sharing[0].b_iso_angstrom2)
    return Structure(lattice, species, positions, site_properties={"b_iso": b_iso})


@lru_cache(maxsize=128)
def operations(hall: int) -> tuple[np.ndarray, np.ndarray]:
    """Return rotations (n x 3 x 3) and translations (n x 3) of a Hall number.

    Raises:
        MaterialError: If there is no such number.
    """
    import spglib

    symmetry = spglib.get_symmetry_from_database(hall)
    if symmetry is None:
        message = f"Hall number {hall} is unknown to spglib; allowed: 1 to 530"
        raise MaterialError(message)
    return symmetry["rotations"].astype(float), symmetry["translations"]


def _distinct(images: np.ndarray, matrix: np.ndarray) -> list[np.ndarray]:
    kept: list[np.ndarray] = []
    for image in images:
        gaps = np.array([image - other for other in kept]).reshape(-1, 3)
        gaps -= np.round(gaps)
        if not (np.linalg.norm(gaps @ matrix, axis=1) < _SAME_SITE_ANGSTROM).any():
            kept.append(image)
    return kept
