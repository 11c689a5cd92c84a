"""What crucibles stand: heat, and the powders in them. Facts are in crucibles.toml."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

_TABLE = Path(__file__).with_name("crucibles.toml")


@dataclass(frozen=True, slots=True)
class Crucible:
    """A crucible material."""

    material: str
    max_celsius: float
    """Service limit, degrees Celsius."""
    source: str


@dataclass(frozen=True, slots=True)
class Attack:
    """A powder that reacts with a crucible material."""

    crucible: str
    elements: frozenset[str]
    """Cations that must all be in the powder."""
    above_celsius: float
    severity: Literal["refuse", "warn"]
    reason: str
    source: str


@cache
def crucibles() -> dict[str, Crucible]:
    """Return every crucible material that is known, by name."""
    return {
        name: Crucible(name, float(row["max_celsius"]), row["source"])
        for name, row in _table()["crucible"].items()
    }


def attacks(
    crucible: str, elements: Iterable[str], celsius: float
) -> tuple[Attack, ...]:
    """Return what may go wrong with a powder in a crucible.

    Args:
        crucible: Material, such as `Al2O3`.
        elements: All elements of the powder.
        celsius: Highest temperature of the firing, degrees Celsius.
    """
    present = frozenset(elements)
    return tuple(
        attack
        for attack in _attacks()
        if attack.crucible == crucible
        and attack.elements <= present
        and celsius > attack.above_celsius
    )


@cache
def _attacks() -> tuple[Attack, ...]:
    return tuple(
        Attack(**(row | {"elements": frozenset(row["elements"])}))
        for row in _table()["attack"]
    )


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(_TABLE.read_text(encoding="utf-8"))
