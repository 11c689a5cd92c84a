"""View models of the lab's side: firings, timeline, stock and provenance."""

import json
from collections.abc import Sequence
from dataclasses import replace

from campaigns import lifecycle as facts
from campaigns.blobs import decode_trace
from campaigns.inventory import stock
from campaigns.review import labels
from campaigns.review.labels import Quantity
from campaigns.review.views import BarView, FiringView, ProvenanceView, StockView
from campaigns.store import Store
from campaigns.tables import HostTimingRow

SECONDS_PER_HOUR = 3600.0


def firing_views(store: Store, events: Sequence[facts.Event]) -> tuple[FiringView, ...]:
    """Return every firing in order."""
    views = []
    for event in events:
        fired = event.payload
        if not isinstance(fired, facts.Fired):
            continue
        views.append(
            FiringView(
                name=f"Load {fired.load}, {fired.step}",
                load=fired.load,
                samples=fired.samples,
                furnace=fired.furnace,
                rows=_three_values(fired),
                trace=decode_trace(store.blob(fired.trace)),
            )
        )
    return tuple(views)


def _three_values(fired: facts.Fired) -> tuple[tuple[Quantity, str, str, str], ...]:
    sources = (fired.planned, fired.commanded, fired.measured)
    keys = dict.fromkeys(key for source in sources for key in source)
    rows = []
    for key in keys:
        planned, commanded, measured = (labels.number(s.get(key)) for s in sources)
        rows.append((labels.value(key), planned, commanded, measured))
    return tuple(rows)


def timeline(events: Sequence[facts.Event]) -> tuple[BarView, ...]:
    """Return every attempt at a task; an open one lasts until the last event."""
    open_bars: dict[str, BarView] = {}
    over: list[BarView] = []
    begin = events[0].lab_time
    for event in events:
        hours = (event.lab_time - begin) / SECONDS_PER_HOUR
        match event.payload:
            case facts.TaskStarted() as task:
                open_bars[task.task] = BarView(
                    task=task.task,
                    action=task.action,
                    instrument=task.instrument,
                    samples=task.samples,
                    start_hours=hours,
                    hours=0.0,
                    status="started",
                )
            case facts.TaskFinished(task=name) if name in open_bars:
                over.append(_closed(open_bars.pop(name), hours, "finished"))
            case facts.TaskFailed(task=name, outcome=outcome) if name in open_bars:
                over.append(_closed(open_bars.pop(name), hours, outcome))
            case _:
                pass
    end = (events[-1].lab_time - begin) / SECONDS_PER_HOUR
    over += [_closed(bar, end, "started") for bar in open_bars.values()]
    return tuple(sorted(over, key=lambda bar: (bar.start_hours, bar.task)))


def _closed(bar: BarView, end_hours: float, status: str) -> BarView:
    return replace(bar, hours=end_hours - bar.start_hours, status=status)


def stock_views(store: Store, events: Sequence[facts.Event]) -> tuple[StockView, ...]:
    """Return the stock of each precursor."""
    return tuple(
        StockView(
            item.precursor,
            item.lot,
            item.initial_grams,
            item.used_grams,
            item.left_grams,
        )
        for item in stock(store.spec, events)
    )


def provenance(store: Store, events: Sequence[facts.Event]) -> ProvenanceView:
    """Return what the results rest on."""
    opened = store.opened
    timings: dict[str, list[float]] = {}
    for row in store.rows(HostTimingRow):
        timings.setdefault(row.name, []).append(row.seconds)
    versions = dict(opened.versions)
    for event in events:
        if isinstance(event.payload, facts.Identified):
            versions |= event.payload.identification.versions
    return ProvenanceView(
        rows=(
            ("Campaign file sha256", opened.spec_sha256),
            ("Event log sha256", store.event_log_sha256()),
            ("Events", str(len(events))),
            ("Seed", str(opened.seed)),
            ("Proposer", opened.proposer),
            ("Lab", str(opened.lab.get("name", ""))),
            ("Mode", opened.mode),
            ("Event schema version", str(events[-1].schema_version)),
        ),
        versions=tuple(sorted(versions.items())),
        phases=tuple(sorted(opened.phases.items())),
        spec_json=json.dumps(opened.spec, indent=2, ensure_ascii=False),
        timings=tuple(
            (name, len(took), sum(took)) for name, took in sorted(timings.items())
        ),
    )
