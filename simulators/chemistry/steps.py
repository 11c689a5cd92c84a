"""One step of time: how far each reaction goes while everything else moves too."""

import numpy as np

from simulators.chemistry.constants import Ints, Laws
from simulators.chemistry.rates import WETTING_SHARE, Running, State
from simulators.chemistry.truth import Floats

LEAST_SECONDS = 2.0
MOST_SECONDS = 900.0
STEP_CHANGE = 0.12
"""Largest change a step may make to a species, of itself plus 2 % of all cations."""
_TURNS = 12
_FACTOR = 8.0
"""Largest factor by which a step may move a pressure."""


def extents(
    laws: Laws, state: State, running: Running, seconds: float
) -> tuple[float, Floats, Floats]:
    """Return a step, s, how far each reaction goes in it, and the pressures after it.

    Linearly implicit in amounts and pressures together, so that what forms slowly and
    reacts on fast does not shorten the step, and a burst of gas that cannot last does
    not hold back what could; the step shrinks until no amount changes much.

    Args:
        laws: The network in one world.
        state: The powder now.
        running: The reactions that run, and their rates.
        seconds: Longest step, s.

    Returns:
        Seconds; extents, cation mol, shape r; pressures, bar, shape g.
    """
    net, at, moles = laws.network, running.at, state.moles
    change, gas = net.change[:, at], net.gas_change[:, at]
    slopes = np.hstack([sensitivity(laws, state, running, seconds), running.slopes])
    n, g = len(moles), len(net.gases)
    flow = np.concatenate([change @ running.rates, np.zeros(g)])
    back = np.vstack([change @ slopes, gas @ slopes / running.conductance])
    back[n:][~running.is_free(laws, state)] = 0.0
    slack = moles + 0.02 * float(net.cations @ moles) / np.maximum(net.cations, 1.0)
    one = np.eye(n + g)
    while True:
        scale = np.concatenate([np.full(n, seconds), np.ones(g)])
        move = np.linalg.solve(one - scale[:, None] * back, scale * flow)
        fastest = float((abs(move[:n]) / slack).max()) / STEP_CHANGE
        if fastest <= 1.5 or seconds <= LEAST_SECONDS:
            break
        seconds = max(LEAST_SECONDS, 0.8 * seconds / fastest)
    found = np.zeros(len(laws.size))
    wanted = seconds * np.maximum(running.rates + slopes @ move, 0.0)
    found[at] = _limited(laws, state, wanted, at)
    p = running.pressures
    after = np.clip(p + move[n:], p / _FACTOR, p * _FACTOR)
    return seconds, found, np.maximum(after, laws.least)


def sensitivity(laws: Laws, state: State, running: Running, seconds: float) -> Floats:
    """Return how the rates change with their own reactants, 1/s, shape n x s.

    Rates are proportional to each of two or three reactants, and go as the power 2/3
    of a single one; melt also speeds up the contacts that use it up; the crucible
    wall never runs out. What evaporates does so through the crucible's mouth, however
    much there is, unless it is used up within the step.
    """
    net, at, rates = laws.network, running.at, running.rates
    moles = np.append(np.maximum(state.moles, 1e-15), np.inf)
    if net.wall >= 0:
        moles[net.wall] = np.inf
    slopes = np.zeros((len(at), len(moles)))
    reactants = net.reactants[at]
    order = laws.order[at]
    leaves = np.flatnonzero(net.vapour[at] >= 0)
    spent = seconds * rates[leaves] / moles[reactants[leaves, 0]]
    order[leaves] = spent / (1.0 + spent)
    each = (rates * order)[:, None] / moles[reactants]
    np.put_along_axis(slopes, reactants, each, axis=1)
    total, melt = float(net.cations @ state.moles), state.melt(laws)
    extra = (laws.truth.kinetics.melt_boost - 1.0) * laws.wets[at]
    wet = melt + WETTING_SHARE
    gain = rates * extra * WETTING_SHARE / wet**2 / (1.0 + extra * melt / wet)
    for liquid in net.melts:
        # Where melt makes more melt an implicit step would turn back: leave it out.
        uses = net.change[liquid, at] < 0
        slopes[uses, liquid] += (gain * net.cations[liquid] / total)[uses]
    return slopes[:, :-1]


def _limited(laws: Laws, state: State, wanted: Floats, at: Ints) -> Floats:
    """Return extents of some reactions, cut so that no reactant is overdrawn.

    What a step makes of a reactant it may use too; where that leads in circles, each
    reactant is used up along an exponential from what there was, never past zero.
    """
    net = laws.network
    change, reactants = net.change[:, at], net.reactants[at]
    gives, takes = np.maximum(change, 0.0), np.maximum(-change, 0.0)
    moles = state.moles.copy()
    if net.wall >= 0:
        moles[net.wall] = np.inf
    extents = wanted
    for _ in range(_TURNS):
        supply, use = moles + gives @ extents, takes @ extents
        short = use > supply
        if not short.any():
            return extents
        keep = np.ones(len(moles) + 1)
        keep[:-1][short] = 0.999 * supply[short] / use[short]
        extents = extents * keep[reactants].min(axis=1)
    used = takes @ wanted / np.maximum(moles, 1e-300)
    keep = np.ones(len(moles) + 1)
    busy = np.flatnonzero(used > 1e-12)
    keep[busy] = -np.expm1(-used[busy]) / used[busy]
    return np.asarray(wanted * keep[reactants].min(axis=1))
