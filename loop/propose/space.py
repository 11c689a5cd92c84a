"""The search space: settings, what they share, and their places in a tensor.

Settings of firing steps and `regrinds` belong to the furnace load and are *shared* by
its samples; `precursors` and `excess.ELEMENT` are each sample's own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, isfinite, log
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from campaigns.recipe import Parameters
from campaigns.spec import CampaignSpec, Choice, InputConstraint, Range
from loop.errors import ProposalError

Value = float | str
Key = tuple[tuple[str, Value], ...]

NEUTRAL = 0.5
"""Place of a setting that does not exist in a recipe: the middle of its range, so that
its absence says nothing; that the step is missing shows in `regrinds`."""


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

    def encode(self, value: Value | None) -> list[float]:
        """Return the setting's columns.

        A number lies at 0 (`low`) to 1 (`high`), beyond for values off the range. A
        choice is one-hot, scaled so that two different values are 1 apart. None, a
        setting that does not exist, lies in the middle.
        """
        if self.kind == "choice":
            share = 1 / len(self.values) if value is None else 0.0
            hot = [share or float(value == known) for known in self.values]
            return [column / 2**0.5 for column in hot]
        if value is None:
            return [NEUTRAL]
        return [self._place(float(value))]

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

    def _place(self, value: float) -> float:
        if self.is_log and value > 0:
            return log(value / self.low) / log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)


def settings_of(spec: CampaignSpec, labels: Sequence[str]) -> tuple[Setting, ...]:
    """Return the settings of a campaign, each sample's own first.

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
    own = [Setting("precursors", "choice", values=tuple(labels), is_shared=False)]
    own += [
        _setting(f"excess.{element}", found, is_shared=False)
        for element, found in sorted(spec.space.excess.items())
    ]
    shared = []
    if spec.space.regrinds is not None:
        shared.append(_whole(_setting("regrinds", spec.space.regrinds)))
    repeated = {step.label for step in spec.steps if step.repeat == "regrinds"}
    for label, step in spec.space.steps.items():
        for field in (
            "temperature_celsius",
            "hold_hours",
            "ramp_celsius_per_minute",
            "atmosphere",
        ):
            found: Range | Choice | None = dict(step)[field]
            if found is not None:
                name = f"{label}.{field}"
                shared.append(_setting(name, found, needs_regrind=label in repeated))
    return (*own, *shared)


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
    # Reaction extent goes with the logarithm of time, whatever way it is searched.
    is_time = name.endswith(("hold_hours", "ramp_celsius_per_minute"))
    is_log = isinstance(found, Range) and found.log
    return Setting(
        name,
        kind,
        values=tuple(values),
        low=low,
        high=high,
        is_log=kind == "number" and low > 0 and (is_log or is_time),
        is_shared=is_shared,
        needs_regrind=needs_regrind,
    )


def _whole(setting: Setting) -> Setting:
    """Return a setting of whole numbers: nothing is reground half a time."""
    if setting.values:
        return setting
    values = tuple(float(i) for i in range(int(setting.low), int(setting.high) + 1))
    return Setting(
        setting.name, "number", values=values, low=setting.low, high=setting.high
    )


@dataclass(frozen=True)
class SearchSpace:
    """Settings, their limits, and parameters to columns and back."""

    settings: tuple[Setting, ...]
    constraints: tuple[InputConstraint, ...] = ()

    @property
    def shared(self) -> tuple[Setting, ...]:
        """Return the settings of a load."""
        return tuple(s for s in self.settings if s.is_shared)

    @property
    def own(self) -> tuple[Setting, ...]:
        """Return the settings of a sample."""
        return tuple(s for s in self.settings if not s.is_shared)

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

    def key(self, parameters: Mapping[str, Value]) -> Key:
        """Return what two equal points of the space have in common."""
        return tuple(
            (name, value if isinstance(value, str) else round(float(value), 6))
            for name, value in sorted(self.trimmed(parameters).items())
        )

    def allows(self, parameters: Mapping[str, Value]) -> bool:
        """Return whether the campaign's input constraints hold."""
        return all(constraint.holds(parameters) for constraint in self.constraints)

    def encode_shared(self, parameters: Mapping[str, Value]) -> NDArray[np.float64]:
        """Return the columns of the load's settings, shape `n_process`."""
        return self._encode(self.shared, parameters)

    def encode_excess(self, parameters: Mapping[str, Value]) -> NDArray[np.float64]:
        """Return the columns of the sample's excesses, shape `n_excess`."""
        return self._encode(self.own[1:], parameters)

    def _encode(
        self, settings: tuple[Setting, ...], parameters: Mapping[str, Value]
    ) -> NDArray[np.float64]:
        columns: list[float] = []
        for setting in settings:
            value = parameters.get(setting.name)
            if isinstance(value, float | int) and not isfinite(value):
                raise ProposalError(f"{setting.name}: found {value}; allowed: finite")
            exists = self.exists(setting, parameters)
            columns += setting.encode(value if exists else None)
        return np.array(columns, dtype=np.float64)


def search_space(spec: CampaignSpec, labels: Sequence[str]) -> SearchSpace:
    """Return the space of a campaign over labelled precursor sets.

    Raises:
        ProposalError: If no set is given, or a constraint names no numeric setting.
    """
    space = SearchSpace(settings_of(spec, labels), spec.input_constraints)
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
