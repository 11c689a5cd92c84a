"""The proposer: Gaussian processes on chemistry, whole furnace loads, driven by Ax.

A pure function of its arguments: random numbers are keyed by the seed, PyTorch's state
is forked and put back, and one thread makes sums come out alike.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from botorch.models.model_list_gp_regression import ModelListGP
from torch import Tensor

from campaigns.earlier import EarlierCampaign
from campaigns.guesses import LiteratureGuesses
from campaigns.recipe import Parameters
from campaigns.spec import CampaignSpec
from loop.propose import axclient
from loop.propose.acquisition import choose_load
from loop.propose.baselines import sobol_load
from loop.propose.beliefs import rate_prior, rated_of
from loop.propose.calculated import Figures, known
from loop.propose.columns import Columns
from loop.propose.encoding import Encoder, encoder
from loop.propose.features import Facts
from loop.propose.firstguesses import FirstGuesses
from loop.propose.firstload import choose_first_load
from loop.propose.goal import Goal, marginals
from loop.propose.means import RatePrior
from loop.propose.outcomes import Metric, Observed, Outcome, State
from loop.propose.randomness import key
from loop.propose.recall import constants_of, recalling, words_of
from loop.propose.records import Evidence, decisions
from loop.propose.reproducible import reproducible
from loop.propose.scaling import (
    ANALYSIS_SD,
    YIELD_SCALE,
    Scaled,
    bounds_of,
    label_of,
    limits_of,
    reference_of,
    scale_of,
)
from loop.propose.seats import Point, Question
from loop.propose.surrogate import prior_modules

FAILURE_NOISE = 0.25
"""Scaled variance of a success (+1) or failure (-1): one failure is no proof."""


def athanor_points(
    question: Question,
    facts: Facts,
    literature: LiteratureGuesses | None = None,
    earlier: Sequence[EarlierCampaign] = (),
) -> Sequence[Point]:
    """Return the points of a load; a `seats.Chooser` once all knowledge is given."""
    metrics = metrics_of(question.spec)
    is_blind = not any(m.goal and _has_result(question, m) for m in metrics)
    if is_blind and rated_of(question.spec) is None:
        # Nothing is known of any objective, and no rate law speaks of it.
        return sobol_load(question)
    with reproducible(key(question.seed, "torch", question.load)):
        encoder = recalling(encoder_of(question, facts), literature, earlier)
        planner = Planner(question, encoder, metrics, literature)
        found = axclient.generate(
            question.space,
            question.trials,
            metrics=metrics,
            thresholds={
                o.label: o.threshold
                for o in question.spec.objectives
                if o.threshold is not None
            },
            plan=planner.plan,
            seed=key(question.seed, "ax", question.load) % 2**31,
        )
        return planner.points(found)


def encoder_of(question: Question, facts: Facts) -> Encoder:
    """Return the question's encoder."""
    return encoder(question.spec, question.space, question.sets, facts)


def metrics_of(spec: CampaignSpec) -> tuple[Metric, ...]:
    """Return the figures to model: objectives, then constraints on other figures."""
    found = [Metric(o.label, o.goal) for o in spec.objectives]
    known = {metric.label for metric in found}
    for bound in spec.outcome_constraints:
        label = label_of(bound)
        if label not in known:
            found.append(Metric(label, ""))
            known.add(label)
    return tuple(found)


def _has_result(question: Question, metric: Metric) -> bool:
    return any(metric.label in trial.scores for trial in question.scored)


class Planner:
    """Plans one load from what Ax hands back, and says why."""

    def __init__(
        self,
        question: Question,
        encoder: Encoder,
        metrics: Sequence[Metric],
        literature: LiteratureGuesses | None = None,
    ) -> None:
        """Encode the pool once."""
        self.question, self.encoder, self.metrics = question, encoder, metrics
        self.columns = Columns(*encoder.sizes, encoder.n_forecasts)
        self.allowed = torch.from_numpy(question.pool.allowed)
        shared, own, physics = encoder.pool_rows(question.pool)
        self.shared = torch.from_numpy(shared)
        self.own = torch.from_numpy(own)
        self.physics = torch.from_numpy(physics)
        self.calculated = Figures(question.spec.objectives, physics[:, 0])
        self.evidence: Evidence | None = None
        self.literature = FirstGuesses(literature, encoder) if literature else None

    def pool_rows(self, profile: int) -> Tensor:
        """Return the columns of all samples at a profile, shape `m x d`."""
        shared = self.shared[profile].expand(len(self.own), -1)
        return torch.cat([shared, self.own, self.physics[profile]], dim=-1)

    def rows(self, points: Sequence[Parameters]) -> Tensor:
        """Return the columns of points, shape `n x d`."""
        return torch.from_numpy(self.encoder.rows(points))

    def plan(self, state: State) -> Sequence[Parameters]:
        """Return the points of the load."""
        log_chance = self._log_chance(state)
        known = [m for m in self.metrics if len(state.observed[m.label].mean)]
        if any(m.goal for m in known):
            self.evidence = self._from_results(state, known, log_chance)
        else:
            self.evidence = self._from_prior(log_chance)
        chosen = self.evidence.chosen
        pool = self.question.pool
        return [pool.parameters(chosen.profile, s) for s in chosen.samples]

    def points(self, found: Sequence[Parameters]) -> Sequence[Point]:
        """Return the points that Ax gave out, each with its decision."""
        if self.evidence is None:
            raise RuntimeError("asked why before anything was planned")
        records = decisions(self.question, self.encoder, self.evidence, found)
        return [Point(p, d) for p, d in zip(found, records, strict=True)]

    def _from_prior(self, log_chance: Callable[[Tensor], Tensor]) -> Evidence:
        """Choose by the prior of the yield alone."""
        objective = rated_of(self.question.spec)
        rate = rate_prior(self.encoder, self.literature)
        if objective is None or rate is None:
            raise RuntimeError("a first load by the prior needs a yield objective")
        scaled = Scaled(objective.label, 1.0, 0.0, YIELD_SCALE)
        mean, covariance = prior_modules(
            self.columns,
            rate=rate,
            scale=YIELD_SCALE,
            recalls=self.columns.forecasts,
        )
        with torch.no_grad():
            chosen = choose_first_load(
                mean,
                covariance,
                self.pool_rows,
                allowed=self.calculated.within_thresholds(self.allowed),
                favour=self._favour(),
                burden=self.calculated.burden(),
                log_chance=log_chance,
                size=self.question.size,
                seed=key(self.question.seed, "first load") % 2**31,
            )

        def predict(X: Tensor) -> dict[str, tuple[Tensor, Tensor]]:
            sd = covariance(X, diag=True).sqrt()
            return {scaled.label: (scaled.to_lab(mean(X)), sd * scaled.scale)}

        return Evidence(
            method="athanor: expected best of the load under the prior",
            chosen=chosen,
            predict=predict,
            similarity=lambda _: None,
            model={
                "prior.onset_kelvin": rate.onset_kelvin,
                "prior.limit_kelvin": rate.limit_kelvin,
                **constants_of(self.encoder, self.literature),
            },
            words=words_of(self.encoder, self.literature),
        )

    def _from_results(
        self,
        state: State,
        known: Sequence[Metric],
        log_chance: Callable[[Tensor], Tensor],
    ) -> Evidence:
        """Fit every figure that has results, and choose by expected improvement."""
        ordered = sorted(known, key=lambda m: not m.goal)
        scales = {
            m.label: scale_of(
                m, state.observed[m.label], self.calculated.values(m.label)
            )
            for m in ordered
        }
        rate, rated = (
            rate_prior(self.encoder, self.literature),
            rated_of(self.question.spec),
        )
        outcomes = {}
        for m in ordered:
            is_rated = rated is not None and m.label == rated.label
            outcomes[m.label] = self._outcome(
                scales[m.label], state.observed[m.label], rate if is_rated else None
            )
        model = axclient.fit(outcomes, self.columns)
        models: Any = model.models
        n_objectives = sum(bool(m.goal) for m in ordered)
        objectives = self.question.spec.objectives
        limit = limits_of(objectives, scales)
        goal = Goal(
            n_objectives,
            len(ordered),
            reference_of(objectives, scales, outcomes),
            limit,
            self.calculated.ideal(limit, scales, outcomes),
            bounds_of(self.question.spec.outcome_constraints, scales),
            seed=key(self.question.seed, "draws", self.question.load) % 2**31,
        )
        X_baseline = torch.unique(outcomes[ordered[0].label].X, dim=0)
        pending = [t.planned for t in self.question.trials if t.status == "pending"]
        with torch.no_grad():
            chosen = choose_load(
                goal,
                model,
                self.pool_rows,
                allowed=self.calculated.within_thresholds(self.allowed),
                log_chance=log_chance,
                X_baseline=X_baseline,
                X_pending=self.rows(pending) if pending else None,
                size=self.question.size,
            )
        acquisition = "qLogNEHVI" if n_objectives > 1 else "qLogNEI"
        X_load = self.pool_rows(chosen.profile)[list(chosen.samples)]
        gain = goal.gain(model, goal.incumbents(model, X_baseline), X_load)
        return Evidence(
            method=f"athanor: {acquisition} over whole loads",
            chosen=chosen,
            predict=_predictor(model, list(scales.values())),
            similarity=lambda X: _similarity(model, X, self._scored_rows()),
            model={
                f"{label}.{name}": value
                for label, one in zip(scales, models, strict=True)
                for name, value in one.hyperparameters_by_name().items()
            }
            | constants_of(self.encoder, self.literature),
            words=words_of(self.encoder, None, dict(zip(scales, models, strict=True))),
            gain=gain * scales[ordered[0].label].scale,
        )

    def _favour(self) -> Tensor:
        if self.literature is None:
            return torch.ones_like(self.allowed, dtype=torch.float64)
        return self.literature.favour(self.question.pool)

    def _scored_rows(self) -> Tensor:
        return self.rows([trial.measured for trial in self.question.scored])

    def _outcome(
        self, scaled: Scaled, found: Observed, rate: RatePrior | None
    ) -> Outcome:
        """Return scaled results with their known variances."""
        variance = found.variance
        if scaled.scale == YIELD_SCALE:
            variance = np.maximum(variance, ANALYSIS_SD**2)
        return Outcome(
            X=self.rows(found.points),
            Y=scaled.to_model(torch.tensor(found.mean)).unsqueeze(-1),
            Yvar=torch.tensor(variance / scaled.scale**2).clamp_min(1e-6).unsqueeze(-1),
            rate=rate,
            scale=scaled.scale,
            known=known(scaled),
            recalls=self.columns.forecasts if rate is not None else None,
        )

    def _log_chance(self, state: State) -> Callable[[Tensor], Tensor]:
        """Return the logarithm of the probability that a synthesis can be made.

        A Gaussian process on +1 (made) and -1 (failed) through a normal link: Rasmussen
        & Williams, Gaussian Processes for Machine Learning (2006), section 6.5 (least
        squares classification).
        """
        if not state.failed:
            return lambda X: torch.zeros(len(X), dtype=torch.float64)
        made = [t.measured for t in self.question.scored]
        Y = torch.tensor([1.0] * len(made) + [-1.0] * len(state.failed)).double()
        outcome = Outcome(
            X=self.rows([*made, *state.failed]),
            Y=Y.unsqueeze(-1),
            Yvar=torch.full((len(Y), 1), FAILURE_NOISE, dtype=torch.float64),
            rate=None,
            scale=1.0,
            centre=1.0,
        )
        model = axclient.fit({"made": outcome}, self.columns)

        def log_chance(X: Tensor) -> Tensor:
            mean, sd = marginals(model, X)
            spread = (sd**2 + FAILURE_NOISE).sqrt()
            found: Tensor = torch.special.log_ndtr(mean / spread).squeeze(-1)
            return found

        return log_chance


def _predictor(
    model: ModelListGP, scales: Sequence[Scaled]
) -> Callable[[Tensor], dict[str, tuple[Tensor, Tensor]]]:
    """Return posterior means and standard deviations in the lab's units."""

    def predict(X: Tensor) -> dict[str, tuple[Tensor, Tensor]]:
        mean, sd = marginals(model, X)
        return {
            scaled.label: (scaled.to_lab(mean[..., i]), sd[..., i] * scaled.scale)
            for i, scaled in enumerate(scales)
        }

    return predict


def _similarity(model: ModelListGP, X: Tensor, X_known: Tensor) -> Tensor:
    """Return prior correlations of the first figure, shape `n x k`."""
    first: Any = model.models[0]
    kernel = first.covar_module
    with torch.no_grad():
        cross = kernel(X, X_known).to_dense()
        own = kernel(X, diag=True).sqrt().unsqueeze(-1)
        known = kernel(X_known, diag=True).sqrt()
    similar: Tensor = cross / own / known
    return similar
