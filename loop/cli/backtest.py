"""Proposers replayed on a measured table: `athanor backtest`."""

import csv
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from loop.backtest.question import Roles
    from loop.backtest.table import MeasuredTable


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(backtest)


def backtest(
    table: Annotated[
        Path, typer.Argument(help="Results, comma-separated, one header.")
    ],
    objective: Annotated[
        list[str], typer.Option(help="COLUMN:max or COLUMN:min; may be repeated.")
    ],
    parameters: Annotated[
        str | None,
        typer.Option(help="Settings, comma-separated; else all other columns."),
    ] = None,
    categorical: Annotated[
        str | None, typer.Option(help="Settings that are names, comma-separated.")
    ] = None,
    set_column: Annotated[
        str | None, typer.Option(help="Setting that is an unordered set of names.")
    ] = None,
    separator: Annotated[
        str, typer.Option(help="What stands between the names of a set.")
    ] = ", ",
    simplex: Annotated[
        str | None,
        typer.Option(help="Settings that are shares of one whole, comma-separated."),
    ] = None,
    earlier: Annotated[
        list[Path] | None,
        typer.Option(help="Table of earlier results; may be repeated."),
    ] = None,
    batch: Annotated[int, typer.Option(min=1, help="Experiments a proposal.")] = 1,
    start: Annotated[
        int, typer.Option(min=1, help="Experiments drawn at random first.")
    ] = 2,
    seeds: Annotated[int, typer.Option(min=1, help="Campaigns a method.")] = 20,
    budget: Annotated[int, typer.Option(min=1, help="Experiments a campaign.")] = 60,
    methods: Annotated[
        str, typer.Option(help="Which to compare, comma-separated.")
    ] = "athanor,gp,forest,random",
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object and nothing else.")
    ] = False,
    plot: Annotated[
        Path | None, typer.Option(help="Picture to write (.png, .svg, .html).")
    ] = None,
) -> None:
    """Say how many experiments each method would have needed on a measured table."""
    from loop.backtest.methods import chosen_methods
    from loop.backtest.question import Objective, Roles
    from loop.backtest.replay import Plan, replay
    from loop.backtest.table import check_size, read_table
    from loop.cli.backtested import Results, draw, show
    from loop.cli.identify import refuse_place

    refuse_place(plot)
    roles = Roles(
        objectives=tuple(Objective.parse(text) for text in objective),
        parameters=_names(parameters) if parameters is not None else None,
        categorical=_names(categorical),
        set_column=set_column,
        separator=separator,
        simplex=_names(simplex),
    )
    measured = read_table(table, roles)
    makers = chosen_methods(
        _names(methods), _earlier(earlier or [], roles, measured.space.names)
    )
    check_size(measured, start=start, batch=batch)
    _refuse_budget(budget, start)
    plan = Plan(start=start, batch=batch, budget=budget)
    results = Results(table.name, measured, plan)
    for name, maker in makers.items():
        for seed in range(seeds):
            results.add(name, replay(measured, maker, plan, seed=seed))
            _progress(name, seed + 1, seeds)
    if plot is not None:
        draw(results, plot)
    if as_json:
        sys.stdout.write(json.dumps(results.figures(), allow_nan=False) + "\n")
    else:
        show(results)


def _earlier(
    files: "list[Path]", roles: "Roles", settings: tuple[str, ...]
) -> "tuple[MeasuredTable, ...]":
    """Return earlier tables; without any nothing is loaded."""
    if not files:
        return ()
    from loop.backtest.earlier import read_earlier

    return tuple(read_earlier(file, roles, settings) for file in files)


def _names(text: str | None) -> tuple[str, ...]:
    """Return comma-separated names; one that holds a comma stands in quotes."""
    if not text:
        return ()
    (row,) = csv.reader([text], skipinitialspace=True)
    return tuple(name.strip() for name in row if name.strip())


def _refuse_budget(budget: int, start: int) -> None:
    """Refuse a budget that leaves nothing to propose."""
    from campaigns.errors import SpecError

    if budget <= start:
        raise SpecError.single(
            "--budget", str(budget), f"more than --start {start}",
            "raise the budget: no proposal would be made",
        )  # fmt: skip


def _progress(name: str, done: int, of: int) -> None:
    """Say on a terminal how far it is; standard output is for the answer."""
    if sys.stderr.isatty():
        end = "\n" if done == of else ""
        sys.stderr.write(f"\r{name}: campaign {done} of {of}{end}")
        sys.stderr.flush()
