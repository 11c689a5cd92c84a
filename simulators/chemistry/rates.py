"""How fast each reaction runs at one temperature, gas and state of the powder."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from campaigns.materials.thermo import GAS_CONSTANT
from simulators.chemistry.gases import conductance, film_pressures
from simulators.chemistry.network import GASES, Network
from simulators.chemistry.substances import MELT, SUBSTANCES, VARIABLE_OXYGEN
from simulators.chemistry.truth import Floats, Truth, at_kelvin

OXYGEN_LOGIT = (5638.0, -5.514)
"""ln(y/(1-y)) = a/T + b + 0.5 ln p(O2) for YBa2Cu3O(6+y); see its row in
`thermochemistry.toml`."""
WETTING_SHARE = 0.02
"""Share of the cations in the melt that wets half of the contacts. Estimated."""
HULL_JOULES = 100.0
"""Width over which an unstable product ceases to grow, J per cation mole."""
GROWN_SHARE = 0.01
"""Share of the cations above which a product no longer needs nuclei."""
_TYPICAL_SHARE = 0.7
CARBONATES = ("BaCO3", "CaCO3")
"""Reactants that must lose CO2 before anything can take their metal up."""
_WALL = "Al2O3"


@dataclass(frozen=True, slots=True, eq=False)
class Laws:
    """Everything about a network's rates that does not change while firing."""

    network: Network
    truth: Truth
    grid: Floats
    """Gibbs energies of species and then gases, J/mol, shape grid x (s + g)."""
    energy: Floats
    """Activation energies, J/mol, shape r."""
    factor: Floats
    """Rates at infinite temperature without contact terms, 1/s, shape r."""
    takes_carbon: NDArray[np.bool_]
    """Reactions that take CO2 up, shape r."""
    wets: Floats
    """1 where melt speeds the contact up, else 0, shape r."""
    needs_no_nuclei: NDArray[np.bool_]
    """Reactions that melt or freeze, shape r."""
    size: NDArray[np.int64]
    """Number of reactants, shape r."""

    @classmethod
    def of(cls, network: Network, truth: Truth) -> "Laws":
        """Return the laws of a network in one world."""
        k, size = truth.kinetics, network.size
        rows = [SUBSTANCES[name] for name in network.species]
        melts = np.array([row.melts_kelvin for row in rows] + [np.inf])
        turns = np.array([row.turns_kelvin for row in rows] + [np.inf])
        mobile = _mobility(network, melts)
        # A substance turns over at 1e-3/s at its own temperature.
        single = (
            GAS_CONSTANT * np.log(k.single_rate / 1e-3) * turns[network.reactants[:, 0]]
        )
        names = [tuple(network.species[i] for i in g) for g in network.groups]
        luck = np.array([truth.pair_factor(n) for n in names])[network.group]
        contact = np.where(size == 3, 27.0 * k.triple_contact, 4.0)
        species = np.array([*network.species, ""])
        is_dry = np.isin(species[network.reactants], (_WALL, *CARBONATES)).any(axis=1)
        melting = (species[network.reactants] == MELT).any(axis=1)
        melting |= (species[network.products] == MELT).any(axis=1)
        return cls(
            network,
            truth,
            truth.grid((*network.species, *GASES)),
            np.where(size == 1, single, k.pair_energy * mobile),
            luck * np.where(size == 1, k.single_rate, k.pair_rate * contact),
            network.gas_change[1] < -1e-12,
            np.where((size > 1) & ~is_dry, 1.0, 0.0),
            melting,
            size,
        )


def _mobility(network: Network, melts: Floats) -> Floats:
    """Return the melting temperature that governs each reaction, K, shape r.

    Of two reactants the one that melts lower moves to the other; of three, two must.
    A carbonate reacts no faster than its own lattice lets go, and the crucible's dense
    wall counts half.
    """
    three = np.sort(melts[network.reactants], axis=1)
    mobile = np.where(network.size == 3, three[:, :2].mean(axis=1), three[:, 0])
    names = np.array([*network.species, ""])[network.reactants]
    for carbonate in CARBONATES:
        if carbonate in network.species:
            own = melts[network.species.index(carbonate)]
            has = (names == carbonate).any(axis=1)
            mobile = np.where(has, np.maximum(mobile, own), mobile)
    has_wall = (names == _WALL).any(axis=1)
    return np.asarray(np.where(has_wall, three[:, :2].mean(axis=1), mobile))


@dataclass(slots=True, eq=False)
class State:
    """The powder while it is fired."""

    moles: Floats
    """Amount of each species, mol, shape s."""
    layers: Floats
    """Product at each contact, cation mol per cation mol, shape groups."""
    pressures: Floats
    """Local gas pressures, bar, shape g."""
    outside: Floats
    """Gas pressures in the furnace, bar, shape g."""
    spread: Floats
    """Share of each species that other reagents can reach, 0 to 1, shape s."""
    micrometres: float
    """Particle size, um."""
    mixing: float
    """0 to 1, as in `Powder`."""
    has_wall: bool
    """Whether the crucible takes part."""


def driving_forces(
    laws: Laws, kelvin: float, pressures: Floats
) -> tuple[Floats, Floats]:
    """Return dG at local pressures and at 1 bar, J per cation mole, shape r."""
    net = laws.network
    energies = at_kelvin(laws.grid, kelvin)
    solids, gases = energies[: len(net.species)].copy(), energies[len(net.species) :]
    if VARIABLE_OXYGEN in net.species:
        a, b = OXYGEN_LOGIT
        logit = a / kelvin + b + 0.5 * np.log(pressures[0])
        at = net.species.index(VARIABLE_OXYGEN)
        solids[at] -= GAS_CONSTANT * kelvin * np.logaddexp(0.0, logit)
    standard = solids @ net.change + gases @ net.gas_change
    thermal = GAS_CONSTANT * kelvin
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
    """
    net, k = laws.network, laws.truth.kinetics
    total = float(net.cations @ state.moles)
    shares = np.append(net.cations * state.moles / total, 1.0)
    if state.has_wall:
        shares[net.species.index(_WALL)] = k.wall_contact
    local, standard = driving_forces(laws, kelvin, state.pressures)
    full = laws.factor * np.exp(-laws.energy / (GAS_CONSTANT * kelvin))
    full *= _contacts(laws, state, shares)
    full *= _nucleation(laws, local, shares, kelvin) * _hull(laws, local)
    full[full < 1e-14] = 0.0
    pressures, driven = film_pressures(
        state.pressures,
        outside=state.outside,
        rates=full * total,
        equilibrium=standard / (GAS_CONSTANT * kelvin),
        gas_change=net.gas_change,
        conductance=conductance(kelvin, k.conductance_metres),
    )
    return full * driven * total, pressures


def sensitivity(laws: Laws, state: State, rates: Floats) -> Floats:
    """Return how each rate changes with its own reactants, 1/s, shape r x s.

    Rates are proportional to each of two or three reactants, and go as the power 2/3
    of a single one; melt also speeds up the contacts that use it up; the crucible
    wall never runs out.
    """
    net = laws.network
    n = len(net.species)
    order = np.where(laws.size == 1, 2.0 / 3.0, 1.0)
    moles = np.append(np.maximum(state.moles, 1e-15), np.inf)
    if state.has_wall:
        moles[net.species.index(_WALL)] = np.inf
    slopes = np.zeros((len(rates), n + 1))
    np.put_along_axis(
        slopes,
        net.reactants,
        (rates * order)[:, None] / moles[net.reactants],
        axis=1,
    )
    if MELT in net.species:
        at = net.species.index(MELT)
        total = float(net.cations @ state.moles)
        per_mole = net.cations[at] / total
        melt = per_mole * state.moles[at]
        extra = (laws.truth.kinetics.melt_boost - 1.0) * laws.wets
        wet = melt + WETTING_SHARE
        gain = extra * WETTING_SHARE / wet**2 / (1.0 + extra * melt / wet)
        # Where melt makes more melt an implicit step would turn back: leave it out.
        uses = net.change[at] < 0
        slopes[uses, at] += (rates * gain * per_mole)[uses]
    return slopes[:, :n]


def _contacts(laws: Laws, state: State, shares: Floats) -> Floats:
    """Return how much of each reaction's reactants meet, shape r."""
    net, k = laws.network, laws.truth.kinetics
    reach = np.append(state.spread, 1.0)
    reached = (shares * reach)[net.reactants.T].prod(axis=0)
    melt = shares[net.species.index(MELT)] if MELT in net.species else 0.0
    boost = 1.0 + (k.melt_boost - 1.0) * laws.wets * melt / (melt + WETTING_SHARE)
    layer = state.layers[net.group] / k.layer
    fineness = (2.0 / state.micrometres) ** 2 * state.mixing
    paired = reached * fineness * boost / (1.0 + layer / boost)
    alone = _TYPICAL_SHARE * shares[net.reactants[:, 0]] ** (2.0 / 3.0)
    return np.where(laws.size == 1, alone, paired)


def _nucleation(laws: Laws, local: Floats, shares: Floats, kelvin: float) -> Floats:
    """Return the chance that a product has nuclei to grow on, 0 to 1, shape r.

    Source:
        Classical nucleation: exp(-16 pi gamma^3 / (3 kT dGv^2)), its constants drawn
        together into the driving force `nucleation` at 1200 K.
    """
    net, k = laws.network, laws.truth.kinetics
    force = np.maximum(-local / net.atoms, 1e-3)
    nuclei = np.exp(-np.minimum((k.nucleation / force) ** 2 * 1200.0 / kelvin, 700.0))
    grown = np.minimum(shares[net.products.T].min(axis=0) / GROWN_SHARE, 1.0)
    chance = nuclei + (1.0 - nuclei) * grown
    return np.where(laws.needs_no_nuclei, 1.0, chance)


def _hull(laws: Laws, local: Floats) -> Floats:
    """Return how far each reaction's products stand together, 0 to 1, shape r.

    Products must not react by themselves or with one another. Taking CO2 up counts
    only against reactions that give CO2 off: elsewhere there is none to be had.
    """
    net = laws.network
    with_carbon = _largest(laws, -local)
    without = _largest(laws, np.where(laws.takes_carbon, 0.0, -local))
    gives_carbon = net.gas_change[1] > 1e-12
    excess = np.where(
        gives_carbon,
        with_carbon[net.coexistence.T].max(axis=0),
        without[net.coexistence.T].max(axis=0),
    )
    return np.asarray(np.exp(-np.minimum(excess / HULL_JOULES, 700.0)))


def _largest(laws: Laws, force: Floats) -> Floats:
    """Return each group's largest driving force, >= 0, and 0 for the absent group."""
    largest = np.zeros(len(laws.network.groups) + 1)
    np.maximum.at(largest, laws.network.group, force)
    return largest
