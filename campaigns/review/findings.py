"""The result of a campaign in sentences, and what speaks against it."""

import math
from collections.abc import Iterable, Sequence

from campaigns import labels
from campaigns import lifecycle as facts
from campaigns.history import last_of_lab
from campaigns.narrative import duration
from campaigns.results import Score, Trial
from campaigns.review.views import ObjectiveView, ResultRow, SampleView, WarningView
from campaigns.spec import CampaignSpec

Paragraph = tuple[str, tuple[str, ...]]
"""A heading and its sentences."""
BASIS = {
    "crystalline": "weight share of the crystalline part",
    "whole": "weight share of the whole powder, amorphous and unknown parts included",
    "limiting-cation": "moles of target per mole that the limiting cation allows",
}
MODES = {
    "virtual": "This was a dry run: the lab, its powders and its patterns were "
    "simulated. Nothing here was measured on a real sample.",
    "emulated": "Instruments were emulated: nothing here was measured on a real "
    "sample.",
}
NEAR_SDS = 2.0
"""Results closer than this many combined standard deviations count as equal."""


def notice(opened: facts.CampaignOpened) -> str:
    """Return what must be known before all else; empty for a real lab."""
    return MODES.get(opened.mode, "")


def summary(
    spec: CampaignSpec,
    events: Sequence[facts.Event],
    trials: Sequence[Trial],
    *,
    objectives: Sequence[ObjectiveView],
    rows: Sequence[ResultRow],
    samples: Sequence[SampleView],
) -> tuple[Paragraph, ...]:
    """Return what was sought and reached, how sure it is, and at which effort."""
    if not rows:
        reached: tuple[str, ...] = ("No sample has been scored yet.",)
        sure: tuple[str, ...] = ()
    else:
        reached = _reached(objectives, rows)
        sure = (
            *_sure(objectives, rows, trials, samples),
            *_whole(spec, trials, best_row(objectives, rows, objectives[0])),
            *(text for one in objectives if (text := _expectations(one, samples))),
        )
    paragraphs = (
        ("Sought", _sought(spec, objectives)),
        ("Reached", reached),
        ("How sure", sure),
        ("Effort", _effort(spec, events, trials, objectives=objectives, rows=rows)),
    )
    return tuple(paragraph for paragraph in paragraphs if paragraph[1])


def _sought(spec: CampaignSpec, objectives: Sequence[ObjectiveView]) -> tuple[str, ...]:
    target = labels.chemical(spec.target.formula)
    accepted = [labels.chemical(name) for name in spec.target.phases]
    counted = f", counting {_and(accepted)} as target" if len(accepted) > 1 else ""
    wishes = _and(
        f"the {_superlative(one)} {_lower(one.quantity.name)}" for one in objectives
    )
    sentences = [f"{target}{counted}, with {wishes}."]
    if any(one.label == "yield" for one in objectives):
        sentences.append(f"Yield is the {BASIS[spec.target.yield_basis]}.")
    return tuple(sentences)


def _reached(
    objectives: Sequence[ObjectiveView], rows: Sequence[ResultRow]
) -> tuple[str, ...]:
    sentences = []
    for one in objectives:
        top = best_row(objectives, rows, one)
        found = with_unit(one, top.scores[one.label])
        sentences.append(
            f"{_superlative(one).capitalize()} {_lower(one.quantity.name)}: {found}, "
            f"sample {top.sample} ({recipe_in_words(top)})."
        )
    if len(objectives) > 1:
        front = [row.sample for row in rows if row.is_pareto]
        noun = "sample is" if len(front) == 1 else "samples are"
        sentences.append(
            f"{len(front)} {noun} on the Pareto front: {labels.listed(front)}."
        )
    return tuple(sentences)


def _sure(
    objectives: Sequence[ObjectiveView],
    rows: Sequence[ResultRow],
    trials: Sequence[Trial],
    samples: Sequence[SampleView],
) -> tuple[str, ...]:
    first = objectives[0]
    top = best_row(objectives, rows, first)
    sentences = []
    near = [row.sample for row in rows if row is not top and _is_near(row, top, first)]
    if near:
        sentences.append(
            f"{_superlative(first).capitalize()} {_lower(first.quantity.name)} is not "
            f"{top.sample}'s alone: {labels.listed(near)} lie within {NEAR_SDS:.0f} "
            f"standard deviations of it."
        )
    planned = {trial.sample: trial.planned for trial in trials}
    same = [r.sample for r in rows if planned[r.sample] == planned[top.sample]]
    sentences.append(
        f"The recipe of {top.sample} was made once and not repeated."
        if len(same) == 1
        else f"The recipe of {top.sample} was made {len(same)} times: "
        f"{labels.listed(same)}."
    )
    return (*sentences, *_fit_of(top, samples))


def _fit_of(top: ResultRow, samples: Sequence[SampleView]) -> list[str]:
    (sample,) = (one for one in samples if one.sample == top.sample)
    sentences = [
        f"Its pattern is fitted with Rwp {pattern.rwp:.1%} and goodness of fit "
        f"{pattern.gof:.1f} (1 if only counting noise were left)."
        for pattern in sample.patterns[-1:]
        if pattern.rwp is not None and pattern.gof is not None
    ]
    if top.flags:
        sentences.append(f"Its result is flagged: {', '.join(top.flags)}.")
    return sentences


def _whole(
    spec: CampaignSpec, trials: Sequence[Trial], top: ResultRow
) -> tuple[str, ...]:
    """Return the share of target in the whole powder, where yield leaves parts out."""
    (fractions,) = (one.fractions for one in trials if one.sample == top.sample)
    if spec.target.yield_basis != "crystalline" or fractions is None:
        return ()
    wanted = spec.target.phases or (spec.target.formula,)
    at = [i for i, phase in enumerate(fractions.phases) if phase in wanted]
    if not at:
        return ()
    mean = sum(fractions.mean[i] for i in at)
    variance = sum(fractions.covariance[i][j] for i in at for j in at)
    share = labels.with_sd(100 * mean, 100 * math.sqrt(max(variance, 0.0)))
    return (
        f"Counting also what is amorphous or unknown, {share} % of {top.sample} is "
        f"target.",
    )


def _expectations(one: ObjectiveView, samples: Sequence[SampleView]) -> str:
    """Return how often the model was right before the sample was made."""
    label = one.label
    off = [
        abs(sample.scores[label].mean - sample.decision.mean[label])
        / math.hypot(sample.decision.sd[label], sample.scores[label].variance ** 0.5)
        for sample in samples
        if label in sample.scores
        and label in sample.decision.mean
        and sample.decision.sd.get(label, 0.0) > 0
    ]
    if not off:
        return ""
    within = sum(value <= NEAR_SDS for value in off)
    return (
        f"The model, asked beforehand, was right about the {_lower(one.quantity.name)} "
        f"within {NEAR_SDS:.0f} standard deviations for {within} of {len(off)} samples "
        f"(about {round(0.95 * len(off))} would be expected)."
    )


def _effort(
    spec: CampaignSpec,
    events: Sequence[facts.Event],
    trials: Sequence[Trial],
    *,
    objectives: Sequence[ObjectiveView],
    rows: Sequence[ResultRow],
) -> tuple[str, ...]:
    loads = len({trial.load for trial in trials})
    end = last_of_lab(events)
    took = duration(end.lab_time - events[0].lab_time)
    sentences = [
        f"{len(trials)} of {spec.budget.experiments} experiments in {loads} furnace "
        f"{'load' if loads == 1 else 'loads'} and {took} of lab time."
    ]
    if rows:
        top = best_row(objectives, rows, objectives[0])
        number = [trial.sample for trial in trials].index(top.sample) + 1
        sentences.append(f"The best was experiment {number}, in load {top.load}.")
    last = end.payload
    sentences.append(
        f"Ended: {last.reason}."
        if isinstance(last, facts.CampaignEnded)
        else "The campaign is still running."
    )
    return tuple(sentences)


def warnings(samples: Sequence[SampleView]) -> tuple[WarningView, ...]:
    """Return every sample that has remarks, with what they are."""
    found = []
    for sample in samples:
        texts = [sample.reason] if sample.reason else []
        if sample.verdict and sample.verdict.says == "withheld":
            texts.append(f"verdict on the target withheld: {sample.verdict.reason}")
        texts += [
            f"{label}: {flag}"
            for label, score in sample.scores.items()
            for flag in score.flags
        ]
        texts += [
            doubt
            for pattern in sample.patterns
            if pattern.is_counted
            for doubt in pattern.quality
        ]
        is_odd = sample.status in {"failed", "lost", "unusable", "held"}
        if texts or is_odd:
            unique = tuple(dict.fromkeys(texts)) or ("its analysis is not usable",)
            found.append(WarningView(sample.sample, sample.status, unique))
    return tuple(found)


def best_row(
    objectives: Sequence[ObjectiveView], rows: Sequence[ResultRow], one: ObjectiveView
) -> ResultRow:
    """Return the best by one objective; a draw goes to the better by the first."""
    return max(
        rows,
        key=lambda row: (
            _sign(one) * row.scores[one.label].mean,
            _sign(objectives[0]) * row.scores[objectives[0].label].mean,
        ),
    )


def recipe_in_words(row: ResultRow) -> str:
    """Return a row's parameters in words, precursors first."""
    return labels.parameters(
        {
            key: labels.chemical(value) if isinstance(value, str) else value
            for key, value in row.parameters.items()
        }
    ).removeprefix("precursors ")


def with_unit(one: ObjectiveView, score: Score) -> str:
    """Return a score with its unit."""
    return f"{labels.with_sd(score.mean, score.variance**0.5)} {one.quantity.unit}"


def _is_near(row: ResultRow, top: ResultRow, one: ObjectiveView) -> bool:
    this, best = row.scores[one.label], top.scores[one.label]
    spread = math.sqrt(this.variance + best.variance)
    return abs(this.mean - best.mean) <= NEAR_SDS * spread


def _sign(one: ObjectiveView) -> float:
    return 1.0 if one.goal == "maximize" else -1.0


def _superlative(one: ObjectiveView) -> str:
    return "highest" if one.goal == "maximize" else "lowest"


def _lower(name: str) -> str:
    return name[0].lower() + name[1:]


def _and(words: Iterable[str]) -> str:
    listed = list(words)
    return " and ".join([", ".join(listed[:-1]), listed[-1]] if listed[1:] else listed)
