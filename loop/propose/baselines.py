"""Proposers to be beaten: they look at no chemistry and fit nothing.

All share one profile a load, as a furnace demands.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from campaigns.recipe import Parameters
from campaigns.results import DecisionRecord, History, Proposal, Trial
from campaigns.spec import CampaignSpec
from loop.errors import ExhaustedError
from loop.propose.draws import sobol_points
from loop.propose.points import Points
from loop.propose.question import Chooser, Point, Question
from loop.propose.randomness import stream
from loop.propose.seats import fill_load
from loop.propose.site import Site
from loop.propose.space import SearchSpace, Setting


@dataclass(frozen=True)
class Baseline:
    """A simple rule that fills a load; see `BASELINES`."""

    name: str
    choose: Chooser
    refine: bool
    """Whether the pool of a continuous space is denser near the best results."""

    def propose(
        self,
        spec: CampaignSpec,
        history: History,
        *,
        load: int,
        size: int,
        seed: int,
        site: Site | None = None,
    ) -> tuple[Proposal, ...]:
        """Return the next load; see `proposer.Proposer`."""
        return fill_load(
            self.choose,
            spec,
            history,
            load=load,
            size=size,
            seed=seed,
            site=site,
            refine=self.refine,
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
    profiles = [question.pool.profiles[i] for i in free]
    columns = space.encode(space.shared, Points([wanted, *profiles]))
    distances = ((columns[1:] - columns[0]) ** 2).sum(axis=1)
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
        furnace=question.site.name if question.site else "",
        places=question.size,
    )
    taken: list[int] = []
    out: set[int] = set()
    for sample in order.tolist():
        if len(taken) < question.size and sample not in out:
            barred = question.barred(profile, taken, sample)
            out.update(barred)
            taken += [] if barred else [sample]
    if not taken:
        raise ExhaustedError("no candidate may share the furnace with this load")
    shared = question.space.split(question.pool.profiles[profile])[0]
    decision = decision.model_copy(update={"apart": question.company.apart(shared)})
    return [Point(question.pool.parameters(profile, s), decision) for s in taken]


BASELINES = (
    Baseline("random", random_points, refine=False),
    Baseline("sobol", sobol_load, refine=False),
    Baseline("best-temperature", best_temperature_points, refine=True),
)
"""A profile and samples at random; both along scrambled Sobol sequences; and the
strongest simple habit of a lab: samples at random where the furnace worked best so far
by the first objective (the first load is random)."""
