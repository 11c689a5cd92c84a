"""Firing: the powder's way through a temperature programme."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from campaigns.materials.thermo import species_formula
from simulators.chemistry.crystals import Crystals, frozen, oxygen_content, settle
from simulators.chemistry.gases import background
from simulators.chemistry.handling import dry
from simulators.chemistry.network import GASES, VOLATILE, Network, network
from simulators.chemistry.powder import Powder
from simulators.chemistry.rates import Laws, State, reaction_rates, sensitivity
from simulators.chemistry.substances import (
    FULL_OXYGEN,
    LUMPED,
    MELT,
    VARIABLE_OXYGEN,
    WATER,
)
from simulators.chemistry.truth import Floats, Truth

ZERO_CELSIUS = 273.15
_WALL = "Al2O3"
_LEAST_SECONDS = 2.0
_MOST_SECONDS = 900.0
_STEP_KELVIN = 6.0
_IDLE_KELVIN = 20.0
_STEP_CHANGE = 0.12
"""Largest change a step may make to a species, of itself plus 2 % of all cations."""


_CONNECTED_SHARE = 0.05
"""Molten share of the cations above which liquid moves through the powder."""


def fire(
    powder: Powder,
    times_seconds: ArrayLike,
    celsius: ArrayLike,
    gas: str,
    crucible: str,
    truth: Truth,
    rng: np.random.Generator,
) -> Powder:
    """Return the powder after a firing.

    Args:
        powder: What goes in.
        times_seconds: Times from the start, s, increasing, shape n.
        celsius: Sample temperature at those times, degrees Celsius, shape n.
        gas: Furnace gas: `air`, `O2`, `N2`, `Ar` or `CO2`.
        crucible: Wall material; `Al2O3` reacts, any other is inert.
        truth: The world's energies and rate constants.
        rng: Draws what no programme controls: the powder's own offset from the
            furnace (1.5 K) and how much of each reagent sits in unreached lumps.

    Raises:
        ValueError: If the gas is unknown or the programme is no programme.
    """
    times, program = _program(times_seconds, celsius)
    outside = background(gas)
    offset = float(rng.normal(0.0, 1.5))
    lumps = _lumps(powder, rng)
    if sum(powder.moles.values()) <= 0:
        return powder
    span = float(times[-1] - times[0])
    powder = dry(powder, float(program.max()), span)
    run = _Run.start(powder, outside, truth, has_wall=crucible == _WALL)
    now, end, step = float(times[0]), float(times[-1]), _MOST_SECONDS
    while now < end:
        kelvin = float(np.interp(now, times, program)) + offset + ZERO_CELSIUS
        run.state.spread = run.reach(lumps)
        rates, run.state.pressures = reaction_rates(run.laws, run.state, kelvin)
        step = min(2.5 * step, _MOST_SECONDS, end - now)
        step = _within(step, kelvin, now, times, program + offset, run.is_idle(rates))
        step, extents = run.extents(rates, step)
        run.advance(extents, step, kelvin)
        now += step
    return run.finish(powder, float(program[-1]) + ZERO_CELSIUS)


def _program(times: ArrayLike, celsius: ArrayLike) -> tuple[Floats, Floats]:
    t, c = np.asarray(times, dtype=np.float64), np.asarray(celsius, dtype=np.float64)
    if t.ndim != 1 or t.shape != c.shape or len(t) < 2 or np.any(np.diff(t) < 0):
        raise ValueError(
            "a firing needs two or more increasing times and one temperature for each"
        )
    if not np.all(np.isfinite(c)) or c.min() < -50 or c.max() > 1700:
        raise ValueError(
            f"temperatures from {c.min():g} to {c.max():g} C; allowed: -50 to 1700 C"
        )
    return t, c


def _lumps(powder: Powder, rng: np.random.Generator) -> dict[str, float]:
    """Return each cation's share in lumps that mixing did not open, 0 to 0.3."""
    coarse = powder.particle_micrometres / 2.0
    return {
        metal: min(0.3, 0.012 * coarse * (1.3 - powder.mixing) * float(draw))
        for metal, draw in zip(
            ("Y", "Ba", "Cu", "Ti", "Ca", "Al"),
            rng.lognormal(0.0, 0.6, 6),
            strict=True,
        )
    }


def _within(
    step: float,
    kelvin: float,
    now: float,
    times: Floats,
    program: Floats,
    is_idle: bool,
) -> float:
    """Return the step shortened until the temperature changes little in it."""
    most = _IDLE_KELVIN if is_idle else _STEP_KELVIN
    while step > _LEAST_SECONDS:
        ahead = float(np.interp(now + step, times, program)) + ZERO_CELSIUS
        if abs(ahead - kelvin) <= most:
            break
        step = max(_LEAST_SECONDS, 0.6 * step)
    return step


@dataclass(slots=True, eq=False)
class _Run:
    """One firing in progress."""

    laws: Laws
    state: State
    crystals: Crystals
    oxygen: float
    """y of YBa2Cu3O(6+y)."""
    released: Floats
    simple: dict[str, list[int]]
    """Metal to the species that hold no other."""
    wall: float
    melted: float

    @classmethod
    def start(
        cls, powder: Powder, outside: Floats, truth: Truth, *, has_wall: bool
    ) -> "_Run":
        moles = {n: m for n, m in powder.moles.items() if n != WATER}
        elements = frozenset(
            e for e, n in replace(powder, moles=moles).elements().items() if n > 0
        )
        laws = Laws.of(network(elements, has_wall), truth)
        net = laws.network
        amounts = np.zeros(len(net.species))
        for name, n in moles.items():
            amounts[net.species.index(LUMPED.get(name, name))] += n
        full = moles.get(FULL_OXYGEN, 0.0)
        all_of_it = full + moles.get(VARIABLE_OXYGEN, 0.0)
        layers = np.array([powder.layers.get(_key(net, g), 0.0) for g in net.groups])
        state = State(
            amounts,
            layers,
            outside.copy(),
            outside,
            np.ones(len(amounts)),
            powder.particle_micrometres,
            powder.mixing,
            has_wall,
        )
        return cls(
            laws,
            state,
            Crystals.of(net.species, powder),
            full / all_of_it if all_of_it > 0 else 0.0,
            np.zeros(len(GASES)),
            _simple(net),
            0.0,
            powder.melted,
        )

    def reach(self, lumps: dict[str, float]) -> Floats:
        """Return what is not locked in lumps of each simple compound, shape s."""
        net, moles = self.laws.network, self.state.moles
        spread = np.ones(len(net.species))
        for metal, share in lumps.items():
            simple = self.simple.get(metal, [])
            held = float(net.cations[simple] @ moles[simple])
            locked = share * self.crystals.cations.get(metal, 0.0)
            if simple and held > 0:
                spread[simple] = max(0.0, 1.0 - locked / held)
        return spread

    def is_idle(self, rates: Floats) -> bool:
        """Return whether hardly anything happens."""
        total = float(self.laws.network.cations @ self.state.moles)
        return float(rates.sum()) < 1e-6 * total

    def extents(self, rates: Floats, seconds: float) -> tuple[float, Floats]:
        """Return a step, s, and how far each reaction goes in it, cation mol.

        Linearly implicit in the reactants, so that what forms slowly and reacts on
        fast does not shorten the step; the step shrinks until no amount changes much.
        """
        net, moles = self.laws.network, self.state.moles
        slopes = sensitivity(self.laws, self.state, rates)
        flow, back = net.change @ rates, net.change @ slopes
        slack = moles + 0.02 * float(net.cations @ moles) / np.maximum(net.cations, 1.0)
        while True:
            move = np.linalg.solve(np.eye(len(moles)) - seconds * back, seconds * flow)
            fastest = float((abs(move) / slack).max()) / _STEP_CHANGE
            if fastest <= 1.5 or seconds <= _LEAST_SECONDS:
                break
            seconds = max(_LEAST_SECONDS, 0.8 * seconds / fastest)
        extents = seconds * np.maximum(rates + slopes @ move, 0.0)
        return seconds, self._limited(extents)

    def advance(self, extents: Floats, seconds: float, kelvin: float) -> None:
        """Move on by one step; every reaction's extent moves all its substances."""
        net, state = self.laws.network, self.state
        total = float(net.cations @ state.moles)
        before, change = state.moles, net.change @ extents
        if state.has_wall:
            # The crucible makes up what the powder takes of it.
            at_wall = net.species.index(_WALL)
            self.wall -= float(change[at_wall])
            change[at_wall] = 0.0
        state.moles = np.maximum(before + change, 0.0)
        self.released += net.gas_change @ extents
        grown = np.zeros(len(net.groups))
        np.add.at(grown, net.group, extents / total)
        state.layers = state.layers + grown
        self._breathe(before, seconds, kelvin)
        self.crystals.grow(before, state.moles, seconds, kelvin)
        if MELT in net.species:
            at = net.species.index(MELT)
            liquid = float(net.cations[at] * state.moles[at]) / total
            self.melted = max(self.melted, liquid)
            # Liquid draws the reagents apart and coarsens what floats in it.
            loose = max(0.0, liquid - _CONNECTED_SHARE)
            spread = self.laws.truth.kinetics.coarsening * loose**2 * seconds / 3600.0
            state.micrometres = (state.micrometres**2 + spread) ** 0.5

    def _limited(self, extents: Floats) -> Floats:
        """Return extents cut so that no reactant is overdrawn.

        Each reactant is used up along an exponential, never past zero.
        """
        net = self.laws.network
        moles = np.append(self.state.moles, np.inf)
        if self.state.has_wall:
            moles[net.species.index(_WALL)] = np.inf
        wanted = np.zeros(len(moles))
        np.add.at(wanted, net.reactants, net.amounts * extents[:, None])
        used = wanted / np.maximum(moles, 1e-300)
        keep = np.ones(len(moles))
        busy = used > 1e-12
        keep[busy] = -np.expm1(-used[busy]) / used[busy]
        return np.asarray(extents * keep[net.reactants.T].min(axis=0))

    def _breathe(self, before: Floats, seconds: float, kelvin: float) -> None:
        """Exchange oxygen between YBa2Cu3O(6+y) and the gas."""
        species = self.laws.network.species
        if VARIABLE_OXYGEN not in species:
            return
        at = species.index(VARIABLE_OXYGEN)
        held = self.oxygen * before[at]
        self.oxygen = oxygen_content(
            self.oxygen, kelvin, float(self.state.pressures[0]), seconds
        )
        now = self.oxygen * self.state.moles[at]
        self.released[0] += 0.5 * (held - now)

    def finish(self, powder: Powder, kelvin: float) -> Powder:
        """Return the fired powder."""
        net, state = self.laws.network, self.state
        layers = {
            _key(net, g): float(x)
            for g, x in zip(net.groups, state.layers, strict=True)
            if x > 0 and len(g) > 1
        }
        solid = frozen(net.species, state.moles, kelvin)
        self.crystals.grow(state.moles, solid, 0.0, kelvin)
        amounts = dict(zip(net.species, map(float, solid), strict=True))
        moles, grains = settle(amounts, self.crystals, self.oxygen, kelvin)
        if WATER in powder.moles:
            moles[WATER] = powder.moles[WATER]
            grains[WATER] = powder.grains[WATER]
        released = dict(powder.released)
        for name, n in zip(GASES, map(float, self.released), strict=True):
            released[name] = released.get(name, 0.0) + n
        wall = powder.taken_from_crucible.get(_WALL, 0.0) + self.wall
        return replace(
            powder,
            moles=moles,
            grains=grains,
            layers=layers,
            released=released,
            taken_from_crucible={_WALL: wall} if wall else {},
            particle_micrometres=state.micrometres,
            melted=self.melted,
            sintered=self.crystals.sintered(powder.sintered, self.melted),
        )


def _key(net: Network, group: tuple[int, ...]) -> str:
    return "|".join(net.species[i] for i in group)


def _simple(net: Network) -> dict[str, list[int]]:
    """Return each metal's compounds with no other metal, as species indices."""
    found: dict[str, list[int]] = {}
    for i, name in enumerate(net.species):
        metals = species_formula(name).elements - VOLATILE
        if len(metals) == 1:
            found.setdefault(next(iter(metals)), []).append(i)
    return found
