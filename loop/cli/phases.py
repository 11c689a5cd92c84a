"""The phase table: `athanor phases list`, `show`, `check`, `add`, `export`."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from campaigns.errors import SpecError
from loop.cli.structures import one_entry, read_cif

app = typer.Typer(help="The table of known phases.", no_args_is_help=True)
Table = Annotated[
    Path | None, typer.Option(help="Phase table in place of the one that comes along.")
]


class Valence(StrEnum):
    """What charge balance may expect of a phase, as rows state it."""

    PLAIN = "plain"
    MIXED = "mixed"
    PEROXIDE = "peroxide"
    METAL = "metal"


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
        if item.name in {"heat", "sites", "sources"}:
            for entry in value:
                text = ": ".join(entry) if item.name == "sources" else str(entry)
                sys.stdout.write(f"{item.name:18s} {text}\n")
        elif value not in (None, (), {}, ""):
            text = ", ".join(map(str, value)) if isinstance(value, tuple) else value
            sys.stdout.write(f"{item.name:18s} {text}\n")


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


@app.command("add")
def add_phase(
    file: Annotated[
        Path | None, typer.Argument(help="Crystal structure, as CIF.")
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(help="Where a CIF comes from: paper, or database and entry."),
    ] = None,
    optimade: Annotated[
        str | None,
        typer.Option(help="OPTIMADE provider to take it from: address or id."),
    ] = None,
    entry: Annotated[
        str | None, typer.Option("--id", help="Entry of the OPTIMADE provider.")
    ] = None,
    formula: Annotated[
        str | None, typer.Option(help="Composition, where one entry has it.")
    ] = None,
    mp: Annotated[
        str | None, typer.Option(help="Entry of the Materials Project: mp-1234.")
    ] = None,
    mp_key: Annotated[
        str | None, typer.Option(help="Its API key; else MP_API_KEY.")
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="Key of the row; else its formula.")
    ] = None,
    table: Annotated[
        Path, typer.Option(help="Your phase table; created if need be.")
    ] = Path("phases.toml"),
    valence: Annotated[
        Valence, typer.Option(help="What charge balance may expect.")
    ] = Valence.PLAIN,
) -> None:
    """Add a structure to your own table, if the checker finds no fault."""
    from campaigns.materials.ownphases import Addition, add

    if file is not None:
        _refuse_several(file, optimade, mp)
        structure, content = read_cif(file)
        said = source or ""
    else:
        found = one_entry(
            optimade=optimade, entry=entry, formula=formula, mp=mp, mp_key=mp_key
        )
        file, structure = Path(found.id), found.structure
        content = structure.to(fmt="cif")
        said = f"{source}; {found.source}" if source else found.source
    addition = Addition(structure, file, content, said, name, str(valence))
    phase = add(addition, table)
    sys.stdout.write(
        f"{phase.name} ({phase.formula}, {len(phase.sites)} sites) added to {table}\n"
    )


def _refuse_several(file: Path, optimade: str | None, mp: str | None) -> None:
    if optimade or mp:
        raise SpecError.single(
            "FILE", f"{file} beside --optimade or --mp", "one source of a structure",
            "leave out the others",
        )  # fmt: skip


@app.command("export")
def export(
    optimade: Annotated[
        Path, typer.Option(help="File to write, as an OPTIMADE server reads it.")
    ],
    table: Table = None,
) -> None:
    """Write all structures as JSON lines that an OPTIMADE server can serve."""
    from campaigns.materials.phases import PhaseTable
    from loop.knowledge.optimadefile import lines_of

    known = PhaseTable.load(table) if table else PhaseTable.load()
    lines = list(lines_of(known.values()))
    optimade.write_text("\n".join(lines) + "\n", encoding="utf-8")
    sys.stdout.write(f"{len(lines) - 1} structures written to {optimade}\n")
