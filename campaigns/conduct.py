"""How a campaign is carried out: its budget, when it stops, how loads are chosen."""

from typing import Annotated, Literal

from pydantic import Field

from campaigns.steps import Frozen, Positive

Share = Annotated[float, Field(ge=0, le=1)]


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


class Loads(Frozen):
    """How furnace loads are chosen."""

    value: Literal["auto", "gain", "gain-per-hour"] = "auto"
    """What loads are compared by: what they add, or that for each hour until their
    furnace is free again. `auto` counts hours where `budget.days` would be spent before
    `budget.experiments`."""
    apart: Annotated[
        tuple[Literal["co-firing-vapour", "co-firing-gas", "co-firing-melt"], ...],
        Field(exclude_if=lambda rules: not rules),
    ] = ()
    """Rules of safety of which a warning, too, keeps samples out of one furnace."""
