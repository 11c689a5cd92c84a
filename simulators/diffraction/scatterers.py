"""Each phase of a mixture as a scatterer: how strongly, and with which lines."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from campaigns.materials.phases import Phase
from campaigns.materials.scattering import Reflections, reflections
from campaigns.materials.xraytables import CU_KA1_ANGSTROM, mass_attenuation
from simulators.diffraction.absorption import microabsorption
from simulators.diffraction.crystals import (
    AMORPHOUS,
    Crystallites,
    Grains,
    Structures,
    blend,
    composition,
)
from simulators.diffraction.solutions import dissolved

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Scatterer:
    """One phase in one mixture."""

    name: str
    """Phase name."""
    lines: Reflections
    """Its reflections at Cu Kα1."""
    strength: float
    """Weight share over density, cell volume squared and the mixture's mass
    attenuation, times microabsorption; a line's area is this times m |F|²."""
    grains: Grains
    """Its crystals."""
    habit: tuple[int, int, int] | None
    """Plane normal along which its crystals align, if they do."""

    def oriented(self) -> Floats:
        """Return m |F|² of each line with preferred orientation, shape n.

        Source:
            Dollase, J. Appl. Cryst. 19 (1986) 267, averaged over the vectors that
            merge in a line.
        """
        lines, r = self.lines, self.grains.march
        if self.habit is None or r == 1.0:
            return lines.multiplicity * lines.f_squared
        members = lines.members @ lines.reciprocal
        axis = np.array(self.habit) @ lines.reciprocal
        lengths = np.linalg.norm(members, axis=1) * np.linalg.norm(axis)
        cosine2 = (members @ axis / lengths) ** 2
        factor = (r * r * cosine2 + (1 - cosine2) / r) ** -1.5
        # Members stand for a Friedel pair each.
        weights = 2 * lines.member_f_squared * factor
        return np.asarray(np.bincount(lines.member_line, weights=weights), dtype=float)


@dataclass(frozen=True, eq=False)
class Specimen:
    """A mixture as X-rays see it."""

    scatterers: tuple[Scatterer, ...]
    """Its crystalline phases."""
    crystalline: Mapping[str, float]
    """Mass share of each element in crystals, of the whole."""
    disordered: Mapping[str, float]
    """Mass share of each element without Bragg lines, of the whole."""
    mass_attenuation: float
    """Of the whole at Cu Kα1, cm²/g."""
    density: float
    """Of the solid without pores, g/cm³."""

    @property
    def elements(self) -> dict[str, float]:
        """Mass share of each element of the whole."""
        names = {**self.crystalline, **self.disordered}
        return {
            symbol: self.crystalline.get(symbol, 0) + self.disordered.get(symbol, 0)
            for symbol in names
        }


def specimen(
    weights: Mapping[str, float],
    grains: Mapping[str, Grains],
    *,
    structures: Structures,
    particle_micrometres: float | Mapping[str, float],
    two_theta_max: float,
) -> Specimen:
    """Return the mixture.

    Args:
        weights: Mass of each phase or substance, any common unit; the key `amorphous`
            stands for disordered matter of the others' composition. A phase without a
            structure counts as disordered.
        grains: Crystals by phase name; `Crystallites()` where missing.
        structures: The true structures.
        particle_micrometres: Diameter of the particles, of all or by phase, µm.
        two_theta_max: Angle up to which lines of Kα1 are needed, degrees.

    Raises:
        ValueError: If a weight is negative or nothing is named.
        MaterialError: If a name is neither a phase nor a formula.
    """
    if any(w < 0 for w in weights.values()):
        worst = min(weights, key=weights.__getitem__)
        message = f"weight of {worst} is {weights[worst]:g}; allowed: 0 or more"
        raise ValueError(message)
    whole = blend(weights)
    total = sum(weights.values())
    shares = {name: w / total for name, w in weights.items() if w > 0}
    phases: dict[str, tuple[float, Phase, Grains]] = {}
    disordered: dict[str, float] = {}
    crystalline: dict[str, float] = {}
    for name, share in shares.items():
        grown = grains.get(name, Crystallites())
        phase = None if name == AMORPHOUS else structures.phase(name)
        ordered = 0.0 if phase is None else share * (1 - grown.amorphous_share)
        contents = whole if name == AMORPHOUS else composition(name)
        for symbol, content in contents.items():
            crystalline[symbol] = crystalline.get(symbol, 0) + ordered * content
            disorder = (share - ordered) * content
            disordered[symbol] = disordered.get(symbol, 0) + disorder
        if phase is not None and ordered > 0:
            phases[name] = (ordered, phase, grown)
    phases = dissolved(phases)
    mixed = mass_attenuation(whole)
    lines = {n: _reflections(p, two_theta_max) for n, (_, p, _) in phases.items()}
    volumes = {
        name: share / lines[name].density_grams_per_cm3
        for name, (share, _, _) in phases.items()
    }
    built = _scatterers(phases, lines, volumes, mixed, particle_micrometres)
    solid = sum(volumes.values())
    ordered_share = sum(share for share, _, _ in phases.values())
    density = ordered_share / solid if solid > 0 else 3.0
    return Specimen(built, crystalline, disordered, mixed, density)


@lru_cache(maxsize=512)
def _reflections(phase: Phase, two_theta_max: float) -> Reflections:
    return reflections(phase, CU_KA1_ANGSTROM, two_theta_max)


def _scatterers(
    phases: Mapping[str, tuple[float, Phase, Grains]],
    lines: Mapping[str, Reflections],
    volumes: Mapping[str, float],
    mixed: float,
    particle_micrometres: float | Mapping[str, float],
) -> tuple[Scatterer, ...]:
    if not phases:
        return ()
    linear = {name: r.linear_attenuation_per_cm for name, r in lines.items()}
    factors = microabsorption(linear, volumes, particle_micrometres)
    return tuple(
        Scatterer(
            name=name,
            lines=lines[name],
            strength=volumes[name]
            * factors[name]
            / (mixed * lines[name].cell_volume_angstrom3 ** 2),
            grains=grown,
            habit=phase.habit,
        )
        for name, (_, phase, grown) in phases.items()
    )
