"""What a campaign's parameters are and how far they range."""

from collections.abc import Iterator

from campaigns.composition import sites
from campaigns.spec import (
    CampaignSpec,
    Choice,
    Range,
    StepSpace,
)
from campaigns.steps import FIRING_KINDS, StepTemplate

Bounds = tuple[float, float]


def bounds_of(searched: Range | Choice) -> Bounds:
    """Return the smallest and largest value of a numeric parameter.

    Raises:
        ValueError: If the choice is of words.
    """
    if isinstance(searched, Range):
        return searched.min, searched.max
    numbers = [float(value) for value in searched.values]
    return min(numbers), max(numbers)


def is_numeric(searched: Range | Choice) -> bool:
    """Say whether a parameter has numbers as values."""
    return isinstance(searched, Range) or not isinstance(searched.values[0], str)


def searched_parameters(spec: CampaignSpec) -> Iterator[tuple[str, Range | Choice]]:
    """Yield every searched parameter but `precursors`: its key and its values."""
    for site in sites(spec):
        yield from zip(site.keys, (limits for _, limits in site.ranges), strict=True)
    for element, values in spec.space.excess.items():
        yield f"excess.{element}", values
    if spec.space.regrinds is not None:
        yield "regrinds", spec.space.regrinds
    for label, step in spec.space.steps.items():
        for setting, values in settings_of(step):
            yield f"{label}.{setting}", values


def settings_of(step: StepSpace) -> Iterator[tuple[str, Range | Choice]]:
    """Yield the settings that are searched in one step."""
    for setting, values in step:
        if values is not None:
            yield setting, values


def firings(spec: CampaignSpec) -> Iterator[tuple[int, StepTemplate]]:
    """Yield the furnace steps of the template with their index in the file."""
    for index, step in enumerate(spec.steps):
        if step.kind in FIRING_KINDS:
            yield index, step


def bounds_in(
    spec: CampaignSpec, step: StepTemplate, setting: str, default: float | None = None
) -> Bounds | None:
    """Return the range of a numeric setting of a step, searched or fixed."""
    searched = dict(spec.space.steps.get(step.label, StepSpace()))[setting]
    if searched is not None:
        return bounds_of(searched) if is_numeric(searched) else None
    fixed = dict(step)[setting]
    value = default if fixed is None else fixed
    return None if value is None else (value, value)


def atmospheres_in(spec: CampaignSpec, step: StepTemplate) -> tuple[str, ...]:
    """Return every gas that a firing may use."""
    searched = spec.space.steps.get(step.label, StepSpace()).atmosphere
    if searched is not None:
        return tuple(str(value) for value in searched.values)
    return (step.atmosphere or "air",)


def crucibles_in(spec: CampaignSpec) -> tuple[str, ...]:
    """Return the crucibles that are searched, of which a sample keeps one; none."""
    searched = (step.crucible for step in spec.space.steps.values())
    return tuple(
        str(value)
        for choice in searched
        if choice is not None
        for value in choice.values
    )


def path_of(spec: CampaignSpec, index: int, setting: str) -> str:
    """Return where a step's setting stands in the file."""
    step = spec.steps[index]
    searched = dict(spec.space.steps.get(step.label, StepSpace()))
    if searched.get(setting) is not None:
        return f"space.steps.{step.label}.{setting}"
    return f"steps[{index}].{setting}"
