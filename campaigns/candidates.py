"""Tables of candidates: a CSV file whose rows are the recipes that may be made."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from campaigns.composition import PREFIX
from campaigns.errors import Fault, SpecError
from campaigns.recipe import Parameters
from campaigns.spec import CandidateTable, StepSpace
from campaigns.steps import WORDS

MAX_ROWS = 200_000
"""Rows of a table: twice what proposals are timed for."""
MAX_LISTED = 12
"""Values of a column that are listed; more are an interval."""
_SHOWN_FAULTS = 5
_PATH = "space.candidates"


def read(path: Path) -> dict[str, list[float] | list[str]]:
    """Read a table of candidates.

    Args:
        path: CSV with commas, UTF-8; the first line names parameters.

    Returns:
        Parameter to its values, one a row.

    Raises:
        SpecError: With the line and column of what cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError.single(
            _PATH, f"{path}: {error}", "a readable CSV file in UTF-8",
            "give its path from the campaign file's folder",
        ) from error  # fmt: skip
    rows = list(csv.reader(text.splitlines()))
    names = [name.strip() for name in rows[0]] if rows else []
    body = rows[1:]
    while body and not any(body[-1]):
        body.pop()
    if not names or not body:
        raise SpecError.single(
            _PATH, f"{path.name} without a {'row' if names else 'head'}",
            "a head line with names of parameters, and a row for each candidate",
            "add them",
        )  # fmt: skip
    if len(body) > MAX_ROWS:
        raise SpecError.single(
            _PATH, f"{len(body)} rows", f"at most {MAX_ROWS}", "thin the table out"
        )
    faults = [*_name_faults(path.name, names), *_cell_faults(path.name, names, body)]
    if faults:
        raise SpecError(tuple(faults[:_SHOWN_FAULTS]))
    return {
        name: [_cell(name, row[i]) for row in body]  # type: ignore[misc]
        for i, name in enumerate(names)
    }


def _name_faults(file: str, names: Sequence[str]) -> list[Fault]:
    return [
        Fault(
            place(file, 1, i),
            f"`{name}`{' a second time' if name in names[:i] else ''}",
            "names of parameters, each once, such as `fire.hold_hours`",
            "correct the name, or remove the column",
        )
        for i, name in enumerate(names)
        if name in names[:i] or not _is_parameter(name)
    ]


def _is_parameter(name: str) -> bool:
    """Return whether some campaign could have a parameter of this name."""
    head, dot, field = name.rpartition(".")
    if not dot:
        return name in ("precursors", "regrinds")
    return f"{head}." in (PREFIX, "excess.") or field in StepSpace.model_fields


def _cell_faults(
    file: str, names: Sequence[str], body: Sequence[Sequence[str]]
) -> list[Fault]:
    found = []
    for line, row in enumerate(body, start=2):
        if len(row) != len(names):
            found.append(
                Fault(
                    place(file, line),
                    f"{len(row)} cells",
                    f"{len(names)}, one for each name in the first line",
                    "add or remove commas; words with a comma need quotes",
                )
            )
            continue
        for i, name in enumerate(names):
            try:
                _cell(name, row[i])
            except ValueError:
                kind = "a word" if is_word(name) else "a finite number"
                found.append(
                    Fault(place(file, line, i, name), f"`{row[i]}`", kind, "correct it")
                )
        if len(found) >= _SHOWN_FAULTS:
            break
    return found


def place(file: str, line: int, column: int | None = None, name: str = "") -> str:
    """Write where in a table something stands; columns are counted from 0 here."""
    told = "" if column is None else f", column {column + 1}"
    return f"{_PATH}: {file}, line {line}{told}{f' ({name})' if name else ''}"


def is_word(name: str) -> bool:
    """Return whether a parameter has words as values."""
    return name == "precursors" or name.rpartition(".")[2] in WORDS


def _cell(name: str, text: str) -> float | str:
    text = text.strip()
    if is_word(name):
        if not text:
            raise ValueError(text)
        return text
    number = float(text)
    if number - number != 0.0:  # infinite, or no number
        raise ValueError(text)
    return number


def embed(data: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return a campaign file's data with its table of candidates read in.

    What the table varies is searched: its columns join [space] as lists of values, or
    intervals where they have many, so that all else knows how far parameters range.

    Args:
        data: The file as parsed.
        folder: Where relative paths start.

    Raises:
        SpecError: If the table cannot be read, or [space] searches by itself.
    """
    space = data.get("space")
    name = space.get("candidates") if isinstance(space, dict) else None
    if not isinstance(space, dict) or not isinstance(name, str):
        return dict(data)
    for key in ("excess", "regrinds", "steps", "sets"):
        if key in space:
            raise SpecError.single(
                f"space.{key}", "a search beside a table of candidates",
                "`candidates`, and `composition` for sites that cations share",
                "leave it out: the table's columns say what is searched",
            )  # fmt: skip
    columns = read(folder / name)
    _order_sets(columns, data)
    filled: dict[str, Any] = {k: v for k, v in space.items() if k != "candidates"}
    for column, values in columns.items():
        head, _, field = column.rpartition(".")
        if column == "precursors":
            labels = list(dict.fromkeys(map(str, values)))
            filled["sets"] = [label.split(" + ") for label in labels]
        elif column == "regrinds":
            filled["regrinds"] = _searched(values)
        elif head == "excess":
            filled.setdefault("excess", {})[field] = _searched(values)
        elif head and f"{head}." != PREFIX:
            filled.setdefault("steps", {}).setdefault(head, {})[field] = _searched(
                values
            )
    filled["candidates"] = {"file": Path(name).name, "columns": columns}
    return {**data, "space": filled}


def _searched(values: Sequence[float | str]) -> Any:  # noqa: ANN401
    distinct = list(dict.fromkeys(values))
    numbers = [value for value in distinct if not isinstance(value, str)]
    if len(distinct) <= MAX_LISTED or not numbers:
        return distinct
    return {"min": min(numbers), "max": max(numbers)}


def _order_sets(
    columns: dict[str, list[float] | list[str]], data: Mapping[str, Any]
) -> None:
    """Write sets with their precursors in the order of the file, as labels are."""
    if "precursors" not in columns:
        return
    listed = data.get("precursors", ())
    labels = [
        one if isinstance(one, str) else one.get("name") or one.get("formula", "")
        for one in listed
        if isinstance(one, str | dict)
    ]
    order = {label: i for i, label in enumerate(labels)}
    ordered: dict[str, str] = {}
    for text in dict.fromkeys(map(str, columns["precursors"])):
        names = [part.strip() for part in text.split("+")]
        names.sort(key=lambda name: order.get(name, len(order)))
        ordered[text] = " + ".join(names)
    columns["precursors"] = [ordered[str(text)] for text in columns["precursors"]]


def rows(table: CandidateTable) -> list[Parameters]:
    """Return the candidates of a table, in its order."""
    names = list(table.columns)
    return [
        dict(zip(names, row, strict=True))
        for row in zip(*table.columns.values(), strict=True)
    ]
