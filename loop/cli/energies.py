"""Energies by models: `athanor energies compute` and `try`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Energies by models.", no_args_is_help=True)
Model = Annotated[
    str, typer.Option(help="chgnet:r2scan, chgnet:0.3.0, mace:FILE or mace:NAME.")
]
Device = Annotated[str, typer.Option(help="auto, cpu or cuda.")]
Table = Annotated[
    Path | None, typer.Option(help="Phase table in place of the one that comes along.")
]


@app.command("compute")
def compute(
    model: Model = "chgnet:r2scan",
    device: Device = "auto",
    table: Table = None,
    output: Annotated[
        Path | None, typer.Option("-o", help="File to write; else the screen.")
    ] = None,
) -> None:
    """Compute rows for phases with a structure but no cited energy."""
    from campaigns.materials.phases import PhaseTable
    from campaigns.materials.thermo import cited
    from loop.knowledge.layers import Layers
    from loop.knowledge.models import open_model
    from loop.knowledge.shipped import missing_rows, text_of

    known = PhaseTable.load(table) if table else PhaseTable.load()
    layers = Layers(open_model(model, device=device), known, cited())
    rows, refused = missing_rows(layers)
    text = text_of(rows, refused, layers)
    if output is None:
        sys.stdout.write(text)
    else:
        output.write_text(text, encoding="utf-8")
        sys.stdout.write(
            f"{len(rows)} rows written to {output}; {len(refused)} phases refused\n"
        )


@app.command("try")
def try_model(
    model: Model = "chgnet:r2scan", device: Device = "auto", table: Table = None
) -> None:
    """Compare a model with measured enthalpies of reaction."""
    from campaigns.materials.phases import PhaseTable
    from campaigns.materials.thermo import cited
    from loop.knowledge.accuracy import Error, Trial, mean_absolute
    from loop.knowledge.models import open_model

    known = PhaseTable.load(table) if table else PhaseTable.load()
    trial = Trial(open_model(model, device=device), known, cited())
    sys.stdout.write(f"{trial.model.identity}\n")
    carbonates, oxygen = trial.carbonates(), trial.oxygen()
    parts: list[tuple[str, tuple[Error, ...]]] = [
        ("oxides from oxides", trial.oxides()),
        (f"carbonates, CO2 as {carbonates.energy:.3f} eV", carbonates.errors),
        (f"changes of charge, O2 as {oxygen.energy:.3f} eV", oxygen.errors),
    ]
    for title, errors in parts:
        mean = mean_absolute(errors)
        sys.stdout.write(f"\n{title}: mean absolute error {mean:.1f} meV/atom\n")
        for each in errors:
            sys.stdout.write(
                f"  {each.compound:12s} {each.model:8.1f} by the model,"
                f" {each.cited:8.1f} cited, kJ/mol;"
                f" {each.mev_per_atom:+6.1f} meV/atom\n"
            )
