"""The only door to Ax: a campaign's history as an Ax experiment, our node in charge.

Ax keeps the trials, gives the data to the node and records what the node generates; the
node fits our Gaussian processes through Ax's modular surrogate and scores the candidate
pool. The client is rebuilt from the history at every call, so nothing is kept between.
"""

import logging
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import sqrt
from typing import Any

import numpy as np
from ax.api.client import Client
from ax.api.configs import ChoiceParameterConfig, RangeParameterConfig
from ax.api.utils.instantiation.from_config import parameter_from_config
from ax.core.arm import Arm
from ax.core.base_trial import BaseTrial
from ax.core.data import Data, DataRow
from ax.core.experiment import Experiment
from ax.core.search_space import SearchSpace as AxSpace
from ax.core.search_space import SearchSpaceDigest
from ax.core.trial_status import TrialStatus
from ax.core.types import TParameterization
from ax.generation_strategy.external_generation_node import ExternalGenerationNode
from ax.generation_strategy.generation_strategy import GenerationStrategy
from ax.generators.torch.botorch_modular.surrogate import Surrogate, SurrogateSpec
from ax.generators.torch.botorch_modular.utils import ModelConfig
from botorch.exceptions.errors import ModelFittingError
from botorch.exceptions.warnings import BotorchWarning
from botorch.models.model_list_gp_regression import ModelListGP
from botorch.utils.datasets import SupervisedDataset
from linear_operator.utils.warnings import NumericalWarning

from campaigns.recipe import Parameters
from campaigns.results import Trial
from loop.errors import ProposalError
from loop.propose.columns import Columns
from loop.propose.outcomes import Metric, Observed, Outcome, State
from loop.propose.space import SearchSpace, Setting
from loop.propose.surrogate import SetGP

FIXED = "only"
"""A second value for choices of one: Ax wants two."""


class PoolNode(ExternalGenerationNode):
    """A generation node that plans a whole load from a candidate pool."""

    def __init__(
        self,
        space: SearchSpace,
        metrics: Sequence[Metric],
        plan: Callable[[State], Sequence[Parameters]],
    ) -> None:
        """Keep how to plan.

        Args:
            space: Search space.
            metrics: In the order of Ax's metric names.
            plan: From what is known to the points of a load.
        """
        super().__init__(name="PoolNode", should_deduplicate=False)
        self.space, self.metrics, self.plan = space, tuple(metrics), plan
        self.queue: list[Parameters] | None = None

    def update_generator_state(self, experiment: Experiment, data: Data) -> None:
        """Plan the load once, at the first call."""
        if self.queue is None:
            state = _state(experiment, data, self.space, self.metrics)
            self.queue = list(self.plan(state))

    def get_next_candidate(
        self,
        pending_parameters: list[TParameterization],
    ) -> TParameterization:
        """Return the next point of the load."""
        if not self.queue:
            raise RuntimeError("asked for more points than were planned")
        return dict(_completed(self.space, self.queue.pop(0)))


def generate(
    space: SearchSpace,
    trials: Sequence[Trial],
    *,
    metrics: Sequence[Metric],
    thresholds: Mapping[str, float],
    plan: Callable[[State], Sequence[Parameters]],
    seed: int,
) -> tuple[Parameters, ...]:
    """Return the points that an Ax client gives out after a history.

    Args:
        space: Search space.
        trials: Usable history: scored, failed and pending.
        metrics: Modelled figures, objectives first.
        thresholds: Objective label to worst value of any use.
        plan: What the node does: from what is known to at least one point.
        seed: Of the client.
    """
    with _quiet():
        client = Client(random_seed=seed)
        parameters = [parameter_from_config(_config(s)) for s in space.settings]
        experiment = Experiment(name="campaign", search_space=AxSpace(parameters))
        client.set_experiment(experiment)
        names = {metric.label: f"m{i}" for i, metric in enumerate(metrics)}
        _configure_objectives(client, metrics, names, thresholds)
        _attach(experiment, trials, space, names)
        node = PoolNode(space, metrics, plan)
        client.set_generation_strategy(GenerationStrategy(nodes=[node], name="pool"))
        found = list(client.get_next_trials(max_trials=1).values())
        if node.queue:
            found += client.get_next_trials(max_trials=len(node.queue)).values()
    return tuple(_restored(space, point) for point in found)


def fit(outcomes: Mapping[str, Outcome], columns: Columns) -> ModelListGP:
    """Return Gaussian processes fitted through Ax's modular surrogate, one a metric.

    Args:
        outcomes: Output name to scaled results, in the order of the model's outputs.
        columns: What the columns of X mean.
    """
    features = [f"x{i}" for i in range(columns.n)]
    spec = SurrogateSpec(
        metric_to_model_configs={
            name: [
                ModelConfig(
                    botorch_model_class=SetGP,
                    model_options={
                        "columns": columns,
                        "rate": outcome.rate,
                        "scale": outcome.scale,
                        "centre": outcome.centre,
                        "known": outcome.known,
                        "recalls": outcome.recalls,
                    },
                    input_transform_classes=None,
                )
            ]
            for name, outcome in outcomes.items()
        },
        allow_batched_models=False,
    )
    surrogate = Surrogate(surrogate_spec=spec)
    with _quiet(), _translated():
        surrogate.fit(
            datasets=[
                SupervisedDataset(
                    outcome.X,
                    outcome.Y,
                    Yvar=outcome.Yvar,
                    feature_names=features,
                    outcome_names=[name],
                )
                for name, outcome in outcomes.items()
            ],
            search_space_digest=SearchSpaceDigest(
                feature_names=features, bounds=[(0.0, 1.0)] * columns.n
            ),
        )
    model: Any = surrogate.model
    return model if isinstance(model, ModelListGP) else ModelListGP(model)


def _config(setting: Setting) -> RangeParameterConfig | ChoiceParameterConfig:
    if setting.kind == "number":
        return RangeParameterConfig(
            name=setting.name,
            bounds=(setting.low, setting.high),
            parameter_type="float",
            scaling="log" if setting.is_log else None,
        )
    values = [str(value) for value in setting.values]
    return ChoiceParameterConfig(
        name=setting.name,
        values=values if len(values) > 1 else [*values, FIXED],
        parameter_type="str",
        is_ordered=False,
    )


def _configure_objectives(
    client: Client,
    metrics: Sequence[Metric],
    names: Mapping[str, str],
    thresholds: Mapping[str, float],
) -> None:
    goals = [m for m in metrics if m.goal]
    text = ", ".join(
        f"{'-' if m.goal == 'minimize' else ''}{names[m.label]}" for m in goals
    )
    bounds = [
        f"{names[m.label]} {'<=' if m.goal == 'minimize' else '>='} "
        f"{thresholds[m.label]}"
        for m in goals
        if m.label in thresholds
    ]
    several = len(goals) > 1
    client.configure_optimization(
        objective=text, outcome_constraints=bounds if several else None
    )
    extra = [names[m.label] for m in metrics if not m.goal]
    if extra:
        client.configure_tracking_metrics(metric_names=extra)


def _attach(
    experiment: Experiment,
    trials: Sequence[Trial],
    space: SearchSpace,
    names: Mapping[str, str],
) -> None:
    """Give the history to the experiment; the model sees what was measured.

    All results go in at once: Ax copies its data at each attachment.
    """
    rows = []
    for trial in trials:
        arms, index = experiment.attach_trial([dict(_completed(space, trial.measured))])
        if trial.status == "scored":
            rows += [
                DataRow(
                    trial_index=index,
                    arm_name=next(iter(arms)),
                    metric_name=name,
                    metric_signature=name,
                    mean=trial.scores[label].mean,
                    se=sqrt(trial.scores[label].variance),
                )
                for label, name in names.items()
                if label in trial.scores
            ]
    if rows:
        experiment.attach_data(Data(data_rows=rows))
    for index, trial in enumerate(trials):
        if trial.status == "scored":
            experiment.trials[index].mark_completed()
        elif trial.status in ("failed", "lost"):
            # Ax proposes FAILED points again at once; ABANDONED ones never.
            experiment.trials[index].mark_abandoned()


def _completed(space: SearchSpace, parameters: Mapping[str, float | str]) -> Parameters:
    """Return parameters with a value for every setting, as Ax asks."""
    found: Parameters = {}
    for setting in space.settings:
        value = parameters.get(setting.name, setting.decode(0.5))
        found[setting.name] = str(value) if setting.kind == "choice" else float(value)
    return found


def _restored(space: SearchSpace, found: Mapping[str, object]) -> Parameters:
    """Return the campaign's parameters from Ax's, which knows choices as text."""
    values: Parameters = {}
    for setting in space.settings:
        value = found[setting.name]
        if setting.kind == "choice":
            values[setting.name] = next(v for v in setting.values if str(v) == value)
        else:
            values[setting.name] = float(str(value))
    return space.trimmed(values)


def _state(
    experiment: Experiment,
    data: Data,
    space: SearchSpace,
    metrics: Sequence[Metric],
) -> State:
    """Read results, failures and what is on its way from the experiment."""
    points = {
        index: _restored(space, _only_arm(trial).parameters)
        for index, trial in experiment.trials.items()
    }
    frame = data.df
    observed = {}
    for i, metric in enumerate(metrics):
        rows = frame[frame["metric_name"] == f"m{i}"].sort_values("trial_index")
        observed[metric.label] = Observed(
            points=tuple(points[int(t)] for t in rows["trial_index"]),
            mean=rows["mean"].to_numpy(dtype=np.float64),
            variance=rows["sem"].to_numpy(dtype=np.float64) ** 2,
        )

    def of(status: TrialStatus) -> tuple[Parameters, ...]:
        found = experiment.trials.items()
        return tuple(points[i] for i, trial in found if trial.status == status)

    return State(observed, of(TrialStatus.ABANDONED), of(TrialStatus.RUNNING))


def _only_arm(trial: BaseTrial) -> Arm:
    (arm,) = trial.arms
    return arm


@contextmanager
def _translated() -> Iterator[None]:
    """Turn a failed fit into our own error."""
    try:
        yield
    except ModelFittingError as error:
        raise ProposalError(f"the surrogate could not be fitted: {error}") from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep progress notes, jitter, deprecations and off-grid results off the terminal.

    What was measured lies off the grid as a rule.
    """
    disabled = logging.root.manager.disable
    logging.disable(logging.INFO)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            warnings.simplefilter("ignore", NumericalWarning)
            warnings.filterwarnings("ignore", ".*in out-of-design", RuntimeWarning)
            # Until a result is feasible the improvement is, but for a constant, the
            # probability of feasibility that BoTorch recommends.
            warnings.filterwarnings(
                "ignore", "When all training points are infeasible", BotorchWarning
            )
            yield
    finally:
        logging.disable(disabled)
