"""Plain Ax as a lab would use it: its own client, one furnace profile a load.

The first sample of a load is Ax's own choice; its furnace settings are then fixed for
the others, for a furnace has one programme.
"""

import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from ax.api.client import Client
from ax.api.configs import ChoiceParameterConfig, RangeParameterConfig

from campaigns.precursors import precursor_sets
from campaigns.recipe import Parameters
from campaigns.results import Trial
from campaigns.spec import CampaignSpec
from loop.propose.space import SearchSpace, Setting, search_space


class PlainAx:
    """An Ax client with default generation strategy, fed with every result."""

    def __init__(self, spec: CampaignSpec, *, first: int, seed: int) -> None:
        """Set the client up; the `first` points are of a Sobol sequence."""
        labels = [found.label for found in precursor_sets(spec)]
        self.space: SearchSpace = search_space(spec, labels)
        bounds = {c.label: c for c in spec.outcome_constraints}
        self.labels = [o.label for o in spec.objectives]
        extra = [label for label in bounds if label not in self.labels]
        names = {label: f"m{i}" for i, label in enumerate([*self.labels, *extra])}
        self.names = names
        with quiet():
            self.client = Client(random_seed=seed)
            self.client.configure_experiment(
                parameters=[_config(s) for s in self.space.settings]
            )
            self.client.configure_optimization(
                objective=", ".join(
                    f"{'-' if o.goal == 'minimize' else ''}{names[o.label]}"
                    for o in spec.objectives
                ),
                outcome_constraints=[
                    f"{names[o.label]} {'<=' if o.goal == 'minimize' else '>='} "
                    f"{o.threshold}"
                    for o in spec.objectives
                    if o.threshold is not None
                ]
                + [
                    f"{names[label]} {sign} {limit}"
                    for label, c in bounds.items()
                    for sign, limit in ((">=", c.at_least), ("<=", c.at_most))
                    if limit is not None
                ],
            )
            self.client.configure_generation_strategy(
                initialization_budget=first, initialization_random_seed=seed
            )
        self.running: list[int] = []

    def points(self, size: int) -> list[Parameters]:
        """Return the points of the next load."""
        found: list[Parameters] = []
        shared = {s.name for s in self.space.shared}
        fixed: dict[str, Any] | None = None
        with quiet():
            while len(found) < size:
                asked = self.client.get_next_trials(1, fixed_parameters=fixed)
                ((index, raw),) = asked.items()
                self.running.append(index)
                if fixed is None:
                    fixed = {k: v for k, v in raw.items() if k in shared}
                found.append(self._allowed(raw))
        return found

    def tell(self, trials: Sequence[Trial]) -> None:
        """Give the results of the load, in the order of its points."""
        with quiet():
            for index, trial in zip(self.running, trials, strict=True):
                data: dict[str, Any] = {
                    self.names[label]: (s.mean, s.variance**0.5)
                    for label, s in trial.scores.items()
                }
                self.client.complete_trial(trial_index=index, raw_data=data)
        self.running = []

    def _allowed(self, raw: Mapping[str, Any]) -> Parameters:
        """Return the nearest point that the space allows."""
        point: Parameters = {}
        for s in self.space.settings:
            value = raw[s.name]
            if s.kind == "choice":
                point[s.name] = next(v for v in s.values if str(v) == value)
            elif s.values:
                point[s.name] = min(s.values, key=lambda v: abs(float(v) - value))
            else:
                point[s.name] = float(value)
        return self.space.trimmed(point)


def _config(setting: Setting) -> RangeParameterConfig | ChoiceParameterConfig:
    if setting.kind == "number":
        return RangeParameterConfig(
            name=setting.name,
            bounds=(setting.low, setting.high),
            parameter_type="float",
            scaling="log" if setting.is_log else None,
        )
    return ChoiceParameterConfig(
        name=setting.name,
        values=[str(value) for value in setting.values],
        parameter_type="str",
        is_ordered=False,
    )


@contextmanager
def quiet() -> Iterator[None]:
    """Keep Ax's notes and warnings off the terminal."""
    disabled = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(disabled)
