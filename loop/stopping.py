"""When a campaign is over, and why. Pure."""

from campaigns.results import History, Trial
from campaigns.spec import CampaignSpec


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
    believed = tuple(trial for trial in history.trials if not _is_withheld(trial))
    best = best_yield(believed)
    if rule.yield_at_least is not None and best >= rule.yield_at_least:
        return f"target reached: yield {best:.3f}"
    if rule.stale_loads is not None and _stale(history) >= rule.stale_loads:
        return f"no better yield for {rule.stale_loads} loads"
    return None


def _is_withheld(trial: Trial) -> bool:
    """Tell whether it cannot be said if the target was made: no reason to stop."""
    return trial.verdict is not None and trial.verdict.says == "withheld"


def best_yield(trials: tuple[Trial, ...]) -> float:
    """Return the highest mean yield scored, 0 if none."""
    scored = (t.scores["yield"].mean for t in trials if "yield" in t.scores)
    return max(scored, default=0.0)


def _stale(history: History) -> int:
    """Return how many of the latest loads brought no better yield."""
    loads = sorted({trial.load for trial in history.trials})
    bests = [
        best_yield(tuple(t for t in history.trials if t.load <= load)) for load in loads
    ]
    improving = [i for i, best in enumerate(bests) if best > max(bests[:i], default=0)]
    return len(loads) - 1 - (improving[-1] if improving else -1)
