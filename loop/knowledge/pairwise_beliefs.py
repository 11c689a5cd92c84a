"""What is believed of reaction rates before any data, as draws.

Everything uncertain is a named standard normal deviate. Its draws depend on its name
alone, so that two predictions share the draws of whatever they share, and what is
learned from one reaches the other.
"""

import hashlib
from functools import lru_cache

import numpy as np

from campaigns.materials.thermo import GAS_CONSTANT
from loop.knowledge.pairwise_balance import Floats
from loop.knowledge.pairwise_network import Network

N_DRAWS = 192
"""Draws of every belief."""
REFERENCE_HOURS = 10.0
"""A hold for which onsets are stated."""
TAMMANN = (0.60, 0.05)
"""Onset over melting point, mean and standard deviation. Estimated: Tammann's
temperature, at which the ions of a lattice become mobile, is 0.5 to 0.6 of the melting
point in kelvin [recalled, not checked]; half way in ten hours needs no less."""
SLUGGISH_KELVIN = (300.0, 0.4)
"""Rise of the onset of a reaction without driving force, median and logarithmic
standard deviation. Estimated."""
SLUGGISH_MEV = 50.0
"""Driving force, meV/atom, over which that rise falls to a third: steps below 50 are
sluggish (Szymanski et al., Nature 624 (2023) 86)."""
ACTIVATION = (250e3, 0.25)
"""J/mol, median and logarithmic standard deviation: 150 to 450 kJ/mol for cations in
oxides (Freer, J. Mater. Sci. 15 (1980) 803)."""
SUBSTANCE_KELVIN = 60.0
"""Standard deviation of the onset that goes with the mobile substance: particle size,
habit, impurities. Estimated."""
GROUP_KELVIN = 50.0
"""That of one group of reactants. Estimated."""
FALLS_APART_KELVIN = 60.0
"""That of a decomposition temperature from thermogravimetry. Estimated."""
CHOICE_MEV = 30.0
"""Standard deviation of what kinetics adds to the driving force of one reaction among
rivals: a lead of 60 meV/atom decides in 92 of 100 cases, none in half of them, as the
threshold of Szymanski et al. (Sci. Adv. 10 (2024) eadp3309) has it."""
TRIPLE_CONTACT = 0.1
"""Share of the contacts at which three powders meet. Estimated."""
_MOST = 40.0


@lru_cache(maxsize=4096)
def deviate(name: str) -> Floats:
    """Return the draws of an uncertain quantity, standard normal, shape N_DRAWS.

    Mean and standard deviation of the draws are exactly 0 and 1.
    """
    seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
    draws = np.random.default_rng(seed).standard_normal(N_DRAWS)
    draws = (draws - draws.mean()) / draws.std()
    draws.flags.writeable = False
    return np.asarray(draws)


def group_name(group: tuple[str, ...]) -> str:
    """Return `BaCO3 + CuO`: how a group of reactants is called."""
    return " + ".join(sorted(group))


def driving_forces(network: Network) -> Floats:
    """Return draws of the free energies, meV/atom, shape N_DRAWS x r."""
    rows = sorted({row for c in network.candidates for row in c.errors})
    if not rows:
        return np.broadcast_to(network.energies, (N_DRAWS, len(network.candidates)))
    weights = np.array(
        [[c.errors.get(row, 0.0) for c in network.candidates] for row in rows]
    )
    draws = np.stack([deviate(f"energy of {row}") for row in rows], axis=1)
    return np.asarray(network.energies + draws @ weights)


def chosen(network: Network, forces: Floats) -> Floats:
    """Return 1 for the reaction that each group undergoes in each draw, else 0.

    Args:
        network: With r reactions.
        forces: Free energies, meV/atom, shape N_DRAWS x r.
    """
    taste = np.stack(
        [
            deviate(f"{group_name(b.reactants)} to {group_name(b.products)}")
            for b in (candidate.balanced for candidate in network.candidates)
        ],
        axis=1,
    )
    pull = np.where(forces < 0, CHOICE_MEV * taste - forces, -np.inf)
    best = np.maximum.reduceat(pull, network.starts, axis=1)[:, network.group]
    return np.where((pull >= best) & (forces < 0), 1.0, 0.0)


def mobile_kelvin(network: Network) -> Floats:
    """Return draws of the onset at a large driving force, K, shape N_DRAWS x g."""
    fraction = TAMMANN[0] + TAMMANN[1] * deviate("Tammann's fraction")
    onsets = np.empty((N_DRAWS, len(network.groups)))
    for i, (group, mobility) in enumerate(
        zip(network.groups, network.mobility, strict=True)
    ):
        if mobility.falls_apart:
            own = deviate(f"fall of {mobility.substance}")
            onsets[:, i] = mobility.kelvin + FALLS_APART_KELVIN * own
        else:
            own = deviate(f"mobility of {mobility.substance}")
            onsets[:, i] = fraction * mobility.kelvin + SUBSTANCE_KELVIN * own
        onsets[:, i] += GROUP_KELVIN * deviate(f"onset of {group_name(group)}")
    return onsets


def onset_kelvin(network: Network, forces: Floats) -> Floats:
    """Return draws of where ten hours take a reaction half way, K, N_DRAWS x r.

    A substance that is seen to fall apart at a temperature does so there: what slows it
    is in that figure.
    """
    rise = SLUGGISH_KELVIN[0] * np.exp(SLUGGISH_KELVIN[1] * deviate("sluggishness"))
    slow = rise[:, None] * np.exp(np.minimum(forces, 0.0) / SLUGGISH_MEV)
    is_seen = [
        len(group) == 1 and mobility.falls_apart
        for group, mobility in zip(network.groups, network.mobility, strict=True)
    ]
    slow[:, np.array(is_seen)[network.group]] = 0.0
    onsets = mobile_kelvin(network)[:, network.group] + slow
    return np.asarray(np.maximum(onsets, 300.0))


def rate_constants(network: Network, forces: Floats) -> Floats:
    """Return draws of the rate constants, per ten hours, shape N_DRAWS x r.

    `k = exp(E/R (1/onset - 1/T))`: 1 where ten hours take a reaction half way.
    """
    heat = ACTIVATION[0] * np.exp(ACTIVATION[1] * deviate("activation"))
    onsets = onset_kelvin(network, forces)
    exponent = heat[:, None] / GAS_CONSTANT * (1 / onsets - 1 / network.kelvin)
    size = np.array([len(group) for group in network.groups])[network.group]
    exponent += np.where(size == 3, np.log(TRIPLE_CONTACT), 0.0)
    return np.asarray(np.exp(np.clip(exponent, -_MOST, _MOST)))
