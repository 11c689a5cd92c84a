"""How fast each reaction runs at one temperature, gas and state of the powder."""

from dataclasses import dataclass

import numpy as np

from campaigns.materials.thermo import GAS_CONSTANT
from simulators.chemistry.constants import Laws
from simulators.chemistry.gases import Evolution, conductance, film_pressures
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
_LEAST_RATE = 1e-14


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


def reaction_rates(laws: Laws, state: State, kelvin: float) -> tuple[Floats, Floats]:
    """Return each reaction's rate and the local gas pressures.

    Args:
        laws: The network in one world.
        state: The powder now.
        kelvin: Temperature, K.

    Returns:
        Rates, cation mol per second, >= 0, shape r; pressures, bar, shape g.

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
    way_out = conductance(kelvin, k.conductance_metres)
    local, standard = driving_forces(laws, kelvin, state.pressures)
    full = laws.factor * np.exp(-laws.energy / (GAS_CONSTANT * kelvin))
    full *= _contacts(laws, state, shares)
    _evaporate(laws, state, full, local, kelvin, way_out / total)
    full *= _nucleation(laws, local, shares, kelvin) * _hull(laws, local)
    full[full < _LEAST_RATE] = 0.0
    busy = np.flatnonzero(full)
    pressures, driven = film_pressures(
        state.pressures,
        outside=state.outside,
        least=laws.least,
        evolution=Evolution(
            full[busy] * total,
            standard[busy] / (GAS_CONSTANT * kelvin),
            net.gas_change[:, busy],
            net.vapour[busy],
        ),
        conductance=way_out,
    )
    rates = np.zeros(len(full))
    rates[busy] = full[busy] * driven * total
    return rates, pressures


def sensitivity(laws: Laws, state: State, rates: Floats) -> Floats:
    """Return how each rate changes with its own reactants, 1/s, shape r x s.

    Rates are proportional to each of two or three reactants, and go as the power 2/3
    of a single one; melt also speeds up the contacts that use it up; the crucible
    wall never runs out, and what evaporates does so through the crucible's mouth.
    """
    net = laws.network
    moles = np.append(np.maximum(state.moles, 1e-15), np.inf)
    if net.wall >= 0:
        moles[net.wall] = np.inf
    slopes = np.zeros((len(rates), len(moles)))
    np.put_along_axis(
        slopes,
        net.reactants,
        (rates * laws.order)[:, None] / moles[net.reactants],
        axis=1,
    )
    total, melt = float(net.cations @ state.moles), state.melt(laws)
    extra = (laws.truth.kinetics.melt_boost - 1.0) * laws.wets
    wet = melt + WETTING_SHARE
    gain = rates * extra * WETTING_SHARE / wet**2 / (1.0 + extra * melt / wet)
    for at in net.melts:
        # Where melt makes more melt an implicit step would turn back: leave it out.
        uses = net.change[at] < 0
        slopes[uses, at] += (gain * net.cations[at] / total)[uses]
    return slopes[:, :-1]


def _contacts(laws: Laws, state: State, shares: Floats) -> Floats:
    """Return how much of each reaction's reactants meet, shape r."""
    net, k = laws.network, laws.truth.kinetics
    reach = np.append(state.spread, 1.0)
    reached = (shares * reach)[net.reactants.T].prod(axis=0)
    melt = state.melt(laws)
    boost = 1.0 + (k.melt_boost - 1.0) * laws.wets * melt / (melt + WETTING_SHARE)
    layer = state.layers[net.group] / k.layer
    # Of two sizes the geometric mean counts.
    fine = np.append((2.0 / state.micrometres) ** 2, 1.0)[net.reactants.T].prod(axis=0)
    fineness = fine ** (1.0 / laws.size) * state.mixing
    paired = reached * fineness * boost / (1.0 + layer / boost)
    alone = _TYPICAL_SHARE * shares[net.reactants[:, 0]] ** (2.0 / 3.0)
    return np.where(laws.size == 1, alone, paired)


def _evaporate(
    laws: Laws,
    state: State,
    full: Floats,
    local: Floats,
    kelvin: float,
    way_out: float,
) -> None:
    """Set the full rates of reactions that give off a vapour, 1/s.

    Args:
        laws: The network in one world.
        state: The powder now.
        full: Rates far from equilibrium, 1/s, shape r; changed in place.
        local: dG at local pressures, J per cation mole, shape r.
        kelvin: Temperature, K.
        way_out: Conductance per cation mole, 1/s/bar.

    Source:
        Hertz-Knudsen: a p / sqrt(2 pi M R T) from the particles' surface, 6 V / d,
        with V = 1.2e-5 m3 per cation mole, typical of oxides.
    """
    at = laws.evaporates
    if len(at) == 0:
        return
    net = laws.network
    given = net.gas_change[net.vapour[at], at]
    log_p = np.log(state.pressures[net.vapour[at]])
    pressure = np.exp(
        np.minimum(log_p - local[at] / (given * GAS_CONSTANT * kelvin), 5.0)
    )
    speed = EVAPORATION * 1e5 / np.sqrt(2 * np.pi * laws.mass * GAS_CONSTANT * kelvin)
    metres = 1e-6 * state.micrometres[net.reactants[at, 0]]
    surface = full[at] * speed * 6.0 * 1.2e-5 / metres
    full[at] = pressure / given / (1.0 / surface.clip(1e-300) + 1 / (FILMS * way_out))


def _nucleation(laws: Laws, local: Floats, shares: Floats, kelvin: float) -> Floats:
    """Return the chance that a product has nuclei to grow on, 0 to 1, shape r.

    Source:
        Classical nucleation: exp(-16 pi gamma^3 / (3 kT dGv^2)), its constants drawn
        together into the driving force `nucleation` at 1200 K.
    """
    net, k = laws.network, laws.truth.kinetics
    force = np.maximum(-local / laws.atoms, 1e-3)
    nuclei = np.exp(-np.minimum((k.nucleation / force) ** 2 * 1200.0 / kelvin, 700.0))
    grown = np.minimum(shares[net.products.T].min(axis=0) / GROWN_SHARE, 1.0)
    chance = nuclei + (1.0 - nuclei) * grown
    return np.where(laws.needs_no_nuclei, 1.0, chance)


def _hull(laws: Laws, local: Floats) -> Floats:
    """Return how far each reaction's products stand together, 0 to 1, shape r.

    Products must not react by themselves or with one another. Taking CO2 or steam up
    counts only against reactions that give it off: elsewhere there is little to be
    had. Evaporation never counts: what evaporates does exist.
    """
    net = laws.network
    excess = np.zeros(len(local))
    for takes_none, asked in laws.hulls:
        force = np.where(takes_none, -local, 0.0)
        largest = np.zeros(len(net.groups) + 1)
        if len(force):
            largest[:-1] = np.maximum(np.maximum.reduceat(force, net.starts), 0.0)
        excess[asked] = largest[net.coexistence[asked].T].max(axis=0)
    return np.exp(-np.minimum(excess / HULL_JOULES, 700.0))
