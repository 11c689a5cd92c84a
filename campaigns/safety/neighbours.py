"""What samples fired together do to each other: vapours, gases, melts."""

import tomllib
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from campaigns.materials.phases import PhaseTable
from campaigns.safety.air import Evolution
from campaigns.safety.elements import Vapour, vapours_of
from campaigns.safety.facts import Furnace, Heating, Portion
from campaigns.safety.findings import Finding
from campaigns.safety.gases import releases
from campaigns.safety.heat import melts_at

_TABLE = Path(__file__).with_name("neighbours.toml")


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(_TABLE.read_text(encoding="utf-8"))


def neighbour_findings(
    portions: Sequence[Portion], index: int, furnace: Furnace, table: PhaseTable
) -> Iterator[Finding]:
    """Yield what one heating of several samples does across them.

    Args:
        portions: The samples of the load; all have the same heatings.
        index: Of the heating, from 0.
        furnace: Where it happens.
        table: Known phases.
    """
    if len(portions) < 2:
        return
    yield from _vapours(portions, index, table)
    yield from _gases(portions, index, furnace)
    yield from _melts(portions, index, table)


def _fewer(givers: Sequence[Portion], takers: Sequence[Portion]) -> tuple[str, ...]:
    """Return the smaller group, the later in the load of two equal ones."""
    chosen = givers if len(givers) < len(takers) else takers
    return tuple(portion.name for portion in chosen)


def _vapours(
    portions: Sequence[Portion], index: int, table: PhaseTable
) -> Iterator[Finding]:
    seen = set[str]()
    for giver in portions:
        heating = giver.heatings[index]
        for vapour in vapours_of(giver, table):
            element = vapour.element
            takers = [p for p in portions if element not in p.elements]
            if element in seen or not takers:
                continue
            if vapour.happens(heating.celsius, heating.atmosphere):
                seen.add(element)
                givers = [p for p in portions if element in p.elements]
                yield _settles(vapour, heating, givers, takers)


def _settles(
    vapour: Vapour,
    heating: Heating,
    givers: Sequence[Portion],
    takers: Sequence[Portion],
) -> Finding:
    element = vapour.element
    is_taint = element in _table()["taint"]["elements"]
    return Finding(
        rule="co-firing-vapour",
        severity="refuse" if is_taint and not heating.is_covered else "warn",
        place="load",
        step=heating.step,
        about=element,
        found=f"{element} of {_names(givers)} beside {_names(takers)} at up to"
        f" {heating.celsius:g} °C",
        limit=f"{vapour.above_celsius:g} °C beside samples without {element}",
        reason=f"{vapour.reason}, and settles on the others as {vapour.carries}",
        remedy="fire them in loads of their own, or under lids (covered = true)",
        source=vapour.source,
        samples=_fewer(givers, takers),
    )


def _names(portions: Sequence[Portion]) -> str:
    names = list(dict.fromkeys(portion.name for portion in portions))
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if names[3:] else "")


def _gases(
    portions: Sequence[Portion], index: int, furnace: Furnace
) -> Iterator[Finding]:
    for row in _table()["gas"]:
        gas, unless = row["gas"], frozenset(row["unless"])
        by_sample = {
            p.name: [r for r in releases(p, index) if r.gas == gas] for p in portions
        }
        givers = [p for p in portions if by_sample[p.name]]
        takers = [
            p
            for p in portions
            if not by_sample[p.name]
            and not p.elements & unless
            and (not row["elements"] or p.elements & frozenset(row["elements"]))
        ]
        if not givers or not takers:
            continue
        heating = givers[0].heatings[index]
        released = tuple(r for each in by_sample.values() for r in each)
        percent = 100.0 * Evolution(released, heating, furnace).chamber_share(gas)
        if percent > row["above_percent"]:
            yield Finding(
                rule="co-firing-gas",
                severity=row["severity"],
                place="load",
                step=heating.step,
                about=gas,
                found=f"up to {percent:.2g} % {gas} of {_names(givers)} beside"
                f" {_names(takers)}",
                limit=f"{row['above_percent']:g} % beside samples without their own",
                reason=row["reason"],
                remedy="fire them in loads of their own, or heat more slowly in more"
                " gas",
                source=row["source"],
                samples=_fewer(givers, takers),
            )


def _melts(
    portions: Sequence[Portion], index: int, table: PhaseTable
) -> Iterator[Finding]:
    """Yield samples whose target melts beside others."""
    for portion in portions:
        heating = portion.heatings[index]
        limits = [
            melts
            for row in portion.target_rows(table)
            if (melts := melts_at(row, heating.atmosphere)) is not None
        ]
        if limits and heating.celsius > min(limits):
            yield Finding(
                rule="co-firing-melt",
                severity="warn",
                place="load",
                step=heating.step,
                about=str(portion.target),
                found=f"{portion.name} at up to {heating.celsius:g} °C",
                limit=f"{min(limits):g} °C, where {portion.target} melts",
                reason="a melt that creeps or boils over reaches its neighbours",
                remedy="fire it alone, in a deep crucible on a tray of powder",
                source="melting point of the phase table",
                samples=(portion.name,),
            )
            return
