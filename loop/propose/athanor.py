"""The proposer: Gaussian processes on chemistry, whole furnace loads, driven by Ax.

A pure function of its arguments: random numbers are keyed by the seed, PyTorch's state
is forked and put back, and one thread makes sums come out alike.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from campaigns.earlier import EarlierCampaign
from campaigns.guesses import LiteratureGuesses
from campaigns.pathways import LearnedPathways
from campaigns.recipe import Parameters
from campaigns.spec import CampaignSpec
from loop.propose import axclient
from loop.propose.acquisition import choose_load
from loop.propose.baselines import sobol_load
from loop.propose.beliefs import rate_prior, rated_of
from loop.propose.candidates import Candidates
from loop.propose.encoders import encoder
from loop.propose.encoding import Encoder
from loop.propose.features import Facts
from loop.propose.firstguesses import FirstGuesses
from loop.propose.firstload import choose_first_load
from loop.propose.hours import price_of
from loop.propose.outcomes import Metric, State
from loop.propose.posterior import Learner
from loop.propose.question import Point, Question
from loop.propose.randomness import key
from loop.propose.recall import constants_of, recalling, words_of
from loop.propose.recalls import even
from loop.propose.records import Evidence, decisions
from loop.propose.reproducible import reproducible
from loop.propose.scaling import (
    YIELD_SCALE,
    Scaled,
)
from loop.propose.spots import Spots
from loop.propose.surrogate import prior_modules


def athanor_points(
    question: Question,
    facts: Facts,
    literature: LiteratureGuesses | None = None,
    earlier: Sequence[EarlierCampaign] = (),
    learned: LearnedPathways | None = None,
) -> Sequence[Point]:
    """Return the points of a load; a `seats.Chooser` once all knowledge is given."""
    metrics = metrics_of(question.spec)
    is_blind = not any(m.goal and _has_result(question, m) for m in metrics)
    if is_blind and rated_of(question.spec) is None:
        # Nothing is known of any objective, and no rate law speaks of it.
        return sobol_load(question)
    with reproducible(key(question.seed, "torch", question.load)):
        encoder = recalling(encoder_of(question, facts, learned), literature, earlier)
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


def encoder_of(
    question: Question, facts: Facts, learned: LearnedPathways | None = None
) -> Encoder:
    """Return the question's encoder."""
    found = encoder(question.spec, question.space, question.sets, facts, learned)
    furnace = question.site.name if question.site else ""
    slots = (trial.slot for trial in question.scored)
    return replace(found, spots=Spots.of(slots, furnace))


def metrics_of(spec: CampaignSpec) -> tuple[Metric, ...]:
    """Return the figures to model: objectives, then constraints on other figures."""
    found = [Metric(o.label, o.goal) for o in spec.objectives]
    known = {metric.label for metric in found}
    for bound in spec.outcome_constraints:
        if bound.label not in known:
            found.append(Metric(bound.label, ""))
            known.add(bound.label)
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
        self.candidates = Candidates(question, encoder)
        self.price = price_of(question, encoder)
        self.literature = FirstGuesses(literature, encoder) if literature else None
        self.learner = Learner(self.candidates, self.literature)
        self.evidence: Evidence | None = None

    def plan(self, state: State) -> Sequence[Parameters]:
        """Return the points of the load."""
        log_chance = self.learner.log_chance(state)
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
        records = decisions(
            self.question, self.encoder, self.evidence, self.price, found
        )
        return [Point(p, d) for p, d in zip(found, records, strict=True)]

    def _from_prior(self, log_chance: Callable[[Tensor], Tensor]) -> Evidence:
        """Choose by the prior of the yield alone."""
        objective = rated_of(self.question.spec)
        rate = rate_prior(self.encoder, self.literature)
        if objective is None or rate is None:
            raise RuntimeError("a first load by the prior needs a yield objective")
        scaled = Scaled(objective.label, 1.0, 0.0, YIELD_SCALE)
        columns = self.candidates.columns
        mean, covariance = prior_modules(
            columns, rate=rate, scale=YIELD_SCALE, recalls=even(columns.forecasts)
        )
        with torch.no_grad():
            chosen = choose_first_load(
                mean,
                covariance,
                self.candidates.at,
                allowed=self.candidates.allowed,
                favour=self._favour(),
                burden=self.candidates.calculated.burden(),
                log_chance=log_chance,
                size=self.question.size,
                seed=key(self.question.seed, "first load") % 2**31,
                X_pending=self.candidates.pending(),
                barred=self.question.barred,
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
        """Fit what has results, and choose by expected improvement."""
        candidates = self.candidates
        found = self.learner.fit(state, known)
        goal, model = found.goal, found.model
        with torch.no_grad():
            best = goal.incumbents(model, found.X)
            chosen = choose_load(
                goal,
                model,
                candidates.at,
                allowed=candidates.allowed,
                log_chance=log_chance,
                X_baseline=best,
                X_pending=candidates.pending(),
                size=self.question.size,
                log_price=self.price.logarithms(),
                barred=self.question.barred,
            )
        acquisition = "qLogNEHVI" if goal.n_objectives > 1 else "qLogNEI"
        X_load = candidates.at(chosen.profile)[list(chosen.samples)]
        gain = goal.gain(model, best, X_load)
        return Evidence(
            method=f"athanor: {acquisition} over whole loads",
            chosen=chosen,
            predict=found.predict,
            similarity=lambda X: found.similarity(X, candidates.scored()),
            model=found.constants() | constants_of(self.encoder, self.literature),
            words=words_of(self.encoder, None, found.by_label()),
            gain=gain * goal.compose.figures[0].scale,
        )

    def _favour(self) -> Tensor:
        if self.literature is None:
            return torch.ones_like(self.candidates.allowed, dtype=torch.float64)
        return self.literature.favour(self.question.pool)
