"""Answers of `athanor screen`, as tables or as JSON."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from loop.knowledge.routes import Route
from loop.knowledge.screening import Judged, Screened, System

_WIDEST = 200


def as_json(found: Screened | System) -> dict[str, Any]:
    """Return an answer as plain values; energies in meV per atom."""
    head = {
        "celsius": found.conditions.celsius,
        "atmosphere": found.conditions.atmosphere,
        "phases": [_judged(each) for each in found.judged],
        "computed_rows": {row.name: row.text for row in found.computed},
    }
    if isinstance(found, System):
        return {
            "system": "-".join(found.elements),
            **head,
            "without_energy": dict(found.without),
        }
    new = found.novelty
    return {
        "formula": str(found.formula),
        **head,
        "stable_mixture_moles": dict(found.mixture),
        "novelty": {
            "is_known": new.is_known,
            "table_same_formula": list(new.same_formula),
            "table_same_structure": list(new.same_structure),
            "provider": new.asked or None,
            "provider_same_formula": list(new.entries),
            "provider_same_structure": list(new.entries_same),
        },
        "routes": [_route(each) for each in found.routes],
        "notes": list(found.notes),
    }


def _judged(each: Judged) -> dict[str, Any]:
    stability = each.stability
    return {
        "name": each.name,
        "status": each.status,
        "source": each.source,
        "is_stable": stability.is_stable,
        "mev_per_atom_above_hull": stability.mev_per_atom,
        "sigma_mev_per_atom": stability.sigma_mev_per_atom,
        "against_moles": dict(stability.products),
    }


def _route(route: Route) -> dict[str, Any]:
    row: dict[str, Any] = {
        "reaction": str(route.reaction),
        "kilojoules_per_mole": route.energy.joules_per_mole / 1000,
        "mev_per_atom": route.energy.mev_per_atom,
        "sigma_mev_per_atom": route.energy.sigma_mev_per_atom,
        "first_pair": None,
    }
    if route.first is not None:
        row["first_pair"] = {
            "reaction": str(route.first.reaction),
            "mev_per_atom": route.first.energy.mev_per_atom,
            "sigma_mev_per_atom": route.first.energy.sigma_mev_per_atom,
        }
    return row


def show(found: Screened | System) -> None:
    """Print an answer."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _WIDEST
    where = f"{found.conditions.celsius:g} °C in {found.conditions.atmosphere}"
    name = "-".join(found.elements) if isinstance(found, System) else found.formula
    console.print(f"{name} at {where}")
    if found.judged:
        console.print("meV/atom above the hull; below 0: stable, by so much")
        console.print(_stabilities(found.judged))
    if isinstance(found, System):
        for phase, reason in found.without.items():
            console.print(f"without an energy: {phase}: {reason}", soft_wrap=True)
        return
    console.print(f"at this composition: {_sum(found.mixture)}")
    _show_novelty(console, found)
    if found.routes:
        console.print(_routes(found.routes))
    for note in found.notes:
        console.print(note, soft_wrap=True)


def _stabilities(judged: Sequence[Judged]) -> Table:
    table = Table(box=None, pad_edge=False)
    for title in ("phase", "meV/atom", "±", "against", "energy"):
        table.add_column(title, justify="right" if title in "meV/atom±" else "left")
    for each in judged:
        stability = each.stability
        table.add_row(
            each.name,
            f"{stability.mev_per_atom:+.1f}",
            f"{stability.sigma_mev_per_atom:.0f}",
            _sum(stability.products),
            each.status,
            style="bold" if stability.is_stable else "",
        )
    return table


def _show_novelty(console: Console, found: Screened) -> None:
    new = found.novelty
    known = ", ".join(new.same_formula) or "none"
    console.print(f"phases of this composition in the table: {known}")
    if new.same_structure:
        console.print(f"of this structure: {', '.join(new.same_structure)}")
    if new.asked:
        console.print(f"in {new.asked}: {', '.join(new.entries) or 'none'}")
        if new.entries_same:
            console.print(f"of this structure: {', '.join(new.entries_same)}")


def _routes(routes: Sequence[Route]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("precursors to the first form above")
    table.add_column("meV/atom", justify="right")
    table.add_column("±", justify="right")
    table.add_column("most driven pair")
    table.add_column("meV/atom", justify="right")
    for route in routes:
        first = route.first
        table.add_row(
            str(route.reaction),
            f"{route.energy.mev_per_atom:+.0f}",
            f"{route.energy.sigma_mev_per_atom:.0f}",
            str(first.reaction) if first else "none is driven",
            f"{first.energy.mev_per_atom:+.0f}" if first else "",
        )
    return table


def _sum(moles: Mapping[str, float]) -> str:
    return " + ".join(
        name if abs(n - 1) < 1e-6 else f"{n:.3g} {name}" for name, n in moles.items()
    )
