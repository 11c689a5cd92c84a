"""A measured table as an oracle: candidates, and what each of them gave."""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from campaigns.errors import Fault, SpecError
from loop.backtest.question import Objective, Roles

Setting = float | str | frozenset[str]
MOST_FAULTS = 10
"""Faults listed of one table: a wrong kind of column has one in every line."""
SIMPLEX_TOLERANCE = 0.025
"""Share by which sums may differ: five shares, each rounded to whole percents, are off
by at most 2.5 % together."""


@dataclass(frozen=True)
class Space:
    """What a method may know before any experiment: the candidates, no results."""

    names: tuple[str, ...]
    """Settings."""
    candidates: tuple[tuple[Setting, ...], ...]
    """One of each combination of settings, in the order of the table."""
    simplex: tuple[str, ...]
    objectives: tuple[Objective, ...]

    @property
    def n(self) -> int:
        """Return the number of candidates."""
        return len(self.candidates)

    def column(self, name: str) -> tuple[Setting, ...]:
        """Return a setting of all candidates."""
        at = self.names.index(name)
        return tuple(candidate[at] for candidate in self.candidates)


@dataclass(frozen=True)
class MeasuredTable:
    """Candidates with their results."""

    space: Space
    Y: NDArray[np.float64]
    """Mean results as they stand in the table, shape `n x m`."""
    gains: NDArray[np.float64]
    """The same, more is better, shape `n x m`."""


def read_table(path: Path, roles: Roles) -> MeasuredTable:
    """Return a table whose rows with equal settings are averaged.

    Args:
        path: A file of comma-separated values, UTF-8, with a header.
        roles: What its columns are.

    Raises:
        SpecError: With the faults of the table and their lines, up to `MOST_FAULTS`.
        FileNotFoundError: If there is no such file.
    """
    header, rows = _rows(path)
    names = roles.settings(header)
    goals = [o.column for o in roles.objectives]
    faults: list[Fault] = []
    settings = {n: _reader(n, roles) for n in names}
    seen: dict[tuple[Setting, ...], list[list[float]]] = {}
    for line, row in rows:
        if len(row) != len(header):
            found = f"{len(row)} fields in line {line}"
            faults.append(
                Fault("TABLE", found, f"{len(header)}, as in the header",
                      "quote texts that hold commas")
            )  # fmt: skip
            continue
        cells = dict(zip(header, row, strict=True))
        read = [_read(cells, n, line, settings[n], faults) for n in names]
        told = [_read(cells, n, line, _objective, faults) for n in goals]
        point = tuple(v for v in read if v is not None)
        values = [v for v in told if isinstance(v, float)]
        if len(point) == len(names) and len(values) == len(goals):
            seen.setdefault(point, []).append(values)
    if faults:
        raise SpecError(tuple(faults[:MOST_FAULTS]))
    space = Space(names, tuple(seen), roles.simplex, roles.objectives)
    Y = np.array([np.mean(values, axis=0) for values in seen.values()])
    table = MeasuredTable(space, Y, Y * [o.sign for o in roles.objectives])
    _check(table)
    return table


def header_of(path: Path) -> tuple[str, ...]:
    """Return the names of a table's columns.

    Raises:
        SpecError: If it is no table with results.
        FileNotFoundError: If there is no such file.
    """
    return _rows(path)[0]


def _rows(path: Path) -> tuple[tuple[str, ...], list[tuple[int, list[str]]]]:
    """Return the header, and rows with their line numbers; empty lines are left out."""
    try:
        # Spreadsheets write a byte-order mark before the first name.
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file)
            found = [(reader.line_num, row) for row in reader if any(row)]
    except UnicodeDecodeError as error:
        raise SpecError.single(
            "TABLE", f"byte {error.start} of {path}", "text in UTF-8",
            "save the table as CSV, UTF-8",
        ) from error  # fmt: skip
    except csv.Error as error:
        raise SpecError.single(
            "TABLE", f"{path}: {error}", "comma-separated values", "save it as CSV"
        ) from error
    if len(found) < 2:
        raise SpecError.single(
            "TABLE", f"{len(found)} lines in {path}", "a header and rows of results",
            "give a table with results",
        )  # fmt: skip
    header = tuple(name.strip() for name in found[0][1])
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise SpecError.single(
            "TABLE", f"columns {', '.join(map(repr, twice))} more than once",
            "one column of each name", "rename one of them",
        )  # fmt: skip
    return header, found[1:]


def _reader(name: str, roles: Roles) -> Callable[[str], Setting]:
    """Return what reads the cells of a setting."""
    if name == roles.set_column:
        bare = roles.separator.strip() or roles.separator

        def members(text: str) -> Setting:
            found = frozenset(part.strip() for part in text.split(bare))
            if "" in found:
                raise ValueError(
                    "names between separators", "fill the cell, or see --separator"
                )
            return found

        return members
    if name in roles.categorical:
        return _text
    return _number


def _text(text: str) -> Setting:
    if not text:
        raise ValueError("a name", "fill the cell or remove the row")
    return text


def _number(text: str) -> Setting:
    try:
        value = float(text)
    except ValueError:
        raise ValueError(
            "a number",
            "name the column in --categorical or --set-column, or correct it",
        ) from None
    if not isfinite(value):
        raise ValueError("a finite number", "correct the cell or remove the row")
    return value


def _objective(text: str) -> Setting:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not isfinite(value):
        raise ValueError("a finite number", "correct the cell or remove the row")
    return value


def _read(
    cells: dict[str, str],
    name: str,
    line: int,
    read: Callable[[str], Setting],
    faults: list[Fault],
) -> Setting | None:
    """Return what a cell says; None, and one more fault, where it cannot be read."""
    text = cells[name].strip()
    try:
        return read(text)
    except ValueError as error:
        allowed, remedy = error.args
        faults.append(Fault(name, f"{text!r} in line {line}", allowed, remedy))
        return None


def _check(table: MeasuredTable) -> None:
    """Refuse tables that can compare nothing, and shares that make no whole."""
    space = table.space
    faults = [
        Fault(o.column, f"{values[0]:g} for every candidate", "a column that varies",
              "choose another objective")
        for o, values in zip(space.objectives, table.Y.T, strict=True)
        if np.ptp(values) == 0
    ]  # fmt: skip
    if space.simplex:
        shares = np.array([space.column(name) for name in space.simplex], dtype=float)
        total = shares.sum(axis=0)
        whole = float(np.median(total))
        off = np.abs(total - whole) > SIMPLEX_TOLERANCE * abs(whole)
        if whole <= 0 or (shares < 0).any():
            faults.append(
                Fault("--simplex", f"a sum of {whole:g}, or amounts below 0",
                      "shares of a whole, none below 0", "correct them or leave it out")
            )  # fmt: skip
        elif off.any():
            faults.append(
                Fault("--simplex", f"sums of {total.min():g} to {total.max():g}",
                      f"{whole:g} within {SIMPLEX_TOLERANCE:.0%} in every row",
                      "name all shares of the whole, or leave it out")
            )  # fmt: skip
    if faults:
        raise SpecError(tuple(faults))


def check_size(table: MeasuredTable, *, start: int, batch: int) -> None:
    """Refuse a table with too few candidates.

    Raises:
        SpecError: If starts and one batch are more than there are candidates.
    """
    if table.space.n < start + batch:
        raise SpecError.single(
            "TABLE", f"{table.space.n} candidates with different settings",
            f"at least {start + batch}, for --start {start} and --batch {batch}",
            "lower them, or name more settings in --parameters",
        )  # fmt: skip
