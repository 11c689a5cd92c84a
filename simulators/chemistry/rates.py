"""How fast each reaction runs at one temperature, gas and state of the powder."""

from dataclasses import dataclass

import numpy as np

from campaigns.materials.thermo import GAS_CONSTANT
from simulators.chemistry.constants import Bools, Ints, Laws
from simulators.chemistry.gases import (
    LEAST_BAR,
    Evolution,
    conductance,
    film_pressures,
)
from simulators.chemistry.truth import Floats, at_kelvin

WETTING_SHARE = 0.02
"""Share of the cations in the melt that wets half of the contacts. Estimated."""
HULL_JOULES = 100.0
"""Width over which an unstable product ceases to grow, J per cation mole."""
GROWN_SHARE = 0.01
"""Share of the cations above which a product no longer needs nuclei."""
EVAPORATION = 0.05
"""Share of the molecules that leave at the rate of Hertz and Knudsen. Estimated: oxides
range from 1e-3 to 1; the crucible's mouth is slower than all of these."""
FILMS = 100.0
"""Evaporation is taken to be no faster than this many times what leaves the crucible:
beyond, only the equilibrium pressure counts, and figures would lose their digits."""
_TYPICAL_SHARE = 0.7
LEAST_RATE = 1e-14
"""Slower reactions stand still, 1/s."""
LEAST_SHARE = 1e-15
"""What is less of the cations does not react."""


@dataclass(slots=True, eq=False)
class State:
    """The powder while it is fired."""

    moles: Floats
    """Amount of each species, mol, shape s; that of the wall stays 0."""
    layers: Floats
    """Product at each contact, cation mol per cation mol, shape groups."""
    pressures: Floats
    """Local gas pressures, bar, shape g."""
    outside: Floats
    """Gas pressures in the furnace, bar, shape g."""
    spread: Floats
    """Share of each species that other reagents can reach, 0 to 1, shape s."""
    micrometres: Floats
    """Particle size of each species, um, shape s."""
    mixing: float
    """0 to 1, as in `Powder`."""

    def melt(self, laws: Laws) -> float:
        """Return the share of the cations that is liquid, 0 to 1."""
        net = laws.network
        liquid = float(net.cations[net.melts] @ self.moles[net.melts])
        return liquid / float(net.cations @ self.moles)


@dataclass(frozen=True, slots=True, eq=False)
class Running:
    """The reactions that run at one moment, n of them."""

    at: Ints
    """Their indices, shape n."""
    rates: Floats
    """Cation mol per second, >= 0, shape n."""
    slopes: Floats
    """How the rates change with each pressure, cation mol/s/bar, shape n x g."""
    pressures: Floats
    """Local gas pressures, bar, shape g."""
    conductance: float
    """What leaves the crucible per difference in pressure, mol/s/bar."""

    def is_free(self, laws: Laws, state: State) -> Bools:
        """Return which pressures follow what is given off, shape g.

        Vapours stay at what their sources hold up; gas at 1 bar flows out by itself.
        """
        p, carriers = self.pressures, laws.least >= LEAST_BAR
        most = np.maximum(1.0, state.outside)
        return np.asarray(carriers & (p > 1.01 * laws.least) & (p < 0.99 * most))


def driving_forces(
    laws: Laws, kelvin: float, pressures: Floats
) -> tuple[Floats, Floats]:
    """Return dG at local pressures and at 1 bar, J per cation mole, shape r."""
    net, thermal = laws.network, GAS_CONSTANT * kelvin
    s, f = len(net.species), len(laws.filled)
    energies = at_kelvin(laws.grid, kelvin)
    solids, gases = energies[:s].copy(), energies[s + f :]
    for k, site in enumerate(laws.filled):
        oxygen = gases[0] + thermal * np.log(pressures[0])
        gap = (solids[site.at] + site.oxygen * oxygen - energies[s + k]) / thermal
        solids[site.at] -= thermal * np.logaddexp(0.0, gap)
    standard = solids @ net.change + gases @ net.gas_change
    return standard + thermal * (np.log(pressures) @ net.gas_change), standard


def running_reactions(laws: Laws, state: State, kelvin: float) -> Running:
    """Return the reactions that run, their rates, and the local gas pressures.

    Args:
        laws: The network in one world.
        state: The powder now.
        kelvin: Temperature, K.

    Source:
        Contact-limited pair reactions through a growing layer (Jander's picture),
        driving factor 1 - exp(dG/RT), classical nucleation, hull rule: a product
        that would itself react further at that temperature and gas cannot form.
        Vapours leave their surfaces at the rate of Hertz and Knudsen.
    """
    net, k = laws.network, laws.truth.kinetics
    total = float(net.cations @ state.moles)
    shares = np.append(net.cations * state.moles / total, 1.0)
    if net.wall >= 0:
        shares[net.wall] = k.wall_contact
    local, standard = driving_forces(laws, kelvin, state.pressures)
    way_out = conductance(kelvin, k.conductance_metres)
    # Pressures move within the step: what is nearly driven takes part.
    near = local < GAS_CONSTANT * kelvin
    at = np.flatnonzero(near & _all_three(shares > LEAST_SHARE, net.reactants))
    full = laws.factor[at] * np.exp(-laws.energy[at] / (GAS_CONSTANT * kelvin))
    full *= _contacts(laws, state, shares, at)
    _evaporate(
        laws, state, full, at, local=local, kelvin=kelvin, way_out=way_out / total
    )
    full *= _nucleation(laws, local, shares, kelvin, at) * _hull(laws, local, at)
    busy = full > LEAST_RATE
    at, full = at[busy], full[busy]
    gas_change, vapour = net.gas_change[:, at], net.vapour[at]
    evolution = Evolution(
        full * total,
        standard[at] / (GAS_CONSTANT * kelvin),
        gas_change,
        laws.sharpness[at],
        vapour,
    )
    pressures, driven = film_pressures(
        state.pressures,
        outside=state.outside,
        least=laws.least,
        evolution=evolution,
        conductance=way_out,
    )
    held_back = np.where((driven > 0) & (vapour < 0), driven - 1.0, 0.0) * full * total
    sharp = held_back * laws.sharpness[at]
    slopes = sharp[:, None] * gas_change.T / pressures
    runs = driven > 0
    return Running(
        at[runs], (full * driven * total)[runs], slopes[runs], pressures, way_out
    )


def _all_three(flags: Bools, reactants: Ints) -> Bools:
    """Return where each of up to three reactants has a flag."""
    a, b, c = reactants.T
    return np.asarray(flags[a] & flags[b] & flags[c])


def _contacts(laws: Laws, state: State, shares: Floats, at: Ints) -> Floats:
    """Return how much of each reaction's reactants meet, shape n."""
    net, k, size = laws.network, laws.truth.kinetics, laws.size[at]
    a, b, c = net.reactants[at].T
    open_shares = shares * np.append(state.spread, 1.0)
    melt = state.melt(laws)
    boost = 1.0 + (k.melt_boost - 1.0) * laws.wets[at] * melt / (melt + WETTING_SHARE)
    layer = state.layers[net.group[at]] / k.layer
    # Of two sizes the geometric mean counts.
    fine = np.append((2.0 / state.micrometres) ** 2, 1.0)
    fineness = (fine[a] * fine[b] * fine[c]) ** (1.0 / size) * state.mixing
    reached = open_shares[a] * open_shares[b] * open_shares[c]
    paired = reached * fineness * boost / (1.0 + layer / boost)
    alone = _TYPICAL_SHARE * shares[a] ** (2.0 / 3.0)
    return np.asarray(np.where(size == 1, alone, paired))


def _evaporate(
    laws: Laws,
    state: State,
    full: Floats,
    at: Ints,
    *,
    local: Floats,
    kelvin: float,
    way_out: float,
) -> None:
    """Set the full rates of reactions that give off a vapour, 1/s.

    Args:
        laws: The network in one world.
        state: The powder now.
        full: Contacts of the reactions asked for, shape n; changed in place to rates.
        at: Their indices.
        local: dG of all reactions at local pressures, J per cation mole, shape r.
        kelvin: Temperature, K.
        way_out: Conductance per cation mole, 1/s/bar.

    Source:
        Hertz-Knudsen: a p / sqrt(2 pi M R T) from the particles' surface, 6 V / d,
        with V = 1.2e-5 m3 per cation mole, typical of oxides.
    """
    net = laws.network
    some = np.flatnonzero(net.vapour[at] >= 0)
    if len(some) == 0:
        return
    at, thermal = at[some], GAS_CONSTANT * kelvin
    given = net.gas_change[net.vapour[at], at]
    log_p = np.log(state.pressures[net.vapour[at]]) - local[at] / (given * thermal)
    pressure = np.exp(np.minimum(log_p, 5.0))
    speed = EVAPORATION * 1e5 / np.sqrt(2.0 * np.pi * laws.mass[at] * thermal)
    metres = 1e-6 * state.micrometres[net.reactants[at, 0]]
    surface = np.maximum(full[some] * speed * 6.0 * 1.2e-5 / metres, 1e-300)
    full[some] = pressure / given / (1.0 / surface + 1.0 / (FILMS * way_out))


def _nucleation(
    laws: Laws, local: Floats, shares: Floats, kelvin: float, at: Ints
) -> Floats:
    """Return the chance that a product has nuclei to grow on, 0 to 1, shape n.

    Source:
        Classical nucleation: exp(-16 pi gamma^3 / (3 kT dGv^2)), its constants drawn
        together into the driving force `nucleation` at 1200 K.
    """
    a, b, c = laws.network.products[at].T
    force = np.maximum(-local[at] / laws.atoms[at], 1e-3)
    barrier = (laws.truth.kinetics.nucleation / force) ** 2 * 1200.0 / kelvin
    nuclei = np.exp(-np.minimum(barrier, 700.0))
    least = np.minimum(np.minimum(shares[a], shares[b]), shares[c])
    chance = nuclei + (1.0 - nuclei) * np.minimum(least / GROWN_SHARE, 1.0)
    return np.where(laws.needs_no_nuclei[at], 1.0, chance)


def _hull(laws: Laws, local: Floats, at: Ints) -> Floats:
    """Return how far each reaction's products stand together, 0 to 1, shape n.

    Products must not react by themselves or with one another. Exchange of CO2 or steam
    counts only against reactions that give it off (see `constants`). Evaporation never
    counts: what evaporates does exist. But nothing evaporates from a substance that
    would rather fall apart: over what it becomes its vapour condenses.
    """
    net = laws.network
    excess = np.zeros(len(at))
    hull = laws.hull[at]
    for k in np.unique(hull):
        force = np.where(laws.counts[k], -local, 0.0)
        largest = np.zeros(len(net.groups) + 1)
        largest[:-1] = np.maximum(np.maximum.reduceat(force, net.starts), 0.0)
        own = np.flatnonzero(hull == k)
        excess[own] = largest[net.coexistence[at[own]]].max(axis=1)
    leaving = np.flatnonzero(net.vapour[at] >= 0)
    if len(leaving):
        staying = np.where(net.vapour < 0, -local, 0.0)
        unstable = np.maximum(np.maximum.reduceat(staying, net.starts), 0.0)
        excess[leaving] = unstable[net.group[at[leaving]]]
    return np.exp(-np.minimum(excess / HULL_JOULES, 700.0))
