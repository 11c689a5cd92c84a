"""The end of a run: tables for a person, or one JSON object for a program."""

import json
import sys
from pathlib import Path
from typing import Any

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from campaigns import labels
from campaigns.history import last_of_lab
from campaigns.spec import CampaignSpec
from campaigns.store import Store
from campaigns.summary import Row, Summary, summarise

WIDTH_OF_PIPE = 200
"""Columns of a table that no terminal shows."""


def print_summary(
    store: Store, *, wall_seconds: float, report: Path, as_json: bool
) -> None:
    """Print what a campaign reached and where its records are.

    Args:
        store: The campaign's database.
        wall_seconds: How long this process took, s.
        report: Where the report is.
        as_json: Print one JSON object in place of tables.
    """
    summary = summarise(store.spec, store.history())
    events = store.events()
    # Of the whole campaign, whichever processes it took.
    lab_seconds = last_of_lab(events).lab_time - events[0].lab_time
    if as_json:
        figures = {
            "experiments": summary.experiments,
            "best": [_plain(row) for row in summary.best],
            "pareto": [_plain(row) for row in summary.pareto],
            "wall_seconds": round(wall_seconds, 3),
            "lab_seconds": round(lab_seconds, 3),
            "hypervolume": summary.hypervolume,
            "database": str(store.path),
            "report": str(report),
        }
        sys.stdout.write(json.dumps(figures, ensure_ascii=False) + "\n")
        return
    # A pipe has no width: lines stay whole for the program behind it.
    width = None if sys.stdout.isatty() else WIDTH_OF_PIPE
    console = Console(highlight=False, width=width)
    if summary.scored:
        console.print(_table(store.spec, summary, "Best recipes", summary.best))
        if len(store.spec.objectives) > 1:
            console.print(_table(store.spec, summary, "Pareto front", summary.pareto))
    counted = f"{summary.experiments} experiment{'s' * (summary.experiments != 1)}"
    console.print(
        f"{counted}, {lab_seconds / 86400:.1f} days of lab "
        f"time in {wall_seconds:.0f} s; hypervolume {summary.hypervolume:.4g}"
    )
    console.print(f"database  {store.path}", soft_wrap=True)
    console.print(f"report    {report}", soft_wrap=True)


def _plain(row: Row) -> dict[str, Any]:
    return {
        "sample": row.sample,
        "load": row.load,
        "parameters": row.parameters,
        "scores": row.scores,
        "sd": row.sd,
        "flags": list(row.flags),
        "verdict": row.verdict.model_dump() if row.verdict else None,
    }


def _table(
    spec: CampaignSpec, summary: Summary, title: str, rows: tuple[Row, ...]
) -> Group:
    """Return one line a sample; what all have in common stands once, below."""
    keys = sorted(dict.fromkeys(key for row in rows for key in row.parameters))
    shown = {
        key: [_shown(key, row.parameters.get(key)) for row in rows] for key in keys
    }
    common = {key: texts[0] for key, texts in shown.items() if len(set(texts)) == 1}
    varying = [key for key in keys if key not in common]
    # The longest column comes last: where the screen is narrow only it is folded.
    varying.sort(key=lambda key: key == "precursors")
    table = Table(
        title=f"{title} ({len(rows)} of {summary.scored} scored)",
        title_justify="left", title_style="bold", box=None, pad_edge=False,
    )  # fmt: skip
    table.add_column("sample", no_wrap=True)
    for objective in spec.objectives:
        header = str(labels.objective(objective)).replace(" / ", "\n")
        table.add_column(header, justify="right", no_wrap=True)
    table.add_column("Target", no_wrap=True)
    for key in varying:
        header = str(labels.parameter(key)).replace(" / ", "\n").replace(" ", "\n", 1)
        table.add_column(header, no_wrap=key != "precursors", overflow="fold")
    for number, row in enumerate(rows):
        scores = (
            labels.with_sd(row.scores[o.label], row.sd[o.label])
            for o in spec.objectives
        )
        verdict = row.verdict.says if row.verdict else "–"
        table.add_row(
            row.sample, *scores, verdict, *(shown[key][number] for key in varying)
        )
    settings = ", ".join(
        f"{labels.parameter(key).name} {text} {labels.parameter(key).unit}".strip()
        for key, text in common.items()
    )
    return Group(table, Text(f"all: {settings}") if rows and common else Text())


def _shown(key: str, value: float | str | None) -> str:
    """Write a setting; measured temperatures to the degree, the rest to 3 digits."""
    if isinstance(value, float) and key.endswith("_celsius"):
        return f"{value:.0f}"
    return labels.number(value, digits=3)
