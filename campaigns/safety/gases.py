"""Which gases a sample gives off while it is heated, how much of each, how fast."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from campaigns.materials.atmospheres import PRESSURES
from campaigns.materials.heat import first
from campaigns.materials.thermo import GAS_CONSTANT
from campaigns.safety.facts import Heating, Portion, Reagent
from campaigns.safety.oxidation import nature, reducing_equivalents

LITRES_PER_MOLE = 1e-2 * GAS_CONSTANT * 298.15
"""Molar volume of an ideal gas at 25 °C and 1 bar, l/mol."""
CO_SHARE = 0.1
"""Share of organic carbon that leaves as CO where the furnace gas holds oxygen: an
estimate; a smouldering powder gives some per cent to some ten per cent."""
ROOM_CELSIUS = 25.0
_WATER_GRAMS = 18.015
_TABLE = Path(__file__).with_name("gases.toml")
Window = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Gas:
    """What is known of a gas."""

    name: str
    harm: str
    source: str
    limit_ppm: float | None = None
    flammable_percent: float | None = None
    checked: bool = False


@dataclass(frozen=True, slots=True)
class Release:
    """Gas from one reagent within one window of temperature."""

    gas: str
    moles: float
    start_celsius: float
    end_celsius: float
    reagent: str

    @property
    def litres(self) -> float:
        """Return the volume at 25 °C and 1 bar, l."""
        return self.moles * LITRES_PER_MOLE

    def litres_per_minute(self, celsius: float, ramp: float) -> float:
        """Return the rate while heating through a temperature, l/min.

        Args:
            celsius: Temperature, degrees Celsius.
            ramp: Heating rate, degrees Celsius per minute.
        """
        width = self.end_celsius - self.start_celsius
        middle = (self.start_celsius + self.end_celsius) / 2
        share = max(0.0, 1.0 - abs(celsius - middle) / (width / 2))
        return self.litres * ramp * 2.0 / width * share


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(_TABLE.read_text(encoding="utf-8"))


@cache
def gases() -> Mapping[str, Gas]:
    """Return what is known of gases, by formula."""
    return {name: Gas(name, **row) for name, row in _table()["gas"].items()}


def holds_oxygen(atmosphere: str) -> bool:
    """Tell whether a furnace gas feeds a fire; unknown gases are taken not to."""
    return PRESSURES.get(atmosphere, {}).get("O2", 0.0) > 0.01


def releases(portion: Portion, index: int) -> tuple[Release, ...]:
    """Return the gas that one heating of a sample may drive out.

    An upper bound: all that may begin below its temperature, less what surely ended in
    an earlier heating. What the target keeps (the carbon of a carbonate, say) stays.

    Args:
        portion: The sample.
        index: The heating, from 0.
    """
    heating = portion.heatings[index]
    before = max((h.celsius for h in portion.heatings[:index]), default=ROOM_CELSIUS)
    kept = _kept_shares(portion)
    return tuple(
        release
        for reagent in portion.reagents
        for release in _of_reagent(reagent, heating, kept)
        if release.start_celsius < heating.celsius and release.end_celsius > before
    )


def _kept_shares(portion: Portion) -> dict[str, float]:
    """Return element to the share of it that the target keeps, 0 to 1."""
    kept: dict[str, float] = {}
    for element in portion.target.elements:
        given = sum(
            r.moles * float(r.formula.amount(element)) for r in portion.reagents
        )
        wanted = portion.target_moles * float(portion.target.amount(element))
        if given > 0:
            kept[element] = min(1.0, wanted / given)
    return kept


def _of_reagent(
    reagent: Reagent, heating: Heating, kept: Mapping[str, float]
) -> Iterator[Release]:
    for gas, moles, kind in (*_gases_of(reagent, heating, kept), *_adsorbed(reagent)):
        if moles > 0:
            start, end = window(reagent, kind)
            yield Release(gas, moles, start, end, reagent.label)


def _adsorbed(reagent: Reagent) -> Iterator[tuple[str, float, str]]:
    yield "H2O", reagent.adsorbed_grams / _WATER_GRAMS, "adsorbed"


def _gases_of(
    reagent: Reagent, heating: Heating, kept: Mapping[str, float]
) -> Iterator[tuple[str, float, str]]:
    """Yield (gas, moles, class that gives it off) for one reagent."""
    classes = nature(reagent.formula).classes
    leaving = {
        element: reagent.moles * float(n) * (1.0 - kept.get(element, 0.0))
        for element, n in reagent.formula.composition
    }
    hydrogen = leaving.get("H", 0.0)
    for gas, moles, kind, used in _of_anions(leaving, classes):
        hydrogen -= moles * used
        yield gas, moles, kind
    yield from _of_carbon(leaving.get("C", 0.0), classes, heating)
    if hydrogen > 0:
        is_hydride = "hydride" in classes
        kind = "hydride" if is_hydride else _first(classes, "organic", "water")
        yield ("H2" if is_hydride else "H2O"), hydrogen / 2, kind
    yield from _of_oxygen(reagent, leaving.get("N", 0.0), classes)


def _first(classes: Iterable[str], *wanted: str) -> str:
    """Return the first of the wanted classes that is there, else the last."""
    return next((kind for kind in wanted if kind in classes), wanted[-1])


def _of_anions(
    leaving: Mapping[str, float], classes: frozenset[str]
) -> Iterator[tuple[str, float, str, float]]:
    """Yield (gas, moles, class, hydrogen taken along per mole)."""
    if nitrogen := leaving.get("N", 0.0):
        if "azide" in classes or "reduced anion" in classes:
            yield "N2", nitrogen / 2, _first(classes, "azide", "reduced anion"), 0.0
        elif classes & {"nitrate", "nitrite", "ammonium nitrate"}:
            kind = _first(classes, "nitrate", "nitrite", "ammonium nitrate")
            yield "NO2", nitrogen, kind, 0.0
        else:
            yield "NH3", nitrogen, "ammonium", 3.0
    for element, gas in (("F", "HF"), ("Cl", "HCl"), ("Br", "HBr")):
        if moles := leaving.get(element, 0.0):
            yield gas, moles, _first(classes, "ammonium", "halate", "halide"), 1.0
    if iodine := leaving.get("I", 0.0):
        yield "I2", iodine / 2, _first(classes, "halate", "halide"), 0.0
    if sulphur := leaving.get("S", 0.0):
        kind = _first(classes, "sulphate", "reduced anion", "element")
        yield "SO2", sulphur, kind, 0.0


def _of_carbon(
    moles: float, classes: frozenset[str], heating: Heating
) -> Iterator[tuple[str, float, str]]:
    kind = _first(classes, "organic", "carbon", "reduced anion", "carbonate")
    if kind == "carbonate":
        yield "CO2", moles, kind
        return
    share = CO_SHARE if holds_oxygen(heating.atmosphere) else 1.0
    yield "CO", moles * share, kind
    yield "CO2", moles * (1.0 - share), kind


def _of_oxygen(
    reagent: Reagent, nitrogen: float, classes: frozenset[str]
) -> Iterator[tuple[str, float, str]]:
    """Yield the oxygen of peroxides, nitrates and other oxidisers.

    A nitrate group gives NO2 and a quarter of an O2: MNO3 = 1/2 M2O + NO2 + 1/4 O2.
    """
    if "nitrate" in classes:
        yield "O2", nitrogen / 4, "nitrate"
    for kind in ("peroxide", "halate", "high-valent metal"):
        if kind in classes and "ammonium" not in classes:
            taken = max(0.0, -reducing_equivalents(reagent.formula))
            yield "O2", reagent.moles * taken / 4, kind
            return


def window(reagent: Reagent, kind: str) -> Window:
    """Return between which temperatures a class of reagent gives off its gas, °C.

    Where the phase table has it decompose sooner, the gas begins there.
    """
    low, high = _table()["window"][kind]
    if kind == "carbonate":
        spans = [
            span for e, span in _table()["carbonate"].items()
            if e in reagent.formula.elements
        ]  # fmt: skip
        low, high = min(spans, default=(low, high))
    known = first(reagent.phase.heat, "decomposes", "air") if reagent.phase else None
    if kind not in ("adsorbed", "water") and known is not None:
        low = min(low, known)
    return float(low), float(high)


def total_litres(released: Iterable[Release]) -> dict[str, float]:
    """Return gas to litres at 25 °C and 1 bar."""
    total: dict[str, float] = {}
    for each in released:
        total[each.gas] = total.get(each.gas, 0.0) + each.litres
    return total


def peak_litres_per_minute(
    released: Sequence[Release], heating: Heating, gas: str | None = None
) -> float:
    """Return the fastest rate of one gas, or of all, on the way up, l/min.

    Rates of triangles that overlap add; their sum is largest at a corner of one.

    Args:
        released: Gas of everything in the furnace.
        heating: The firing that they share.
        gas: All gases together if absent.
    """
    chosen = [r for r in released if gas in (None, r.gas)]
    corners = {
        min(at, heating.celsius)
        for r in chosen
        for at in (r.start_celsius, (r.start_celsius + r.end_celsius) / 2)
    } | {heating.celsius}
    ramp = heating.ramp_celsius_per_minute
    return max(
        (sum(r.litres_per_minute(at, ramp) for r in chosen) for at in corners),
        default=0.0,
    )
