"""A figure of a benchmark, and what it is held against."""

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Bar:
    """One figure and what it is held against."""

    name: str
    value: float
    unit: str = ""
    bar: float | None = None
    better: Literal["max", "min"] = "max"

    @property
    def is_met(self) -> bool | None:
        """Say whether the bar is met; none where there is none."""
        if self.bar is None:
            return None
        distance = self.value - self.bar
        return (distance if self.better == "max" else -distance) >= -1e-9

    def __str__(self) -> str:
        """Write the figure as a line of the printed table."""
        verdict = {None: "", True: "met", False: "MISSED"}[self.is_met]
        sign = ">=" if self.better == "max" else "<="
        bar = "" if self.bar is None else f"{sign} {self.bar:g}"
        return f"{self.name:58s} {self.value:8.3f} {self.unit:7s} {bar:9s} {verdict}"

    def row(self) -> dict[str, Any]:
        """Return the figure as it stands in the JSON file."""
        return {
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "bar": self.bar,
            "better": self.better,
        }
