"""The gas around and within a powder: backgrounds, and the film that holds it in."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from campaigns.materials.thermo import GAS_CONSTANT
from simulators.chemistry.substances import VAPOURS

Floats = NDArray[np.float64]

LEAST_BAR = 1e-9
"""Pressures of the furnace's own gases stay above this; no furnace is drier or purer."""
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
_UP = 8.0
"""Largest factor by which a carrier gas rises in one turn of Newton's method."""


def floor(gases: tuple[str, ...]) -> Floats:
    """Return the pressures that gases never fall below, bar, shape g."""
    return np.array([LEAST_VAPOUR_BAR if g in VAPOURS else LEAST_BAR for g in gases])


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
    return np.maximum(held, floor(gases))


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


def film_pressures(
    start: Floats,
    outside: Floats,
    *,
    least: Floats,
    rates: Floats,
    equilibrium: Floats,
    gas_change: Floats,
    conductance: float,
) -> tuple[Floats, Floats]:
    """Return the local pressures at which what evolves is what leaves.

    Each reaction runs forward at `rates * (1 - equilibrium * prod(p ** gas_change))`
    or stands still. Newton's method, each carrier rising at most a factor 8 a turn;
    no more than 1 bar builds up, for then the gas flows out by itself.

    Args:
        start: First guess, bar, shape g.
        outside: Furnace pressures, bar, shape g.
        least: Lowest pressures, bar, shape g.
        rates: Rate of each reaction far from equilibrium, mol/s, shape r.
        equilibrium: dG/RT at 1 bar of every gas, shape r.
        gas_change: Moles given off, shape g x r.
        conductance: mol/s/bar.

    Returns:
        Pressures, bar, shape g, and each reaction's share of its full rate, shape r.
    """
    p = start.copy()
    busy = rates > 0
    gas, full, log_k = gas_change[:, busy], rates[busy], equilibrium[busy]
    # A vapour's pressure spans many powers of ten but enters almost linearly.
    up = np.where(least < LEAST_BAR, 1e16, _UP)
    most = np.maximum(1.0, outside)
    one = np.eye(len(p))
    for _ in range(_TURNS):
        quotient = np.exp(np.minimum(log_k + np.log(p) @ gas, 50.0))
        share = np.maximum(1.0 - quotient, 0.0)
        miss = p - outside - gas @ (full * share) / conductance
        slope = np.where(share > 0, full * quotient, 0.0) * gas
        jacobian = one + (slope @ gas.T) / (p * conductance)
        new = p - np.linalg.solve(jacobian, miss)
        new = np.clip(new, p / _UP, p * up)
        new = np.clip(new, least, most)
        done = np.all(abs(new - p) <= 0.01 * p)
        p = new
        if done:
            break
    shares = np.zeros(len(rates))
    quotient = np.exp(np.minimum(log_k + np.log(p) @ gas, 50.0))
    shares[busy] = np.maximum(1.0 - quotient, 0.0)
    return p, shares
