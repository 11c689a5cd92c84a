"""Points of the search space to columns of X, physics included."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import exp, log

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from campaigns.materials.formula import Formula
from campaigns.precursors import PrecursorSet
from campaigns.recipe import FireStep, Parameters
from campaigns.spec import CampaignSpec, Range
from campaigns.steps import FIRING_KINDS, StepTemplate
from campaigns.synthesis import cost, grams_to_dose, planned_excess
from loop.propose.columns import N_PHYSICS
from loop.propose.features import (
    VALENCE_CHANGING,
    Facts,
    SetChemistry,
    SetFeatures,
    descriptors,
    set_features,
)
from loop.propose.forecasts import Forecasts
from loop.propose.pool import Pool
from loop.propose.space import SearchSpace, Value

KELVIN = 273.15
RAMP = float(FireStep.model_fields["ramp_celsius_per_minute"].default)
"""Degrees Celsius per minute of steps that name no ramp or cooling."""
ACTIVATION_KELVIN = 30_000.0
"""E/R of 250 kJ/mol, as in `means.RateMean`: weighs hours at lower holds."""


@dataclass(frozen=True)
class Encoder:
    """Everything needed to turn parameters into columns."""

    spec: CampaignSpec
    space: SearchSpace
    sets: tuple[PrecursorSet, ...]
    chemistry: tuple[SetChemistry, ...]
    """Of each set."""
    features: SetFeatures
    facts: Facts
    forecasts: Forecasts | None = None

    @cached_property
    def sizes(self) -> tuple[int, int, int, int]:
        """Return the number of process, excess, identity and descriptor columns."""
        return (
            sum(s.width for s in self.space.shared),
            sum(s.width for s in self.space.own[1:]),
            len(self.features.sources),
            len(self.features.descriptors),
        )

    def rows(self, points: Sequence[Parameters]) -> NDArray[np.float64]:
        """Return the columns of points, shape `n x d`."""
        if not points:
            return np.empty((0, sum(self.sizes) + self.n_forecasts + N_PHYSICS))
        physics = np.array([self.physics(p) for p in points])
        parts = [np.array([[*self.shared(p), *self.own(p)] for p in points])]
        if self.forecasts is not None:
            parts.append(self.forecasts.of_points(self, points, physics))
        return np.concatenate([*parts, physics], axis=1)

    @property
    def n_forecasts(self) -> int:
        """Return the number of forecast columns."""
        return 0 if self.forecasts is None else self.forecasts.n

    def pool_rows(
        self, pool: Pool
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return the pool's columns in parts, to be joined profile by profile.

        Returns:
            Columns of profiles, `n x n_process`; of samples, `m x n_own`; forecasts
            and physics, `n x m x (n_forecasts + N_PHYSICS)`.
        """
        shared = np.array([self.shared(p) for p in pool.profiles])
        own = np.array([self.own(s) for s in pool.samples])
        heats = [self.heating(p) for p in pool.profiles]
        sluggish = [self._sluggishness(s) for s in pool.samples]
        physics = np.empty((len(pool.profiles), len(pool.samples), N_PHYSICS))
        physics[:, :, :2] = np.array(heats)[:, None, :]
        physics[:, :, 2] = np.array(sluggish)[None, :]
        physics[:, :, 3] = [
            [self.chance(p, s, kelvin=heat[0]) for s in pool.samples]
            for p, heat in zip(pool.profiles, heats, strict=True)
        ]
        rest = [(self.oxygen(p), self.furnace_hours(p)) for p in pool.profiles]
        physics[:, :, 4:6] = np.array(rest)[:, None, :]
        physics[:, :, 6] = [self.price(s) for s in pool.samples]
        if self.forecasts is not None:
            told = self.forecasts.of_pool(self, pool, physics)
            physics = np.concatenate([told, physics], axis=-1)
        return shared, own, physics

    def shared(self, parameters: Mapping[str, Value]) -> NDArray[np.float64]:
        """Return the columns of a load's settings."""
        return self.space.encode_shared(parameters)

    def own(self, parameters: Mapping[str, Value]) -> NDArray[np.float64]:
        """Return a sample's columns: excess, sources, descriptors."""
        row = self.features.row(str(parameters["precursors"]))
        return np.concatenate(
            [
                self.space.encode_excess(parameters),
                self.features.identity[row],
                self.features.values[row],
            ]
        )

    def physics(self, parameters: Mapping[str, Value]) -> NDArray[np.float64]:
        """Return the columns that `columns.N_PHYSICS` lists."""
        kelvin, log_hours = self.heating(parameters)
        slow = self._sluggishness(parameters)
        chance = self.chance(parameters, parameters, kelvin=kelvin)
        oxygen, hours = self.oxygen(parameters), self.furnace_hours(parameters)
        price = self.price(parameters)
        return np.array([kelvin, log_hours, slow, chance, oxygen, hours, price])

    def price(self, parameters: Mapping[str, Value]) -> float:
        """Return the price of a sample's precursors per gram of target expected.

        0 where the campaign asks for no cost.
        """
        if not self._is_priced:
            return 0.0
        row = self.features.row(str(parameters["precursors"]))
        excess = planned_excess(dict(parameters))
        grams = grams_to_dose(self.spec, self.sets[row], excess)
        return cost(self.spec, grams) / self.spec.sample_grams

    @cached_property
    def _is_priced(self) -> bool:
        asked = {one.measure for one in self.spec.objectives}
        asked |= {one.measure for one in self.spec.outcome_constraints}
        return "cost" in asked

    def heating(self, parameters: Mapping[str, Value]) -> tuple[float, float]:
        """Return the hottest hold, K, and the logarithm of hours worth at it.

        Hours at lower holds count by the Arrhenius factor. A recipe without a firing
        stays at 298.15 K.
        """
        holds = list(self._holds(parameters))
        hottest = max((kelvin for kelvin, _ in holds), default=298.15)
        hours = sum(
            time * exp(-ACTIVATION_KELVIN * (1 / kelvin - 1 / hottest))
            for kelvin, time in holds
        )
        return hottest, log(hours) if holds else 0.0

    def oxygen(self, parameters: Mapping[str, Value]) -> float:
        """Return the logarithm of the oxygen pressure against air.

        0 where no cation of the target changes valence, or the gas is not known.
        """
        if not Formula.parse(self.spec.target.formula).elements & VALENCE_CHANGING:
            return 0.0
        return self.facts.log_oxygen(self._atmosphere(parameters))

    def furnace_hours(self, parameters: Mapping[str, Value]) -> float:
        """Return ramps, holds and programmed cooling of all firings, h."""
        total = 0.0
        for step, times in self._firings(parameters):
            celsius, hours, up, down = (
                float(parameters.get(f"{step.label}.{name}", fixed or 0.0))
                for name, fixed in (
                    ("temperature_celsius", step.temperature_celsius),
                    ("hold_hours", step.hold_hours),
                    ("ramp_celsius_per_minute", step.ramp_celsius_per_minute or RAMP),
                    ("cool_celsius_per_minute", step.cool_celsius_per_minute or RAMP),
                )
            )
            span = max(celsius - 25.0, 0.0) / 60.0
            total += times * (hours + span / up + span / down)
        return total

    def gases_of(self, parameters: Mapping[str, Value]) -> frozenset[str]:
        """Return the atmospheres of the firings that happen, `air` if none is named."""
        named = (
            parameters.get(f"{step.label}.atmosphere", step.atmosphere)
            for step, _ in self._firings(parameters)
        )
        return frozenset("air" if gas is None else str(gas) for gas in named)

    def gases(self) -> frozenset[str]:
        """Return the atmospheres that some firing of the space may have."""
        found: set[str] = set()
        for step in self._steps():
            searched = self.spec.space.steps.get(step.label)
            words = searched.atmosphere if searched else None
            names = words.values if words else (step.atmosphere or "air",)
            found.update(map(str, names))
        return frozenset(found)

    def chance(
        self,
        profile: Mapping[str, Value],
        sample: Mapping[str, Value],
        *,
        kelvin: float,
    ) -> float:
        """Return the probability that the reaction runs at all, 1 if not known."""
        row = self.features.row(str(sample["precursors"]))
        key = (row, round(kelvin, 3), self._atmosphere(profile))
        if key not in self._chances:
            known = self.facts.driving_force(self.chemistry[row], kelvin, key[2])
            self._chances[key] = chance_of(known)
        return self._chances[key]

    @cached_property
    def _chances(self) -> dict[tuple[int, float, str], float]:
        return {}

    def described(self, parameters: Mapping[str, Value]) -> dict[str, float]:
        """Return what the model sees of a point's chemistry, in natural units."""
        row = self.features.row(str(parameters["precursors"]))
        kelvin, log_hours = self.heating(parameters)
        found = {
            "hottest hold / °C": kelvin - KELVIN,
            "hours worth at it / h": exp(log_hours),
            **descriptors(self.chemistry[row]),
        }
        known = self.facts.driving_force(
            self.chemistry[row], kelvin, self._atmosphere(parameters)
        )
        if known is not None:
            found["reaction free energy / kJ/mol"] = known[0]
            found["its standard deviation / kJ/mol"] = known[1]
        return found

    def _sluggishness(self, parameters: Mapping[str, Value]) -> float:
        row = self.features.row(str(parameters["precursors"]))
        return float(self.features.sluggishness[row])

    def _steps(self) -> Iterator[StepTemplate]:
        return (step for step in self.spec.steps if step.kind in FIRING_KINDS)

    def _firings(
        self, parameters: Mapping[str, Value]
    ) -> Iterator[tuple[StepTemplate, float]]:
        """Yield each firing that happens and how many times."""
        for step in self._steps():
            times = float(parameters.get("regrinds", 0)) if step.repeat else 1.0
            if times >= 1:
                yield step, times

    def _holds(self, parameters: Mapping[str, Value]) -> Iterator[tuple[float, float]]:
        """Yield kelvin and total hours of each firing that happens."""
        for step, times in self._firings(parameters):
            celsius = parameters.get(
                f"{step.label}.temperature_celsius", step.temperature_celsius
            )
            hours = parameters.get(f"{step.label}.hold_hours", step.hold_hours)
            if celsius is not None and hours is not None:
                yield float(celsius) + KELVIN, max(float(hours), 1e-3) * times

    def _atmosphere(self, parameters: Mapping[str, Value]) -> str:
        """Return the atmosphere of the last firing, `air` where none is named."""
        found = "air"
        for step in self._steps():
            named = parameters.get(f"{step.label}.atmosphere", step.atmosphere)
            found = str(named) if named is not None else found
        return found


def chance_of(known: tuple[float, float] | None) -> float:
    """Return the probability that a reaction runs at all, 1 if nothing is known.

    Args:
        known: Its free energy and sigma, kJ/mol.
    """
    return 1.0 if known is None else float(norm.cdf(-known[0] / max(known[1], 1)))


def temperature_range(spec: CampaignSpec) -> tuple[float, float] | None:
    """Return the lowest and highest hottest hold that may be chosen, K.

    None if no firing has a temperature.
    """
    lows, highs = [], []
    for step in spec.steps:
        if step.kind not in FIRING_KINDS:
            continue
        searched = spec.space.steps.get(step.label)
        found = searched.temperature_celsius if searched else None
        values: tuple[Value, ...] = ()
        if isinstance(found, Range):
            values = (found.min, found.max)
        elif found is not None:
            values = found.values
        elif step.temperature_celsius is not None:
            values = (step.temperature_celsius,)
        if values:
            numbers = [float(value) for value in values]
            lows.append(min(numbers))
            highs.append(max(numbers))
    if not lows:
        return None
    return max(lows) + KELVIN, max(highs) + KELVIN


def chemistry_of(found: PrecursorSet) -> SetChemistry:
    """Return a precursor set's amounts per mole of target."""
    gases = {gas: float(n) for gas, n in found.reaction.gases.items()}
    moles = {
        precursor.formula: float(amount)
        for precursor, amount in zip(found.precursors, found.moles({}), strict=True)
    }
    target = str(found.reaction.products[0].formula)
    return SetChemistry(found.label, target, moles, gases)


def encoder(
    spec: CampaignSpec,
    space: SearchSpace,
    sets: Sequence[PrecursorSet],
    facts: Facts,
) -> Encoder:
    """Return the encoder of a campaign."""
    chemistry = tuple(chemistry_of(found) for found in sets)
    limits = temperature_range(spec)
    coldest = limits[0] - KELVIN if limits else 25.0
    features = set_features(chemistry, coldest)
    return Encoder(spec, space, tuple(sets), chemistry, features, facts)
