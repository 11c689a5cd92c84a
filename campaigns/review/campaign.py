"""The view model of a whole campaign."""

from collections.abc import Sequence

from campaigns import lifecycle as facts
from campaigns.history import history
from campaigns.results import Trial
from campaigns.review import labels
from campaigns.review.laboratory import (
    firing_views,
    provenance,
    stock_views,
    timeline,
)
from campaigns.review.samples import sample_views
from campaigns.review.views import (
    LoadView,
    ObjectiveView,
    ProgressView,
    ReportView,
    ResultRow,
    SampleView,
    WarningView,
)
from campaigns.spec import CampaignSpec
from campaigns.store import Store
from campaigns.summary import Summary, summarise
from instruments.clock import iso

N_BEST = 10


def report_view(store: Store) -> ReportView:
    """Return everything that the report shows.

    Raises:
        StoreError: If the database cannot be read.
    """
    events = store.events()
    spec, trials = store.spec, history(events).trials
    summary = summarise(spec, history(events), n_best=N_BEST)
    objectives = _objectives(spec)
    samples = sample_views(store, events, trials)
    front = {row.sample for row in summary.pareto}
    rows = {
        trial.sample: ResultRow(
            sample=trial.sample,
            load=trial.load,
            parameters=trial.measured,
            scores=trial.scores,
            is_pareto=trial.sample in front,
        )
        for trial in trials
        if all(one.label in trial.scores for one in objectives)
    }
    varied, fixed = _parameters(trials)
    best = tuple(rows[row.sample] for row in summary.best if row.sample in rows)
    return ReportView(
        title=spec.name,
        target=spec.target.formula,
        facts=_facts(spec, events, trials),
        findings=_findings(objectives, tuple(rows.values()), front=front),
        warnings=_warnings(samples),
        objectives=objectives,
        parameters=varied,
        fixed=fixed,
        best=best,
        results=tuple(rows.values()),
        progress=_progress(objectives[0], trials, summary),
        loads=_loads(events, trials),
        samples=samples,
        firings=firing_views(store, events),
        timeline=timeline(events),
        stock=stock_views(store, events),
        provenance=provenance(store, events),
    )


def _objectives(spec: CampaignSpec) -> tuple[ObjectiveView, ...]:
    return tuple(
        ObjectiveView(one.label, labels.objective(one), one.goal, one.threshold)
        for one in spec.objectives
    )


def _facts(
    spec: CampaignSpec, events: Sequence[facts.Event], trials: Sequence[Trial]
) -> tuple[tuple[str, str], ...]:
    opened, last = events[0].payload, events[-1]
    counts = {
        status: sum(trial.status == status for trial in trials)
        for status in ("scored", "pending", "failed", "unusable")
    }
    listed = ", ".join(f"{n} {status}" for status, n in counts.items() if n)
    ended = last.payload.kind == "campaign-ended"
    mode = opened.mode if isinstance(opened, facts.CampaignOpened) else ""
    return (
        ("Target", spec.target.formula),
        ("Yield", f"{spec.target.yield_basis} basis"),
        ("Samples", f"{len(trials)} of {spec.budget.experiments} ({listed or 'none'})"),
        ("Lab time", f"{(last.lab_time - events[0].lab_time) / 86400:.1f} days"),
        ("From", _minute(events[0].lab_time)),
        ("To", _minute(last.lab_time) + ("" if ended else " (still running)")),
        ("Mode", mode),
    )


def _minute(lab_time: float) -> str:
    return f"{iso(lab_time)[:16].replace('T', ' ')} UTC"


def _findings(
    objectives: Sequence[ObjectiveView],
    rows: Sequence[ResultRow],
    *,
    front: set[str],
) -> tuple[str, ...]:
    if not rows:
        return ("No sample has been scored yet.",)
    sentences = []
    for one in objectives:
        sign = 1.0 if one.goal == "maximize" else -1.0
        top = max(rows, key=lambda row: sign * row.scores[one.label].mean)
        score = top.scores[one.label]
        word = "Highest" if one.goal == "maximize" else "Lowest"
        found = labels.with_sd(score.mean, score.variance**0.5)
        sentences.append(
            f"{word} {one.quantity.name[0].lower()}{one.quantity.name[1:]}: {found} "
            f"({one.quantity.unit}), sample {top.sample}."
        )
    if len(objectives) > 1:
        sentences.append(f"{len(front)} samples are on the Pareto front.")
    return tuple(sentences)


def _parameters(
    trials: Sequence[Trial],
) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """Return the parameters that were varied, and the others with their value."""
    seen: dict[str, set[float | str]] = {}
    for trial in trials:
        for key, value in trial.planned.items():
            seen.setdefault(key, set()).add(value)
    varied = tuple(key for key, values in seen.items() if len(values) > 1)
    fixed = tuple(
        (str(labels.parameter(key)), labels.number(*values))
        for key, values in seen.items()
        if len(values) == 1
    )
    return varied, fixed


def _progress(
    first: ObjectiveView, trials: Sequence[Trial], summary: Summary
) -> ProgressView | None:
    if not summary.best_so_far:
        return None
    starts: dict[int, int] = {}
    for number, trial in enumerate(trials, start=1):
        starts.setdefault(trial.load, number)
    return ProgressView(
        first=first,
        scores=tuple(trial.scores.get(first.label) for trial in trials),
        samples=tuple(trial.sample for trial in trials),
        best_so_far=summary.best_so_far,
        hypervolume_so_far=summary.hypervolume_so_far,
        load_starts=tuple(starts.values()),
    )


def _loads(
    events: Sequence[facts.Event], trials: Sequence[Trial]
) -> tuple[LoadView, ...]:
    decisions = {
        event.payload.sample: event.payload.proposal
        for event in events
        if isinstance(event.payload, facts.Proposed)
    }
    by_sample = {trial.sample: trial for trial in trials}
    views = []
    for event in events:
        planned = event.payload
        if not isinstance(planned, facts.LoadPlanned) or not planned.samples:
            continue
        # The first sample with slices speaks for its load, whose firing all share.
        told = [s for s in planned.samples if decisions[s].decision.slices]
        shown = told[0] if told else planned.samples[0]
        views.append(
            LoadView(
                load=planned.load,
                furnace=planned.furnace,
                samples=planned.samples,
                shown=shown,
                decision=decisions[shown].decision,
                parameters=decisions[shown].parameters,
                results=tuple(
                    (sample, by_sample[sample].measured, by_sample[sample].scores)
                    for sample in planned.samples
                ),
            )
        )
    return tuple(views)


def _warnings(samples: Sequence[SampleView]) -> tuple[WarningView, ...]:
    warnings = []
    for sample in samples:
        if sample.status in {"failed", "unusable", "held"}:
            reason = sample.reason or "its analysis is not usable"
            warnings.append(WarningView(sample.sample, f"{sample.status}: {reason}"))
        for pattern in sample.patterns:
            warnings += [
                WarningView(sample.sample, f"scan {pattern.scan}: {doubt}")
                for doubt in pattern.quality
            ]
        warnings += [
            WarningView(sample.sample, f"{label}: {flag}")
            for label, score in sample.scores.items()
            for flag in score.flags
        ]
    return tuple(warnings)
