"""Toxic dust, toxic vapour, and what a hot powder loses of its composition."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from campaigns.safety.facts import Furnace, Heating, Portion, Reagent
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
    return tuple(sorted(rows, key=lambda v: ("closed", "extract", "").index(v.needs)))


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


def vapour_findings(portion: Portion, furnace: Furnace) -> Iterator[Finding]:
    """Yield what evaporates from a sample in each of its firings."""
    for heating in portion.heatings:
        seen = set[str]()
        for vapour in vapours():
            element = vapour.element
            if element not in portion.elements or element in seen:
                continue
            if vapour.happens(heating.celsius, heating.atmosphere):
                seen.add(element)
                yield _vapour(portion, heating, furnace, vapour)


def _vapour(
    portion: Portion, heating: Heating, furnace: Furnace, vapour: Vapour
) -> Finding:
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
