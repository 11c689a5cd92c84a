"""The end of a run: tables for a person, or one JSON object for a program."""

import json
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from campaigns.spec import CampaignSpec
from campaigns.store import Store
from campaigns.summary import Row, Summary, summarise


def print_summary(
    store: Store,
    *,
    wall_seconds: float,
    lab_seconds: float,
    report: Path,
    as_json: bool,
) -> None:
    """Print what a campaign reached and where its records are."""
    summary = summarise(store.spec, store.history())
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
    console = Console(highlight=False)
    console.print(_table(store.spec, summary, "Best recipes", summary.best))
    if len(store.spec.objectives) > 1:
        console.print(_table(store.spec, summary, "Pareto front", summary.pareto))
    console.print(
        f"{summary.experiments} experiments, {lab_seconds / 86400:.1f} days of lab "
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
    }


def _table(
    spec: CampaignSpec, summary: Summary, title: str, rows: tuple[Row, ...]
) -> Table:
    keys = dict.fromkeys(key for row in rows for key in row.parameters)
    table = Table(title=f"{title} ({summary.scored} scored)", title_justify="left")
    table.add_column("sample")
    for objective in spec.objectives:
        table.add_column(objective.label, justify="right")
    for key in keys:
        table.add_column(key.replace("_", " ").replace(".", "\n"))
    for row in rows:
        scores = [
            f"{row.scores[o.label]:.3g} ± {row.sd[o.label]:.2g}"
            for o in spec.objectives
        ]
        table.add_row(
            row.sample, *scores, *(_shown(row.parameters.get(k)) for k in keys)
        )
    return table


def _shown(value: float | str | None) -> str:
    if value is None:
        return "-"
    return value if isinstance(value, str) else f"{value:.4g}"
