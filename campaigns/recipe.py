"""A recipe: the ordered steps by which one sample is made."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Positive = Annotated[float, Field(gt=0)]
Parameters = dict[str, float | str]
"""A point of the search space, keyed `precursors`, `share.CATION`, `excess.ELEMENT`,
`regrinds` and `STEP.SETTING`, such as `fire.temperature_celsius`; keys of steps that do
not happen are absent."""


class Frozen(BaseModel):
    """An immutable record that refuses unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class DoseStep(Frozen):
    """Weigh the precursors into the mixing vial."""

    kind: Literal["dose"] = "dose"
    grams: dict[str, Positive]
    """Precursor name to the mass to dose, as-received (hydrate, assay included), g."""


class MixStep(Frozen):
    """Mix the powders in their vial."""

    kind: Literal["mix"] = "mix"
    rpm: Positive = 1000.0
    minutes: Positive = 10.0


class DryStep(Frozen):
    """Dry the mixed powder in the oven."""

    kind: Literal["dry"] = "dry"
    temperature_celsius: Positive = 80.0
    minutes: Positive = 60.0


class FireStep(Frozen):
    """Heat in a furnace, hold, and cool; calcining and annealing are firings too."""

    kind: Literal["fire", "calcine", "anneal"] = "fire"
    name: str
    """Step name in the campaign file, such as `fire`."""
    temperature_celsius: Positive
    hold_hours: Positive
    ramp_celsius_per_minute: Positive = 5.0
    cool_celsius_per_minute: Positive = 5.0
    """Programmed cooling; the furnace cools slower where it cannot follow."""
    atmosphere: str = "air"
    crucible: str = "Al2O3"
    covered: Annotated[bool, Field(exclude_if=lambda given: not given)] = False
    """Whether each crucible wears its lid."""

    @property
    def shared(self) -> tuple[float, float, float, float, str, bool]:
        """Return what all samples of one furnace load must have in common."""
        return (
            self.temperature_celsius,
            self.hold_hours,
            self.ramp_celsius_per_minute,
            self.cool_celsius_per_minute,
            self.atmosphere,
            self.covered,
        )


class RegrindStep(Frozen):
    """Grind the fired powder and put it back into its crucible."""

    kind: Literal["regrind"] = "regrind"
    rpm: Positive = 1500.0
    minutes: Positive = 10.0


class ScanStep(Frozen):
    """Grind, fill the holder and measure a diffraction pattern."""

    kind: Literal["scan"] = "scan"
    holder_grams: Positive = 0.3
    program: str = ""
    """Program of the diffractometer; its default if empty."""
    longer: str = ""
    """Program of a second scan where the first leaves something open; none if
    empty."""


Step = Annotated[
    DoseStep | MixStep | DryStep | FireStep | RegrindStep | ScanStep,
    Field(discriminator="kind"),
]


class Recipe(Frozen):
    """Everything done to one sample, in order."""

    steps: tuple[Step, ...]
    reaction: str
    """Balanced reaction with gases, as text."""
    expected_grams: Positive
    """Mass of target if the reaction runs to completion, g."""
    target: str = ""
    """Formula of what it makes; the campaign's, in records without it."""

    @property
    def grams(self) -> dict[str, float]:
        """Return the masses to dose by precursor name, g."""
        (dose,) = (step for step in self.steps if isinstance(step, DoseStep))
        return dose.grams

    @property
    def firings(self) -> tuple[FireStep, ...]:
        """Return the furnace steps in order."""
        return tuple(step for step in self.steps if isinstance(step, FireStep))
