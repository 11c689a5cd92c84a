"""Candidate phases as lists of reflections, from structures."""

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from campaigns.materials.scattering import reflections
from instruments.quantities import Floats
from loop.errors import AnalysisError

if TYPE_CHECKING:
    from campaigns.materials.phases import Phase

MEASURED_CELL_LIMIT, COMPUTED_CELL_LIMIT = 0.012, 0.03
"""For structures measured at room temperature, other temperatures and compositions in
mind; and for computed ones, whose edges are 1 to 2 % too long as a rule. Source:
Lejaeghere et al., Crit. Rev. Solid State Mater. Sci. 39 (2014) 1, for PBE."""
_TWO_THETA_MAX = 140.0
_WEAKEST = 2e-4
Cell = tuple[float, float, float, float, float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """One phase that may be in the powder; reflections of one length n."""

    name: str
    formula: dict[str, float]
    """Moles of each element in one cell."""
    cell: Cell
    """a, b, c in angstrom and alpha, beta, gamma in degrees."""
    ties: tuple[tuple[int, ...], ...]
    """Groups of cell constants that change together: edges of one length, and
    angles other than 90 and 120 degrees."""
    hkl: Floats
    """Miller indices, shape n x 3."""
    strength: Floats
    """Multiplicity times |F|^2 over Z M V: scattering per gram of phase, with
    Lorentz-polarisation still to be applied."""
    members: Floats
    """Squared cosines between each vector merged into a line and a*, b*, c*, shape
    m x 3."""
    member_line: NDArray[np.int64]
    """Line (0 to n - 1) of each merged vector, shape m."""
    member_share: Floats
    """Share of its line's intensity, shape m; sums to 1 over a line."""
    density: float
    """From the cell and its content, g/cm3."""
    attenuation: float
    """Linear attenuation coefficient of the dense crystal, 1/cm."""
    cell_limit: float = MEASURED_CELL_LIMIT
    """Largest relative change of a cell edge or angle that a fit may make; a third of
    it is taken for one standard deviation."""
    grain_micrometres: float | None = None
    """Diameter of its grains in the powder; none where nobody measured it."""

    @property
    def elements(self) -> frozenset[str]:
        """Return the chemical elements of the phase."""
        return frozenset(self.formula)


def spacings(hkl: Floats, cells: ArrayLike) -> Floats:
    """Return the lattice spacing of each reflection in one or several cells, angstrom.

    Args:
        hkl: Miller indices, shape `n x 3`.
        cells: a, b, c in angstrom and alpha, beta, gamma in degrees, shape `... x 6`.

    Returns:
        Shape `... x n`.

    Source:
        International Tables for Crystallography C, section 1.1: 1/d^2 = h G^-1 h.
    """
    constants = np.asarray(cells, dtype=np.float64)
    edges, cosines = constants[..., :3], np.cos(np.radians(constants[..., 3:]))
    metric = edges[..., :, None] * edges[..., None, :]
    for (i, j), cosine in zip(
        ((1, 2), (0, 2), (0, 1)), np.moveaxis(cosines, -1, 0), strict=True
    ):
        metric[..., i, j] *= cosine
        metric[..., j, i] = metric[..., i, j]
    spacing: Floats = ((hkl @ np.linalg.inv(metric)) * hkl).sum(-1) ** -0.5
    return spacing


def from_structure(
    name: str,
    structure: Any,  # noqa: ANN401
    *,
    wavelength: float,
) -> Reference:
    """Build a candidate from a pymatgen structure.

    Args:
        name: Name under which it is reported.
        structure: A `pymatgen.core.Structure`, partial occupancies allowed.
        wavelength: K-alpha1, angstrom: sets the range and the anomalous terms.

    Raises:
        AnalysisError: If the structure has no reflection in range.
    """
    try:
        found = reflections(structure, wavelength, _TWO_THETA_MAX)
    except (ValueError, KeyError) as error:
        raise AnalysisError(f"{name}: {error}") from error
    lattice = structure.lattice
    strength = found.multiplicity * found.f_squared / found.zmv
    sine2 = (wavelength / (2.0 * found.d_angstrom)) ** 2
    seen = strength / sine2
    keep = seen > _WEAKEST * seen.max()
    kept = keep[found.member_line]
    line = (np.cumsum(keep) - 1)[found.member_line[kept]]
    share = found.member_f_squared[kept]
    a, b, c, alpha, beta, gamma = map(float, (*lattice.abc, *lattice.angles))
    cell = (a, b, c, alpha, beta, gamma)
    return Reference(
        name=name,
        formula={
            str(element.symbol): float(amount)
            for element, amount in structure.composition.element_composition.items()
        },
        cell=cell,
        ties=_ties(cell),
        hkl=found.hkl[keep].astype(np.float64),
        strength=strength[keep],
        members=_cosines2(found.members[kept], found.reciprocal),
        member_line=line,
        member_share=share / np.bincount(line, weights=share)[line],
        density=found.density_grams_per_cm3,
        attenuation=found.linear_attenuation_per_cm,
    )


def _ties(cell: Cell) -> tuple[tuple[int, ...], ...]:
    groups: dict[tuple[bool, float], list[int]] = {}
    for index, value in enumerate(cell):
        is_angle = index > 2
        if is_angle and min(abs(value - 90.0), abs(value - 120.0)) < 0.01:
            continue
        groups.setdefault((is_angle, round(value, 4)), []).append(index)
    return tuple(tuple(group) for group in groups.values())


def _cosines2(members: NDArray[np.int64], reciprocal: Floats) -> Floats:
    vectors = members @ reciprocal
    vectors = vectors / np.linalg.norm(vectors, axis=1)[:, None]
    axes = reciprocal / np.linalg.norm(reciprocal, axis=1)[:, None]
    cosines2: Floats = (vectors @ axes.T) ** 2
    return cosines2


def from_phases(
    phases: "tuple[Phase, ...]", *, wavelength: float
) -> tuple[Reference, ...]:
    """Build candidates from phase-table rows; rows without a structure are left out."""
    return tuple(
        _of_phase(phase, wavelength) for phase in phases if phase.has_structure
    )


@lru_cache(maxsize=1024)
def _of_phase(phase: "Phase", wavelength: float) -> Reference:
    return from_structure(phase.name, phase.structure(), wavelength=wavelength)
