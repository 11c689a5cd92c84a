"""Points of the search space to columns of X, physics included."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import exp, isnan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from campaigns.recipe import FireStep, Parameters
from campaigns.spec import CampaignSpec, Range
from campaigns.steps import FIRING_KINDS, StepTemplate
from loop.propose.columns import N_PHYSICS, SPOT
from loop.propose.doses import Doses
from loop.propose.ends import Ends
from loop.propose.features import (
    VALENCE_CHANGING,
    Facts,
    SetFeatures,
    descriptors,
)
from loop.propose.forecasts import Forecasts
from loop.propose.pathways import Pathways
from loop.propose.points import Points, Value
from loop.propose.pool import Pool
from loop.propose.space import SearchSpace
from loop.propose.spots import Spots

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
    features: SetFeatures
    ends: Ends
    doses: Doses
    facts: Facts
    forecasts: Forecasts | None = None
    spots: Spots = field(default_factory=Spots)
    pathways: Pathways | None = None
    """Of the sets; None where no file of learned reactions was given."""

    @cached_property
    def sizes(self) -> tuple[int, int, int, int]:
        """Return the number of process, excess, identity and descriptor columns."""
        space = self.space
        return (
            sum(s.width for s in (*space.shared, *space.conditions)),
            sum(s.width for s in space.excesses),
            len(self.features.sources),
            len(self.features.descriptors),
        )

    def rows(
        self, points: Sequence[Parameters], slots: Sequence[str] | None = None
    ) -> NDArray[np.float64]:
        """Return the columns of points, shape `n x d`; new samples have no slots."""
        if not points:
            return np.empty((0, sum(self.sizes) + self.n_forecasts + N_PHYSICS))
        found = Points(points)
        physics = self.physics(found, found)
        if slots is not None:
            physics[:, SPOT] = self.spots.numbers(slots)
        columns = [self.shared(found), self.own(found)]
        if self.forecasts is not None:
            columns.append(self.forecasts.of_points(self, points, physics))
        return np.concatenate([*columns, physics], axis=1)

    @property
    def n_forecasts(self) -> int:
        """Return the number of forecast columns."""
        return 0 if self.forecasts is None else self.forecasts.n

    def pool_rows(
        self, pool: Pool
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return the pool's columns in parts, to be joined profile by profile.

        Returns:
            Columns of profiles, `n x n_shared`; of samples, `m x n_own`; forecasts
            and physics, `n x w x (n_forecasts + N_PHYSICS)`.
        """
        profiles, samples = Points(pool.profiles), Points(pool.samples)
        physics = self.physics(profiles, samples, places=pool.places)
        if self.forecasts is not None:
            told = self.forecasts.of_pool(self, pool, physics)
            physics = np.concatenate([told, physics], axis=-1)
        return self.shared(profiles), self.own(samples), physics

    def shared(self, points: Points) -> NDArray[np.float64]:
        """Return the columns of a load's settings, `n x n_shared`."""
        return self.space.encode(self.space.shared, points)

    def own(self, points: Points) -> NDArray[np.float64]:
        """Return a sample's columns: conditions, excess, sources, descriptors."""
        rows = self._rows(points)
        takes_part = self.ends.are_dosed(rows, self.ends.weights(points))
        return np.concatenate(
            [
                self.space.encode(self.space.conditions, points),
                self.space.encode(self.space.excesses, points),
                self.features.identity[rows] * takes_part,
                self.features.values[rows],
            ],
            axis=1,
        )

    def physics(
        self,
        profiles: Points,
        samples: Points,
        *,
        places: NDArray[np.intp] | None = None,
    ) -> NDArray[np.float64]:
        """Return the columns that `columns.N_PHYSICS` lists.

        Args:
            profiles: n profiles.
            samples: Their samples, one each.
            places: Which samples go with each profile, shape `n x w`; one each if None.

        Returns:
            Shape `n x N_PHYSICS`, or `n x w x N_PHYSICS`.
        """
        chosen = np.arange(len(samples)) if places is None else places
        kelvin, log_hours = self.heating(profiles)
        of_profiles = {
            0: kelvin,
            1: log_hours,
            4: self.oxygen(profiles),
            6: self.furnace_hours(profiles),
        }
        found = np.empty((*chosen.shape, N_PHYSICS))
        for column, values in of_profiles.items():
            found[..., column] = values if places is None else values[:, None]
        rows, weights = self._rows(samples), self.ends.weights(samples)
        found[..., 2] = self.ends.stable_carbonate(rows, weights)[chosen]
        found[..., 3] = self.ends.chances(
            kelvin, self._atmosphere(profiles), rows[chosen], weights[chosen]
        )
        found[..., SPOT] = self.spots.here
        found[..., 7] = self.prices(samples)[chosen]
        return found

    def prices(self, points: Points) -> NDArray[np.float64]:
        """Return the precursors' price per gram of target expected, shape n.

        0 where the campaign asks for no cost.
        """
        asked = {one.measure for one in self.spec.objectives}
        asked |= {one.measure for one in self.spec.outcome_constraints}
        if "cost" not in asked:
            return np.zeros(len(points))
        grams = self.doses.grams(points.rows, is_measured=True)
        price = np.array([p.price_per_gram for p in self.spec.precursors])
        return np.asarray(grams @ price / self.spec.sample_grams)

    def heating(
        self, points: Points
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the hottest holds, K, and the logarithms of hours worth at them.

        Hours at lower holds count by the Arrhenius factor. A recipe without a firing
        stays at 298.15 K. Each of shape n.
        """
        holds = list(self._holds(points))
        if not holds:
            return np.full(len(points), 298.15), np.zeros(len(points))
        kelvins = np.array([np.where(hours > 0, k, 0.0) for k, hours in holds])
        hottest = kelvins.max(axis=0)
        hottest = np.where(hottest > 0, hottest, 298.15)
        hours = np.zeros(len(points))
        for kelvin, time in holds:
            hours += time * np.exp(-ACTIVATION_KELVIN * (1 / kelvin - 1 / hottest))
        return hottest, np.where(hours > 0, np.log(np.maximum(hours, 1e-300)), 0.0)

    def oxygen(self, points: Points) -> NDArray[np.float64]:
        """Return the logarithm of the oxygen pressure against air, shape n.

        0 where no cation of the target changes valence, or the gas is not known.
        """
        if not self.ends.elements & VALENCE_CHANGING:
            return np.zeros(len(points))
        gases = self._atmosphere(points)
        known = {gas: self.facts.log_oxygen(gas) for gas in set(gases)}
        return np.array([known[gas] for gas in gases])

    def furnace_hours(self, points: Points) -> NDArray[np.float64]:
        """Return ramps, holds and programmed cooling of all firings, h, shape n."""
        total = np.zeros(len(points))
        for step, times in self._firings(points):
            celsius, hours, up, down = (
                points.numbers(f"{step.label}.{name}", fixed or 0.0)
                for name, fixed in (
                    ("temperature_celsius", step.temperature_celsius),
                    ("hold_hours", step.hold_hours),
                    ("ramp_celsius_per_minute", step.ramp_celsius_per_minute or RAMP),
                    ("cool_celsius_per_minute", step.cool_celsius_per_minute or RAMP),
                )
            )
            span = np.maximum(celsius - 25.0, 0.0) / 60.0
            total += times * (hours + span / up + span / down)
        return total

    def gases_of(self, parameters: Mapping[str, Value]) -> frozenset[str]:
        """Return the atmospheres of the firings that happen, `air` if none is named."""
        point = Points([parameters])
        named = (
            parameters.get(f"{step.label}.atmosphere", step.atmosphere)
            for step, times in self._firings(point)
            if times[0] > 0
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

    def described(self, parameters: Mapping[str, Value]) -> dict[str, float]:
        """Return what the model sees of a point's chemistry, in natural units."""
        point = Points([parameters])
        (row,) = self._rows(point)
        (kelvin,), (log_hours,) = self.heating(point)
        weights = self.ends.weights(point)
        found = {
            "hottest hold / °C": float(kelvin) - KELVIN,
            "hours worth at it / h": exp(float(log_hours)),
        }
        chemistry = self.ends.mixed(row, weights[0])
        told = {**descriptors(chemistry), **chemistry.pathway}
        found |= {name: value for name, value in told.items() if not isnan(value)}
        (gas,) = self._atmosphere(point)
        mean, sd = self.ends.driving_forces(
            np.array([kelvin]), gas, np.array([row]), weights
        )
        if not np.isnan(mean[0]):
            found["reaction free energy / kJ/mol"] = float(mean[0])
            found["reaction free energy, sd / kJ/mol"] = float(sd[0])
        return found

    def _rows(self, points: Points) -> NDArray[np.intp]:
        """Return the row of each point's set among the features, shape n."""
        known = {label: i for i, label in enumerate(self.features.labels)}
        return np.array([known[str(label)] for label in points.words("precursors")])

    def _steps(self) -> Iterator[StepTemplate]:
        return (step for step in self.spec.steps if step.kind in FIRING_KINDS)

    def _firings(
        self, points: Points
    ) -> Iterator[tuple[StepTemplate, NDArray[np.float64]]]:
        """Yield each firing and how many times it happens, shape n."""
        for step in self._steps():
            times = np.ones(len(points))
            if step.repeat:
                times = points.numbers("regrinds", 0.0)
            yield step, np.where(times >= 1, times, 0.0)

    def _holds(
        self, points: Points
    ) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
        """Yield kelvin and total hours of each firing, 0 h where it does not happen."""
        for step, times in self._firings(points):
            celsius, hours = (
                points.numbers(f"{step.label}.{name}", np.nan if v is None else v)
                for name, v in (
                    ("temperature_celsius", step.temperature_celsius),
                    ("hold_hours", step.hold_hours),
                )
            )
            is_known = ~(np.isnan(celsius) | np.isnan(hours))
            total = np.where(is_known, np.maximum(hours, 1e-3) * times, 0.0)
            yield np.where(is_known, celsius, 25.0) + KELVIN, total

    def _atmosphere(self, points: Points) -> NDArray[Any]:
        """Return the atmosphere of the last firing, `air` where none is named."""
        found = np.full(len(points), "air", dtype=object)
        for step in self._steps():
            named = points.words(f"{step.label}.atmosphere", step.atmosphere)
            is_named = np.array([name is not None for name in named], dtype=bool)
            found = np.where(is_named, named, found)
        return found


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
