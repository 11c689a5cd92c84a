"""How a campaign file wants furnace loads to be chosen."""

from typing import Annotated, Literal

from pydantic import Field

from campaigns.steps import Frozen


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
