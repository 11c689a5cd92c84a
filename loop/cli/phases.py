"""The phase table: `athanor phases list`, `show` and `check`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="The table of known phases.", no_args_is_help=True)
Table = Annotated[
    Path | None, typer.Option(help="Phase table in place of the one that comes along.")
]


@app.command("list")
def list_phases(
    elements: Annotated[
        str | None, typer.Option(help='Only phases made of these, such as "Y Ba Cu O".')
    ] = None,
    table: Table = None,
) -> None:
    """List the phases, one a line."""
    from campaigns.errors import MaterialError
    from campaigns.materials.phases import PhaseTable

    known = PhaseTable.load(table) if table else PhaseTable.load()
    chosen = known.within(elements.split()) if elements else tuple(known.values())
    if not chosen:
        raise MaterialError(
            f"--elements: none of {len(known)} phases is made of {elements} alone; "
            f'give element symbols with spaces between, such as "Ba Ti O"'
        )
    for phase in chosen:
        density = f"{phase.xray_density:6.2f} g/cm3" if phase.xray_density else ""
        sys.stdout.write(f"{phase.name:24s} {phase.formula!s:22s} {density}\n")


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(help="Name of the row.")], table: Table = None
) -> None:
    """Show a row: structure, facts and sources."""
    from dataclasses import fields

    from campaigns.materials.phases import PhaseTable

    phase = (PhaseTable.load(table) if table else PhaseTable.load())[name]
    for item in fields(phase):
        value = getattr(phase, item.name)
        if value not in (None, (), {}, ""):
            sys.stdout.write(f"{item.name:18s} {value}\n")


@app.command("check")
def check(table: Table = None) -> None:
    """Check every row against crystallography and chemistry; exit 1 on a problem."""
    from campaigns.materials.phases import PhaseTable
    from campaigns.materials.structure_check import check as examine

    known = PhaseTable.load(table) if table else PhaseTable.load()
    problems = examine(known)
    for problem in problems:
        sys.stderr.write(f"{problem}\n")
    if problems:
        raise typer.Exit(1)
    sys.stdout.write(f"{len(known)} phases, no problem\n")
