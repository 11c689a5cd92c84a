"""Proposers to be beaten: they look at no chemistry and fit nothing.

All share one profile a load, as a furnace demands.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from campaigns.recipe import Parameters
from campaigns.results import DecisionRecord, History, Proposal, Trial
from campaigns.spec import CampaignSpec
from loop.propose.pool import sobol_points
from loop.propose.randomness import stream
from loop.propose.seats import Point, Question, fill_load
from loop.propose.space import SearchSpace, Setting


@dataclass(frozen=True)
class RandomProposer:
    """A profile at random, samples at random."""

    name: str = "random"

    def propose(
        self,
        spec: CampaignSpec,
        history: History,
        *,
        load: int,
        size: int,
        seed: int,
    ) -> tuple[Proposal, ...]:
        """Return the next load; see `proposer.Proposer`."""
        return fill_load(
            random_points,
            spec,
            history,
            load=load,
            size=size,
            seed=seed,
            refine=False,
        )


@dataclass(frozen=True)
class SobolProposer:
    """Profiles, and samples within them, along scrambled Sobol sequences."""

    name: str = "sobol"

    def propose(
        self,
        spec: CampaignSpec,
        history: History,
        *,
        load: int,
        size: int,
        seed: int,
    ) -> tuple[Proposal, ...]:
        """Return the next load; see `proposer.Proposer`."""
        return fill_load(
            sobol_load,
            spec,
            history,
            load=load,
            size=size,
            seed=seed,
            refine=False,
        )


@dataclass(frozen=True)
class BestTemperatureProposer:
    """Samples at random at the best firing conditions so far.

    The strongest simple habit of a lab: keep the furnace where it worked best by the
    first objective, and try other precursors. The first load is random.
    """

    name: str = "best-temperature"

    def propose(
        self,
        spec: CampaignSpec,
        history: History,
        *,
        load: int,
        size: int,
        seed: int,
    ) -> tuple[Proposal, ...]:
        """Return the next load; see `proposer.Proposer`."""
        return fill_load(
            best_temperature_points, spec, history, load=load, size=size, seed=seed
        )


def random_points(question: Question) -> Sequence[Point]:
    """Draw a profile, then samples without repeats."""
    profiles = np.flatnonzero(question.pool.allowed.any(axis=1))
    rng = stream(question.seed, "random", question.load)
    return _draw(question, int(rng.choice(profiles)), "random", "Drawn at random.")


def sobol_load(question: Question) -> Sequence[Point]:
    """Take the load's own point of a Sobol sequence of profiles."""
    wanted = _sobol_profile(question.space.shared, question.seed, question.load)
    profile = _nearest_profile(question, wanted)
    reason = "Next point of a Sobol sequence, which fills the space evenly."
    return _draw(question, profile, "sobol", reason)


def best_temperature_points(question: Question) -> Sequence[Point]:
    """Draw samples at the profile of the best result."""
    best = best_trial(question.spec, question.scored)
    if best is None:
        return random_points(question)
    profile = _nearest_profile(question, question.space.split(best.planned)[0])
    reason = (
        f"Drawn at random at the firing conditions of the best result, {best.sample}."
    )
    return _draw(question, profile, "best-temperature", reason)


def best_trial(spec: CampaignSpec, scored: Sequence[Trial]) -> Trial | None:
    """Return the best result by the first objective, None if there is none."""
    first = spec.objectives[0]
    sign = 1.0 if first.goal == "maximize" else -1.0
    known = [trial for trial in scored if first.label in trial.scores]
    return max(known, key=lambda t: sign * t.scores[first.label].mean, default=None)


def _sobol_profile(settings: tuple[Setting, ...], seed: int, load: int) -> Parameters:
    """Return the load-th point of the campaign's one sequence."""
    if not settings:
        return {}
    return sobol_points(settings, load, stream(seed, "sobol"))[-1]


def _nearest_profile(question: Question, wanted: Parameters) -> int:
    """Return the profile, with samples left, nearest to the wanted one."""
    space: SearchSpace = question.space
    free = np.flatnonzero(question.pool.allowed.any(axis=1))
    aim = space.encode_shared(wanted)
    distances = [
        float(np.sum((space.encode_shared(question.pool.profiles[i]) - aim) ** 2))
        for i in free
    ]
    return int(free[int(np.argmin(distances))])


def _draw(question: Question, profile: int, method: str, reason: str) -> list[Point]:
    """Draw allowed samples of a profile without repeats."""
    free = np.flatnonzero(question.pool.allowed[profile])
    order = stream(question.seed, method, question.load, "samples").permutation(free)
    decision = DecisionRecord(
        method=method,
        reason=reason,
        history_sha256=question.history_sha256,
        seed=question.seed,
    )
    return [
        Point(question.pool.parameters(profile, int(sample)), decision)
        for sample in order[: question.size]
    ]
