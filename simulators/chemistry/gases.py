"""The gas around and within a powder: backgrounds, and the film that holds it in."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from campaigns.materials.thermo import GAS_CONSTANT
from simulators.chemistry.substances import VAPOURS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEAST_BAR = 1e-9
"""Pressures of the furnace's own gases stay above this: none is drier or purer."""
LEAST_VAPOUR_BAR = 1e-16
"""Pressures of vapours stay above this: a day's loss of 1e-16 mol."""

BACKGROUNDS: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        # In bar. Air: US Standard Atmosphere, with 1 % steam; bottled gases: usual
        # impurities of technical grades (5 ppm).
        "air": {"O2(g)": 0.2095, "CO2(g)": 4.2e-4, "H2O(g)": 1e-2},
        "O2": {"O2(g)": 1.0, "CO2(g)": 1e-6, "H2O(g)": 5e-6},
        "N2": {"O2(g)": 5e-6, "CO2(g)": 1e-6, "H2O(g)": 5e-6},
        "Ar": {"O2(g)": 5e-6, "CO2(g)": 1e-6, "H2O(g)": 5e-6},
        "CO2": {"O2(g)": 5e-6, "CO2(g)": 1.0, "H2O(g)": 5e-6},
    }
)
"""Furnace gas to its pressures, bar; every other gas is absent."""

_TURNS = 20
_FACTOR = 8.0
"""Largest factor by which a pressure moves in one turn of Newton's method."""


def floor(gases: tuple[str, ...]) -> Floats:
    """Return the pressures that gases never fall below, bar, shape g."""
    least = [LEAST_VAPOUR_BAR if g in VAPOURS else LEAST_BAR for g in gases]
    return np.array(least, dtype=np.float64)


def background(gas: str, gases: tuple[str, ...]) -> Floats:
    """Return the pressures of a furnace gas, bar.

    Args:
        gas: Name of the furnace gas.
        gases: What is asked for, length g.

    Raises:
        ValueError: If the furnace has no such gas.
    """
    if gas not in BACKGROUNDS:
        known = ", ".join(BACKGROUNDS)
        raise ValueError(f"the simulated furnace has no gas {gas!r}; known: {known}")
    held = np.array([BACKGROUNDS[gas].get(name, 0.0) for name in gases])
    return np.asarray(np.maximum(held, floor(gases)))


def conductance(kelvin: float, metres: float) -> float:
    """Return what leaves a crucible per difference in pressure, mol/s/bar.

    Args:
        kelvin: Temperature, K.
        metres: Mouth area over the length of the way out, m.

    Source:
        Fick's law with D = 1.6e-5 m2/s (CO2 in air, 298 K) times (T/298)^1.75, the
        exponent of Fuller, Schettler & Giddings, Ind. Eng. Chem. 58 (1966) 19.
    """
    diffusivity = 1.6e-5 * (kelvin / 298.15) ** 1.75
    return float(diffusivity * metres * 1e5 / (GAS_CONSTANT * kelvin))


@dataclass(frozen=True, slots=True, eq=False)
class Evolution:
    """The reactions that exchange gas at one moment; r reactions, g gases."""

    rates: Floats
    """Rate of each far from equilibrium, mol/s, shape r, > 0."""
    log_k: Floats
    """dG/RT at 1 bar of every gas, shape r."""
    gas_change: Floats
    """Moles given off, shape g x r."""
    sharpness: Floats
    """What dG is multiplied by in the driving factor, shape r; 1 for vapours."""
    vapour: Ints
    """Index of the vapour that each gives off, -1 if none, shape r."""

    def quotient(self, pressures: Floats) -> Floats:
        """Return exp(s dG/RT) at some pressures (bar, shape g), shape r."""
        log_q = self.log_k + np.log(pressures) @ self.gas_change
        return np.asarray(np.exp(np.minimum(self.sharpness * log_q, 50.0)))

    def sources(self, pressures: Floats) -> tuple[Ints, Floats]:
        """Return each vapour's source and its equilibrium pressure.

        The source is the reaction that holds up the highest pressure; the vapour
        never condenses on it, for some of it always leaves.

        Args:
            pressures: bar, shape g.

        Returns:
            Reaction indices, and pressures, bar, both of one length.
        """
        found, held = [], []
        log_p = np.log(pressures)
        for v in np.unique(self.vapour[self.vapour >= 0]):
            own = np.flatnonzero(self.vapour == v)
            log_q = self.log_k[own] + log_p @ self.gas_change[:, own]
            log_held = log_p[v] - log_q / self.gas_change[v, own]
            best = int(np.argmax(log_held))
            found.append(own[best])
            held.append(float(np.exp(min(log_held[best], 0.0))))
        return np.array(found, dtype=np.int64), np.array(held)


def film_pressures(
    start: Floats,
    outside: Floats,
    *,
    least: Floats,
    evolution: Evolution,
    conductance: float,
) -> tuple[Floats, Floats]:
    """Return the local pressures at which what evolves is what leaves.

    Each reaction runs forward at `rates * (1 - quotient)` or stands still; `quotient`
    is (exp(log_k) * prod(p ** gas_change)) ** sharpness. Newton's method, each carrier
    moving at most a factor 8 a turn; no more than 1 bar builds up, for then the gas
    flows out by itself.

    Args:
        start: First guess, bar, shape g.
        outside: Furnace pressures, bar, shape g.
        least: Lowest pressures, bar, shape g.
        evolution: The reactions.
        conductance: mol/s/bar.

    Returns:
        Pressures, bar, shape g, and each reaction's share of its full rate, shape r.
    """
    gas, full = evolution.gas_change, evolution.rates
    most, one, p = np.maximum(1.0, outside), np.eye(len(start)), start.copy()
    sources, held = evolution.sources(p)
    p[evolution.vapour[sources]] = held
    p = np.clip(p, least, most)
    for _ in range(_TURNS):
        quotient = evolution.quotient(p)
        share = np.maximum(1.0 - quotient, 0.0)
        if len(sources):
            sources, _ = evolution.sources(p)
            quotient[sources] = np.minimum(quotient[sources], 1e3)
            share[sources] = 1.0 - quotient[sources]
        miss = p - outside - gas @ (full * share) / conductance
        slope = np.where(share != 0, full * quotient, 0.0) * gas
        sharp = slope * evolution.sharpness
        jacobian = one + (gas @ sharp.T) / (p * conductance)
        new = p - np.linalg.solve(jacobian, miss)
        new = np.clip(np.clip(new, p / _FACTOR, p * _FACTOR), least, most)
        done = np.all(abs(new - p) <= 0.01 * p)
        p = new
        if done:
            break
    shares = np.maximum(1.0 - evolution.quotient(p), 0.0)
    for v in np.unique(evolution.vapour[sources]):
        # A source hardly departs from equilibrium: its rate is what leaves.
        own = evolution.vapour == v
        given = float((gas[v] * full * shares)[own].sum())
        leaving = conductance * float(p[v] - outside[v])
        shares[own] *= leaving / given if given > 0 else 0.0
    return p, shares
