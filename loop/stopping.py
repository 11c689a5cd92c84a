"""When a campaign is over, and why. Pure."""

from collections.abc import Sequence
from math import erfc, sqrt

from campaigns.results import History, Proposal, Trial
from campaigns.spec import CampaignSpec
from campaigns.summary import broken


def stop_reason(
    spec: CampaignSpec, history: History, *, days: float, grams: float
) -> str | None:
    """Return why the campaign should end now, or None to go on.

    Args:
        spec: The campaign, with its budget and stop rule.
        history: Every sample so far.
        days: Lab time since the campaign opened, d.
        grams: Precursor mass dosed so far, g.
    """
    budget, rule = spec.budget, spec.stop
    if len(history.trials) >= budget.experiments:
        return f"budget spent: {len(history.trials)} experiments"
    if budget.days is not None and days >= budget.days:
        return f"budget spent: {days:.1f} days"
    if budget.grams is not None and grams >= budget.grams:
        return f"budget spent: {grams:.1f} g of precursors"
    kept = tuple(trial for trial in history.trials if not broken(spec, trial))
    believed = tuple(trial for trial in kept if not _is_withheld(trial))
    if rule.yield_at_least is not None:
        sure = max((_chance(t, rule.yield_at_least) for t in believed), default=0.0)
        if sure >= rule.confidence:
            return _reached(believed, rule.yield_at_least, sure)
    if rule.stale_loads is not None and _stale(kept) >= rule.stale_loads:
        return f"no better yield for {rule.stale_loads} loads"
    return None


def price_reason(spec: CampaignSpec, proposals: Sequence[Proposal]) -> str | None:
    """Return why a load is not worth its firing, or None if it is.

    Loads that no model has valued, such as the first, are always fired.

    Args:
        spec: The campaign, with its stop rule.
        proposals: The samples of the load.
    """
    price = spec.stop.gain_per_hour_below
    records = [p.decision for p in proposals]
    gains = [one.load_gain for one in records if one.load_gain is not None]
    hours = max((one.furnace_hours or 0.0 for one in records), default=0.0)
    if price is None or not gains or max(gains) >= price * hours:
        return None
    gain = max(gains)
    label = spec.objectives[0].label
    return (
        f"not worth the furnace: the next load is expected to better {label} by"
        f" {gain:.2g} in {hours:.1f} h of firing, {gain / hours:.2g} an hour;"
        f" the campaign asks for {price:.2g}"
    )


def _chance(trial: Trial, wanted: float) -> float:
    """Return the probability that a sample's yield is at least that, if scored."""
    score = trial.scores.get("yield")
    if score is None:
        return 0.0
    if score.variance <= 0:
        return float(score.mean >= wanted)
    return 0.5 * erfc((wanted - score.mean) / sqrt(2.0 * score.variance))


def _reached(trials: tuple[Trial, ...], wanted: float, sure: float) -> str:
    best = max(trials, key=lambda trial: _chance(trial, wanted))
    return (
        f"target reached: yield {best.scores['yield'].mean:.3f} in {best.sample},"
        f" at least {wanted:g} with {sure:.0%} confidence"
    )


def _is_withheld(trial: Trial) -> bool:
    """Tell whether it cannot be said if the target was made: no reason to stop."""
    return trial.verdict is not None and trial.verdict.says == "withheld"


def _best_yield(trials: Sequence[Trial]) -> float:
    """Return the highest mean yield scored, 0 if none."""
    scored = (t.scores["yield"].mean for t in trials if "yield" in t.scores)
    return max(scored, default=0.0)


def _stale(trials: Sequence[Trial]) -> int:
    """Return how many of the latest loads brought no better yield."""
    loads = sorted({trial.load for trial in trials})
    bests = [_best_yield([t for t in trials if t.load <= load]) for load in loads]
    improving = [i for i, best in enumerate(bests) if best > max(bests[:i], default=0)]
    return len(loads) - 1 - (improving[-1] if improving else -1)
