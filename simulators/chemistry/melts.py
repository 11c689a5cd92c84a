"""Liquids: how they loosen a powder, and what they become when it cools."""

import numpy as np

from simulators.chemistry.constants import Laws
from simulators.chemistry.rates import State, driving_forces
from simulators.chemistry.substances import SUBSTANCES
from simulators.chemistry.truth import Floats

CONNECTED_SHARE = 0.05
"""Molten share of the cations above which liquid moves through the powder.

Source: estimated; wetting melts connect along grain edges from the first per cents
(von Bargen & Waff, J. Geophys. Res. 91 (1986) 9261)."""
FROZEN_SHARE = 0.84
"""Below this share of the temperature at which it begins to exist, no melt is left but
glass: set; melts without a glass former crystallise on any cooling of a furnace."""


def coarsening(laws: Laws, liquid: float, seconds: float) -> float:
    """Return what the squared size of all regions gains, um2.

    Liquid draws the reagents apart and coarsens what floats in it.
    """
    loose = max(0.0, liquid - CONNECTED_SHARE)
    return laws.truth.kinetics.coarsening * loose**2 * seconds / 3600.0


def frozen(laws: Laws, state: State, kelvin: float) -> Floats:
    """Return how far each reaction goes that crystallises what melt is left.

    Each melt takes the most favourable reaction of its own that needs no gas: cooling
    was too fast for any to reach it. One that only gas can crystallise takes that.

    Args:
        laws: The network in one world.
        state: The powder at the end of a firing.
        kelvin: Temperature, K.

    Returns:
        Extents, cation mol, shape r.
    """
    net = laws.network
    extents = np.zeros(len(laws.size))
    local, _ = driving_forces(laws, kelvin, state.pressures)
    for at in net.melts:
        row = SUBSTANCES[net.species[at]]
        if row.glass or kelvin >= FROZEN_SHARE * row.melts_kelvin:
            continue
        own = (laws.size == 1) & (net.reactants[:, 0] == at) & (net.vapour < 0)
        own &= ~np.isin(net.products, net.melts).any(axis=1)
        dry = own & (abs(net.gas_change) < 1e-9).all(axis=0)
        choice = np.flatnonzero(dry if dry.any() else own)
        if len(choice):
            best = choice[np.argmin(local[choice])]
            extents[best] = net.cations[at] * state.moles[at]
    return extents
