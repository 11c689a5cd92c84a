"""The campaign file: what is wanted, in which space, at what price, until when."""

import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    model_validator,
)

from campaigns.steps import DEFAULT_STEPS, Name, Positive, StepTemplate

Share = Annotated[float, Field(ge=0, le=1)]
MADE_AT_LEAST, MADE_CONFIDENCE = 0.5, 0.9
"""When a target counts as made: as the majority phase. Source: Szymanski et al.,
Nature 624 (2023) 86, who count so; the confidence is a choice. What a file does not
say is left out of its canonical form, so that older files keep their hash."""


class Frozen(BaseModel):
    """An immutable record that refuses unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class SolidSolution(Frozen):
    """One phase of variable composition, told from a cell edge."""

    phase: Name
    """Row of the phase table whose cell is refined."""
    symbol: Name
    """The element whose amount per formula unit varies, such as `O`."""
    cell: Literal["a", "b", "c"]
    points: Annotated[tuple[tuple[Positive, Positive], ...], Field(min_length=2)]
    """(cell edge in angstrom, amount per formula unit), interpolated linearly."""


class Target(Frozen):
    """The compound sought and what counts as it."""

    formula: Name
    phases: tuple[Name, ...] = ()
    """Accepted rows of the phase table; empty takes every row of the formula."""
    solid_solution: SolidSolution | None = None
    made_at_least: Annotated[
        float, Field(gt=0, lt=1, exclude_if=lambda share: share == MADE_AT_LEAST)
    ] = MADE_AT_LEAST
    """Weight share of the crystalline part from which the target counts as made."""
    made_confidence: Annotated[
        float, Field(ge=0.5, lt=1, exclude_if=lambda p: p == MADE_CONFIDENCE)
    ] = MADE_CONFIDENCE
    """Probability that such a verdict needs."""
    yield_basis: Literal["crystalline", "whole", "limiting-cation"] = "crystalline"
    """Weight share of the crystalline part; of the whole including amorphous and
    unknown; or moles of target per mole that the limiting cation allows."""


class Precursor(Frozen):
    """A reagent as it stands on the shelf."""

    formula: Name
    """Reagent formula with hydrate water, such as `Y2(CO3)3.3H2O`."""
    name: str = ""
    """Name in recipes and on the dosing head; the formula if empty."""
    phase: str = ""
    """Row of the phase table; found by formula if empty."""
    lot: str = ""
    assay: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Mass share that is the reagent formula."""
    loss_on_ignition: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Mass share lost on drying before use (adsorbed water, not hydrate water)."""
    price_per_gram: Annotated[float, Field(ge=0)] = 0.0
    stock_grams: Annotated[float, Field(ge=0)] = 1000.0
    particle_micrometres: Positive = 2.0
    max_celsius: Positive | None = None
    """Temperature above which this reagent must never be heated in the lab's furnaces
    (boils, sublimes, detonates ...), however it is mixed; none if absent."""
    hazards: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Return the name used in recipes."""
        return self.name or self.formula


def _long_form(data: Any) -> Any:  # noqa: ANN401
    """Let a precursor be written as its formula alone."""
    return {"formula": data} if isinstance(data, str) else data


AnyPrecursor = Annotated[
    Precursor, BeforeValidator(_long_form, json_schema_input_type=Precursor | str)
]


class Range(Frozen):
    """An interval of a number, continuous or in steps."""

    min: float
    max: float
    step: Positive | None = None
    """Spacing of allowed values from `min`; continuous if absent."""
    log: bool = False

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.min < self.max:
            raise ValueError("min below max; swap or change them")
        if self.step is not None and self.step > self.max - self.min:
            raise ValueError("a step narrower than the range; lower it")
        if self.log and self.min <= 0:
            raise ValueError("min above 0 with log = true; raise min")
        return self

    @property
    def values(self) -> tuple[float, ...]:
        """Return the allowed values of a stepped range; empty if continuous."""
        if self.step is None:
            return ()
        count = int((self.max - self.min) / self.step + 1e-9) + 1
        return tuple(round(self.min + i * self.step, 9) for i in range(count))


class Choice(Frozen):
    """A short list of allowed values."""

    values: Annotated[tuple[float, ...] | tuple[str, ...], Field(min_length=1)]

    @model_validator(mode="before")
    @classmethod
    def _of_one_kind(cls, data: Any) -> Any:  # noqa: ANN401
        """Say in one sentence what pydantic would say once per alternative."""
        values = data.get("values") if isinstance(data, dict) else None
        if isinstance(values, list | tuple):
            kinds = {isinstance(value, str) for value in values}
            if len(kinds) > 1 or not all(
                type(value) in (str, int, float) for value in values
            ):
                raise ValueError("all numbers or all words; choose one kind")
        return data

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        if len(set(self.values)) < len(self.values):
            raise ValueError("each value once; remove the repeated one")
        return self


def _as_choice(data: Any) -> Any:  # noqa: ANN401
    """Let a choice be written as a list, or as its only value."""
    if isinstance(data, list | tuple):
        return {"values": data}
    if type(data) in (str, int, float):  # not bool
        return {"values": [data]}
    return data


def _range_or_choice(data: Any) -> str:  # noqa: ANN401
    if isinstance(data, Choice) or (isinstance(data, dict) and "values" in data):
        return "choice"
    return "range"


Numbers = Annotated[
    Annotated[Range, Tag("range")] | Annotated[Choice, Tag("choice")],
    Discriminator(_range_or_choice),
    BeforeValidator(
        _as_choice, json_schema_input_type=Range | Choice | list[float] | float
    ),
]
"""What a numeric parameter may be: `{min=, max=, step=, log=}`, a list of values, or
one value."""
Words = Annotated[
    Choice,
    BeforeValidator(_as_choice, json_schema_input_type=Choice | list[str] | str),
]
"""What a worded parameter may be: a list of values, or one value."""


class StepSpace(Frozen):
    """What is searched in one firing step; absent settings are fixed."""

    temperature_celsius: Numbers | None = None
    hold_hours: Numbers | None = None
    ramp_celsius_per_minute: Numbers | None = None
    atmosphere: Words | None = None


class Space(Frozen):
    """Where to search."""

    sets: Literal["all"] | tuple[tuple[Name, ...], ...] = "all"
    """Precursor sets by label, or `all` sets that balance, enumerated exactly."""
    max_precursors: Annotated[int, Field(ge=1, le=8)] = 4
    """Largest set taken by `all`."""
    excess: dict[str, Numbers] = {}
    """Element to mole fraction added beyond the balance, such as 0.05."""
    regrinds: Numbers | None = None
    steps: dict[str, StepSpace] = {}
    """Step label to what is searched in it."""


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


class Controls(Frozen):
    """Samples made to watch the lab, not to search."""

    every_loads: Annotated[int, Field(ge=0)] = 0
    """A reference recipe every n loads; 0 for none."""
    reference: dict[str, float | str] = {}
    """Parameters of the reference recipe, as in a proposal; its firing settings are
    taken from the load that it rides in where it names none."""
    replicates: Annotated[int, Field(ge=1)] = 1
    """Samples made of each proposal."""


class Budget(Frozen):
    """When to stop at the latest."""

    experiments: Annotated[int, Field(ge=1)] = 24
    days: Positive | None = None
    grams: Positive | None = None
    """Total precursor mass."""


class StopRule(Frozen):
    """When to stop early."""

    yield_at_least: Share | None = None
    confidence: Annotated[
        float, Field(ge=0.5, lt=1, exclude_if=lambda given: given == 0.5)
    ] = 0.5
    """Probability with which a sample must reach `yield_at_least`."""
    gain_per_hour_below: Annotated[
        Positive | None, Field(exclude_if=lambda given: given is None)
    ] = None
    """Stop when the next load is expected to better the leading objective by less than
    this an hour of its firing, in the objective's unit."""
    stale_loads: Annotated[int, Field(ge=1)] | None = None
    """Stop after this many loads without a better best."""


class Accepted(Frozen):
    """A refusal of the safety rules that somebody answers for."""

    rule: Name
    """As `athanor check` names it, such as `toxic-dust`."""
    about: Annotated[str, Field(max_length=80)] = ""
    """The one reagent, gas or element that is meant; all of the rule if empty."""
    reason: Annotated[str, Field(min_length=10)]
    """Why it is safe here, and who says so; kept in the campaign's database."""


class Safety(Frozen):
    """What is known of the recipes' hazards beyond the rules."""

    accept: tuple[Accepted, ...] = ()


class CampaignSpec(Frozen):
    """A whole campaign file, validated.

    Fields that came later are left out of the stored form where they say nothing, so
    that the hash of an older file stays.
    """

    schema_version: Annotated[Literal[1], Field(alias="schema")] = 1
    name: Name
    target: Target
    precursors: Annotated[tuple[AnyPrecursor, ...], Field(min_length=1)]
    steps: Annotated[tuple[StepTemplate, ...], Field(min_length=1)] = DEFAULT_STEPS
    space: Space
    objectives: Annotated[tuple[Objective, ...], Field(min_length=1)] = (
        Objective(measure="yield", goal="maximize"),
    )
    input_constraints: tuple[InputConstraint, ...] = ()
    outcome_constraints: tuple[OutcomeConstraint, ...] = ()
    controls: Controls = Controls()
    budget: Budget = Budget()
    stop: StopRule = StopRule()
    safety: Annotated[Safety, Field(exclude_if=lambda given: given == Safety())] = (
        Safety()
    )
    sample_grams: Positive = 1.0
    """Target powder that each sample should give, g."""
    seed: Annotated[int, Field(ge=0)] = 0

    def canonical(self) -> str:
        """Return the spec as JSON with sorted keys: what is stored and hashed."""
        return json.dumps(
            self.model_dump(mode="json", by_alias=True),
            sort_keys=True,
            ensure_ascii=False,
            separators=(",", ":"),
        )

    @property
    def sha256(self) -> str:
        """Return the hash of the canonical form."""
        return hashlib.sha256(self.canonical().encode()).hexdigest()
