"""What does not change of a network's rates while a powder is fired."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from campaigns.materials.thermo import GAS_CONSTANT, species_formula
from simulators.chemistry.gases import floor
from simulators.chemistry.network import Network
from simulators.chemistry.substances import SUBSTANCES, VARIANTS, oxygen_taken
from simulators.chemistry.truth import Floats, Truth

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

MELTING_PER_SECOND = 0.02
"""Rate of melting and freezing far from equilibrium, 1/s. Estimated: a crucible takes
up its heat of fusion within minutes."""
MELTING_SHARPNESS = 200.0
"""What counts as far: dG of melting is multiplied by this, so that 2 K from the melting
point are enough. Set: the supply of heat, not the driving force, limits melting."""


@dataclass(frozen=True, slots=True)
class Sites:
    """Oxygen sites of a phase that the gas fills."""

    variant: str
    """Name of the phase with all of them filled."""
    at: int
    """Index of the phase with none filled."""
    oxygen: float
    """Moles of O2 that fill a mole of it."""


@dataclass(frozen=True, slots=True, eq=False)
class Laws:
    """A network in one world; s species, r reactions, g gases."""

    network: Network
    truth: Truth
    filled: tuple[Sites, ...]
    grid: Floats
    """Gibbs energies of species, filled phases and gases, J/mol, shape grid x all."""
    energy: Floats
    """Activation energies, J/mol, shape r."""
    factor: Floats
    """Rates at infinite temperature without contact terms, 1/s, shape r."""
    counts: tuple[Bools, ...]
    """For each set of gases given off, the reactions that count against a product."""
    hull: Ints
    """Which of these sets each reaction gives off, shape r."""
    wets: Floats
    """1 where melt speeds the contact up, else 0, shape r."""
    needs_no_nuclei: Bools
    """Reactions that melt or freeze, shape r."""
    size: Ints
    """Number of reactants, shape r."""
    order: Floats
    """Power of each reactant's amount in the rate, shape r."""
    sharpness: Floats
    """What dG per cation mole is multiplied by in the driving factor, shape r."""
    atoms: Floats
    """Atoms in the condensed products per cation mole, at least 0.01, shape r."""
    mass: Floats
    """Molar mass of the vapour that each gives off, kg/mol, shape r; 1 without."""
    least: Floats
    """Lowest gas pressures, bar, shape g."""


@lru_cache(maxsize=128)
def laws_of(network: Network, truth: Truth) -> Laws:
    """Return the laws of a network in one world."""
    size, filled = network.size, _filled(network)
    evaporates = np.flatnonzero(network.vapour >= 0)
    energy, factor = _arrhenius(network, truth)
    counts, hull = _hulls(network)
    masses = [1e-3 * species_formula(gas).molar_mass for gas in network.gases]
    names = (*network.species, *(site.variant for site in filled), *network.gases)
    melting = _any(network, network.melts)
    # Glass needs nuclei to crystallise.
    glasses = [i for i in network.melts if SUBSTANCES[network.species[i]].glass]
    melting &= ~((size == 1) & np.isin(network.reactants[:, 0], glasses))
    factor[evaporates] = 1.0
    energy[evaporates] = 0.0
    order = np.where(size == 1, 2.0 / 3.0, 1.0)
    return Laws(
        network,
        truth,
        filled,
        truth.grid(names),
        energy,
        factor,
        counts,
        hull,
        np.where((size > 1) & ~_dry(network), 1.0, 0.0),
        melting,
        size,
        order,
        _sharpness(network),
        np.maximum(network.atoms, 0.01),
        np.where(network.vapour < 0, 1.0, np.array(masses)[network.vapour]),
        floor(network.gases),
    )


def _filled(network: Network) -> tuple[Sites, ...]:
    return tuple(
        Sites(name, network.species.index(v.of), oxygen_taken(v))
        for name, v in VARIANTS.items()
        if v.is_filled and v.of in network.species
    )


def _arrhenius(network: Network, truth: Truth) -> tuple[Floats, Floats]:
    """Return activation energies, J/mol, and rates at infinite temperature, 1/s."""
    k, size = truth.kinetics, network.size
    rows = [SUBSTANCES[name] for name in network.species]
    melts = np.array([row.melts_kelvin for row in rows] + [np.inf])
    turns = np.array([row.turns_kelvin for row in rows] + [np.inf])
    # A substance turns over at 1e-3/s at its own temperature.
    single = (
        GAS_CONSTANT * np.log(k.single_rate / 1e-3) * turns[network.reactants[:, 0]]
    )
    labels = [network.label(group).split("|") for group in network.groups]
    luck = np.array([truth.pair_factor(tuple(n)) for n in labels])[network.group]
    contact = np.where(size == 3, 27.0 * k.triple_contact, 4.0)
    energy = np.where(size == 1, single, k.pair_energy * _mobility(network, melts))
    factor = luck * np.where(size == 1, k.single_rate, k.pair_rate * contact)
    plain = _plain_melting(network)
    energy[plain], factor[plain] = 0.0, MELTING_PER_SECOND
    return energy, factor


def _plain_melting(network: Network) -> Bools:
    """Return where a solid melts or a melt that makes no glass freezes as it is."""
    n = len(network.species)
    is_plain = (network.size == 1) & ((network.products < n).sum(axis=1) == 1)
    is_plain &= (network.gas_change == 0).all(axis=0) & _any(network, network.melts)
    glasses = [i for i in network.melts if SUBSTANCES[network.species[i]].glass]
    return np.asarray(is_plain & ~np.isin(network.reactants[:, 0], glasses))


def _sharpness(network: Network) -> Floats:
    """Return what counts as a reaction's mole in its driving factor, shape r.

    One cation mole; but where a substance turns into one other and gas, a mole of gas:
    the rate goes as 1 - p/p_eq.

    Source:
        Benton & Drake, J. Am. Chem. Soc. 56 (1934) 255, for decompositions near
        equilibrium. For carbonates both moles are the same.
    """
    n = len(network.species)
    gas = abs(network.gas_change).sum(axis=0)
    is_plain = (network.size == 1) & ((network.products < n).sum(axis=1) == 1)
    turns = is_plain & (network.vapour < 0) & (gas > 1e-9)
    per_gas = np.where(turns, 1.0 / np.maximum(gas, 1e-9), 1.0)
    return np.where(_plain_melting(network), MELTING_SHARPNESS, per_gas)


def _any(network: Network, members: Ints) -> Bools:
    """Return which reactions have one of these among reactants or products."""
    both = np.concatenate([network.reactants, network.products], axis=1)
    return np.asarray(np.isin(both, members).any(axis=1))


def _own_pace(network: Network, at: int) -> Bools:
    """Return the reactions in which a refractory carbonate must lose its CO2."""
    has = (network.reactants == at).any(axis=1)
    acids = [i for i, n in enumerate(network.species) if SUBSTANCES[n].acid]
    has &= ~np.isin(network.reactants, acids).any(axis=1)
    return np.asarray(has & (network.gas_change[1] > 1e-12))


def _slow(network: Network) -> list[int]:
    return [i for i, n in enumerate(network.species) if SUBSTANCES[n].own_pace]


def _dry(network: Network) -> Bools:
    """Return which reactions melt does not speed up."""
    dry = (network.reactants == network.wall).any(axis=1)
    for i in _slow(network):
        dry |= _own_pace(network, i)
    return np.asarray(dry)


def _mobility(network: Network, melts: Floats) -> Floats:
    """Return the melting temperature that governs each reaction, K, shape r.

    Of two reactants the one that melts lower moves to the other; of three, two must.
    A refractory carbonate gives its CO2 off no faster than its own lattice lets go,
    though melt may dissolve it whole; the crucible's dense wall counts half.
    """
    three = np.sort(melts[network.reactants], axis=1)
    mean = three[:, :2].mean(axis=1)
    mobile = np.where(network.size == 3, mean, three[:, 0])
    for i in _slow(network):
        own = _own_pace(network, i)
        mobile = np.where(own, np.maximum(mobile, melts[i]), mobile)
    has_wall = (network.reactants == network.wall).any(axis=1)
    return np.asarray(np.where(has_wall, mean, mobile))


def _hulls(network: Network) -> tuple[tuple[Bools, ...], Ints]:
    """Return which reactions count against products, and for which reactions.

    A reaction that gives CO2 or steam off sees every later one; one that does not sees
    only those that do not exchange that gas: taking it up needs a supply, and what
    holds it already may go on holding it for a while, as its reagents did.
    """
    gas, is_solid = network.gas_change, network.vapour < 0
    keeps = [(is_solid & (abs(gas[k]) < 1e-12), is_solid) for k in (1, 2)]
    counts = tuple(
        keeps[0][has_carbon] & keeps[1][has_steam]
        for has_carbon in (False, True)
        for has_steam in (False, True)
    )
    return counts, np.asarray(2 * (gas[1] > 1e-12) + (gas[2] > 1e-12), dtype=np.int64)
