"""What a campaign wants: objectives, and bounds on settings and on results."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from campaigns.steps import Frozen


class Objective(Frozen):
    """One figure to push up or down."""

    measure: Literal["yield", "cost", "energy", "time", "peak_temperature", "impurity"]
    """Share 0-1; price per gram of target; kWh per sample; furnace hours; degrees
    Celsius; weight share 0-1 of `phase`."""
    goal: Literal["maximize", "minimize"]
    phase: str = ""
    threshold: float | None = None
    """Worst value of any use; the hypervolume is counted from here."""

    @property
    def label(self) -> str:
        """Return the name under which scores are kept."""
        return f"{self.measure}:{self.phase}" if self.phase else self.measure


class InputConstraint(Frozen):
    """A linear bound on numeric parameters: sum of weight times value."""

    terms: Annotated[dict[str, float], Field(min_length=1)]
    at_most: float

    def holds(self, parameters: Mapping[str, float | str]) -> bool:
        """Return whether it holds; parameters of steps that do not happen count 0."""
        total = sum(
            weight * float(parameters.get(name, 0.0))
            for name, weight in self.terms.items()
        )
        return total <= self.at_most + 1e-9


class OutcomeConstraint(Frozen):
    """A bound on a measured figure."""

    measure: Literal["yield", "cost", "energy", "time", "peak_temperature", "impurity"]
    phase: str = ""
    at_least: float | None = None
    at_most: float | None = None

    @property
    def label(self) -> str:
        """Return the name under which the figure's scores are kept."""
        return f"{self.measure}:{self.phase}" if self.phase else self.measure

    def holds(self, value: float) -> bool:
        """Return whether a figure lies within the bounds."""
        low, high = self.at_least, self.at_most
        return (low is None or value >= low) and (high is None or value <= high)
