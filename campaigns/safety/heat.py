"""Temperature against what melts or decomposes in the powder."""

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import combinations
from pathlib import Path

from campaigns.errors import MaterialError
from campaigns.materials.atmospheres import PRESSURES
from campaigns.materials.formula import Formula
from campaigns.materials.freeenergy import ZERO_CELSIUS, Energies
from campaigns.materials.heat import ANY, first
from campaigns.materials.phases import Phase, PhaseTable
from campaigns.materials.reactions import VOLATILE, balance
from campaigns.materials.thermo import HIGHEST_KELVIN
from campaigns.materials.thermo import table as thermochemistry
from campaigns.safety.facts import Heating, Portion, cited
from campaigns.safety.findings import Finding
from campaigns.safety.gases import holds_oxygen

MUCH_TOO_HOT_KELVIN = 50.0
"""So far above the melting point of the target the whole powder is a liquid that
wets and creeps; a choice, wide enough for errors of table and furnace."""
_TABLE = Path(__file__).with_name("heat.toml")


@dataclass(frozen=True, slots=True)
class Eutectic:
    """A melt of several oxides or salts."""

    elements: frozenset[str]
    celsius: float
    melts: str
    source: str
    checked: bool = False


@cache
def eutectics() -> tuple[Eutectic, ...]:
    """Return the melts that are known."""
    rows = tomllib.loads(_TABLE.read_text(encoding="utf-8"))["eutectic"]
    return tuple(
        Eutectic(**{**row, "elements": frozenset(row["elements"])}) for row in rows
    )


def heat_findings(portion: Portion, table: PhaseTable) -> Iterator[Finding]:
    """Yield what each heating does to the powder."""
    melted = set[str]()
    for heating in portion.heatings:
        if not heating.is_drying:
            yield from _target(portion, heating, table)
        for finding in _melting(portion, heating, table):
            if finding.about not in melted:
                melted.add(finding.about)
                yield finding


def _target(portion: Portion, heating: Heating, table: PhaseTable) -> Iterator[Finding]:
    """Yield whether the target itself survives the firing."""
    rows = portion.target_rows(table)
    names = {row.name for row in rows}
    for row in rows:
        melts = melts_at(row, heating.atmosphere)
        if melts is not None and heating.celsius > melts + MUCH_TOO_HOT_KELVIN:
            yield _melts(
                "target-melts", heating, row, melts, f"the target ({row.name})",
                "the whole powder runs, creeps over the rim and joins its crucible",
            )  # fmt: skip
            return
    for row in rows:
        yield from _decomposes(row, heating, names)
    if rows and not any(
        heating.atmosphere in row.atmospheres or not row.atmospheres for row in rows
    ):
        allowed = sorted({gas for row in rows for gas in row.atmospheres})
        yield Finding(
            rule="target-gas",
            severity="warn",
            place="heating",
            step=heating.step,
            about=str(portion.target),
            found=f"fired in {heating.atmosphere}",
            limit=", ".join(allowed),
            reason=f"{portion.target} is oxidised, reduced or carbonated in other gas",
            remedy="choose one of these gases",
            source=cited(rows[0], "handling"),
        )


def _decomposes(row: Phase, heating: Heating, accepted: set[str]) -> Iterator[Finding]:
    """Yield where a target is lost; not where it turns into another accepted one."""
    for change in row.heat:
        is_lost = change.event == "decomposes" and change.into not in accepted
        if not is_lost or change.gas not in (heating.atmosphere, ANY):
            continue
        if heating.celsius > change.celsius:
            yield Finding(
                rule="target-decomposes",
                severity="warn",
                place="heating",
                step=heating.step,
                about=row.name,
                found=f"up to {heating.celsius:g} °C in {heating.atmosphere}",
                limit=f"{change.celsius:g} °C: {row.name} {change}",
                reason="what was made is lost again, unless cooling brings it back",
                remedy="lower the temperature, or cool slowly in a gas that heals it",
                source=cited(row, "thermal"),
            )
            return


def melts_at(row: Phase, atmosphere: str) -> float | None:
    """Return where a phase melts in a furnace gas, °C.

    None where that is not known, or where it decomposes before.
    """
    told = first(row.heat, "melts", atmosphere)
    if told is not None or row.melting_celsius is None:
        return told
    gone = first(row.heat, "decomposes", atmosphere)
    melts = row.melting_celsius
    return melts if gone is None or melts < gone else None


def _melting(
    portion: Portion, heating: Heating, table: PhaseTable
) -> Iterator[Finding]:
    """Yield reagents, target, intermediates and mixtures of them that melt."""
    celsius, why = heating.celsius, "the powder may fuse to its crucible or creep"
    for row, name in _rows(portion, heating, table):
        melts = melts_at(row, heating.atmosphere)
        if melts is not None and celsius > melts:
            yield _melts("melts", heating, row, melts, name, why)
    if heating.is_drying:
        return
    for melt in eutectics():
        if melt.elements <= portion.elements and celsius > melt.celsius:
            yield Finding(
                rule="eutectic",
                severity="warn",
                place="heating",
                step=heating.step,
                about=melt.melts,
                found=f"up to {celsius:g} °C",
                limit=f"{melt.celsius:g} °C, where {melt.melts} melts",
                reason=why,
                remedy="lower the temperature, or calcine below it first",
                source=melt.source,
            )


def _rows(
    portion: Portion, heating: Heating, table: PhaseTable
) -> Iterator[tuple[Phase, str]]:
    """Yield phases that may be there, and what to call them.

    Reagents are there in the first firing, and in drying before it.
    """
    if heating.is_drying or portion.is_first_firing(heating):
        for reagent in portion.reagents:
            if reagent.phase:
                yield reagent.phase, reagent.label
    if not heating.is_drying:
        for row in portion.target_rows(table):
            yield row, f"the target ({row.name})"
        for row in may_appear(portion, heating, table):
            yield row, f"{row.name}, which may form,"


def _melts(
    rule: str, heating: Heating, row: Phase, celsius: float, name: str, why: str
) -> Finding:
    return Finding(
        rule=rule,
        severity="refuse" if rule == "target-melts" else "warn",
        place="heating",
        step=heating.step,
        about=row.name,
        found=f"up to {heating.celsius:g} °C",
        limit=f"{celsius:g} °C, where {name} melts",
        reason=why,
        remedy="dry cooler"
        if heating.is_drying
        else "lower the temperature, or calcine below it first",
        source=cited(row, "thermal"),
    )


def may_appear(
    portion: Portion, heating: Heating, table: PhaseTable
) -> tuple[Phase, ...]:
    """Return phases that reagents of a sample can make, gas apart.

    A phase counts unless the tables have energies that speak against it at the
    temperature, or where it would melt below.
    """
    formulas = tuple(dict.fromkeys(r.formula for r in portion.reagents))
    own = {r.phase.name for r in portion.reagents if r.phase}
    own |= {row.name for row in portion.target_rows(table)}
    # Metals do not come of oxides in a gas that holds oxygen.
    least = 2 if holds_oxygen(heating.atmosphere) else 1
    rows = tuple(
        row
        for row in table.within(portion.elements | {"O"})
        if row.name not in own and len(row.elements) >= least
    )
    return _makeable(formulas, rows, heating.celsius, heating.atmosphere)


@lru_cache(maxsize=512)
def _makeable(
    reagents: tuple[Formula, ...],
    rows: tuple[Phase, ...],
    celsius: float,
    atmosphere: str,
) -> tuple[Phase, ...]:
    return tuple(
        row
        for row in rows
        if _is_makeable(
            reagents,
            row,
            min(celsius, melts_at(row, atmosphere) or celsius),
            atmosphere,
        )
    )


def _is_makeable(
    reagents: tuple[Formula, ...], row: Phase, celsius: float, atmosphere: str
) -> bool:
    cations = row.elements - VOLATILE
    for n in range(1, len(reagents) + 1):
        for chosen in combinations(reagents, n):
            supplied = frozenset[str]().union(*(f.elements for f in chosen))
            if not cations or supplied - VOLATILE != cations:
                continue
            if _is_driven(chosen, row.formula, celsius, atmosphere):
                return True
    return False


def _is_driven(
    chosen: Sequence[Formula], product: Formula, celsius: float, atmosphere: str
) -> bool:
    """Tell whether a reaction balances and nothing speaks against it."""
    try:
        reaction = balance(chosen, [product])
    except MaterialError:
        return False
    energies = Energies(thermochemistry(), {})
    if energies.missing(reaction) or atmosphere not in PRESSURES:
        return True
    kelvin = min(celsius + ZERO_CELSIUS, HIGHEST_KELVIN)
    energy = energies.of(reaction, kelvin, atmosphere)
    return energy.joules_per_mole < energy.sigma_joules_per_mole
