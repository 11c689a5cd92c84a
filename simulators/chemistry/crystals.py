"""Crystals of each phase: growth, strain, texture, oxygen content, polymorphs."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp, log1p, pi

import numpy as np

from campaigns.materials.thermo import GAS_CONSTANT
from simulators.chemistry.powder import Grains, Powder, fresh_grains
from simulators.chemistry.substances import SUBSTANCES, VARIANTS, Variant
from simulators.chemistry.truth import Floats

NEWBORN_NANOMETRES = 40.0
"""Size of crystals that have just formed. Estimated from line widths of oxides made
by solid-state reaction at their lowest temperature."""
NEWBORN_STRAIN = 0.002
GROWN_NANOMETRES = 300.0
"""Size reached in one hour at 0.8 of the melting temperature. Estimated."""
GROWTH_ENERGY = 0.20e3
"""Activation energy of grain growth over the melting temperature, J/mol/K: about
250 kJ/mol for cuprates, 400 for perovskites. Estimated."""
OXYGEN_CRYSTAL_CENTIMETRES = 1.5e-4
"""Radius of the crystals that oxygen must diffuse into, cm."""


@dataclass(slots=True, eq=False)
class Crystals:
    """Crystal size and kin of each species while it is fired; arrays of length s."""

    species: tuple[str, ...]
    nanometres: Floats
    microstrain: Floats
    amorphous: Floats
    growth: Floats
    """Melting temperatures, K."""
    micrometres: Floats
    """Sizes of the phases' regions, um."""
    hardening: float = 0.0
    """Sintering so far, dimensionless."""

    @classmethod
    def of(cls, species: tuple[str, ...], powder: Powder) -> "Crystals":
        """Return the crystals of a powder."""
        mean = powder.particle_micrometres
        old = [_held(name, powder) or fresh_grains(name, mean) for name in species]
        return cls(
            species,
            np.array([g.crystallite_nanometres for g in old]),
            np.array([g.microstrain for g in old]),
            np.array([g.amorphous_share for g in old]),
            np.array([SUBSTANCES[name].melts_kelvin for name in species]),
            np.array([g.micrometres for g in old]),
        )

    def grow(self, before: Floats, now: Floats, seconds: float, kelvin: float) -> None:
        """Add newborn material to each phase, then let all crystals grow.

        Source:
            d^4 = d0^4 + K t, grain growth slowed by pores (Brook 1976); strain
            anneals out with the same activation.
        """
        born = np.maximum(now - before, 0.0)
        share = np.where(now > 0, born / np.maximum(now, 1e-300), 0.0)
        self.nanometres += share * (NEWBORN_NANOMETRES - self.nanometres)
        self.microstrain += share * (NEWBORN_STRAIN - self.microstrain)
        self.amorphous -= share * self.amorphous
        # What forms lies where its reagents lay.
        weight = before / max(float(before.sum()), 1e-300)
        self.micrometres += share * (
            float(weight @ self.micrometres) - self.micrometres
        )
        inverse = 1.0 / kelvin - 1.0 / (0.8 * self.growth)
        energy = GROWTH_ENERGY * self.growth / GAS_CONSTANT
        speed = np.exp(np.clip(-energy * inverse, -80.0, 8.0)) / 3600.0
        gained = (self.nanometres / GROWN_NANOMETRES) ** 4 + speed * seconds
        self.nanometres = np.minimum(GROWN_NANOMETRES * gained**0.25, 20000.0)
        self.microstrain *= np.exp(-np.minimum(20.0 * speed * seconds, 50.0))
        weight = now / max(float(now.sum()), 1e-300)
        self.hardening += float(weight @ np.minimum(speed, 1e-2)) * seconds

    def sintered(self, before: float, melted: float) -> float:
        """Return how far particles have grown together, 0 to 1."""
        now = 1.0 - exp(-0.3 * self.hardening) * (1.0 - min(1.0, 1.5 * melted))
        return max(before, now)

    def grains(self, at: int) -> Grains:
        """Return one species' crystals."""
        size = float(self.nanometres[at])
        row = SUBSTANCES[self.species[at]]
        plate = 0.35 * min(1.0, log1p(size / 500.0)) if row.plates else 0.0
        return Grains(
            size,
            max(float(self.microstrain[at]), 1e-4),
            1.0 - plate,
            1.0 if row.is_melt else float(self.amorphous[at]),
            float(self.micrometres[at]),
        )

    def coarsen(self, micrometres2: float) -> None:
        """Let all regions grow; their squares gain so much, um2."""
        self.micrometres = np.sqrt(self.micrometres**2 + micrometres2)


def _held(name: str, powder: Powder) -> Grains | None:
    """Return a species' crystals in a powder, those of a variant of it first."""
    names = [v.name for v in VARIANTS.values() if v.of == name]
    return next((powder.grains[n] for n in (*names, name) if powder.moles.get(n)), None)


def oxygen_content(
    y: float, gap: float, kelvin: float, variant: Variant, seconds: float
) -> float:
    """Return the filled share of a phase's oxygen sites after a time.

    Args:
        y: Share now, 0 to 1.
        gap: Energy that filling a mole of sites yields at this temperature and gas,
            over RT.
        kelvin: Temperature, K.
        variant: The phase with all sites filled.
        seconds: Time, s.

    Source:
        Equilibrium of an ideal solution; diffusion into spheres, D pi^2 / r^2.
    """
    best = 1.0 / (1.0 + exp(-min(max(gap, -60.0), 60.0)))
    first, electronvolts = variant.oxygen_site
    diffusivity = first * exp(-electronvolts * 96485.0 / (GAS_CONSTANT * kelvin))
    rate = diffusivity * pi**2 / OXYGEN_CRYSTAL_CENTIMETRES**2
    return best + (y - best) * exp(-min(rate * seconds, 700.0))


def settle(
    amounts: Mapping[str, float],
    crystals: Crystals,
    filled: Mapping[str, float],
    kelvin: float,
) -> tuple[dict[str, float], dict[str, Grains]]:
    """Return phases and crystals as they stand when the furnace is opened.

    Args:
        amounts: Species to amount, mol.
        crystals: Their crystals.
        filled: Variant to the share of its oxygen sites that are filled.
        kelvin: Last temperature, K.
    """
    moles: dict[str, float] = {}
    grains: dict[str, Grains] = {}
    for at, (name, n) in enumerate(amounts.items()):
        shares = {name: 1.0}
        for variant in (v for v in VARIANTS.values() if v.of == name):
            y = filled.get(variant.name)
            if y is None:
                y = _small(variant, float(crystals.nanometres[at]), kelvin)
            shares = {name: 1.0 - y, variant.name: y}
        for phase, share in shares.items():
            if n * share > 0:
                moles[phase] = n * share
                grains[phase] = crystals.grains(at)
    return moles, grains


def _small(variant: Variant, nanometres: float, kelvin: float) -> float:
    """Return the share of crystals that take a variant's form, 0 to 1."""
    if kelvin > variant.above_kelvin > 0:
        return 1.0
    return 1.0 / (1.0 + (nanometres / variant.below_nanometres) ** 4)
