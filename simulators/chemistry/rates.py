"""How fast each reaction runs at one temperature, gas and state of the powder."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from campaigns.materials.thermo import GAS_CONSTANT
from simulators.chemistry.gases import conductance, film_pressures
from simulators.chemistry.network import GASES, Network
from simulators.chemistry.substances import SUBSTANCES, VARIABLE_OXYGEN
from simulators.chemistry.truth import Floats, Truth, at_kelvin

OXYGEN_LOGIT = (5638.0, -5.514)
"""ln(y/(1-y)) = a/T + b + 0.5 ln p(O2) for YBa2Cu3O(6+y); see its row in
`thermochemistry.toml`."""
HULL_JOULES = 100.0
"""Width over which an unstable product ceases to grow, J per cation mole."""
GROWN_SHARE = 0.01
"""Share of the cations above which a product no longer needs nuclei."""
_TYPICAL_SHARE = 0.7
_MELT = "Ba3Cu5O7(l)"
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
        mobile = melts[network.reactants].min(axis=1)
        # A substance turns over at 1e-3/s at its own temperature.
        single = (
            GAS_CONSTANT * np.log(k.single_rate / 1e-3) * turns[network.reactants[:, 0]]
        )
        names = [tuple(network.species[i] for i in g) for g in network.groups]
        luck = np.array([truth.pair_factor(n) for n in names])[network.group]
        contact = np.where(size == 3, 27.0 * k.triple_contact, 4.0)
        species = np.array([*network.species, ""])
        has_wall = (species[network.reactants] == _WALL).any(axis=1)
        melting = (species[network.reactants] == _MELT).any(axis=1)
        melting |= (species[network.products] == _MELT).any(axis=1)
        return cls(
            network,
            truth,
            truth.grid((*network.species, *GASES)),
            np.where(size == 1, single, k.pair_energy * mobile),
            luck * np.where(size == 1, k.single_rate, k.pair_rate * contact),
            network.gas_change[1] < -1e-12,
            np.where((size > 1) & ~has_wall, 1.0, 0.0),
            melting,
            size,
        )


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
    fineness: float
    """(2 um / particle size)^2 times mixing."""
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


def _contacts(laws: Laws, state: State, shares: Floats) -> Floats:
    """Return how much of each reaction's reactants meet, shape r."""
    net, k = laws.network, laws.truth.kinetics
    reach = np.append(state.spread, 1.0)
    reached = (shares * reach)[net.reactants].prod(axis=1)
    melt = shares[net.species.index(_MELT)] if _MELT in net.species else 0.0
    boost = 1.0 + (k.melt_boost - 1.0) * laws.wets * melt / (melt + 0.02)
    layer = state.layers[net.group] / k.layer
    paired = reached * state.fineness * boost / (1.0 + layer / boost)
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
    grown = np.minimum(shares[net.products].min(axis=1) / GROWN_SHARE, 1.0)
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
        with_carbon[net.coexistence].max(axis=1),
        without[net.coexistence].max(axis=1),
    )
    return np.asarray(np.exp(-np.minimum(excess / HULL_JOULES, 700.0)))


def _largest(laws: Laws, force: Floats) -> Floats:
    """Return each group's largest driving force, >= 0, and 0 for the absent group."""
    largest = np.zeros(len(laws.network.groups) + 1)
    np.maximum.at(largest, laws.network.group, force)
    return largest
