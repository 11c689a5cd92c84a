"""Names, units and numbers as a person reads them."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from campaigns.goals import Objective

_UNITS = {
    "yield": "weight share",
    "cost": "price/g",
    "energy": "kWh per sample",
    "time": "h",
    "peak_temperature": "°C",
    "impurity": "weight share",
}
_SYMBOLS = {"energy": "kWh", "time": "h", "peak_temperature": "°C"}
"""Units short enough to stand behind a number."""
_SETTINGS = {
    "temperature_celsius": ("temperature", "°C"),
    "hold_hours": ("hold", "h"),
    "ramp_celsius_per_minute": ("ramp", "°C/min"),
    "cool_celsius_per_minute": ("cooling", "°C/min"),
    "atmosphere": ("atmosphere", ""),
    "crucible": ("crucible", ""),
    "rpm": ("speed", "rpm"),
    "minutes": ("time", "min"),
}
_VALUES = {
    "hold_celsius": ("Hold temperature", "°C"),
    "hold_hours": ("Hold", "h"),
    "peak_celsius": ("Peak temperature", "°C"),
    "temperature_celsius": ("Temperature", "°C"),
    "energy_kilowatt_hours": ("Energy", "kWh"),
    "furnace_hours": ("Time in the furnace", "h"),
    "grams": ("Mass", "g"),
    "minutes": ("Time", "min"),
    "rpm": ("Speed", "rpm"),
    "ramp_celsius_per_minute": ("Ramp", "°C/min"),
    "cool_celsius_per_minute": ("Cooling", "°C/min"),
}


_SUBSCRIPTS = str.maketrans("0123456789x", "₀₁₂₃₄₅₆₇₈₉ₓ")
_COUNT = re.compile(r"(?<=[A-Za-z)\]])(?<!\bS)\d+(?:\.\d+)?")
_HYDRATE = re.compile(r"\.(\d*)(?=H2O)")
_DEFICIT = re.compile(r"(?<=\d)-x(?![A-Za-z])")


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


def symbol(label: str) -> str:
    """Return the unit to write behind a score, by its label; empty for shares."""
    return _SYMBOLS.get(label.partition(":")[0], "")


def parameter(key: str) -> Quantity:
    """Return the name and unit of a search parameter by its key."""
    step, _, setting = key.rpartition(".")
    if setting in _SETTINGS and step:
        name, unit = _SETTINGS[setting]
        return Quantity(f"{step.capitalize()} {name}", unit)
    if step == "share":
        return Quantity(f"Share of {setting}", "of its site")
    if step == "excess":
        return Quantity(f"Excess {setting}", "mole fraction")
    return Quantity(key.replace("_", " ").capitalize())


def value(key: str) -> Quantity:
    """Return the name and unit of a commanded or measured value by its key."""
    if key in _VALUES:
        return Quantity(*_VALUES[key])
    return Quantity(key.replace("_", " ").capitalize())


def setting(key: str, given: float | str) -> str:
    """Write a commanded or measured value with its name and unit, as in a log."""
    what = value(key)
    shown = given if isinstance(given, str) else f"{given:.5g}"
    name = what.name[0].lower() + what.name[1:]
    return " ".join(part for part in (name, shown, what.unit) if part)


def parameters(given: Mapping[str, float | str]) -> str:
    """Write parameters with name and unit, comma-separated, precursors first."""
    parts = []
    for key, one in sorted(given.items(), key=lambda item: item[0] != "precursors"):
        what = parameter(key)
        shown = one if isinstance(one, str) else f"{one:.4g}"
        name = what.name[0].lower() + what.name[1:]
        parts.append(" ".join(part for part in (name, shown, what.unit) if part))
    return ", ".join(parts)


def chemical(text: str) -> str:
    """Write formulas with subscripts and a hydrate dot: for names and reactions only.

    Any digit after a letter or a bracket is taken for a count of atoms.
    """
    text = _HYDRATE.sub(r"·\1", text)
    text = _DEFICIT.sub("₋ₓ", text)
    return _COUNT.sub(lambda found: found[0].translate(_SUBSCRIPTS), text)


def prose(text: str, *, names: Sequence[str], keys: Sequence[str]) -> str:
    """Write a recorded sentence for a reader: formulas with subscripts, keys in words.

    Args:
        text: The sentence as recorded.
        names: Precursors and phases that may stand in it.
        keys: Keys of parameters that may stand in it; the number after one, or a
            change from one number to another, gets the parameter's unit.
    """
    for key in sorted(keys, key=len, reverse=True):
        what = parameter(key)
        name = what.name[0].lower() + what.name[1:]
        unit = f" {what.unit}" if what.unit else ""
        amount = r"-?\d[\d.]*(?<!\.)"
        text = re.sub(
            rf"(?<![\w.]){re.escape(key)}( {amount}(?: → {amount})?)",
            rf"{name}\g<1>{unit}",
            text,
        )
        text = re.sub(rf"(?<![\w.]){re.escape(key)}(?![\w.]\w)", name, text)
    for one in sorted(names, key=len, reverse=True):
        shown = chemical(one)
        if shown != one:
            text = re.sub(rf"(?<!\w){re.escape(one)}(?!\w)", shown, text)
    return text


def listed(samples: Sequence[str]) -> str:
    """Write samples in a row as `S0001 to S0008`, others one by one."""
    runs: list[list[str]] = []
    for sample in samples:
        if runs and _follows(runs[-1][-1], sample):
            runs[-1].append(sample)
        else:
            runs.append([sample])
    parts = [
        f"{run[0]} to {run[-1]}" if len(run) > 2 else ", ".join(run) for run in runs
    ]
    return ", ".join(parts)


def _follows(first: str, second: str) -> bool:
    one, two = (re.fullmatch(r"(\D*)(\d+)", name) for name in (first, second))
    return bool(one and two and one[1] == two[1] and int(two[2]) == int(one[2]) + 1)


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
    # Adding zero turns a rounded -0.0 into 0.0.
    return f"{round(mean, places) + 0.0:.{places}f} ± {sd:.{places}f}"
