"""Recipes that have a place before any is searched for: orders of persons, controls."""

from collections.abc import Callable, Iterable, Sequence

from campaigns.precursors import precursor_sets
from campaigns.recipe import Parameters
from campaigns.results import History, Pin
from campaigns.spec import CampaignSpec
from campaigns.steps import is_shared, searchable
from loop.errors import ProposalError
from loop.propose.company import Company
from loop.propose.site import Site
from loop.propose.space import SearchSpace, search_space


def asked_for(
    spec: CampaignSpec, history: History, *, load: int, size: int, site: Site | None
) -> tuple[list[Parameters], tuple[Pin, ...]]:
    """Return the control and the orders of persons that ride in a load.

    Whether they may share the furnace is judged at the hottest firing that it can do:
    which one the load will have is not known yet.
    """
    control = control_of(spec, load)
    pins = history.pins
    if site is None:
        return control, seated(spec, pins, places=size - len(control))
    space = search_space(spec, [found.label for found in precursor_sets(spec)])
    hottest = _hottest(site.narrowed(spec, space))
    company = Company(spec, site)

    def admits(pin: Pin, others: Sequence[Parameters]) -> bool:
        if site.refuses(space.split(pin.parameters)[0]):
            return False
        profile = {**hottest, **shared_by(spec, [pin])}
        group = [own_settings(space, one) for one in others]
        return not company.objection(
            profile, group, own_settings(space, pin.parameters)
        )

    first = next((pin for pin in pins if admits(pin, [])), None)
    if control and (
        site.refuses(space.split(control[0])[0])
        or (first is not None and not admits(first, control))
    ):
        control = []

    def joins(pin: Pin, taken: Sequence[Pin]) -> bool:
        return admits(pin, [*control, *(one.parameters for one in taken)])

    return control, seated(spec, pins, places=size - len(control), admits=joins)


def _hottest(space: SearchSpace) -> Parameters:
    """Return the hottest and longest firing of a space, in the first of its gases."""
    return space.trimmed(
        {
            s.name: s.values[0] if s.kind == "choice" else max(s.values or (s.high,))
            for s in space.shared
        }
    )


def own_settings(space: SearchSpace, point: Parameters) -> Parameters:
    """Return a sample's own settings, whole."""
    return {**space.middle(), **space.split(point)[1]}


def control_of(spec: CampaignSpec, load: int) -> list[Parameters]:
    """Return the reference recipe if it rides in this load."""
    every = spec.controls.every_loads
    if not every or load % every:
        return []
    if "precursors" not in spec.controls.reference:
        raise ProposalError(
            "controls.reference: found no `precursors`; allowed: the label of a "
            "precursor set; name one, or set controls.every_loads = 0"
        )
    return [dict(spec.controls.reference)]


def seated(
    spec: CampaignSpec,
    pins: Sequence[Pin],
    *,
    places: int,
    admits: Callable[[Pin, Sequence[Pin]], bool] = lambda *_: True,
) -> tuple[Pin, ...]:
    """Return the orders that ride in the next load, oldest first.

    The oldest that the furnace can fire always does; of the others those whose firing
    agrees with it.

    Args:
        spec: The campaign.
        pins: Open orders, oldest first.
        places: Places in the furnace.
        admits: Whether an order may share the furnace with those before it.
    """
    taken: list[Pin] = []
    for pin in pins:
        settled, asked = shared_by(spec, taken), shared_by(spec, [pin])
        agrees = all(settled.get(name, value) == value for name, value in asked.items())
        if agrees and admits(pin, taken):
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
