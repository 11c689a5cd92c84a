"""View models of what the instruments did, and how well."""

import statistics
from collections.abc import Sequence

from campaigns import lifecycle as facts
from campaigns.narrative import duration
from campaigns.review.views import BarView, DosingView, IncidentView, InstrumentView
from instruments.clock import iso

ROLES = {
    "arms": "arm",
    "dosers": "powder doser",
    "balances": "balance",
    "mixers": "mixer",
    "furnaces": "furnace",
    "diffractometers": "diffractometer",
    "operators": "person",
}
"""Group of the lab file to what its instruments are, in the order of the process."""


def instrument_views(
    opened: facts.CampaignOpened, bars: Sequence[BarView]
) -> tuple[InstrumentView, ...]:
    """Return the lab's instruments, and others that tasks name, with their work."""
    known: dict[str, tuple[str, dict[str, object]]] = {}
    for group, role in ROLES.items():
        for name, settings in opened.lab.get(group, {}).items():
            shown = "oven" if settings.get("purpose") == "dry" else role
            known[name] = (shown, settings)
    for bar in bars:
        known.setdefault(bar.instrument, ("", {}))
    ends = [bar.start_hours + bar.hours for bar in bars]
    span = max(ends, default=0.0)
    return tuple(
        _instrument(name, role, settings, bars=bars, span_hours=span)
        for name, (role, settings) in known.items()
    )


def _instrument(
    name: str,
    role: str,
    settings: dict[str, object],
    *,
    bars: Sequence[BarView],
    span_hours: float,
) -> InstrumentView:
    own = [bar for bar in bars if bar.instrument == name]
    busy = _covered([(bar.start_hours, bar.start_hours + bar.hours) for bar in own])
    return InstrumentView(
        name=name,
        role=role,
        driver=str(settings.get("driver", "")),
        identity=str(settings.get("identity", "")),
        url=str(settings.get("url", "")),
        tasks=len({bar.task for bar in own}),
        not_done=sum(bar.status not in {"finished", "started"} for bar in own),
        busy_hours=busy,
        busy_share=busy / span_hours if span_hours else 0.0,
    )


def _covered(spans: list[tuple[float, float]]) -> float:
    """Return the length covered by spans that may overlap."""
    total, reached = 0.0, float("-inf")
    for start, end in sorted(spans):
        total += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return total


def incident_views(events: Sequence[facts.Event]) -> tuple[IncidentView, ...]:
    """Return failed attempts, samples given up and resumes, oldest first."""
    views = []
    for event in events:
        match event.payload:
            case facts.TaskFailed(task=task, error=error, outcome=outcome):
                views.append(_incident(event, task, f"{outcome}: {error}"))
            case facts.SampleEnded(sample=sample, status=status, reason=reason):
                views.append(_incident(event, sample, f"{status}: {reason}"))
            case facts.Resumed(reason=reason, reconciled=reconciled):
                found = ", ".join(f"{task} {what}" for task, what in reconciled.items())
                text = f"resumed ({reason}); open tasks: {found or 'none'}"
                views.append(_incident(event, "campaign", text))
            case facts.TaskStarted(task=task, attempt=attempt) if attempt > 1:
                views.append(_incident(event, task, f"tried again, attempt {attempt}"))
            case facts.Fired() as fired if fired.measured.get("trace", "whole") != (
                "whole"
            ):
                text = f"temperature trace {fired.measured['trace']}"
                subject = f"load {fired.load}, {fired.step}"
                views.append(_incident(event, subject, text))
            case _:
                pass
    return tuple(views)


def _incident(event: facts.Event, subject: str, text: str) -> IncidentView:
    lab_time = iso(event.lab_time)[:19].replace("T", " ")
    return IncidentView(lab_time, subject, " ".join(text.split()))


def dosing_views(events: Sequence[facts.Event]) -> tuple[DosingView, ...]:
    """Return how far each precursor's doses were from what was planned."""
    errors: dict[str, dict[str, float]] = {}
    for event in events:
        dosed = event.payload
        if isinstance(dosed, facts.Dosed) and dosed.planned_grams > 0:
            percent = 100 * (dosed.measured_grams / dosed.planned_grams - 1)
            errors.setdefault(dosed.precursor, {})[dosed.sample] = percent
    views = []
    for precursor, found in errors.items():
        values = list(found.values())
        worst = max(found, key=lambda sample: abs(found[sample]))
        views.append(
            DosingView(
                precursor=precursor,
                doses=len(values),
                mean_percent=statistics.fmean(values),
                sd_percent=statistics.stdev(values) if values[1:] else float("nan"),
                worst_percent=found[worst],
                worst_sample=worst,
            )
        )
    return tuple(views)


def people(events: Sequence[facts.Event]) -> tuple[str, ...]:
    """Return who acted and who moved powder, in the order of first mention."""
    names: dict[str, None] = {}
    for event in events:
        names[event.actor] = None
        if isinstance(event.payload, facts.PortionMoved):
            names[event.payload.moved_by] = None
    return tuple(names)


def span_in_words(view: BarView) -> str:
    """Return how long an attempt took and how it ended."""
    return f"{duration(view.hours * 3600)}, {view.status}"
