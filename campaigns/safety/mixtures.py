"""Oxidisers with fuels: what may burn off or explode in a vial, a mill or a furnace."""

import tomllib
from collections.abc import Iterator
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

from campaigns.safety.facts import Portion, Reagent
from campaigns.safety.findings import Finding
from campaigns.safety.oxidation import (
    FUELS,
    SELF_CONTAINED,
    nature,
    reducing_equivalents,
)

KILOJOULES_PER_EQUIVALENT = 105.0
"""Heat of burning per mole of electrons: 13.1 kJ per gram of oxygen for nearly all
organic matter. Source: Huggett, Fire Mater. 4 (1980) 61; recalled. Oxygen from a
nitrate or peroxide gives about as much; a metal up to twice."""
WARN_JOULES_PER_GRAM = 300.0
"""Heat from which a mixture may decompose by itself. Source: Regulation (EC)
1272/2008, annex I, 2.8.4.2(b): below 300 J/g nothing is self-reactive."""
MOST_JOULES_PER_GRAM = 500.0
"""Heat from which a mixture may be an explosive. Source: UN Manual of Tests and
Criteria, appendix 6, 3.3(c); recalled."""
LEAST_GRAMS = 0.05
"""Less oxidiser and fuel than this burns off unnoticed: a choice."""
_TABLE = Path(__file__).with_name("mixtures.toml")


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(_TABLE.read_text(encoding="utf-8"))


def mixture_findings(portion: Portion) -> Iterator[Finding]:
    """Yield what may burn in the mixture of one sample."""
    for reagent in portion.reagents:
        yield from _by_itself(reagent)
    pairs = [
        (a, b)
        for a, b in product(portion.reagents, repeat=2)
        if a is not b
        and nature(a.formula).is_oxidiser
        and nature(b.formula).is_fuel
    ]  # fmt: skip
    for oxidiser, fuel in pairs:
        yield from _pair(portion, oxidiser, fuel)


def _by_itself(reagent: Reagent) -> Iterator[Finding]:
    known = nature(reagent.formula)
    kinds = known.classes & SELF_CONTAINED
    if {"ammonium", "high-valent metal"} <= known.classes:
        kinds |= {"ammonium with high-valent metal"}
    for row in _table()["self"]:
        if row["class"] in kinds:
            yield Finding(
                rule="explosive",
                severity="refuse",
                is_hard=True,
                place="reagent",
                about=reagent.label,
                reagent=reagent.label,
                found=f"{reagent.label}, {row['class']}",
                limit="no reagent that holds its own oxidiser and fuel",
                reason=row["reason"],
                remedy="choose another salt of the same metal",
                source=_table()["source"],
            )


def heat_joules_per_gram(oxidiser: Reagent, fuel: Reagent) -> float:
    """Return the heat of a pair that burns as far as the scarcer allows, J/g."""
    takes = -reducing_equivalents(oxidiser.formula) * oxidiser.moles
    gives = reducing_equivalents(fuel.formula) * fuel.moles
    grams = oxidiser.grams + fuel.grams
    passed = max(0.0, min(takes, gives))
    return 1000.0 * KILOJOULES_PER_EQUIVALENT * passed / grams if grams else 0.0


def _pair(portion: Portion, oxidiser: Reagent, fuel: Reagent) -> Iterator[Finding]:
    row = _row(nature(oxidiser.formula).classes, nature(fuel.formula).classes)
    grams = oxidiser.grams + fuel.grams
    heat = heat_joules_per_gram(oxidiser, fuel)
    most = float(row["most_grams"])
    is_hard = most == 0 or (portion.is_ground and heat >= MOST_JOULES_PER_GRAM)
    # A hot mixture counts by its mass; a mild one may be larger.
    is_over = is_hard or (grams > most and heat >= WARN_JOULES_PER_GRAM)
    if most > 0 and grams < LEAST_GRAMS:
        return
    found = f"{grams:.3g} g of {oxidiser.label} with {fuel.label}, up to {heat:.0f} J/g"
    if is_hard and most > 0:
        found += ", ground by a machine"
    yield Finding(
        rule="oxidiser-with-fuel",
        severity="refuse" if is_over else "warn",
        is_hard=is_hard,
        place="mixture",
        about=f"{oxidiser.label} + {fuel.label}",
        found=found,
        limit="none of the pair" if most == 0 else
        f"{most:g} g above {WARN_JOULES_PER_GRAM:g} J/g; none above"
        f" {MOST_JOULES_PER_GRAM:g} J/g in a mixer or mill",
        reason=row["reason"],
        remedy="replace one of the two, or calcine it alone first; if it must be, make"
        " smaller samples, mix by hand and heat at 1 °C/min",
        source=f"{_table()['source']}; heat limits: Regulation (EC) 1272/2008, 2.8.4.2,"
        " and UN Manual of Tests and Criteria, appendix 6",
    )  # fmt: skip


def _row(oxidiser: frozenset[str], fuel: frozenset[str]) -> dict[str, Any]:
    """Return the strictest rule for a pair of classes."""
    rows = [
        row
        for row in _table()["pair"]
        if row["oxidiser"] in oxidiser
        and (row["fuel"] in fuel or (row["fuel"] == "any" and fuel & FUELS))
    ]
    named = [row for row in rows if row["fuel"] != "any"]
    return min(named or rows, key=lambda row: float(row["most_grams"]))
