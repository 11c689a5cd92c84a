"""Crystals of each phase: growth, strain, texture, oxygen content, polymorphs."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp, log1p, pi

import numpy as np

from campaigns.materials.thermo import GAS_CONSTANT
from simulators.chemistry.powder import Grains, Powder, fresh_grains
from simulators.chemistry.rates import OXYGEN_LOGIT
from simulators.chemistry.substances import (
    FULL_OXYGEN,
    MELT,
    SUBSTANCES,
    VARIABLE_OXYGEN,
)
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
CURIE_KELVIN = 398.0
"""Where BaTiO3 becomes cubic [Shirane & Takeda, J. Phys. Soc. Jpn. 7 (1952) 1]."""
CUBIC_NANOMETRES = 80.0
"""BaTiO3 crystals below about this size stay cubic [Uchino, Sadanaga & Hirose,
J. Am. Ceram. Soc. 72 (1989) 1555: 120 nm]."""
CRYSTALLISED = {"BaCuO2": 3.0, "Cu2O": 1.0}
"""What a mole of melt becomes where no oxygen reaches it in time; the elements balance
without gas. Slower cooling freezes it in air, to BaCuO2 and CuO, before that."""
FROZEN_KELVIN = 1000.0
"""Below this no melt is left: set, 190 K below the eutectic of the one melt there is.
Cuprate melts crystallise on any cooling of a furnace; they hold no glass former."""
PLATES = frozenset({"YBa2Cu3O6", "YBa2Cu3O7"})
"""Phases that grow as plates and so pack with their c axis up."""


@dataclass(slots=True, eq=False)
class Crystals:
    """Crystal size and kin of each species while it is fired; arrays of length s."""

    species: tuple[str, ...]
    nanometres: Floats
    microstrain: Floats
    amorphous: Floats
    growth: Floats
    """Melting temperatures, K."""
    cations: Mapping[str, float]
    """Metal to its amount in the powder, mol."""
    hardening: float = 0.0
    """Sintering so far, dimensionless."""

    @classmethod
    def of(cls, species: tuple[str, ...], powder: Powder) -> "Crystals":
        """Return the crystals of a powder."""
        old = [powder.grains.get(name) or fresh_grains(name) for name in species]
        full = powder.grains.get(FULL_OXYGEN)
        if full is not None and VARIABLE_OXYGEN in species:
            old[species.index(VARIABLE_OXYGEN)] = full
        return cls(
            species,
            np.array([g.crystallite_nanometres for g in old]),
            np.array([g.microstrain for g in old]),
            np.array([g.amorphous_share for g in old]),
            np.array([SUBSTANCES[name].melts_kelvin for name in species]),
            powder.elements(),
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

    def grains(self, name: str, at: int) -> Grains:
        """Return one species' crystals under a phase's name."""
        size = float(self.nanometres[at])
        plate = 0.35 * min(1.0, log1p(size / 500.0)) if name in PLATES else 0.0
        is_melt = name.endswith("(l)")
        return Grains(
            size,
            max(float(self.microstrain[at]), 1e-4),
            1.0 - plate,
            1.0 if is_melt else float(self.amorphous[at]),
        )


def oxygen_content(y: float, kelvin: float, oxygen_bar: float, seconds: float) -> float:
    """Return y of YBa2Cu3O(6+y) after a time at a temperature and pressure.

    Args:
        y: Content now, 0 to 1.
        kelvin: Temperature, K.
        oxygen_bar: Oxygen pressure, bar.
        seconds: Time, s.

    Source:
        Equilibrium: see `OXYGEN_LOGIT`. Rate: D pi^2 / r^2 with the tracer diffusivity
        D = 1.4e-4 cm2/s exp(-0.97 eV / kT) of Rothman, Routbort & Baker, Phys. Rev. B
        40 (1989) 8852 [figures recalled, not checked].
    """
    a, b = OXYGEN_LOGIT
    logit = a / kelvin + b + 0.5 * float(np.log(oxygen_bar))
    best = 1.0 / (1.0 + exp(-min(max(logit, -60.0), 60.0)))
    diffusivity = 1.4e-4 * exp(-0.97 * 96485.0 / (GAS_CONSTANT * kelvin))
    rate = diffusivity * pi**2 / OXYGEN_CRYSTAL_CENTIMETRES**2
    return best + (y - best) * exp(-min(rate * seconds, 700.0))


def frozen(species: tuple[str, ...], moles: Floats, kelvin: float) -> Floats:
    """Return amounts, mol, shape s, with what is left of the melt crystallised.

    Args:
        species: Names, length s.
        moles: Their amounts, mol, shape s.
        kelvin: Temperature, K.
    """
    if MELT not in species or kelvin >= FROZEN_KELVIN:
        return moles
    now = moles.copy()
    melt = species.index(MELT)
    for name, n in CRYSTALLISED.items():
        now[species.index(name)] += n * moles[melt]
    now[melt] = 0.0
    return now


def settle(
    amounts: Mapping[str, float], crystals: Crystals, oxygen: float, kelvin: float
) -> tuple[dict[str, float], dict[str, Grains]]:
    """Return phases and crystals as they stand when the furnace is opened.

    Args:
        amounts: Species to amount, mol.
        crystals: Their crystals.
        oxygen: y of YBa2Cu3O(6+y).
        kelvin: Last temperature, K.
    """
    moles: dict[str, float] = {}
    grains: dict[str, Grains] = {}
    for at, (name, n) in enumerate(amounts.items()):
        if n <= 0:
            continue
        shares = {name: 1.0}
        if name == VARIABLE_OXYGEN:
            shares = {name: 1.0 - oxygen, FULL_OXYGEN: oxygen}
        elif name == "BaTiO3":
            size = float(crystals.nanometres[at])
            cubic = 1.0 / (1.0 + (size / CUBIC_NANOMETRES) ** 4)
            cubic = 1.0 if kelvin > CURIE_KELVIN else cubic
            shares = {name: 1.0 - cubic, "BaTiO3-cubic": cubic}
        for phase, share in shares.items():
            if share > 0:
                moles[phase] = n * share
                grains[phase] = crystals.grains(phase, at)
    return moles, grains
