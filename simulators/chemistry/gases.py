"""The gas around and within a powder: backgrounds, and the film that holds it in."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from campaigns.materials.thermo import GAS_CONSTANT
from simulators.chemistry.network import GASES

Floats = NDArray[np.float64]

LEAST_BAR = 1e-9
"""Pressures are kept above this; no furnace is drier or purer."""

BACKGROUNDS: Mapping[str, tuple[float, float, float, float]] = MappingProxyType(
    {
        # O2, CO2, H2O, NO2 in bar. Air: US Standard Atmosphere, with 1 % steam;
        # bottled gases: usual impurities of technical grades (5 ppm).
        "air": (0.2095, 4.2e-4, 1e-2, LEAST_BAR),
        "O2": (1.0, 1e-6, 5e-6, LEAST_BAR),
        "N2": (5e-6, 1e-6, 5e-6, LEAST_BAR),
        "Ar": (5e-6, 1e-6, 5e-6, LEAST_BAR),
        "CO2": (5e-6, 1.0, 5e-6, LEAST_BAR),
    }
)
"""Furnace gas to pressures of `GASES`, bar."""


def background(gas: str) -> Floats:
    """Return the pressures of a furnace gas, bar, in the order of `GASES`.

    Raises:
        ValueError: If the furnace has no such gas.
    """
    if gas not in BACKGROUNDS:
        known = ", ".join(BACKGROUNDS)
        raise ValueError(f"the simulated furnace has no gas {gas!r}; known: {known}")
    return np.array(BACKGROUNDS[gas])


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
    rates: Floats,
    equilibrium: Floats,
    gas_change: Floats,
    conductance: float,
) -> tuple[Floats, Floats]:
    """Return the local pressures at which what evolves is what leaves.

    Each reaction runs forward at `rates * (1 - equilibrium * prod(p ** gas_change))`
    or stands still. Newton's method, each pressure moving at most a factor 8 a turn;
    no more than 1 bar builds up, for then the gas flows out by itself.

    Args:
        start: First guess, bar, shape g.
        outside: Furnace pressures, bar, shape g.
        rates: Rate of each reaction far from equilibrium, mol/s, shape r.
        equilibrium: exp(dG/RT) at 1 bar of every gas, shape r.
        gas_change: Moles given off, shape g x r.
        conductance: mol/s/bar.

    Returns:
        Pressures, bar, shape g, and each reaction's share of its full rate, shape r.
    """
    p = start.copy()
    busy = rates > 0
    gas, full, log_k = gas_change[:, busy], rates[busy], equilibrium[busy]
    for _ in range(12):
        quotient = np.exp(np.minimum(log_k + gas.T @ np.log(p), 50.0))
        share = np.maximum(1.0 - quotient, 0.0)
        miss = p - outside - gas @ (full * share) / conductance
        slope = np.where(share > 0, full * quotient, 0.0) * gas
        jacobian = np.eye(len(GASES)) + (slope @ gas.T) / (p * conductance)
        new = p - np.linalg.solve(jacobian, miss)
        new = np.clip(new, p / 8.0, p * 8.0)
        new = np.clip(new, LEAST_BAR, np.maximum(1.0, outside))
        done = np.all(abs(new - p) <= 0.01 * p)
        p = new
        if done:
            break
    shares = np.zeros(len(rates))
    quotient = np.exp(np.minimum(log_k + gas.T @ np.log(p), 50.0))
    shares[busy] = np.maximum(1.0 - quotient, 0.0)
    return p, shares
