"""What heat does to a phase: each change with its temperature and gas."""

from collections.abc import Iterable
from dataclasses import dataclass

EVENTS = ("turns", "melts", "decomposes", "evaporates")
"""To another form of the same composition; to liquid; to other phases; to gas."""
ANY = "any"
"""The gas makes no difference that is known."""
GASES = (ANY, "air", "O2", "N2", "Ar", "CO2", "H2O", "H2", "vacuum", "closed")
"""Gases at 1 bar; `closed`: under the pressure of what the phase itself gives off."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that happens to a phase on heating."""

    event: str
    """One of `EVENTS`."""
    celsius: float
    """Where it happens, or where it is first seen at usual heating rates, °C."""
    gas: str
    """One of `GASES`."""
    into: str
    """Turns: name of the other form's row. Melts: what is left beside the liquid.
    Decomposes: products, such as `CaO + CO2`. Evaporates: the vapour, such as
    `MoO3`. Empty where not known, or where the other form has no row."""

    def __str__(self) -> str:
        """Write the change as a phrase."""
        where = "" if self.gas == ANY else f" in {_IN_WORDS.get(self.gas, self.gas)}"
        to = f" {_JOINTS[self.event]} {self.into}" if self.into else ""
        return f"{self.event} at {self.celsius:g} °C{where}{to}"


_IN_WORDS = {"closed": "its own gas"}
_JOINTS = {"turns": "into", "melts": "beside", "decomposes": "to", "evaporates": "as"}


def first(changes: Iterable[Change], event: str, gas: str | None = None) -> (
    float | None
):  # fmt: skip
    """Return the lowest temperature of an event, °C, none where none is known.

    Args:
        changes: Of one phase.
        event: One of `EVENTS`.
        gas: Only what is known of this gas, or of any; every gas by default.
    """
    found = [
        change.celsius
        for change in changes
        if change.event == event and (gas is None or change.gas in {gas, ANY})
    ]
    return min(found, default=None)
