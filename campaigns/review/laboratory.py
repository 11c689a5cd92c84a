"""View models of the lab's side: firings, timeline, stock and provenance."""

import json
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from campaigns import labels
from campaigns import lifecycle as facts
from campaigns.blobs import decode_trace
from campaigns.history import last_of_lab
from campaigns.inventory import stock
from campaigns.labels import Quantity
from campaigns.review.instruments import people
from campaigns.review.views import (
    BarView,
    FiringView,
    ProvenanceView,
    StockView,
    ThreeView,
)
from campaigns.store import Store
from campaigns.tables import HostTimingRow
from instruments.quantities import Trace

SECONDS_PER_HOUR = 3600.0
HELD = "hold_celsius"
ORDER = (
    "temperature_celsius", "hold_celsius", "hold_hours", "ramp_celsius_per_minute",
    "cool_celsius_per_minute", "atmosphere", "crucible", "peak_celsius",
    "furnace_hours", "energy_kilowatt_hours",
)  # fmt: skip
"""Values of a firing as a page lists them; others follow."""


def firing_views(store: Store, events: Sequence[facts.Event]) -> tuple[FiringView, ...]:
    """Return every firing in order."""
    views = []
    for event in events:
        fired = event.payload
        if not isinstance(fired, facts.Fired):
            continue
        trace = decode_trace(store.blob(fired.trace))
        views.append(
            FiringView(
                anchor=f"firing-{event.sequence}",
                name=f"Load {fired.load}, {fired.step}",
                load=fired.load,
                samples=fired.samples,
                furnace=fired.furnace,
                rows=(*_three_values(fired), *_deviation(trace)),
                trace=trace,
            )
        )
    return tuple(views)


def _three_values(fired: facts.Fired) -> tuple[ThreeView, ...]:
    sources = (fired.planned, fired.commanded, fired.measured)
    keys = dict.fromkeys(key for source in sources for key in source)
    if "temperature_celsius" in keys:
        # The mean over the hold is what the temperature came out as.
        keys.pop(HELD, None)
    rows = []
    for key in sorted(keys, key=_place):
        measured_key = HELD if key == "temperature_celsius" else key
        planned, measured = fired.planned.get(key), fired.measured.get(measured_key)
        difference = ""
        if isinstance(planned, float | int) and isinstance(measured, float | int):
            difference = f"{measured - planned:+.2g}" if measured != planned else "0"
        rows.append(
            ThreeView(
                labels.value(key),
                _shown(planned),
                _shown(fired.commanded.get(key)),
                _shown(measured),
                difference,
            )
        )
    return tuple(rows)


def _place(key: str) -> int:
    return ORDER.index(key) if key in ORDER else len(ORDER)


def _shown(value: float | str | None) -> str:
    return labels.chemical(value) if isinstance(value, str) else _five(value)


def _five(value: float | None) -> str:
    return "–" if value is None else f"{value:.5g}"


def _deviation(trace: Trace) -> tuple[ThreeView, ...]:
    """Return the largest distance from the set temperature where it is highest."""
    is_hold = trace.set_celsius >= trace.set_celsius.max(initial=-np.inf)
    distance = np.abs(trace.measured_celsius - trace.set_celsius)[is_hold]
    if not is_hold.any():
        return ()
    quantity = Quantity("Largest distance from set during the hold", "°C")
    return (ThreeView(quantity, "–", "–", f"{distance.max():.2g}"),)


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
    end = (last_of_lab(events).lab_time - begin) / SECONDS_PER_HOUR
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
    opened, log_sha256 = store.opened, store.event_log_sha256()
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
            ("Event log sha256", log_sha256),
            ("Events", str(len(events))),
            ("Seed", str(opened.seed)),
            ("Proposer", opened.proposer),
            ("Lab", str(opened.lab.get("name", ""))),
            ("Mode", opened.mode),
            ("Actors and people", ", ".join(people(events))),
            ("Event schema version", str(events[-1].schema_version)),
        ),
        event_log_sha256=log_sha256,
        versions=tuple(sorted(versions.items())),
        phases=tuple(sorted(opened.phases.items())),
        spec_json=json.dumps(opened.spec, indent=2, ensure_ascii=False),
        timings=tuple(
            (name, len(took), sum(took)) for name, took in sorted(timings.items())
        ),
    )
