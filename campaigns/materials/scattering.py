"""What X-rays see in a crystal: reflections, structure factors, attenuation.

These are facts about matter, shared by the analyser and the simulator. Profile,
texture, displacement and background belong to those two, each on its own.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from campaigns.materials.xraytables import (
    CU_KA1_ANGSTROM,
    DALTONS_PER_CUBIC_ANGSTROM,
    HC_EV_ANGSTROM,
    anomalous,
    element_of,
    form_factor,
    mass_attenuation,
    tabulated_ion,
)

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


B_ISO_METAL = 0.4
"""B (Å²) assumed for a metal without one of its own; room-temperature oxides have
0.2 to 0.7. Source: typical of the oxide refinements cited in `phases.toml`."""
B_ISO_ANION = 0.7
"""B (Å²) assumed for a non-metal without one of its own. Source: as for metals."""
_NON_METALS = frozenset(
    ["H", "D", "B", "C", "N", "O", "F", "Si", "P", "S", "Cl", "Se", "Br", "I"]
)

_BLOCK = 2048
"""Vectors worked on at once; large cells have tens of thousands."""
_ABSENT = 1e-6
"""Reflections below this share of the strongest |F|² are systematic absences."""
_SAME_D = 2e-6
"""Relative difference of d below which reflections merge in a powder pattern."""


class Crystal(Protocol):
    """A named row that can build its structure (see `phases.Phase`)."""

    @property
    def row_sha256(self) -> str:
        """Digest that changes with any number of the row."""

    def structure(self) -> "Structure":
        """Return the full cell."""


@dataclass(frozen=True, eq=False)
class Reflections:
    """Powder reflections of one crystal, strongest angles first (falling d).

    Intensity per unit volume of crystal is `multiplicity * f_squared / V²`, before
    Lorentz-polarisation and other instrumental factors.
    """

    hkl: Integers
    """One representative index triple per powder line, shape `n x 3`."""
    d_angstrom: Floats
    """Lattice spacing, shape `n`, Å, falling."""
    f_squared: Floats
    """Mean |F|² of the merged reflections, per cell, electrons squared, shape `n`."""
    multiplicity: Integers
    """Number of reciprocal-lattice vectors merged into the line, shape `n`."""
    members: Integers
    """All merged vectors, one of each Friedel pair, shape `m x 3`, for texture."""
    member_line: Integers
    """Index (0 to `n - 1`) of the line each member belongs to, shape `m`."""
    member_f_squared: Floats
    """|F|² of each member averaged over its Friedel pair, shape `m`."""
    reciprocal: Floats
    """Rows are a*, b*, c* in Cartesian axes without 2π, shape `3 x 3`, 1/Å."""
    cell_volume_angstrom3: float
    """Cell volume, Å³."""
    cell_mass_daltons: float
    """Mass of the cell content (Z M), Da."""
    mass_attenuation_cm2_per_gram: float
    """Total attenuation over density at this wavelength, cm²/g."""
    wavelength_angstrom: float
    """Wavelength of the anomalous terms and the attenuation, Å."""

    @property
    def density_grams_per_cm3(self) -> float:
        """X-ray density, g/cm³."""
        mass, volume = self.cell_mass_daltons, self.cell_volume_angstrom3
        return mass / volume * DALTONS_PER_CUBIC_ANGSTROM

    @property
    def linear_attenuation_per_cm(self) -> float:
        """Linear attenuation coefficient of the dense crystal, 1/cm."""
        return self.mass_attenuation_cm2_per_gram * self.density_grams_per_cm3

    @property
    def zmv(self) -> float:
        """Z M V of Hill & Howard, J. Appl. Cryst. 20 (1987) 467; Da Å³."""
        return self.cell_mass_daltons * self.cell_volume_angstrom3

    @property
    def two_theta_degrees(self) -> Floats:
        """Bragg angle of each line, shape `n`, degrees, rising."""
        sine = self.wavelength_angstrom / (2 * self.d_angstrom)
        return 2 * np.degrees(np.arcsin(np.clip(sine, 0.0, 1.0)))


def reflections(
    crystal: "Structure | Crystal",
    wavelength_angstrom: float = CU_KA1_ANGSTROM,
    two_theta_max_degrees: float = 100.0,
    *,
    has_anomalous: bool = True,
    has_displacement: bool = True,
) -> Reflections:
    """Return the powder reflections of a crystal.

    A row of the phase table is cached by its digest; a bare structure is not.

    Args:
        crystal: A pymatgen `Structure` (site property `b_iso`, Å², where known) or
            a `Phase` with a structure.
        wavelength_angstrom: Wavelength, 0.3 to 3 Å.
        two_theta_max_degrees: Largest angle, above 0 and at most 180.
        has_anomalous: Include f' and f'' at this wavelength.
        has_displacement: Include the Debye-Waller factors.

    Raises:
        ValueError: If the wavelength or the angle is out of range, or no reflection
            lies below the largest angle.

    Source:
        International Tables for Crystallography C (2006), sections 4.2.6 and 6.1.1.
    """
    if not 0.3 <= wavelength_angstrom <= 3.0:
        message = f"wavelength {wavelength_angstrom:g} Å is outside 0.3 to 3 Å"
        raise ValueError(message)
    if not 0.0 < two_theta_max_degrees <= 180.0:
        message = f"largest 2θ {two_theta_max_degrees:g}° is outside 0 to 180°"
        raise ValueError(message)
    options = (
        wavelength_angstrom,
        two_theta_max_degrees,
        has_anomalous,
        has_displacement,
    )
    from pymatgen.core.structure import Structure

    if isinstance(crystal, Structure):
        return _of_structure(crystal, *options)
    return _of_row(_Keyed(crystal), *options)


class _Keyed:
    """A row that hashes by its digest, so that the cache never compares cells."""

    def __init__(self, crystal: Crystal) -> None:
        self.digest, self.crystal = crystal.row_sha256, crystal

    def __hash__(self) -> int:
        return hash(self.digest)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Keyed) and other.digest == self.digest


@lru_cache(maxsize=512)
def _of_row(
    keyed: _Keyed,
    wavelength: float,
    two_theta_max: float,
    has_anomalous: bool,
    has_displacement: bool,
) -> Reflections:
    structure = keyed.crystal.structure()
    return _of_structure(
        structure, wavelength, two_theta_max, has_anomalous, has_displacement
    )


def _of_structure(
    structure: "Structure",
    wavelength: float,
    two_theta_max: float,
    has_anomalous: bool,
    has_displacement: bool,
) -> Reflections:
    lattice = np.asarray(structure.lattice.matrix, dtype=float)
    reciprocal = np.linalg.inv(lattice).T
    members, inverse_d = _half_sphere(
        reciprocal, 2 * np.sin(np.radians(two_theta_max / 2)) / wavelength
    )
    if not len(members):
        message = (
            f"no reflection of {structure.formula} below 2θ = {two_theta_max:g}°; "
            "scan to a larger angle or use a shorter wavelength"
        )
        raise ValueError(message)
    sites = _sites(structure, has_displacement=has_displacement)
    energy_ev = HC_EV_ANGSTROM / wavelength
    member_f_squared = _mean_f_squared(
        members, inverse_d / 2, sites, energy_ev if has_anomalous else None
    )
    kept = member_f_squared > _ABSENT * member_f_squared.max()
    masses = _masses(structure)
    return Reflections(
        **_merged(members[kept], inverse_d[kept], member_f_squared[kept]),
        reciprocal=reciprocal,
        cell_volume_angstrom3=float(structure.volume),
        cell_mass_daltons=sum(masses.values()),
        mass_attenuation_cm2_per_gram=mass_attenuation(masses, wavelength),
        wavelength_angstrom=wavelength,
    )


def _half_sphere(reciprocal: Floats, s_max: float) -> tuple[Integers, Floats]:
    """Return one of each Friedel pair with 1/d up to `s_max`, and its 1/d."""
    reach = np.floor(s_max * np.linalg.norm(np.linalg.inv(reciprocal), axis=0) + 1e-9)
    h, k, l_ = (np.arange(-n, n + 1) for n in reach.astype(int))
    grid = np.stack(np.meshgrid(h[h >= 0], k, l_, indexing="ij"), axis=-1).reshape(
        -1, 3
    )
    first = (
        (grid[:, 0] > 0)
        | ((grid[:, 0] == 0) & (grid[:, 1] > 0))
        | ((grid[:, 0] == 0) & (grid[:, 1] == 0) & (grid[:, 2] > 0))
    )
    grid = grid[first]
    inverse_d = np.linalg.norm(grid @ reciprocal, axis=1)
    inside = inverse_d <= s_max
    return grid[inside].astype(np.int64), inverse_d[inside]


@dataclass(frozen=True)
class _Sites:
    """Atoms of the cell, one entry per species on a site."""

    fractional: Floats
    ion: Integers
    ions: tuple[str, ...]
    occupancy: Floats
    b_iso: Floats


def _sites(structure: "Structure", *, has_displacement: bool) -> _Sites:
    fractional, names, occupancy, b_iso = [], [], [], []
    for site in structure:
        for species, share in site.species.items():
            symbol = "H" if species.symbol == "D" else species.symbol
            given = site.properties.get("b_iso")
            assumed = B_ISO_ANION if symbol in _NON_METALS else B_ISO_METAL
            fractional.append(site.frac_coords)
            names.append(tabulated_ion(symbol, getattr(species, "oxi_state", None)))
            occupancy.append(share)
            b_iso.append(assumed if given is None else given)
    ions = tuple(sorted(set(names)))
    return _Sites(
        fractional=np.array(fractional, dtype=float),
        ion=np.array([ions.index(name) for name in names]),
        ions=ions,
        occupancy=np.array(occupancy, dtype=float),
        b_iso=np.array(b_iso, dtype=float) * has_displacement,
    )


def _mean_f_squared(
    members: Integers, s: Floats, sites: _Sites, energy_ev: float | None
) -> Floats:
    """Return |F|² averaged over each Friedel pair; `s` is sinθ/λ, 1/Å."""
    # Sums of geometry per ion; the form factors are the same within an ion.
    chosen = (sites.ion[:, None] == np.arange(len(sites.ions))).astype(float)
    blocks = range(0, len(members), _BLOCK)
    sums = [
        [part @ chosen for part in _geometry(members[cut], s[cut], sites)]
        for cut in (slice(start, start + _BLOCK) for start in blocks)
    ]
    cosine_sum, sine_sum = (np.concatenate(part) for part in zip(*sums, strict=True))
    factors = np.stack([form_factor(ion, s) for ion in sites.ions], axis=1).astype(
        complex
    )
    if energy_ev is not None:
        factors += np.array(
            [anomalous(element_of(ion), energy_ev) for ion in sites.ions]
        )
    even, odd = (factors * cosine_sum).sum(axis=1), (factors * sine_sum).sum(axis=1)
    # F(±h) = even ± i odd, so the mean of the two moduli squared is the plain sum.
    return np.asarray(np.abs(even) ** 2 + np.abs(odd) ** 2)


def _geometry(members: Integers, s: Floats, sites: _Sites) -> tuple[Floats, Floats]:
    """Return cosine and sine of each site's phase times its weight, `m x sites`."""
    phases = 2 * np.pi * (members @ sites.fractional.T)
    weight = sites.occupancy * np.exp(-np.outer(s * s, sites.b_iso))
    return np.cos(phases) * weight, np.sin(phases) * weight


def _merged(
    members: Integers, inverse_d: Floats, f_squared: Floats
) -> dict[str, NDArray[Any]]:
    # Rounded, so that equivalents tie and the first carries the largest indices.
    h, k, l_ = members.T
    order = np.lexsort((-l_, -k, -h, np.round(inverse_d, 9)))
    members, inverse_d, f_squared = members[order], inverse_d[order], f_squared[order]
    is_new = np.diff(inverse_d, prepend=-1.0) > _SAME_D * inverse_d
    line = np.cumsum(is_new) - 1
    counts = np.bincount(line)
    return {
        "hkl": members[is_new],
        "d_angstrom": 1 / inverse_d[is_new],
        "f_squared": np.bincount(line, weights=f_squared) / counts,
        "multiplicity": 2 * counts,
        "members": members,
        "member_line": line,
        "member_f_squared": f_squared,
    }


def _masses(structure: "Structure") -> dict[str, float]:
    """Return the mass of each element in the cell, Da."""
    from pymatgen.core.periodic_table import Element

    amounts = structure.composition.element_composition.get_el_amt_dict()
    return {
        symbol: amount * float(Element(symbol).atomic_mass or 0.0)
        for symbol, amount in amounts.items()
    }
