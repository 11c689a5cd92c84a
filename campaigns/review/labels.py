"""Names, units and numbers as a person reads them."""

import math
from dataclasses import dataclass

from campaigns.spec import Objective

_UNITS = {
    "yield": "weight share",
    "cost": "price per gram of target",
    "energy": "kWh per sample",
    "time": "h",
    "peak_temperature": "°C",
    "impurity": "weight share",
}
_SETTINGS = {
    "temperature_celsius": ("temperature", "°C"),
    "hold_hours": ("hold", "h"),
    "ramp_celsius_per_minute": ("ramp", "°C/min"),
    "cool_celsius_per_minute": ("cooling", "°C/min"),
    "atmosphere": ("atmosphere", ""),
}
_VALUES = {
    "hold_celsius": ("Hold temperature", "°C"),
    "hold_hours": ("Hold", "h"),
    "peak_celsius": ("Peak temperature", "°C"),
    "energy_kilowatt_hours": ("Energy", "kWh"),
    "ramp_celsius_per_minute": ("Ramp", "°C/min"),
    "cool_celsius_per_minute": ("Cooling", "°C/min"),
}


@dataclass(frozen=True, slots=True)
class Quantity:
    """What a number is of."""

    name: str
    unit: str = ""

    def __str__(self) -> str:
        """Write name and unit as on an axis."""
        return f"{self.name} / {self.unit}" if self.unit else self.name


def objective(one: Objective) -> Quantity:
    """Return the name and unit of an objective's values."""
    name = one.measure.replace("_", " ").capitalize()
    if one.phase:
        name = f"{name} of {one.phase}"
    return Quantity(name, _UNITS[one.measure])


def parameter(key: str) -> Quantity:
    """Return the name and unit of a search parameter by its key."""
    step, _, setting = key.rpartition(".")
    if setting in _SETTINGS and step:
        name, unit = _SETTINGS[setting]
        return Quantity(f"{step.capitalize()} {name}", unit)
    if step == "excess":
        return Quantity(f"Excess {setting}", "mole fraction")
    return Quantity(key.replace("_", " ").capitalize())


def value(key: str) -> Quantity:
    """Return the name and unit of a commanded or measured value by its key."""
    if key in _VALUES:
        return Quantity(*_VALUES[key])
    return Quantity(key.replace("_", " ").capitalize())


def number(given: float | str | None, *, digits: int = 4) -> str:
    """Write a value with so many significant digits; words as they are."""
    if given is None:
        return "–"
    if isinstance(given, str):
        return given
    if not math.isfinite(given):
        return "not finite"
    if given and not 1e-3 <= abs(given) < 1e5:
        return f"{given:.{digits - 1}e}"
    return f"{given:.{digits}g}"


def with_sd(mean: float, sd: float) -> str:
    """Write mean ± standard deviation, both to the second digit of the deviation."""
    if not (math.isfinite(mean) and math.isfinite(sd)) or sd <= 0:
        return number(mean)
    places = max(0, 1 - math.floor(math.log10(sd)))
    return f"{mean:.{places}f} ± {sd:.{places}f}"
