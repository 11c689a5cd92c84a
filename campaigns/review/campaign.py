"""The view model of a whole campaign."""

from collections.abc import Sequence

from campaigns import labels
from campaigns import lifecycle as facts
from campaigns.history import history, last_of_lab, reanalysed
from campaigns.labels import Quantity
from campaigns.results import Trial
from campaigns.review import findings
from campaigns.review.instruments import (
    dosing_views,
    incident_views,
    instrument_views,
)
from campaigns.review.laboratory import (
    firing_views,
    provenance,
    stock_views,
    timeline,
)
from campaigns.review.safety import hazard_views, refused_views
from campaigns.review.samples import sample_views
from campaigns.review.views import (
    LoadView,
    ObjectiveView,
    ProgressView,
    ReportView,
    ResultRow,
)
from campaigns.review.wording import Words
from campaigns.spec import CampaignSpec
from campaigns.store import Store
from campaigns.summary import Summary, flags_of, summarise
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
    objectives = objective_views(spec)
    bars = timeline(events)
    firings = firing_views(store, events)
    samples = sample_views(store, events, trials, firings=firings)
    front = {row.sample for row in summary.pareto}
    rows = {
        trial.sample: ResultRow(
            sample=trial.sample,
            load=trial.load,
            parameters=trial.measured,
            scores=trial.scores,
            flags=flags_of(spec, trial),
            is_pareto=trial.sample in front,
            role=trial.role,
            verdict=trial.verdict.says if trial.verdict else "",
        )
        for trial in trials
        if all(one.label in trial.scores for one in objectives)
    }
    varied, fixed = _parameters(trials)
    best = tuple(rows[row.sample] for row in summary.best if row.sample in rows)
    return ReportView(
        title=spec.name,
        target=labels.chemical(spec.target.formula),
        facts=_facts(spec, events, trials),
        notice=findings.notice(store.opened),
        summary=findings.summary(
            spec,
            events,
            trials,
            objectives=objectives,
            rows=tuple(rows.values()),
            samples=samples,
        ),
        warnings=findings.warnings(samples),
        objectives=objectives,
        parameters=varied,
        fixed=fixed,
        best=best,
        results=tuple(rows.values()),
        progress=_progress(objectives, trials, summary),
        loads=_loads(events, trials, words=Words.of(store, trials)),
        samples=samples,
        firings=firings,
        timeline=bars,
        instruments=instrument_views(store.opened, bars),
        incidents=incident_views(events),
        hazards=hazard_views(events),
        refused=refused_views(events),
        is_judged=any(e.payload.kind == "hazards-judged" for e in events),
        dosing=dosing_views(events),
        stock=stock_views(store, events),
        provenance=provenance(store, events),
    )


def objective_views(spec: CampaignSpec) -> tuple[ObjectiveView, ...]:
    """Return a campaign's objectives, the leading one first."""
    return tuple(
        ObjectiveView(one.label, labels.objective(one), one.goal, one.threshold)
        for one in spec.objectives
    )


def _facts(
    spec: CampaignSpec, events: Sequence[facts.Event], trials: Sequence[Trial]
) -> tuple[tuple[str, str], ...]:
    opened, last = events[0].payload, last_of_lab(events)
    counts = {
        status: sum(trial.status == status for trial in trials)
        for status in ("scored", "pending", "failed", "lost", "unusable")
    }
    listed = ", ".join(f"{n} {status}" for status, n in counts.items() if n)
    ended = last.payload.kind == "campaign-ended"
    mode, lab = "", ""
    if isinstance(opened, facts.CampaignOpened):
        mode, lab = opened.mode, str(opened.lab.get("name", ""))
    again = labels.listed(reanalysed(events))
    return (
        ("Target", labels.chemical(spec.target.formula)),
        ("Samples", f"{len(trials)} of {spec.budget.experiments} ({listed or 'none'})"),
        ("Lab time", f"{(last.lab_time - events[0].lab_time) / 86400:.1f} days"),
        ("From", _minute(events[0].lab_time)),
        ("To", _minute(last.lab_time) + ("" if ended else " (still running)")),
        ("Lab", f"{lab} ({mode})"),
        *((("Analysed again", f"{again}; the newest result counts"),) if again else ()),
    )


def _minute(lab_time: float) -> str:
    return f"{iso(lab_time)[:16].replace('T', ' ')} UTC"


def _parameters(
    trials: Sequence[Trial],
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the parameters that were varied, and the others with their value."""
    seen: dict[str, set[float | str]] = {}
    for trial in trials:
        for key, value in trial.planned.items():
            seen.setdefault(key, set()).add(value)
    keys = sorted(seen, key=lambda key: key != "precursors")
    varied = tuple(key for key in keys if len(seen[key]) > 1)
    fixed = tuple(
        labels.parameters({key: value})
        for key in keys
        for value in seen[key]
        if len(seen[key]) == 1
    )
    return varied, fixed


def _progress(
    objectives: Sequence[ObjectiveView], trials: Sequence[Trial], summary: Summary
) -> ProgressView | None:
    if not summary.best_so_far:
        return None
    first = objectives[0]
    unit = " · ".join(one.quantity.unit for one in objectives)
    starts: dict[int, int] = {}
    for number, trial in enumerate(trials, start=1):
        starts.setdefault(trial.load, number)
    return ProgressView(
        first=first,
        scores=tuple(trial.scores.get(first.label) for trial in trials),
        samples=tuple(trial.sample for trial in trials),
        best_so_far=summary.best_so_far,
        hypervolume_so_far=summary.hypervolume_so_far,
        hypervolume=Quantity("Hypervolume", f"({unit})" if " " in unit else unit),
        load_starts=tuple(starts.values()),
    )


def _loads(
    events: Sequence[facts.Event], trials: Sequence[Trial], *, words: Words
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
                why=words(decisions[shown].decision.reason),
                decision=decisions[shown].decision,
                parameters=decisions[shown].parameters,
                results=tuple(
                    (sample, by_sample[sample].measured, by_sample[sample].scores)
                    for sample in planned.samples
                ),
            )
        )
    return tuple(views)
