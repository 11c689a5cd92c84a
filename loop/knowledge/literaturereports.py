"""Text-mined records as reports: which solids made which compounds, and how fired.

What cannot be read as chemistry is dropped and counted; see `Tally`.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from statistics import fmean
from typing import Any, Literal

from campaigns.errors import MaterialError
from campaigns.materials.formula import Formula
from campaigns.materials.reactions import VOLATILE
from loop.errors import LiteratureError
from loop.knowledge.literaturemisread import put_right

Amounts = tuple[tuple[str, float], ...]
"""Elements and amounts, sorted by element: the least amount is 1."""
Kind = Literal["calcine", "fire", "sinter"]
KINDS: tuple[Kind, ...] = ("calcine", "fire", "sinter")
COLDEST_CELSIUS, HOTTEST_CELSIUS = 200.0, 2300.0
"""Heating below is drying, above an error of reading."""
LONGEST_HOURS = 1000.0
_FIRST = ("calcin", "pre", "decompos")
_DENSE = ("sinter", "anneal", "densif")
_WATER = frozenset(["H2O"])


@dataclass(frozen=True, slots=True)
class Firing:
    """One heating of a report; what the text did not say is absent."""

    kind: Kind
    """`calcine` before the last grinding, `sinter` of a pressed body, else `fire`."""
    celsius: float | None
    hours: float | None
    atmosphere: str
    """Gases in alphabetical order, such as `air` or `hydrogen+nitrogen`, or empty."""


@dataclass(frozen=True, slots=True)
class Made:
    """A compound of a report and what of the report's solids it takes."""

    text: str
    amounts: Amounts
    precursors: frozenset[Amounts]


@dataclass(frozen=True, slots=True)
class Report:
    """A record that could be read."""

    number: int
    """Of the record in its file, from 1."""
    doi: str
    made: tuple[Made, ...]
    solids: frozenset[Amounts]
    """All of the record: those of dopants and fluxes too."""
    firings: tuple[Firing, ...]


@dataclass(slots=True)
class Tally:
    """What was read, what was dropped and why."""

    records: int = 0
    reports: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    """Reason to records."""
    targets_dropped: Counter[str] = field(default_factory=Counter)
    """Reason to compounds of records that were kept or dropped."""
    misread: int = 0
    """Precursors of records whose formulas were put right."""
    spellings: dict[Amounts, Counter[str]] = field(default_factory=dict)
    """Precursor to the ways in which it was written."""


def reduced(amounts: Mapping[str, float | Fraction]) -> Amounts:
    """Return amounts with the least at 1, to three decimals: equal if trivially so."""
    plain = {element: float(n) for element, n in amounts.items()}
    least = min(plain.values())
    return tuple((e, round(n / least, 3)) for e, n in sorted(plain.items()))


def needed(elements: Iterable[str]) -> frozenset[str]:
    """Return the elements of a compound that solids must bring."""
    return frozenset(elements) - VOLATILE


def target_amounts(formula: Formula) -> Amounts:
    """Return the amounts by which a compound is known."""
    return reduced(dict(formula.composition))


@lru_cache(maxsize=65536)
def precursor_amounts(text: str) -> Amounts | None:
    """Return the amounts by which a precursor is known, none for water.

    Hydrate water does not count: a shelf has one hydrate or another.

    Raises:
        MaterialError: If the text is no formula.
    """
    parts = [p for p in Formula.parse(text).text.split("·") if not _is_water(p)]
    return reduced(dict(Formula.parse("·".join(parts)).composition)) if parts else None


def _is_water(part: str) -> bool:
    return part.lstrip("0123456789./") in _WATER


def reports(
    records: Iterable[tuple[int, dict[str, Any]]],
) -> tuple[list[Report], Tally]:
    """Return the records that can be used, and what became of the others.

    Raises:
        LiteratureError: If a field of a record has a form that the format has not.
    """
    found, tally = [], Tally()
    for number, record in records:
        tally.records += 1
        try:
            report = _report(number, record, tally)
        except (KeyError, TypeError, AttributeError) as error:
            raise LiteratureError(
                f"record {number}: {type(error).__name__} {error} where a field of the"
                " format of Kononova et al. 2019 was expected; give a file that nobody"
                " edited"
            ) from error
        if report is not None:
            found.append(report)
    tally.reports = len(found)
    return found, tally


def _report(number: int, record: dict[str, Any], tally: Tally) -> Report | None:
    try:
        solids = _solids(record["precursors"], tally)
    except (ValueError, ZeroDivisionError):
        tally.dropped["a precursor's amounts are no numbers"] += 1
        return None
    made: dict[Amounts, Made] = {}
    for text in record["targets_string"]:
        try:
            one = _made(text, solids)
        except MaterialError:
            tally.targets_dropped["no formula, or a variable without a value"] += 1
            continue
        if isinstance(one, str):
            tally.targets_dropped[one] += 1
        else:
            made.setdefault(one.amounts, one)
    if not made:
        tally.dropped["no target left"] += 1
        return None
    firings = tuple(_firings(record["operations"]))
    return Report(number, record["doi"], tuple(made.values()), solids, firings)


def _solids(precursors: Iterable[dict[str, Any]], tally: Tally) -> frozenset[Amounts]:
    """Return the precursors of a record, without water and misreadings.

    Raises:
        ValueError: If an amount is no number.
    """
    found = set()
    for precursor in precursors:
        total: dict[str, float] = {}
        for part in precursor["composition"]:
            if part["formula"] in _WATER:
                continue
            for element, n in part["elements"].items():
                amount = float(n) * float(part["amount"])
                total[element] = total.get(element, 0.0) + amount
        total = {element: n for element, n in total.items() if n > 0}
        meant = put_right(total) if total else None
        if meant is not None:
            tally.misread += 1
            found.add(reduced(meant))
        elif total:
            known = reduced(total)
            found.add(known)
            spelling = str(precursor["material_formula"])
            tally.spellings.setdefault(known, Counter())[spelling] += 1
    return frozenset(found)


def _made(text: str, solids: frozenset[Amounts]) -> Made | str:
    """Return a target with the solids that it takes, or why it is of no use.

    Solids with an element that the target lacks (dopants of a host, fluxes) are not
    its own; nor are those of C, H, N and O alone unless it holds C or N.

    Raises:
        MaterialError: If the target is no formula.
    """
    formula = Formula.parse(text)
    amounts = target_amounts(formula)
    cations = needed(formula.elements)
    if not cations:
        return "nothing but C, H, N and O"
    own = set()
    for solid in solids:
        elements = {element for element, _ in solid}
        brings = needed(elements) or elements & formula.elements & {"C", "N"}
        if brings and brings <= formula.elements:
            own.add(solid)
    brought = {element for solid in own for element, _ in solid}
    if not cations <= brought:
        return "an element without a source"
    if own == {amounts}:
        return "made of itself"
    return Made(text, amounts, frozenset(own))


def _firings(operations: Iterable[dict[str, Any]]) -> Iterable[Firing]:
    for operation in operations:
        conditions = operation["conditions"]
        if operation["type"] != "HeatingOperation" or not conditions:
            continue
        celsius = _mean(conditions.get("heating_temperature"), "C")
        hours = _mean(conditions.get("heating_time"), "h")
        if celsius is not None and not COLDEST_CELSIUS <= celsius <= HOTTEST_CELSIUS:
            continue
        if hours is not None and not 0 < hours <= LONGEST_HOURS:
            hours = None
        gases = sorted(set(conditions.get("heating_atmosphere") or ()))
        if celsius is not None or hours is not None or gases:
            yield Firing(
                _kind(str(operation["token"])), celsius, hours, "+".join(gases)
            )


def _kind(token: str) -> Kind:
    word = token.lower()
    if word.startswith(_FIRST):
        return "calcine"
    return "sinter" if word.startswith(_DENSE) else "fire"


def _mean(found: Any, unit: str) -> float | None:  # noqa: ANN401 - JSON
    """Return the mean of all values of the first entry in a unit."""
    for entry in found or ():
        values = [float(v) for v in entry["values"] or () if v is not None]
        ends = [entry["min_value"], entry["max_value"]]
        values = values or [float(v) for v in ends if v is not None]
        if values and entry["units"] == unit:
            return fmean(values)
    return None
