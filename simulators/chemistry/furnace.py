"""Firing: the powder's way through a temperature programme."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from campaigns.materials.thermo import GAS_CONSTANT
from simulators.chemistry.constants import Laws, laws_of
from simulators.chemistry.crystals import Crystals, oxygen_content, settle
from simulators.chemistry.gases import background
from simulators.chemistry.handling import dry
from simulators.chemistry.melts import coarsening, frozen
from simulators.chemistry.network import Network, network
from simulators.chemistry.powder import Powder
from simulators.chemistry.rates import State, running_reactions
from simulators.chemistry.steps import LEAST_SECONDS, MOST_SECONDS, extents
from simulators.chemistry.substances import LUMPED, VARIANTS, VOLATILE, WATER, metals
from simulators.chemistry.truth import Floats, Truth, at_kelvin

ZERO_CELSIUS = 273.15
_STEP_KELVIN = 6.0
_IDLE_KELVIN = 20.0


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
        crucible: Wall material; those of `substances.WALLS` react, others are inert.
        truth: The world's energies and rate constants.
        rng: Draws what no programme controls: the powder's own offset from the
            furnace (1.5 K) and how much of each reagent sits in unreached lumps.

    Raises:
        ValueError: If the gas is unknown or the programme is no programme.
    """
    times, program = _program(times_seconds, celsius)
    background(gas, ())
    offset = float(rng.normal(0.0, 1.5))
    lumps = _lumps(powder, rng)
    span = float(times[-1] - times[0])
    powder = dry(powder, float(program.max()), span)
    if sum(n for name, n in powder.moles.items() if name != WATER) <= 0:
        return powder
    run = _Run.start(powder, gas, truth, crucible)
    now, end, step = float(times[0]), float(times[-1]), MOST_SECONDS
    while now < end:
        kelvin = float(np.interp(now, times, program)) + offset + ZERO_CELSIUS
        run.state.spread = run.reach(lumps)
        running = running_reactions(run.laws, run.state, kelvin)
        step = min(2.5 * step, MOST_SECONDS, end - now)
        is_idle = run.is_idle(running.rates)
        step = _within(step, kelvin, now, times, program + offset, is_idle)
        step, done, run.state.pressures = extents(run.laws, run.state, running, step)
        run.advance(done, step, kelvin)
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
    held = sorted(powder.elements().keys() - VOLATILE)
    return {
        metal: min(0.3, 0.012 * coarse * (1.3 - powder.mixing) * float(draw))
        for metal, draw in zip(held, rng.lognormal(0.0, 0.6, len(held)), strict=True)
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
    while step > LEAST_SECONDS:
        ahead = float(np.interp(now + step, times, program)) + ZERO_CELSIUS
        if abs(ahead - kelvin) <= most:
            break
        step = max(LEAST_SECONDS, 0.6 * step)
    return step


@dataclass(slots=True, eq=False)
class _Run:
    """One firing in progress."""

    laws: Laws
    state: State
    crystals: Crystals
    filled: dict[str, float]
    """Variant to the share of its oxygen sites that are filled."""
    released: Floats
    simple: dict[str, list[int]]
    """Metal to the species that hold no other."""
    cations: dict[str, float]
    """Element to its amount in the powder, mol."""
    wall: float
    melted: float

    @classmethod
    def start(cls, powder: Powder, gas: str, truth: Truth, crucible: str) -> "_Run":
        moles = {n: m for n, m in powder.moles.items() if n != WATER and m > 0}
        net = network(frozenset(LUMPED.get(n, n) for n in moles), crucible)
        laws = laws_of(net, truth)
        amounts = np.zeros(len(net.species))
        for name, n in moles.items():
            amounts[net.species.index(LUMPED.get(name, name))] += n
        layers = [powder.layers.get(net.label(g), 0.0) for g in net.groups]
        crystals = Crystals.of(net.species, powder)
        outside = background(gas, net.gases)
        state = State(
            amounts,
            np.array(layers),
            outside.copy(),
            outside,
            np.ones(len(amounts)),
            crystals.micrometres,
            powder.mixing,
        )
        return cls(
            laws,
            state,
            crystals,
            {s.variant: _filled(moles, s.variant) for s in laws.filled},
            np.zeros(len(net.gases)),
            _simple(net),
            powder.elements(),
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
            locked = share * self.cations.get(metal, 0.0)
            if simple and held > 0:
                spread[simple] = max(0.0, 1.0 - locked / held)
        return spread

    def is_idle(self, rates: Floats) -> bool:
        """Return whether hardly anything happens."""
        total = float(self.laws.network.cations @ self.state.moles)
        return float(rates.sum()) < 1e-6 * total

    def advance(self, extents: Floats, seconds: float, kelvin: float) -> None:
        """Move on by one step; every reaction's extent moves all its substances."""
        net, state = self.laws.network, self.state
        total = float(net.cations @ state.moles)
        before, change = state.moles, net.change @ extents
        if net.wall >= 0:
            # The crucible makes up what the powder takes of it.
            self.wall -= float(change[net.wall])
            change[net.wall] = 0.0
        state.moles = np.maximum(before + change, 0.0)
        self.released += net.gas_change @ extents
        if len(extents):
            grown = np.add.reduceat(extents, net.starts)
            state.layers = state.layers + grown / total
        self._breathe(before, seconds, kelvin)
        self.crystals.grow(before, state.moles, seconds, kelvin)
        liquid = state.melt(self.laws)
        self.melted = max(self.melted, liquid)
        self.crystals.coarsen(coarsening(self.laws, liquid, seconds))
        state.micrometres = self.crystals.micrometres

    def _breathe(self, before: Floats, seconds: float, kelvin: float) -> None:
        """Exchange oxygen between phases with open sites and the gas."""
        s, f = len(self.laws.network.species), len(self.laws.filled)
        if f == 0:
            return
        thermal = GAS_CONSTANT * kelvin
        energies = at_kelvin(self.laws.grid, kelvin)
        oxygen = energies[s + f] + thermal * float(np.log(self.state.pressures[0]))
        for k, site in enumerate(self.laws.filled):
            held = self.filled[site.variant] * before[site.at]
            gap = energies[site.at] + site.oxygen * oxygen - energies[s + k]
            self.filled[site.variant] = oxygen_content(
                self.filled[site.variant],
                float(gap) / thermal,
                kelvin,
                VARIANTS[site.variant],
                seconds,
            )
            now = self.filled[site.variant] * self.state.moles[site.at]
            self.released[0] += site.oxygen * (held - now)

    def finish(self, powder: Powder, kelvin: float) -> Powder:
        """Return the fired powder."""
        net, state = self.laws.network, self.state
        melted = self.melted
        if state.melt(self.laws) > 0:
            self.advance(frozen(self.laws, state, kelvin), 0.0, kelvin)
        gases = dict(zip(net.gases, map(float, self.released), strict=True))
        layers = {
            net.label(g): float(x)
            for g, x in zip(net.groups, state.layers, strict=True)
            if x > 0 and len(g) > 1
        }
        own = len(net.species) - (net.wall >= 0)
        amounts = dict(zip(net.species[:own], map(float, state.moles), strict=False))
        moles, grains = settle(amounts, self.crystals, self.filled, kelvin)
        if WATER in powder.moles:
            moles[WATER] = powder.moles[WATER]
            grains[WATER] = powder.grains[WATER]
        return replace(
            powder,
            moles=moles,
            grains=grains,
            layers=layers,
            released=_added(powder.released, gases),
            taken_from_crucible=_added(
                powder.taken_from_crucible,
                {net.species[net.wall]: self.wall} if net.wall >= 0 else {},
            ),
            melted=melted,
            sintered=self.crystals.sintered(powder.sintered, melted),
        )


def _added(first: Mapping[str, float], second: Mapping[str, float]) -> dict[str, float]:
    """Return sums by name, without what is nothing."""
    both = {k: first.get(k, 0.0) + second.get(k, 0.0) for k in (*first, *second)}
    return {name: n for name, n in both.items() if n}


def _filled(moles: Mapping[str, float], variant: str) -> float:
    """Return the share of a phase's oxygen sites that are filled in a powder."""
    full, plain = moles.get(variant, 0.0), moles.get(VARIANTS[variant].of, 0.0)
    return full / (full + plain) if full > 0 else 0.0


def _simple(net: Network) -> dict[str, list[int]]:
    """Return each metal's compounds with no other metal, as species indices."""
    found: dict[str, list[int]] = {}
    for i, name in enumerate(net.species):
        held = metals(name)
        if len(held) == 1 and i != net.wall:
            found.setdefault(next(iter(held)), []).append(i)
    return found
