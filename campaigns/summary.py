"""A campaign in a few figures: best samples, Pareto front, progress."""

from dataclasses import dataclass

import numpy as np

from campaigns.pareto import (
    hypervolume_trace,
    oriented,
    pareto_mask,
    reference_point,
    scores_of,
)
from campaigns.recipe import Parameters
from campaigns.results import History, Trial, Verdict
from campaigns.spec import CampaignSpec


@dataclass(frozen=True, slots=True)
class Row:
    """One sample of a table."""

    sample: str
    load: int
    parameters: Parameters
    scores: dict[str, float]
    """Objective label to mean."""
    sd: dict[str, float]
    flags: tuple[str, ...]
    verdict: Verdict | None = None
    """Whether the target was made."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What a campaign has reached; lists have one entry a sample, oldest first."""

    experiments: int
    scored: int
    best: tuple[Row, ...]
    """By the first objective, best first."""
    pareto: tuple[Row, ...]
    """Samples that no other beats in every objective, by the first objective; as the
    best, only those that keep the outcome constraints."""
    best_so_far: tuple[float, ...]
    """First objective after each experiment; the reference value before any score."""
    hypervolume_so_far: tuple[float, ...]

    @property
    def hypervolume(self) -> float:
        """Return the hypervolume of everything scored, in units of the objectives."""
        return self.hypervolume_so_far[-1] if self.hypervolume_so_far else 0.0


def summarise(spec: CampaignSpec, history: History, *, n_best: int = 5) -> Summary:
    """Return the figures of a campaign so far.

    Args:
        spec: The campaign, with its objectives and thresholds.
        history: Every sample.
        n_best: Length of the table of best samples.
    """
    scored = [trial for trial in history.trials if trial.scores]
    Y = oriented(scores_of(scored, spec.objectives), spec.objectives)
    order = np.argsort(-Y[:, 0], kind="stable")
    is_held = [not broken(spec, trial) for trial in scored]
    front = pareto_mask(np.where(np.array(is_held)[:, None], Y, np.nan))
    rows = [_row(spec, trial) for trial in scored]
    bests, volumes = _progress(spec, history)
    return Summary(
        experiments=len(history.trials),
        scored=len(rows),
        best=tuple(rows[i] for i in order if is_held[i])[:n_best],
        pareto=tuple(rows[i] for i in order if front[i]),
        best_so_far=bests,
        hypervolume_so_far=volumes,
    )


def broken(spec: CampaignSpec, trial: Trial) -> tuple[str, ...]:
    """Return the outcome constraints that a sample breaks, in words.

    By its measured figures as they stand; what was not measured breaks nothing.
    """
    found = []
    for bound in spec.outcome_constraints:
        score = trial.scores.get(bound.label)
        if score is not None and not bound.holds(score.mean):
            sides = (("at least", bound.at_least), ("at most", bound.at_most))
            limits = [f"{word} {at:g}" for word, at in sides if at is not None]
            found.append(f"{bound.label} {score.mean:.3g}, not {' and '.join(limits)}")
    return tuple(found)


def _row(spec: CampaignSpec, trial: Trial) -> Row:
    scores = {o.label: trial.scores[o.label] for o in spec.objectives}
    return Row(
        sample=trial.sample,
        load=trial.load,
        parameters=trial.measured,
        scores={label: score.mean for label, score in scores.items()},
        sd={label: score.variance**0.5 for label, score in scores.items()},
        flags=flags_of(spec, trial),
        verdict=trial.verdict,
    )


def flags_of(spec: CampaignSpec, trial: Trial) -> tuple[str, ...]:
    """Return everything that makes a scored sample doubtful or of no use."""
    flags = (flag for score in trial.scores.values() for flag in score.flags)
    return (*broken(spec, trial), *dict.fromkeys(flags))


def _progress(
    spec: CampaignSpec, history: History
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the best of the first objective and the hypervolume after each sample.

    A sample without a score, or that breaks a constraint, changes neither; before the
    first score the best is NaN.
    """
    objectives = spec.objectives
    Y = oriented(scores_of(history.trials, objectives), objectives)
    Y[[bool(broken(spec, trial)) for trial in history.trials]] = np.nan
    is_scored = ~np.isnan(Y).any(axis=1)
    if not is_scored.any():
        return (), ()
    sign = 1.0 if objectives[0].goal == "maximize" else -1.0
    best = np.fmax.accumulate(Y[:, 0]) * sign
    traced = hypervolume_trace(Y[is_scored], reference_point(Y[is_scored], objectives))
    volumes = np.concatenate([[0.0], traced])[np.cumsum(is_scored)]
    return tuple(map(float, best)), tuple(map(float, volumes))
