"""How a campaign file wants furnace loads to be chosen."""

from typing import Literal

from campaigns.steps import Frozen


class Loads(Frozen):
    """How furnace loads are chosen."""

    value: Literal["auto", "gain", "gain-per-hour"] = "auto"
    """What loads are compared by: what they add, or that for each hour until their
    furnace is free again. `auto` counts hours where `budget.days` would be spent before
    `budget.experiments`."""
