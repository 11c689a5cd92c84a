"""Toxic dust, toxic vapour, and what a hot powder loses of its composition."""

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from campaigns.materials.formula import Formula
from campaigns.materials.heat import Change
from campaigns.materials.phases import Phase, PhaseTable
from campaigns.materials.reactions import VOLATILE
from campaigns.safety.facts import Furnace, Heating, Portion, Reagent, cited
from campaigns.safety.findings import Finding
from campaigns.safety.gases import holds_oxygen
from campaigns.safety.oxidation import nature

_TABLE = Path(__file__).with_name("elements.toml")
_SOLUBLE = frozenset(("nitrate", "nitrite", "halide", "halate", "organic", "peroxide"))
"""Classes of barium salts that dissolve in water or stomach acid at once."""


@dataclass(frozen=True, slots=True)
class Dust:
    """Harm of an element's powder."""

    elements: tuple[str, ...]
    needs: Literal["", "closed"]
    harm: str
    limit: str
    source: str
    only: int = 0
    """Least oxidation state meant."""
    soluble: bool = False
    """Whether only salts that dissolve are meant."""
    checked: bool = False


@dataclass(frozen=True, slots=True)
class Vapour:
    """What an element leaves a hot powder as."""

    element: str
    above_celsius: float
    needs: Literal["", "extract", "closed"]
    carries: str
    reason: str
    source: str
    gas: Literal["", "oxidising", "reducing"] = ""
    checked: bool = False

    def happens(self, celsius: float, atmosphere: str) -> bool:
        """Tell whether it leaves at a temperature (°C) in a furnace gas."""
        kind = "oxidising" if holds_oxygen(atmosphere) else "reducing"
        return celsius > self.above_celsius and self.gas in ("", kind)


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(_TABLE.read_text(encoding="utf-8"))


@cache
def dusts() -> tuple[Dust, ...]:
    """Return the rules on dust."""
    return tuple(
        Dust(**{**row, "elements": tuple(row["elements"])}) for row in _table()["dust"]
    )


@cache
def vapours() -> tuple[Vapour, ...]:
    """Return the rules on vapours, the most harmful first."""
    rows = [Vapour(**row) for row in _table()["vapour"]]
    return tuple(sorted(rows, key=_harm))


def _harm(vapour: Vapour) -> int:
    return ("closed", "extract", "").index(vapour.needs)


def dust_findings(portion: Portion) -> Iterator[Finding]:
    """Yield the harm of the reagents as powders."""
    for reagent in portion.reagents:
        for dust in dusts():
            if element := _meant(dust, reagent):
                yield Finding(
                    rule="toxic-dust",
                    severity="refuse" if dust.needs else "warn",
                    place="reagent",
                    about=element,
                    reagent=reagent.label,
                    found=f"{reagent.label} is weighed, mixed and poured as a powder",
                    limit=f"{dust.limit} of dust in air",
                    reason=dust.harm,
                    remedy="accept it under [safety] with the reason why it is safe: a"
                    " glove box, a licence, a trained person"
                    if dust.needs
                    else "weigh and pour under an extract, with gloves; damp cloths",
                    source=dust.source,
                )


def _meant(dust: Dust, reagent: Reagent) -> str:
    """Return the element for which a rule on dust holds, empty if for none."""
    known = nature(reagent.formula)
    for element in dust.elements:
        is_there = known.states.get(element, -1.0) > dust.only - 0.5
        if is_there and (not dust.soluble or known.classes & _SOLUBLE):
            return element
    return ""


def vapours_of(portion: Portion, table: PhaseTable) -> tuple[Vapour, ...]:
    """Return the vapours of a sample's elements, the most harmful first.

    Where the phase table says from where a reagent or the target evaporates, that
    replaces the rule for the element; only what it needs of the furnace stays.
    """
    told = dict(_told(portion, table))
    rules = [v for v in vapours() if v.element in portion.elements]
    found = [v for v in rules if v.element not in told]
    for element, (row, changes) in told.items():
        harmful = [v for v in rules if v.element == element]
        needs = harmful[0].needs if harmful else ""
        found += [_from_table(element, row, change, needs) for change in changes]
    return tuple(sorted(found, key=_harm))


def _told(
    portion: Portion, table: PhaseTable
) -> Iterator[tuple[str, tuple[Phase, tuple[Change, ...]]]]:
    """Yield element, and the row and changes by which the phase table lets it go."""
    rows = [r.phase for r in portion.reagents if r.phase]
    for row in (*rows, *portion.target_rows(table)):
        changes = tuple(c for c in row.heat if c.event == "evaporates" and c.into)
        for element in sorted(_carried(changes) & portion.elements):
            yield element, (row, changes)


def _carried(changes: Sequence[Change]) -> frozenset[str]:
    """Return the elements that vapours carry off, oxygen and the like apart."""
    words = [w for c in changes for w in re.split(r"[,+ ]+", c.into) if w]
    return frozenset[str]().union(*(Formula.parse(w).elements for w in words)) - (
        VOLATILE
    )


_GASES: dict[str, Literal["", "oxidising", "reducing"]] = {
    "air": "oxidising", "O2": "oxidising",
    "N2": "reducing", "Ar": "reducing", "H2": "reducing", "vacuum": "reducing",
}  # fmt: skip
"""Gas of the phase table to its kind; both kinds where it names another."""


def _from_table(
    element: str, row: Phase, change: Change, needs: Literal["", "extract", "closed"]
) -> Vapour:
    return Vapour(
        element=element,
        above_celsius=change.celsius,
        needs=needs,
        carries=change.into,
        reason=f"{row.name} {change}",
        source=cited(row, "thermal"),
        gas=_GASES.get(change.gas, ""),
    )


def vapour_findings(
    portion: Portion, furnace: Furnace, table: PhaseTable
) -> Iterator[Finding]:
    """Yield what evaporates from a sample in each of its firings."""
    known = vapours_of(portion, table)
    for heating in portion.heatings:
        seen = set[str]()
        for vapour in known:
            if vapour.element in seen:
                continue
            if vapour.happens(heating.celsius, heating.atmosphere):
                seen.add(vapour.element)
                yield _vapour(heating, furnace, vapour)


def _vapour(heating: Heating, furnace: Furnace, vapour: Vapour) -> Finding:
    has = {
        "": True,
        "extract": furnace.has_extract or furnace.is_closed,
        "closed": furnace.is_closed,
    }[vapour.needs]
    need = {
        "extract": "a furnace with extract = true",
        "closed": "a furnace with closed = true",
    }
    is_toxic = bool(vapour.needs)
    above = f"{vapour.above_celsius:g} °C"
    return Finding(
        rule="toxic-vapour" if is_toxic else "element-loss",
        severity="warn" if has else "refuse",
        is_hard=not has and vapour.needs == "closed",
        place="heating",
        step=heating.step,
        about=vapour.element,
        found=f"{vapour.element} up to {heating.celsius:g} °C in {heating.atmosphere}"
        f" leaves as {vapour.carries}",
        limit=f"{above} without {need[vapour.needs]}"
        if is_toxic
        else f"{above} without loss",
        reason=vapour.reason,
        remedy=f"lower the temperature or use {need[vapour.needs]}"
        if not has
        else "cover the crucible, hold shorter, or search a small excess of"
        f" {vapour.element}",
        source=vapour.source,
    )
