"""What to expect of a composition before it is made: `athanor screen`."""

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from loop.cli.reaction import Atmosphere, read_species, refuse_temperature

if TYPE_CHECKING:
    from loop.knowledge.energies import EnergyModel
    from loop.knowledge.screening import Screened, Screening, System

_SYSTEM = re.compile(r"[A-Z][a-z]?(-[A-Z][a-z]?)+")


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(screen)


def screen(
    what: Annotated[
        str,
        typer.Argument(
            help='A system "Li-Mn-Ti-O", a formula, a phase, or a CIF file.'
        ),
    ],
    temperature: Annotated[float, typer.Option(help="°C.")] = 900.0,
    atmosphere: Annotated[
        Atmosphere, typer.Option(help="Furnace gas.")
    ] = Atmosphere.AIR,
    model: Annotated[
        str,
        typer.Option(
            help="For energies that no table holds: chgnet:r2scan, chgnet:0.3.0,"
            " mace:FILE or mace:NAME."
        ),
    ] = "chgnet:r2scan",
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    table: Annotated[
        Path | None,
        typer.Option(help="Phase table in place of the one that comes along."),
    ] = None,
    energies: Annotated[
        Path | None,
        typer.Option(help="Rows of thermochemistry (.toml) beside those that come."),
    ] = None,
    enthalpy: Annotated[
        float | None,
        typer.Option(
            help="Enthalpy of formation at 298 K, kJ per mole of the formula, where no"
            " mixture of known solids compares with it (Bartel's descriptor)."
        ),
    ] = None,
    optimade: Annotated[
        str | None,
        typer.Option(help="OPTIMADE provider to compare with: address or id."),
    ] = None,
    is_mp: Annotated[
        bool, typer.Option("--mp", help="Compare with the Materials Project.")
    ] = False,
    mp_key: Annotated[
        str | None, typer.Option(help="Its API key; else MP_API_KEY.")
    ] = None,
    routes: Annotated[
        int, typer.Option(help="How many precursor sets to list.", min=0, max=50)
    ] = 5,
    is_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object.")
    ] = False,
) -> None:
    """Tell stability, novelty and precursors of a composition or structure."""
    from campaigns.materials.phases import PhaseTable
    from loop.cli import screened
    from loop.knowledge.screening import Conditions, Screening

    refuse_temperature(temperature)

    def opened() -> "EnergyModel":
        from loop.knowledge.models import open_model

        return open_model(model, device=device)

    screening = Screening(
        PhaseTable.load(table) if table else PhaseTable.load(),
        read_species(energies),
        opened,
        Conditions(temperature, str(atmosphere)),
        most_routes=routes,
        enthalpy=enthalpy,
    )
    found: Screened | System
    if _SYSTEM.fullmatch(what):
        found = screening.system(_elements(what))
    else:
        found = _one(what, screening, optimade=optimade, is_mp=is_mp, mp_key=mp_key)
    if is_json:
        text = json.dumps(screened.as_json(found), indent=2, ensure_ascii=False)
        sys.stdout.write(text + "\n")
    else:
        screened.show(found)


def _elements(system: str) -> list[str]:
    """Return the symbols of `Li-Mn-Ti-O`, each once.

    Raises:
        MaterialError: If one is no element.
    """
    from campaigns.materials.formula import Formula

    return [
        next(iter(Formula.parse(symbol).elements))
        for symbol in dict.fromkeys(system.split("-"))
    ]


def _one(
    what: str,
    screening: "Screening",
    *,
    optimade: str | None,
    is_mp: bool,
    mp_key: str | None,
) -> "Screened":
    """Screen a CIF file, a phase of the table or a formula."""
    from campaigns.materials.formula import Formula
    from campaigns.materials.newrow import formula_of
    from loop.cli.structures import fetched, read_cif
    from loop.errors import DatabaseError
    from loop.knowledge.databases import Wanted

    structure = None
    if what.lower().endswith(".cif"):
        structure, _ = read_cif(Path(what))
        formula = formula_of(structure)
    elif what in screening.phases:
        phase = screening.phases[what]
        formula = phase.formula
        if phase.has_structure and what != str(formula):
            structure = phase.structure()
    else:
        formula = Formula.parse(what)
    provider = "Materials Project" if is_mp else optimade or ""
    wanted = Wanted(formula=str(formula))
    try:
        entries = fetched(wanted, optimade=optimade, is_mp=is_mp, mp_key=mp_key)
    except DatabaseError as error:
        if "holds n" not in str(error):
            raise
        entries = ()
    return screening.formula(
        formula, structure=structure, provider=provider, entries=entries
    )
