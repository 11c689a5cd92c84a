"""Labs: `athanor lab check`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from instruments.labspec import LabSpec

app = typer.Typer(help="Labs and their instruments.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Labs and their instruments."""


@app.command("check")
def check(
    file: Annotated[Path, typer.Argument(help="Lab file.")],
    connect: Annotated[
        bool,
        typer.Option("--connect", help="Also ask each instrument who it is."),
    ] = False,
) -> None:
    """Explain every error of a lab file, or list what it describes."""
    import asyncio

    from instruments.labfile import load_lab_file
    from loop.cli.errors import naming

    with naming(file):
        spec = load_lab_file(file)
    for line in _lines(spec):
        sys.stdout.write(line + "\n")
    if connect and not asyncio.run(_ask_all(spec)):
        raise typer.Exit(1)


def _lines(spec: "LabSpec") -> list[str]:
    lines = [f"lab {spec.name}: no fault found"]
    for furnace, f in spec.furnaces.items():
        gases = ", ".join(f.atmospheres)
        lines.append(
            f"  {furnace}: to {f.max_celsius:.0f} °C, {f.slots} slots, {gases}; {f.url}"
        )
    for group in (
        spec.dosers, spec.balances, spec.mixers, spec.diffractometers, spec.arms,
        spec.operators,
    ):  # fmt: skip
        lines += [
            f"  {name}: {item.driver}; {item.url}" for name, item in group.items()
        ]
    racks = (f"{name} ({rack.slots})" for name, rack in spec.racks.items())
    return [*lines, f"  racks: {', '.join(racks)}"]


async def _ask_all(spec: "LabSpec") -> bool:
    """Ask every instrument who and how it is, reading only; tell if all answered."""
    from instruments.clock import Clock
    from instruments.lab import check as examine
    from loop.cli.simulated import simulated_ports

    async with simulated_ports(spec) as (openers, fetchers):
        rows = await examine(
            spec, openers=openers, fetchers=fetchers, clock=Clock.real()
        )
    for row in rows:
        verdict = "answers" if row.is_ok else "FAILS"
        sys.stdout.write(f"  {row.instrument} {verdict}: {row.detail}\n")
    return all(row.is_ok for row in rows)
