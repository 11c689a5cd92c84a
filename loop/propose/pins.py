"""Recipes that persons asked for: which of them share the next load."""

from collections.abc import Iterable, Sequence

from campaigns.recipe import Parameters
from campaigns.results import Pin
from campaigns.spec import CampaignSpec
from campaigns.steps import is_shared, searchable


def seated(spec: CampaignSpec, pins: Sequence[Pin], *, places: int) -> tuple[Pin, ...]:
    """Return the orders that ride in the next load, oldest first.

    The oldest always does; of the others those whose firing agrees with it.

    Args:
        spec: The campaign.
        pins: Open orders, oldest first.
        places: Places in the furnace.
    """
    taken: list[Pin] = []
    for pin in pins:
        settled, asked = shared_by(spec, taken), shared_by(spec, [pin])
        if all(settled.get(name, value) == value for name, value in asked.items()):
            taken.append(pin)
    return tuple(taken[: max(places, 0)])


def shared_by(spec: CampaignSpec, pins: Iterable[Pin]) -> Parameters:
    """Return the load's settings that orders name; the first to name one decides."""
    shared = {
        f"{step.label}.{setting}"
        for step in spec.steps
        for setting in searchable(step.kind)
        if is_shared(step.kind, setting)
    }
    found: Parameters = {}
    for pin in pins:
        for name, value in pin.parameters.items():
            if name == "regrinds" or name in shared:
                found.setdefault(name, value)
    return found
