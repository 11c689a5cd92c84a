"""What reactants make and how strongly they are driven to: `athanor reaction`."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from campaigns.materials.atmospheres import pressure_bar

if TYPE_CHECKING:
    from campaigns.materials.products import Assessed, Question
    from campaigns.materials.thermo import Species


class Atmosphere(StrEnum):
    """Furnace gases, as the tables name them."""

    AIR = "air"
    OXYGEN = "O2"
    CARBON_DIOXIDE = "CO2"
    NITROGEN = "N2"
    ARGON = "Ar"


LOWEST_CELSIUS, HIGHEST_CELSIUS = 25.0, 1700.0
"""Temperatures that the thermochemistry covers, rounded inwards."""


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(reaction)


def reaction(
    reactants: Annotated[
        str, typer.Argument(help='Formulas or phases, such as "BaCO3 + TiO2".')
    ],
    temperature: Annotated[float, typer.Option(help="°C.")],
    target: Annotated[
        str | None, typer.Option(help="Phase to make; else every known one.")
    ] = None,
    atmosphere: Annotated[
        Atmosphere, typer.Option(help="Furnace gas.")
    ] = Atmosphere.AIR,
    table: Annotated[
        Path | None,
        typer.Option(help="Phase table in place of the one that comes along."),
    ] = None,
    energies: Annotated[
        Path | None,
        typer.Option(help="Rows of thermochemistry (.toml) beside those that come."),
    ] = None,
    is_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object.")
    ] = False,
) -> None:
    """Balance a reaction and print its free energy, doubt and gases."""
    from campaigns.materials.phases import PhaseTable
    from campaigns.materials.products import Question, assess, read_reactants

    refuse_temperature(temperature)
    known = PhaseTable.load(table) if table else PhaseTable.load()
    names = read_reactants(reactants)
    question = Question(names, temperature, str(atmosphere), target)
    found = assess(question, known, read_species(energies))
    if is_json:
        answer = {
            "celsius": temperature,
            "atmosphere": question.atmosphere,
            "pressures_bar": _pressures(found, question.atmosphere),
            "reactions": [_as_json(each) for each in found],
        }
        sys.stdout.write(json.dumps(answer, indent=2, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write("\n".join(_lines(found, question)) + "\n")


def refuse_temperature(celsius: float) -> None:
    """Refuse a temperature at which no energy is known.

    Raises:
        SpecError: If it is one.
    """
    from campaigns.errors import SpecError

    if not LOWEST_CELSIUS <= celsius <= HIGHEST_CELSIUS:
        raise SpecError.single(
            "--temperature", f"{celsius:g} °C",
            f"{LOWEST_CELSIUS:g} to {HIGHEST_CELSIUS:g} °C",
            "energies are known there only",
        )  # fmt: skip


def read_species(path: Path | None) -> "Mapping[str, Species]":
    """Return the rows that come along, and those of a file beside them.

    Raises:
        MaterialError: If the file cannot be used.
    """
    from campaigns.errors import MaterialError
    from campaigns.materials.thermo import read_table, table

    if path is None:
        return table()
    try:
        return read_table(path.read_text(encoding="utf-8"), table())
    except (MaterialError, UnicodeDecodeError) as error:
        raise MaterialError(f"--energies {path}: {error}") from error


def _pressures(found: "Sequence[Assessed]", atmosphere: str) -> dict[str, float]:
    """Return the pressure taken for each gas of the reactions, bar."""
    gases = dict.fromkeys(gas for each in found for gas in each.reaction.gases)
    return {gas: pressure_bar(gas, atmosphere) for gas in sorted(gases)}


def _as_json(each: "Assessed") -> dict[str, Any]:
    energy = each.energy
    row: dict[str, Any] = {
        "reaction": str(each.reaction),
        "products": {
            str(term.formula): float(term.moles) for term in each.reaction.products
        },
        "gases_mol": {gas: float(n) for gas, n in each.reaction.gases.items()},
        "species": list(each.forms),
        "missing": list(each.missing),
        "notes": list(each.notes),
    }
    if energy is None:
        return row
    return row | {
        "kilojoules_per_mole": energy.joules_per_mole / 1000,
        "sigma_kilojoules_per_mole": energy.sigma_joules_per_mole / 1000,
        "mev_per_atom": energy.mev_per_atom,
        "sigma_mev_per_atom": energy.sigma_mev_per_atom,
        "sign_changes": [
            {
                "celsius": crossing.celsius,
                "sigma_celsius": crossing.sigma_celsius,
                "driven": "above" if crossing.is_driven_above else "below",
            }
            for crossing in each.crossings
        ],
    }


def _lines(found: "Sequence[Assessed]", question: "Question") -> Iterator[str]:
    pressures = _pressures(found, question.atmosphere)
    gases = ", ".join(f"{gas} {bar:g}" for gas, bar in pressures.items())
    yield f"{question.celsius:g} °C in {question.atmosphere}" + (
        f"; pressures in bar: {gases}" if gases else "; no gas takes part"
    )
    yield "energies per mole of the first product, and per atom of all products"
    for each in found:
        yield ""
        yield str(each.reaction)
        yield from (f"  {line}" for line in _said(each))
    if any(each.missing for each in found):
        yield ""
        yield (
            "substances without a free energy: add a row for each to a file (format:"
            " docs/reference/commands.md) and give it with --energies"
        )


def _said(each: "Assessed") -> Iterator[str]:
    energy = each.energy
    if energy is None:
        yield f"no free energy of {', '.join(each.missing)}"
    else:
        yield (
            f"dG {energy.joules_per_mole / 1000:+.1f} ±"
            f" {energy.sigma_joules_per_mole / 1000:.1f} kJ/mol,"
            f" {energy.mev_per_atom:+.1f} ± {energy.sigma_mev_per_atom:.1f} meV/atom"
        )
    gases = each.reaction.gases
    for word, sign in (("gives off", 1), ("takes up", -1)):
        amounts = [f"{sign * n} mol {gas}" for gas, n in gases.items() if sign * n > 0]
        if amounts:
            yield f"{word} {', '.join(amounts)}"
    for crossing in each.crossings:
        where = "above" if crossing.is_driven_above else "below"
        yield f"driven {where} {crossing.celsius:.0f} ± {crossing.sigma_celsius:.0f} °C"
    if energy is not None and not each.crossings:
        yield "dG does not change sign between 25 and 1500 °C"
    yield from each.notes
