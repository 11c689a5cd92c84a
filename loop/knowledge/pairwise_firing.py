"""A set of powders in the fire, once for each draw of what is believed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from loop.knowledge.pairwise import Chemistry
from loop.knowledge.pairwise_balance import Floats, Ints
from loop.knowledge.pairwise_beliefs import (
    N_DRAWS,
    REFERENCE_HOURS,
    chosen,
    driving_forces,
    rate_constants,
)
from loop.knowledge.pairwise_network import (
    Candidate,
    Conditions,
    Network,
    conditions,
)

_STEPS = 28
_LEAST = 1e-4
"""Share of a contact that a reaction must take in some draw to be followed."""
_NAMED = 0.01
"""Share of the powder's atoms that it must take in some draw to be told of."""
_SPAN = 24.0
"""Natural logarithm of the hold over its first step: what starts while heating has
ended before the slow reactions begin."""


@dataclass(frozen=True, slots=True)
class Firing:
    """One hold."""

    celsius: float
    hours: float
    atmosphere: str = "air"


@dataclass(frozen=True, slots=True, eq=False)
class Happened:
    """One reaction, and how far it went in each draw."""

    candidate: Candidate
    extents: Floats
    """Moles of reacting atoms, shape N_DRAWS."""
    when: Floats
    """Logarithm of the time, in holds, at which it went, weighted; shape N_DRAWS."""
    released: Floats
    """Free energy given off, meV times moles, shape N_DRAWS."""


@dataclass(frozen=True, slots=True, eq=False)
class Fired:
    """What became of a batch, in each draw."""

    moles: Mapping[str, Floats]
    """Solid to moles, shape N_DRAWS."""
    happened: tuple[Happened, ...]
    stand_ins: Mapping[str, tuple[str, ...]]
    """Substance without an energy to what it was counted as."""


Batch = tuple[tuple[str, float], ...]
"""Names of solids and moles of each."""


def together(amounts: Iterable[tuple[str, float]]) -> Batch:
    """Return a batch, amounts of the same composition added up."""
    moles: dict[str, float] = {}
    for name, n in amounts:
        moles[name] = moles.get(name, 0.0) + n
    return tuple(moles.items())


@lru_cache(maxsize=1024)
def fire(chemistry: Chemistry, batch: Batch, firings: tuple[Firing, ...]) -> Fired:
    """Return what a batch becomes in one or more firings.

    Args:
        chemistry: What is known.
        batch: Names as `Chemistry.name` gives them, with moles > 0.
        firings: In order.

    Raises:
        MaterialError: If a substance has no energy and is no sum of those that have.
    """
    moles: dict[str, Floats] = {}
    happened: list[Happened] = []
    stand_ins: dict[str, tuple[str, ...]] = {}
    for i, firing in enumerate(firings):
        at = conditions(chemistry, firing.celsius, firing.atmosphere)
        if not i:
            stand_ins = {
                name: tuple(at.stand_in(name))
                for name, _ in batch
                if not chemistry.has_energy(name)
            }
            start = resolved(at, dict(batch))
            moles = {name: np.full(N_DRAWS, n) for name, n in start.items()}
        moles = _current(at, moles)
        network = at.network(name for name, n in moles.items() if n.max() > 0)
        nothing = np.zeros(N_DRAWS)
        before = np.stack([moles.get(name, nothing) for name in network.solids])
        end, events = _hold(network, before, firing.hours)
        moles = dict(zip(network.solids, end, strict=True))
        happened += [
            Happened(e.candidate, e.extents, e.when + _SPAN * i, e.released)
            for e in events
        ]
    return Fired(moles, tuple(happened), stand_ins)


def resolved(at: Conditions, moles: Mapping[str, float]) -> dict[str, float]:
    """Replace what has no energy by what its composition is stable as."""
    known: dict[str, float] = {}
    for name, n in moles.items():
        for made, share in at.stand_in(name).items():
            known[made] = known.get(made, 0.0) + share * n
    return known


def _current(at: Conditions, moles: Mapping[str, Floats]) -> dict[str, Floats]:
    """Let phases of variable oxygen take the state that is stable here."""
    found: dict[str, Floats] = {}
    for name, n in moles.items():
        now = at.current(name)
        found[now] = found.get(now, 0.0) + n
    return found


def _hold(
    network: Network, start: Floats, hours: float
) -> tuple[Floats, list[Happened]]:
    """Return the solids after a hold, and what happened.

    Each contact grows a layer of product, so that what is left of the scarcer reactant
    after a time t is `exp(-ln 2 (k t)^(1/2))` of what there was (Avrami's form with
    the exponent of parabolic growth, as in the proposer's rate law).

    Args:
        network: With r reactions of s solids.
        start: Moles, shape s x N_DRAWS.
        hours: Length of the hold, h.
    """
    if not network.candidates:
        return start, []
    ages = np.linspace(-_SPAN, 0.0, _STEPS)
    growth = np.diff(np.sqrt(hours / REFERENCE_HOURS * np.exp(ages)), prepend=0.0)
    laws = _laws(network, growth.sum())
    moles, total = start.copy(), np.zeros_like(laws.speed)
    weighted = np.zeros_like(laws.speed)
    for step, age in zip(growth, ages, strict=True):
        extents = _step(laws, moles, -np.expm1(-laws.speed * step))
        moles += laws.change @ (laws.is_chosen * extents[laws.group])
        np.maximum(moles, 0.0, out=moles)
        total += extents
        weighted += age * extents
    when = weighted / np.maximum(total, 1e-12)
    least = _NAMED * float((network.atoms @ start).mean())
    return moles, list(_told(network, laws, total, when, least))


def _told(
    network: Network, laws: "_Laws", total: Floats, when: Floats, least: float
) -> Iterator[Happened]:
    """Yield the reactions that take at least so many moles of atoms in some draw."""
    for j, (r, g) in enumerate(zip(laws.which, laws.group, strict=True)):
        extents = laws.is_chosen[j] * total[g]
        if extents.max() > least:
            released = -laws.forces[j] * extents
            yield Happened(network.candidates[r], extents, when[g], released)


@dataclass(frozen=True, slots=True, eq=False)
class _Laws:
    """How fast g groups react, by one of their k reactions in each draw."""

    which: Ints
    """Indices of the reactions in the network, shape k."""
    group: Ints
    """Group of each reaction, shape k."""
    forces: Floats
    """Free energies, meV/atom, shape k x N_DRAWS."""
    is_chosen: Floats
    """1 where a group undergoes this reaction, else 0, shape k x N_DRAWS."""
    speed: Floats
    """Of the product layer, per root of ten hours, shape g x N_DRAWS."""
    change: Floats
    """Moles of each solid per mole of atoms, shape s x k."""
    reactants: Ints
    """Solids consumed, shape 3 x g; the first again where there are fewer."""
    needed: Floats
    """Moles of each of those, > 0, shape 3 x g x N_DRAWS."""
    takes: Floats
    """1 where a group's reactant is this solid, shape s x 3 g."""


def _laws(network: Network, growth: float) -> _Laws:
    """Return the laws of the groups that react in some draw."""
    forces = driving_forces(network)
    picked = chosen(network, forces)
    speed = np.log(2.0) * np.sqrt(rate_constants(network, forces)) * picked
    runs = np.maximum.reduceat(speed.max(axis=0), network.starts) * growth > _LEAST
    which = np.flatnonzero(runs[network.group])
    groups, group = np.unique(network.group[which], return_inverse=True)
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    picked = np.ascontiguousarray(picked[:, which].T)
    reactants = network.reactants[which][starts].T
    needed = network.needed[which].T[:, :, None] * picked
    takes = np.zeros((len(network.solids), 3, len(groups)))
    takes[reactants, np.arange(3)[:, None], np.arange(len(groups))] = 1.0
    takes[:, 1:] *= reactants[1:] != reactants[0]
    return _Laws(
        which,
        group,
        np.ascontiguousarray(forces[:, which].T),
        picked,
        np.add.reduceat(np.ascontiguousarray(speed[:, which].T), starts),
        np.ascontiguousarray(network.change[which].T),
        reactants,
        np.maximum(np.add.reduceat(needed, starts, axis=1), 1e-300),
        takes.reshape(len(network.solids), -1),
    )


def _step(laws: _Laws, moles: Floats, share: Floats) -> Floats:
    """Return extents of one step, cut where reactions want more than there is.

    Args:
        laws: Of g groups of s solids.
        moles: Shape s x N_DRAWS.
        share: Of the scarcest reactant that each group would take, g x N_DRAWS.
    """
    extents = share * (moles[laws.reactants] / laws.needed).min(axis=0)
    wanted = laws.takes @ (laws.needed * extents).reshape(-1, N_DRAWS)
    supply = np.minimum(moles / np.maximum(wanted, 1e-300), 1.0)
    return np.asarray(extents * supply[laws.reactants].min(axis=0))


def weight_shares(chemistry: Chemistry, fired: Fired, names: Sequence[str]) -> Floats:
    """Return weight shares of the solids named, shape N_DRAWS x len(names), 0 to 1."""
    grams = {
        name: n * chemistry.formula(name).molar_mass for name, n in fired.moles.items()
    }
    total = np.sum(list(grams.values()), axis=0)
    shares = np.zeros((N_DRAWS, len(names)))
    for i, name in enumerate(names):
        if name in grams:
            shares[:, i] = grams[name] / total
    return shares
