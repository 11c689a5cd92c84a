"""Database rows as flat records: one value a cell, units in the column names."""

import json
from collections import defaultdict
from typing import Any

from campaigns.store import Store
from campaigns.tables import (
    DoseRow,
    EventRow,
    FiringRow,
    FractionRow,
    IdentificationRow,
    LoadRow,
    PatternRow,
    PortionRow,
    ProposalRow,
    SampleRow,
    ScoreRow,
    Table,
    TaskRow,
)
from instruments.clock import iso

Cell = float | int | str | bool | None
Record = dict[str, Cell]
PLAIN: dict[str, type[Table]] = {
    "loads": LoadRow,
    "tasks": TaskRow,
    "doses": DoseRow,
    "portions": PortionRow,
    "firings": FiringRow,
    "patterns": PatternRow,
    "identifications": IdentificationRow,
    "fractions": FractionRow,
    "scores": ScoreRow,
    "proposals": ProposalRow,
}
"""Exported table to the one in the database, whose columns it has."""
_MAPS = frozenset(("planned", "commanded", "measured", "mean", "sd"))
"""Columns that hold a map, which becomes one column a key, `COLUMN.KEY`."""
_LISTS = frozenset(("samples", "quality", "flags"))
"""Columns that hold a list, which is joined with semicolons."""
_TIMES = frozenset(("lab_time", "started", "ended"))
"""Columns in seconds since 1970 UTC, written as ISO 8601."""


def all_tables(store: Store) -> dict[str, list[Record]]:
    """Return every exported table by name.

    Raises:
        StoreError: If the database cannot be read.
    """
    plain = {name: [_flat(row) for row in store.rows(t)] for name, t in PLAIN.items()}
    return {"events": _events(store), "samples": _samples(store), **plain}


def _flat(row: Table) -> Record:
    record: Record = {}
    # Columns in the order of their declaration: what was loaded has none of its own.
    found = row.model_dump()
    for column in type(row).model_fields:
        value = found[column]
        if column in _MAPS and isinstance(value, str):
            given = json.loads(value)
            record |= {f"{column}.{key}": given[key] for key in sorted(given)}
        elif column in _LISTS and isinstance(value, str):
            record[column] = "; ".join(json.loads(value))
        elif column in _TIMES:
            record[column] = None if value is None else iso(value)
        else:
            record[column] = value
    return record


def _events(store: Store) -> list[Record]:
    return [
        {
            "sequence": row.sequence,
            "lab_time": iso(row.lab_time),
            "actor": row.actor,
            "kind": row.kind,
            "sha256": row.sha256,
            "body": row.body,
        }
        for row in store.rows(EventRow)
    ]


def _samples(store: Store) -> list[Record]:
    """Return the samples with what was planned, commanded and measured, and scores."""
    extra: dict[str, Record] = defaultdict(dict)
    for dose in store.rows(DoseRow):
        for which, grams in (
            ("planned", dose.planned_grams),
            ("commanded", dose.commanded_grams),
            ("measured", dose.measured_grams),
        ):
            extra[dose.sample][f"{which}.grams.{dose.precursor}"] = grams
    for firing in store.rows(FiringRow):
        values = _firing(firing)
        for sample in json.loads(firing.samples):
            extra[sample] |= values
    for trial in store.history().trials:
        if trial.verdict is not None:
            told = trial.verdict.model_dump().items()
            extra[trial.sample] |= {f"verdict.{key}": value for key, value in told}
    samples = store.rows(SampleRow)
    scored = {row.sample for row in samples if row.status == "scored"}
    # Newest last: of several analyses it is the one that counts.
    for score in (row for row in store.rows(ScoreRow) if row.sample in scored):
        extra[score.sample] |= {
            f"score.{score.objective}": score.mean,
            f"score_sd.{score.objective}": score.variance**0.5,
        }
    records = []
    for row in samples:
        record = _flat(row)
        # The recipe has its own file; here it would be a document in a cell.
        del record["recipe"]
        records.append(record | extra[row.sample])
    names = sorted({name for record in records for name in record}, key=_place)
    return [{name: record.get(name) for name in names} for record in records]


def _place(column: str) -> tuple[int, str]:
    """Return where a column of samples stands: itself, scores, and the three kinds."""
    group = column.partition(".")[0]
    plain = tuple(SampleRow.model_fields)
    if column in plain:
        return plain.index(column), ""
    known = ("verdict", "score", "score_sd", "planned", "commanded", "measured")
    return len(plain) + known.index(group), column


def _firing(firing: FiringRow) -> Record:
    return {
        f"{which}.{firing.step}.{key}": value
        for which, text in (
            ("commanded", firing.commanded),
            ("measured", firing.measured),
        )
        for key, value in json.loads(text).items()
    }


def columns(records: list[Record]) -> dict[str, list[Cell]]:
    """Return records as columns of one type each, in the order of first mention.

    A column with both numbers and words becomes words; a missing cell is None.
    """
    names: dict[str, None] = {}
    for record in records:
        names.update(dict.fromkeys(record))
    return {name: _alike([r.get(name) for r in records]) for name in names}


def _alike(cells: list[Cell]) -> list[Cell]:
    types: set[type[Any]] = {type(cell) for cell in cells if cell is not None}
    if len(types) < 2:
        return cells
    if types == {int, float}:
        return [None if cell is None else float(cell) for cell in cells]
    return [None if cell is None else str(cell) for cell in cells]
