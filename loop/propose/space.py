"""The search space: settings, what they share, and their places in a tensor.

Settings of firing, drying and regrinding steps and `regrinds` belong to the furnace
load and are *shared* by its samples; `precursors`, `share.CATION`, `excess.ELEMENT`,
mixing and the crucible are each sample's own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import exp, log
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from campaigns.candidates import rows
from campaigns.composition import Site, sites
from campaigns.goals import InputConstraint
from campaigns.recipe import Parameters
from campaigns.spec import CampaignSpec, Choice, Range
from campaigns.steps import is_shared
from loop.errors import ProposalError
from loop.propose.points import Points, Value

Key = tuple[tuple[str, Value], ...]

NEUTRAL = 0.5
"""Place of a setting that does not exist in a recipe: the middle of its range, so that
its absence says nothing; that the step is missing shows in `regrinds`."""
_TIMES = ("hold_hours", "minutes", "_per_minute", "rpm")
"""Settings whose effect goes with the logarithm: extent of reaction and of mixing goes
with that of time, whatever way it is searched."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One coordinate of the search space."""

    name: str
    """Key in `Parameters`."""
    kind: Literal["number", "choice"]
    values: tuple[Value, ...] = ()
    """Allowed values; empty for a continuous number."""
    low: float = 0.0
    high: float = 1.0
    is_log: bool = False
    """Whether places are spaced by the logarithm."""
    is_shared: bool = True
    """Whether all samples of a load have the same value."""
    needs_regrind: bool = False
    """Whether it exists only where `regrinds` is 1 or more."""

    @property
    def width(self) -> int:
        """Return how many columns the setting takes."""
        return 1 if self.kind == "number" else len(self.values)

    def encode(self, points: Points, exists: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return the setting's columns, shape `n x width`.

        A number lies at 0 (`low`) to 1 (`high`), beyond for values off the range. A
        choice is one-hot, scaled so that two different values are 1 apart. A setting
        that does not exist lies in the middle.

        Args:
            points: n points.
            exists: Which of their recipes have the setting, shape n.

        Raises:
            ProposalError: If a number is not finite.
        """
        if self.kind == "choice":
            found = points.words(self.name)
            absent = ~exists | np.array([value is None for value in found], dtype=bool)
            hot = np.stack([found == value for value in self.values], axis=1)
            hot = np.where(absent[:, None], 1 / len(self.values), hot.astype(float))
            return np.asarray(hot / 2**0.5, dtype=np.float64)
        numbers = points.numbers(self.name)
        absent = ~exists | np.isnan(numbers)
        places = np.where(absent, NEUTRAL, self._places(numbers))
        return np.asarray(places[:, None], dtype=np.float64)

    def place(self, value: float) -> float:
        """Return where a number lies between 0 (`low`) and 1 (`high`)."""
        return float(self._places(np.array([float(value)]))[0])

    def decode(self, place: float) -> Value:
        """Return the allowed value at a place from 0 to 1."""
        if self.values:
            index = min(int(place * len(self.values)), len(self.values) - 1)
            return self.values[index]
        if self.is_log:
            return exp(log(self.low) + place * (log(self.high) - log(self.low)))
        return self.low + place * (self.high - self.low)

    def grid(self, n: int) -> tuple[Value, ...]:
        """Return allowed values from end to end, at most n of a number."""
        if self.kind == "choice" or 0 < len(self.values) <= n:
            return self.values
        return tuple(dict.fromkeys(self.decode(i / (n - 1)) for i in range(n)))

    def _places(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        linear = (values - self.low) / (self.high - self.low)
        if not self.is_log:
            return linear
        positive = np.where(values > 0, values, self.low)
        logarithmic = np.log(positive / self.low) / log(self.high / self.low)
        return np.where(values > 0, logarithmic, linear)


def settings_of(spec: CampaignSpec, labels: Sequence[str]) -> tuple[Setting, ...]:
    """Return the settings of a campaign: sets, a sample's conditions, excesses, shared.

    Args:
        spec: The campaign.
        labels: Labels of its precursor sets, the values of `precursors`.

    Raises:
        ProposalError: If there is no precursor set to choose from.
    """
    if not labels:
        raise ProposalError(
            "space.sets: found no precursor set; at least one must balance; "
            "`athanor check` says why each was left out"
        )
    sets = Setting("precursors", "choice", values=tuple(labels), is_shared=False)
    shares = [
        _setting(key, limits, is_shared=False)
        for site in sites(spec)
        for key, (_, limits) in zip(site.keys, site.ranges, strict=True)
    ]
    excess = [
        _setting(f"excess.{element}", found, is_shared=False)
        for element, found in sorted(spec.space.excess.items())
    ]
    shared = []
    if spec.space.regrinds is not None:
        shared.append(_whole(_setting("regrinds", spec.space.regrinds)))
    steps = _step_settings(spec)
    shared += [s for s in steps if s.is_shared]
    own = [s for s in steps if not s.is_shared]
    return (sets, *shares, *own, *excess, *shared)


def _step_settings(spec: CampaignSpec) -> list[Setting]:
    by_label = {step.label: step for step in spec.steps}
    found = []
    for label, searched in spec.space.steps.items():
        step = by_label[label]
        for field, values in searched:
            if values is not None:
                setting = _setting(
                    f"{label}.{field}",
                    values,
                    is_shared=is_shared(step.kind, field),
                    needs_regrind=step.repeat == "regrinds",
                )
                found.append(setting)
    return found


def _setting(
    name: str,
    found: Range | Choice,
    *,
    is_shared: bool = True,
    needs_regrind: bool = False,
) -> Setting:
    values = found.values
    numbers = [value for value in values if not isinstance(value, str)]
    if isinstance(found, Choice) and (len(numbers) < len(values) or len(values) < 2):
        kind: Literal["number", "choice"] = "choice"
        low, high = 0.0, 1.0
    else:
        kind = "number"
        numbers = [found.min, found.max] if isinstance(found, Range) else numbers
        low, high = min(numbers), max(numbers)
    is_log = isinstance(found, Range) and found.log
    return Setting(
        name,
        kind,
        values=tuple(values),
        low=low,
        high=high,
        is_log=kind == "number" and low > 0 and (is_log or name.endswith(_TIMES)),
        is_shared=is_shared,
        needs_regrind=needs_regrind,
    )


def _whole(setting: Setting) -> Setting:
    """Return a setting of whole numbers: nothing is reground half a time."""
    if setting.values:
        return setting
    values = tuple(float(i) for i in range(int(setting.low), int(setting.high) + 1))
    return replace(setting, values=values)


@dataclass(frozen=True)
class SearchSpace:
    """Settings, their limits, and parameters to columns and back."""

    settings: tuple[Setting, ...]
    constraints: tuple[InputConstraint, ...] = ()
    sites: tuple[Site, ...] = ()
    """Of the target, whose shares are among the settings."""
    candidates: tuple[Parameters, ...] = ()
    """The only candidates there are; none where all of the space is free."""

    @cached_property
    def shared(self) -> tuple[Setting, ...]:
        """Return the settings of a load."""
        return tuple(s for s in self.settings if s.is_shared)

    @cached_property
    def own(self) -> tuple[Setting, ...]:
        """Return the settings of a sample: `precursors`, conditions, excesses."""
        return tuple(s for s in self.settings if not s.is_shared)

    @cached_property
    def conditions(self) -> tuple[Setting, ...]:
        """Return the sample's own composition and treatment."""
        return tuple(s for s in self.own[1:] if not s.name.startswith("excess."))

    @cached_property
    def excesses(self) -> tuple[Setting, ...]:
        """Return the sample's excesses."""
        return tuple(s for s in self.own[1:] if s.name.startswith("excess."))

    def __getitem__(self, name: str) -> Setting:
        """Return a setting by name."""
        return next(s for s in self.settings if s.name == name)

    def exists(self, setting: Setting, parameters: Mapping[str, Value]) -> bool:
        """Return whether a recipe with these parameters has the setting."""
        regrinds = parameters.get("regrinds", 1.0)
        return not setting.needs_regrind or float(regrinds) >= 1

    def trimmed(self, parameters: Mapping[str, Value]) -> Parameters:
        """Return the parameters without those of steps that do not happen."""
        return {
            s.name: parameters[s.name]
            for s in self.settings
            if s.name in parameters and self.exists(s, parameters)
        }

    def split(self, parameters: Mapping[str, Value]) -> tuple[Parameters, Parameters]:
        """Return the load's settings and the sample's own."""
        trimmed = self.trimmed(parameters)
        shared = {s.name: trimmed[s.name] for s in self.shared if s.name in trimmed}
        own = {s.name: trimmed[s.name] for s in self.own if s.name in trimmed}
        return shared, own

    def varied(self, point: Mapping[str, Value], name: str, value: Value) -> Parameters:
        """Return a point with one setting changed; other shares make room for one."""
        found = {**point, name: value}
        for site in self.sites:
            if name in site.keys:
                shares = {
                    cation: float(point[key])
                    for cation, key in zip(site.cations, site.keys, strict=True)
                }
                cation = site.cations[site.keys.index(name)]
                moved = site.moved(shares, cation, float(value))
                found |= {
                    key: float(moved[cation])
                    for cation, key in zip(site.cations, site.keys, strict=True)
                }
        return found

    def middle(self) -> Parameters:
        """Return a sample's own numbers where nobody chose them.

        No excess, if allowed; the middle composition; of other numbers the middle.
        """
        found: Parameters = {
            s.name: min(max(0.0, s.low), s.high)
            for s in self.excesses
            if s.kind == "number"
        }
        found |= {s.name: s.decode(0.5) for s in self.conditions}
        for site in self.sites:
            found |= zip(site.keys, site.middle.values(), strict=True)
        return found

    def key(self, parameters: Mapping[str, Value]) -> Key:
        """Return what two equal points of the space have in common."""
        return tuple(
            (name, value if isinstance(value, str) else round(float(value), 6))
            for name, value in sorted(self.trimmed(parameters).items())
        )

    def allows(self, parameters: Mapping[str, Value]) -> bool:
        """Return whether the campaign's input constraints hold."""
        return all(constraint.holds(parameters) for constraint in self.constraints)

    def encode(
        self, settings: Sequence[Setting], points: Points
    ) -> NDArray[np.float64]:
        """Return the columns of some settings, shape `n x their widths`.

        Raises:
            ProposalError: If a number is not finite.
        """
        reground = points.numbers("regrinds", 1.0) >= 1
        always = np.ones(len(points), dtype=bool)
        columns = [
            s.encode(points, reground if s.needs_regrind else always) for s in settings
        ]
        return np.concatenate([np.empty((len(points), 0)), *columns], axis=1)


def search_space(spec: CampaignSpec, labels: Sequence[str]) -> SearchSpace:
    """Return the space of a campaign over labelled precursor sets.

    Raises:
        ProposalError: If no set is given, or a constraint names no numeric setting.
    """
    space = SearchSpace(
        settings_of(spec, labels),
        spec.input_constraints,
        sites(spec),
        _candidates(spec, labels),
    )
    numbers = {s.name for s in space.settings if s.kind == "number"}
    for index, constraint in enumerate(spec.input_constraints):
        unknown = sorted(set(constraint.terms) - numbers)
        if unknown:
            raise ProposalError(
                f"input_constraints[{index}].terms: found {', '.join(unknown)}; "
                f"allowed: {', '.join(sorted(numbers)) or 'none (nothing numeric)'}; "
                "name a parameter that is searched"
            )
    return space


def _candidates(spec: CampaignSpec, labels: Sequence[str]) -> tuple[Parameters, ...]:
    """Return the table's rows; each has the only set where the table names none."""
    table = spec.space.candidates
    if table is None:
        return ()
    known = set(labels)
    listed = ({"precursors": labels[0], **row} for row in rows(table))
    return tuple(row for row in listed if row["precursors"] in known)
