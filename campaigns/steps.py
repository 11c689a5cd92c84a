"""Steps of the recipe template: what a campaign file fixes of each."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Positive = Annotated[float, Field(gt=0)]
Name = Annotated[str, Field(min_length=1, max_length=80)]
FIRING_KINDS = ("calcine", "fire", "anneal")
"""Kinds of step that happen in a furnace."""
_SETTINGS_OF_KIND = {
    "dose": "",
    "mix": "rpm minutes",
    "dry": "temperature_celsius minutes",
    "regrind": "rpm minutes",
    "scan": "holder_grams program longer",
} | dict.fromkeys(
    FIRING_KINDS,
    "temperature_celsius hold_hours ramp_celsius_per_minute cool_celsius_per_minute"
    " atmosphere crucible covered",
)


_SEARCHABLE_KINDS = ("mix", "dry", "regrind", *FIRING_KINDS)
WORDS = ("atmosphere", "crucible")
"""Settings that are names; all others are numbers."""
_OF_EACH_SAMPLE = frozenset([("mix", "rpm"), ("mix", "minutes")]) | {
    (kind, "crucible") for kind in FIRING_KINDS
}
"""What samples of one load may differ in: each is mixed by itself, and stands in the
furnace in a crucible of its own. An oven dries several at once, and regrinding belongs
to the load as its repeats do."""


def searchable(kind: str) -> tuple[str, ...]:
    """Return the settings of a kind of step that may be searched."""
    if kind not in _SEARCHABLE_KINDS:
        return ()
    return tuple(s for s in _SETTINGS_OF_KIND[kind].split() if s != "covered")


def is_shared(kind: str, setting: str) -> bool:
    """Return whether all samples of a furnace load have one value of a setting."""
    return (kind, setting) not in _OF_EACH_SAMPLE


class Frozen(BaseModel):
    """An immutable record that refuses unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class StepTemplate(Frozen):
    """One step of the recipe, with its fixed settings."""

    kind: Literal["dose", "mix", "dry", "calcine", "fire", "anneal", "regrind", "scan"]
    name: str = ""
    """Needed where settings are searched; the kind if empty."""
    repeat: Literal["", "regrinds"] = ""
    """`regrinds`: happens as many times as that parameter says, so that the
    parameters of this step exist only where it is 1 or more."""
    temperature_celsius: Positive | None = None
    hold_hours: Positive | None = None
    ramp_celsius_per_minute: Positive | None = None
    cool_celsius_per_minute: Positive | None = None
    atmosphere: str | None = None
    crucible: str | None = None
    covered: Annotated[bool | None, Field(exclude_if=lambda given: given is None)] = (
        None
    )
    """Firing: the crucibles wear lids, so that their vapours hardly reach others."""
    rpm: Positive | None = None
    minutes: Positive | None = None
    holder_grams: Positive | None = None
    program: Annotated[Name | None, Field(exclude_if=lambda name: name is None)] = None
    """Scan: program of the diffractometer; its default if absent."""
    longer: Annotated[Name | None, Field(exclude_if=lambda name: name is None)] = None
    """Scan: program of the second scan that a sample gets, where the first leaves
    open what a longer one would decide."""

    @property
    def label(self) -> str:
        """Return the name that parameters use."""
        return self.name or self.kind

    @model_validator(mode="after")
    def _settings_fit_the_kind(self) -> Self:
        allowed = _SETTINGS_OF_KIND[self.kind].split()
        given = {name for name, value in self if value is not None}
        if wrong := sorted(given.difference(allowed, ("kind", "name", "repeat"))):
            raise ValueError(
                f"in a {self.kind} step only {', '.join(allowed) or 'no setting'};"
                f" remove {', '.join(wrong)}"
            )
        return self


DEFAULT_STEPS = (
    StepTemplate(kind="dose"),
    StepTemplate(kind="mix"),
    StepTemplate(kind="dry"),
    StepTemplate(kind="fire"),
    StepTemplate(kind="scan"),
)
