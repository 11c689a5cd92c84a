"""From results to a fitted model and what is wanted of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from botorch.models.model_list_gp_regression import ModelListGP
from torch import Tensor

from loop.propose import axclient
from loop.propose.beliefs import rate_prior, rated_of
from loop.propose.calculated import known
from loop.propose.candidates import Candidates
from loop.propose.columns import CALCULATED
from loop.propose.composition import (
    PRICE,
    Composition,
    is_composed,
    obtained_of,
)
from loop.propose.firstguesses import FirstGuesses
from loop.propose.goal import Goal, marginals
from loop.propose.means import RatePrior
from loop.propose.mishaps import Tried
from loop.propose.outcomes import Metric, Observed, Outcome, State
from loop.propose.randomness import key
from loop.propose.recalls import Recalls
from loop.propose.scaling import (
    ANALYSIS_SD,
    YIELD_SCALE,
    Scaled,
    bounds_of,
    limits_of,
    reference_of,
    scale_of,
)

PRICE_COLUMN, _ = CALCULATED[PRICE]
FAILURE_NOISE = 0.25
"""Scaled variance of a success (+1) or failure (-1): one failure is no proof."""


@dataclass(frozen=True)
class Posterior:
    """What results say of every candidate."""

    model: ModelListGP
    goal: Goal
    X: Tensor
    """Distinct points with results, shape `k x d`."""

    def predict(self, X: Tensor) -> dict[str, tuple[Tensor, Tensor]]:
        """Return means and standard deviations of figures in the lab's units."""
        mean, sd = self.goal.marginals(self.model, X)
        return {
            scaled.label: (scaled.to_lab(mean[..., i]), sd[..., i] * scaled.scale)
            for i, scaled in enumerate(self.goal.compose.figures)
        }

    def similarity(self, X: Tensor, X_known: Tensor) -> Tensor:
        """Return prior correlations of the first figure, shape `n x k`."""
        first: Any = self.model.models[0]
        kernel = first.covar_module
        with torch.no_grad():
            cross = kernel(X, X_known).to_dense()
            own = kernel(X, diag=True).sqrt().unsqueeze(-1)
            known_own = kernel(X_known, diag=True).sqrt()
        similar: Tensor = cross / own / known_own
        return similar

    def constants(self) -> dict[str, float | str]:
        """Return the fitted constants of every output by name."""
        return {
            f"{label}.{name}": value
            for label, one in self.by_label().items()
            for name, value in one.hyperparameters_by_name().items()
        }

    def by_label(self) -> dict[str, Any]:
        """Return the fitted model of every output."""
        models: Any = self.model.models
        labels = (scaled.label for scaled in self.goal.compose.outputs)
        return dict(zip(labels, models, strict=True))


@dataclass(frozen=True)
class Learner:
    """Fits what a campaign's results allow."""

    candidates: Candidates
    literature: FirstGuesses | None

    def fit(self, state: State, metrics: Sequence[Metric]) -> Posterior:
        """Fit every metric that has results, objectives first."""
        ordered = sorted(metrics, key=lambda m: not m.goal)
        compose = self._composition(state, ordered)
        outcomes = self._outcomes(state, compose)
        model = axclient.fit(outcomes, self.candidates.columns)
        made = state.observed[compose.outputs[0].label].points
        X = torch.unique(self.candidates.rows(made), dim=0)
        return Posterior(model, self._goal(state, compose), X)

    def log_chance(self, state: State) -> Callable[[Tensor], Tensor]:
        """Return the logarithm of the probability that a synthesis can be made.

        A Gaussian process on +1 (made) and -1 (failed) through a normal link: Rasmussen
        & Williams, Gaussian Processes for Machine Learning (2006), section 6.5 (least
        squares classification). Those of earlier campaigns count alike, as far as this
        one could try the same.
        """
        forecasts = self.candidates.encoder.forecasts
        before = forecasts.tried(self.candidates.encoder) if forecasts else Tried()
        failed = [*state.failed, *before.failed]
        if not failed:
            return lambda X: torch.zeros(len(X), dtype=torch.float64)
        made = [t.measured for t in self.candidates.question.scored]
        made += before.made
        Y = torch.tensor([1.0] * len(made) + [-1.0] * len(failed)).double()
        outcome = Outcome(
            X=self.candidates.rows([*made, *failed]),
            Y=Y.unsqueeze(-1),
            Yvar=torch.full((len(Y), 1), FAILURE_NOISE, dtype=torch.float64),
            rate=None,
            scale=1.0,
            centre=1.0,
        )
        model = axclient.fit({"made": outcome}, self.candidates.columns)

        def log_chance(X: Tensor) -> Tensor:
            mean, sd = marginals(model, X)
            spread = (sd**2 + FAILURE_NOISE).sqrt()
            found: Tensor = torch.special.log_ndtr(mean / spread).squeeze(-1)
            return found

        return log_chance

    def _composition(self, state: State, ordered: Sequence[Metric]) -> Composition:
        """Return how figures follow from what is modelled."""
        labels = [m.label for m in ordered]
        figures = [
            scale_of(
                m, state.observed[m.label], self.candidates.calculated.values(m.label)
            )
            for m in ordered
        ]
        pool = self.candidates.physics[..., PRICE_COLUMN]
        # Without prices in the file a cost is a figure like any other.
        is_priced = float(pool.max()) > 0
        composed = [n for n in labels if is_priced and is_composed(n, labels)]
        outputs = [one for one in figures if one.label not in composed]
        if not composed:
            return Composition(tuple(figures), tuple(outputs))
        scored = self.candidates.question.scored
        prices = self.candidates.scored()[:, PRICE_COLUMN].tolist()
        price = Scaled(PRICE, 1.0, float(pool.mean()), float(pool.std()) or 1.0)
        return Composition(
            tuple(figures), (*outputs, price), obtained_of(scored, prices)
        )

    def _outcomes(self, state: State, compose: Composition) -> dict[str, Outcome]:
        """Return scaled results of every output."""
        rate = rate_prior(self.candidates.encoder, self.literature)
        if rate is not None:
            rate = replace(rate, spots=self.candidates.encoder.spots)
        rated = rated_of(self.candidates.question.spec)
        found = {}
        for scaled in compose.outputs:
            is_rated = rated is not None and scaled.label == rated.label
            observed = state.observed.get(scaled.label)
            if observed is None:
                rows = self.candidates.scored()
                values = rows[:, PRICE_COLUMN].numpy()
                points = tuple(
                    trial.measured for trial in self.candidates.question.scored
                )
                observed = Observed(points, values, np.zeros(len(values)))
            found[scaled.label] = self._outcome(
                scaled, observed, rate if is_rated else None
            )
        return found

    def _goal(self, state: State, compose: Composition) -> Goal:
        """Return what is maximised and what must hold."""
        question = self.candidates.question
        spec = question.spec
        scales = {one.label: one for one in compose.figures}
        seen = {
            label: scaled.to_model(torch.tensor(state.observed[label].mean))
            for label, scaled in scales.items()
        }
        limit = limits_of(spec.objectives, scales)
        return Goal(
            len(limit),
            compose,
            reference_of(spec.objectives, scales, seen),
            limit,
            self.candidates.calculated.ideal(limit, scales, seen),
            bounds_of(spec.outcome_constraints, scales),
            seed=key(
                self.candidates.question.seed, "draws", self.candidates.question.load
            )
            % 2**31,
        )

    def _outcome(
        self, scaled: Scaled, found: Observed, rate: RatePrior | None
    ) -> Outcome:
        """Return scaled results with their known variances."""
        slots = None
        if rate is not None:
            # Results come in the order of their trials.
            scored = self.candidates.question.scored
            slots = [t.slot for t in scored if scaled.label in t.scores]
        variance = found.variance
        if scaled.scale == YIELD_SCALE:
            variance = np.maximum(variance, ANALYSIS_SD**2)
        Y = scaled.to_model(torch.tensor(found.mean))
        Yvar = torch.tensor(variance / scaled.scale**2).clamp_min(1e-6)
        return Outcome(
            X=self.candidates.rows(found.points, slots),
            Y=Y.unsqueeze(-1),
            Yvar=Yvar.unsqueeze(-1),
            rate=rate,
            scale=scaled.scale,
            known=known(scaled),
            recalls=self._recalls(found, Y, Yvar) if rate is not None else None,
        )

    def _recalls(self, found: Observed, Y: Tensor, Yvar: Tensor) -> Recalls | None:
        """Return how far scaled results bear out what earlier campaigns forecast."""
        encoder, columns = self.candidates.encoder, self.candidates.columns.forecasts
        if encoder.forecasts is None:
            return None
        told = encoder.forecasts.believed(encoder, found.points, Y=Y, Yvar=Yvar)
        return Recalls(columns, told, is_settled=True)
