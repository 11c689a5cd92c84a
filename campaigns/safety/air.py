"""Gas: pressure in the furnace, poison and lack of oxygen in the room, fire."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from campaigns.safety.facts import Furnace, Heating
from campaigns.safety.findings import Finding
from campaigns.safety.gases import (
    Gas,
    Release,
    gases,
    holds_oxygen,
    peak_litres_per_minute,
    total_litres,
)

WARN_SHARE = 0.25
"""Share of a limit of fire or pressure from which there is a warning. Source: NFPA 86
keeps ovens below a quarter of the lower limit of flammability; recalled."""
MOST_OXYGEN_LOST = 0.07
"""Share of the room's air that other gas may displace: 20.9 % oxygen falls to 19.5 %,
below which air counts as deficient. Source: 29 CFR 1910.134(b); recalled."""


@dataclass(frozen=True, slots=True)
class Evolution:
    """What everything in a furnace gives off during one heating."""

    released: tuple[Release, ...]
    heating: Heating
    furnace: Furnace

    @property
    def litres(self) -> dict[str, float]:
        """Return gas to litres at 25 °C and 1 bar."""
        return total_litres(self.released)

    def peak(self, gas: str | None = None) -> float:
        """Return the fastest rate of a gas, or of all, l/min."""
        return peak_litres_per_minute(self.released, self.heating, gas)

    def room_share(self, gas: str) -> float:
        """Return the most that a gas makes up of the room's air, 0 to 1.

        The room is well mixed: no more than all of it at once, nor more than what
        the ventilation carries away at the fastest rate.
        """
        furnace = self.furnace
        at_once = self.litres.get(gas, 0.0) / furnace.room_litres
        if furnace.room_litres_per_minute <= 0:
            return at_once
        return min(at_once, self.peak(gas) / furnace.room_litres_per_minute)

    def chamber_share(self, gas: str) -> float:
        """Return the most that a gas makes up of the furnace's own, 0 to 1."""
        peak, flow = self.peak(gas), self.furnace.gas_litres_per_minute
        at_once = min(1.0, self.litres.get(gas, 0.0) / self.furnace.volume_litres)
        return min(at_once, peak / (peak + flow)) if peak + flow > 0 else 0.0

    def finding(self, **values: object) -> Finding:
        """Return a finding about this heating."""
        return Finding(**{"place": "load", "step": self.heating.step, **values})  # type: ignore[arg-type]


def gas_findings(
    released: Sequence[Release], heating: Heating, furnace: Furnace
) -> Iterator[Finding]:
    """Yield what is wrong with the gas of everything that is heated together."""
    evolution = Evolution(tuple(released), heating, furnace)
    yield from _pressure(evolution)
    yield from _suffocation(evolution)
    for name in sorted(evolution.litres):
        gas = gases()[name]
        yield from _poison(evolution, gas)
        yield from _fire(evolution, gas)


def describe(litres: dict[str, float]) -> str:
    """Write volumes of gas, the largest first."""
    ranked = sorted(litres.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{volume:.3g} l {gas}" for gas, volume in ranked)


def _pressure(evolution: Evolution) -> Iterator[Finding]:
    furnace, peak = evolution.furnace, evolution.peak()
    rate = peak + furnace.gas_litres_per_minute
    limit = furnace.vent_litres_per_minute
    if peak <= 0 or rate <= WARN_SHARE * limit or peak <= 0.01 * limit:
        return
    is_over = rate > limit
    yield evolution.finding(
        rule="gas-pressure",
        severity="refuse" if is_over else "warn",
        is_hard=is_over,
        about=furnace.name,
        found=f"{describe(evolution.litres)}, at most {peak:.2g} l/min beside"
        f" {furnace.gas_litres_per_minute:g} l/min of furnace gas",
        limit=f"{limit:g} l/min through the vent of {furnace.name}",
        reason="gas that cannot leave lifts the door or cracks the tube",
        remedy="heat more slowly, fire fewer samples at once, or make less of each",
        source="vent_litres_per_minute of the lab file",
    )


def _poison(evolution: Evolution, gas: Gas) -> Iterator[Finding]:
    """Judge a harmful gas by what the room would hold if it all went there."""
    if gas.limit_ppm is None or gas.name == "CO2":
        return
    ppm, furnace = 1e6 * evolution.room_share(gas.name), evolution.furnace
    millilitres = 1000.0 * evolution.litres[gas.name]
    if ppm <= 0:
        return
    is_safe = furnace.has_extract or furnace.is_closed
    is_over = ppm > gas.limit_ppm and not is_safe
    found = f"{millilitres:.3g} ml {gas.name}"
    if is_safe:
        found += f", which would make {ppm:.2g} ppm of the room's air"
        remedy = "see that the extract runs until the furnace is cold"
    else:
        found += f", {ppm:.2g} ppm of the room's air"
        remedy = (
            "fire it in a furnace with extract = true, in fewer or smaller samples, or"
            " choose other reagents"
        )
    yield evolution.finding(
        rule="gas-toxic",
        severity="refuse" if is_over else "warn",
        is_hard=is_over,
        about=gas.name,
        found=found,
        limit=f"{gas.limit_ppm:g} ppm in the room",
        reason=gas.harm,
        remedy=remedy,
        source=gas.source,
    )


def _suffocation(evolution: Evolution) -> Iterator[Finding]:
    """Judge carbon dioxide and other gas without oxygen, the furnace's own included."""
    furnace = evolution.furnace
    if furnace.has_extract or furnace.is_closed:
        return
    own = furnace.gas_litres_per_minute
    is_foreign = not holds_oxygen(evolution.heating.atmosphere)
    fresh = furnace.room_litres_per_minute
    flow = own / fresh if is_foreign and fresh > 0 else 0.0
    carbon = evolution.room_share("CO2")
    if evolution.heating.atmosphere == "CO2":
        carbon += flow
    others = sum(evolution.room_share(g) for g in evolution.litres if g != "O2") + flow
    known = gases()["CO2"]
    ppm, limit = 1e6 * carbon, known.limit_ppm or 0.0
    if ppm > WARN_SHARE * limit:
        yield evolution.finding(
            rule="gas-suffocating",
            severity="refuse" if ppm > limit else "warn",
            about="CO2",
            found=f"up to {ppm:.2g} ppm CO2 in the room's air",
            limit=f"{limit:g} ppm",
            reason=known.harm,
            remedy="lead the vent into an extract, or air the room better",
            source=known.source,
        )
    if others > MOST_OXYGEN_LOST:
        yield evolution.finding(
            rule="gas-suffocating",
            severity="refuse",
            about="oxygen",
            found=f"{others:.1%} of the room's air displaced",
            limit=f"{MOST_OXYGEN_LOST:.0%}",
            reason="less than 19.5 % oxygen suffocates without warning",
            remedy="lead the vent into an extract, or air the room better",
            source="29 CFR 1910.134(b)",
        )


def _fire(evolution: Evolution, gas: Gas) -> Iterator[Finding]:
    """Judge gas that burns by its share of the furnace's gas."""
    if gas.flammable_percent is None:
        return
    percent = 100.0 * evolution.chamber_share(gas.name)
    limit = gas.flammable_percent
    if percent <= WARN_SHARE * limit:
        return
    atmosphere = evolution.heating.atmosphere
    is_over = percent > limit and holds_oxygen(atmosphere)
    yield evolution.finding(
        rule="gas-flammable",
        severity="refuse" if is_over else "warn",
        is_hard=is_over,
        about=gas.name,
        found=f"up to {percent:.2g} % {gas.name} in the furnace's {atmosphere}",
        limit=f"{limit:g} %, a quarter of it without a warning",
        reason="it may burn off at once where it meets air, and blow the door open",
        remedy="heat more slowly, fire fewer samples at once, or raise the gas flow",
        source=gas.source,
    )
