"""Small firings in the simulated furnace, from which facts are read."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from unittest.mock import patch

import numpy as np

from simulators.chemistry import Powder, Truth, fire, fresh, gases, mix
from simulators.chemistry.powder import molar_mass, substance_named

PLAIN = Truth.unperturbed()
_SEED = 1


@dataclass(frozen=True, slots=True)
class Check:
    """One figure and the window that a fact puts it in."""

    name: str
    value: float
    low: float = -np.inf
    high: float = np.inf

    @property
    def holds(self) -> bool:
        """Return whether the figure lies within."""
        return bool(self.low <= self.value <= self.high)

    def __str__(self) -> str:
        """Write the figure, its window and whether it holds."""
        low = "" if np.isinf(self.low) else f">= {self.low:g} "
        high = "" if np.isinf(self.high) else f"<= {self.high:g} "
        verdict = "" if self.holds else "MISSED"
        return f"{self.name:62s} {self.value:8.3f}  {low}{high}{verdict}"


def powder(
    moles: Mapping[str, float], grams: float = 1.0, micrometres: float = 2.0
) -> Powder:
    """Return a mixed powder of so many moles of each reagent, scaled to a mass."""
    masses = {k: n * molar_mass(substance_named(k)) for k, n in moles.items()}
    scale = grams / sum(masses.values())
    poured = fresh(
        {k: m * scale for k, m in masses.items()}, particle_micrometres=micrometres
    )
    return mix(poured, 1000, 600)


def heat(
    start: Powder,
    celsius: float,
    hours: float,
    gas: str = "air",
    *,
    up: float = 10.0,
    down: float = 10.0,
    crucible: str = "Pt",
) -> Powder:
    """Return a powder after a ramp, a hold and a ramp down, at so many K/min."""
    t1 = (celsius - 25.0) / up * 60.0
    t2 = t1 + 3600.0 * hours
    times = [0.0, t1, t2, t2 + (celsius - 25.0) / down * 60.0]
    return _fired(start, times, [25.0, celsius, celsius, 25.0], gas, crucible)


def reach(start: Powder, celsius: float, per_minute: float, gas: str) -> Powder:
    """Return a powder ramped to a temperature and looked at while hot."""
    seconds = (celsius - 25.0) / per_minute * 60.0
    return _fired(start, [0.0, seconds], [25.0, celsius], gas, "Pt")


def quench(start: Powder, celsius: float, hours: float, gas: str) -> Powder:
    """Return a powder held at a temperature and looked at while hot."""
    times = [0.0, 3600.0, 3600.0 * (1 + hours)]
    return _fired(start, times, [25.0, celsius, celsius], gas, "Pt")


def share(fired: Powder, *names: str) -> float:
    """Return the mass share of some phases, 0 to 1."""
    weights = fired.weights()
    return sum(weights.get(name, 0.0) for name in names)


def lost(fired: Powder, element: str) -> float:
    """Return the share of an element that left with vapours, 0 to 1."""
    dosed = fired.balance()[element]
    return 1.0 - fired.elements().get(element, 0.0) / dosed


def midpoint(
    start: Powder, phase: str, *, low: int, high: int, per_minute: float, gas: str
) -> float:
    """Return where half of a phase is gone on heating, °C; to 5 °C.

    Args:
        start: Fresh powder that holds the phase.
        phase: What is asked for.
        low: Lowest answer, °C.
        high: Highest answer, °C.
        per_minute: Heating rate, K/min.
        gas: Furnace gas.
    """
    whole = start.moles[phase]
    while high - low > 5:
        middle = (low + high) / 2
        left = reach(start, middle, per_minute, gas).moles.get(phase, 0.0)
        low, high = (middle, high) if left > 0.5 * whole else (low, middle)
    return (low + high) / 2


@contextmanager
def carbon_dioxide(bar: float) -> Iterator[None]:
    """Put so much carbon dioxide into the furnace's dry air."""
    air = {"O2(g)": 0.2, "CO2(g)": bar, "H2O(g)": 1e-3}
    with patch.object(gases, "BACKGROUNDS", {**gases.BACKGROUNDS, "air": air}):
        yield


def _fired(
    start: Powder, times: list[float], celsius: list[float], gas: str, crucible: str
) -> Powder:
    rng = np.random.default_rng(_SEED)
    return fire(start, times, celsius, gas, crucible, PLAIN, rng)
