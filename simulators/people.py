"""A simulated person: does what is asked with small, realistic losses."""

import itertools
import math
import re
from collections.abc import Awaitable, Callable
from typing import Any

from simulators.handling import firings_since, moved, obstacle, poured
from simulators.inventory import TARE_GRAMS, new_container
from simulators.journal import Effect
from simulators.state import Container
from simulators.world import World

Request = dict[str, Any]
Answer = dict[str, Any]
Reply = tuple[list[Effect], Answer]

PERSON = "simulated operator"
RESIDUE_MEDIAN, RESIDUE_SPREAD = 0.006, 0.4
"""Share of a dry powder that stays in the vessel when poured, log-normal. A powder of
microns clings: half to one per cent of a gram is what a brushed glass vial keeps."""
SPILT_SHARE = 0.001
HOLDER_GRAMS = 0.3
"""Filling of an XRD holder where the request states none, g."""
LEAST_FILLING_GRAMS = 0.02
RECOVERED_SHARE = 0.97
"""Share of a pressed filling that is got back."""
WEIGHING_GRAMS = 1e-4
"""Standard deviation of a person's weighing on an analytical balance, g."""


async def task(world: World, person: str, request: Request, at: float) -> Reply:
    """Carry out one request.

    Args:
        world: The world.
        person: The operator's name in the lab file.
        request: `kind`, `source`, `destination`, `text` as in `HumanTask`.
        at: When it is done, lab s.

    Returns:
        What happened to the world, and the answer.
    """
    work = _TASKS.get(request["kind"])
    if work is None:
        return _refused(f"I do not know what {request['kind']!r} asks of me")
    return await work(world, request, at)


def _said(**fields: Any) -> Answer:  # noqa: ANN401
    blank = {"is_done": True, "person": PERSON, "mass_grams": None, "location": "",
             "note": ""}  # fmt: skip
    return blank | fields


def _refused(note: str) -> Reply:
    return [], _said(is_done=False, note=note)


def _find(world: World, name: str) -> Container | None:
    """Find a container by its label, or by the slot it stands in."""
    return world.state.containers.get(name) or world.at(name)


def _out_of_reach(world: World, item: Container) -> str:
    place = item.slot.rpartition("/")[0]
    if place in world.furnaces:
        return f"{item.label} is still in {place}"
    if place in world.state.actions:
        return f"{item.label} is in {place}, which is running"
    return ""


def _pair(world: World, request: Request) -> tuple[Container, Container] | str:
    """Return source and destination, or why powder cannot go between them."""
    found = []
    for key in ("source", "destination"):
        item = _find(world, request[key])
        if item is None:
            return f"I cannot find {request[key] or f'a {key}'}"
        if problem := _out_of_reach(world, item):
            return problem
        found.append(item)
    source, destination = found
    if source is destination:
        return f"{source.label} is both source and destination"
    if source.content_grams <= 0:
        return f"{source.label} is empty"
    return source, destination


def _weighed(world: World, item: Container, grams: float) -> float:
    rng = world.chance("weigh", item.label, item.uses.get("pour", 0))
    return round(max(0.0, grams + WEIGHING_GRAMS * float(rng.normal())), 4)


async def _transfer(world: World, request: Request, at: float) -> Reply:
    del at
    pair = _pair(world, request)
    if isinstance(pair, str):
        return _refused(pair)
    source, destination = pair
    rng = world.chance("pour", source.label, source.uses.get("pour", 0))
    residue = RESIDUE_MEDIAN * math.exp(RESIDUE_SPREAD * float(rng.normal()))
    grams = source.content_grams * (1.0 - min(residue, 0.1) - _stuck(world, source))
    effects, arrived = poured(
        world, source, destination, grams=grams, spilt_share=SPILT_SHARE
    )
    return effects, _said(mass_grams=_weighed(world, source, arrived))


def _stuck(world: World, item: Container) -> float:
    """Return the share of a container's powder that no brush gets out."""
    matter = world.matter(item)
    return 0.0 if matter is None else world.physics.stuck(matter)


async def _fill_holder(world: World, request: Request, at: float) -> Reply:
    del at
    pair = _pair(world, request)
    if isinstance(pair, str):
        return _refused(pair)
    source, holder = pair
    if holder.content_grams > 0:
        return _refused(f"{holder.label} is not empty")
    stated = re.search(r"(\d+(?:\.\d+)?)\s*g\b", request["text"])
    wanted = float(stated[1]) if stated else HOLDER_GRAMS
    rng = world.chance("fill", source.label, source.uses.get("pour", 0))
    grams = min(
        wanted * (1.0 + 0.03 * float(rng.normal())),
        source.content_grams * (1.0 - RESIDUE_MEDIAN - _stuck(world, source)),
    )
    if grams < LEAST_FILLING_GRAMS:
        return _refused(
            f"{source.label} holds only {source.content_grams:.3f} g of powder"
        )
    effects, arrived = poured(
        world, source, holder, grams=grams, spilt_share=SPILT_SHARE
    )
    return effects, _said(mass_grams=_weighed(world, source, arrived))


async def _recover(world: World, request: Request, at: float) -> Reply:
    del at
    pair = _pair(world, request)
    if isinstance(pair, str):
        return _refused(pair)
    holder, destination = pair
    grams = holder.content_grams * RECOVERED_SHARE
    effects, arrived = poured(
        world, holder, destination, grams=grams, spilt_share=SPILT_SHARE, is_wiped=True
    )
    return effects, _said(mass_grams=_weighed(world, holder, arrived))


async def _place(world: World, request: Request, at: float) -> Reply:
    item = _find(world, request["source"])
    if item is None:
        return _place_clean(world, request)
    if item.slot == request["destination"]:
        return [], _said(location=item.slot, note="it stood there already")
    if problem := obstacle(world, item.slot, request["destination"]):
        return _refused(problem)
    effects = await moved(world, item.slot, request["destination"], at)
    return effects, _said(location=request["destination"])


def _place_clean(world: World, request: Request) -> Reply:
    """Put a new, clean container in place of an old one, which is archived."""
    label, slot = request["source"], request["destination"]
    kind = label.rpartition("-")[0]
    rack = world.spec.racks.get(slot.rpartition("/")[0])
    if kind not in TARE_GRAMS or kind == "head" or rack is None or rack.holds != kind:
        return _refused(f"I cannot find {label or 'what to place'}")
    old = world.at(slot)
    effects: list[Effect] = []
    if old is not None:
        to = _free_archive_slot(world)
        effects.append({"kind": "moved", "container": old.label, "destination": to})
    made = new_container(kind, label, slot, seed=world.seed)
    effects.append({"kind": "fetched", "container": made})
    return effects, _said(location=slot, note="a clean one")


def _free_archive_slot(world: World) -> str:
    """Return a free slot of an archive, or of the cupboard, which has no end."""
    racks = world.spec.racks.items()
    slots = (
        f"{name}/{index}"
        for name, rack in racks
        if rack.holds == "archive"
        for index in range(1, rack.slots + 1)
    )
    cupboard = (f"cupboard/{index}" for index in itertools.count(1))
    return next(
        slot
        for slot in itertools.chain(slots, cupboard)
        if slot not in world.state.slots
    )


async def _check(world: World, request: Request, at: float) -> Reply:
    item = _find(world, request["source"])
    if item is None:
        return _refused(f"I cannot find {request['source']}")
    firings, place = item.firings, item.slot.rpartition("/")[0]
    if place in world.furnaces:
        world.furnaces[place].advance(at)
        firings += firings_since(world, place, item.heated_until, at)
    note = f"about {item.content_grams:.2f} g in it" if item.content_grams else "empty"
    return [], _said(location=item.slot, note=f"{note}, fired {firings}")


_TASKS: dict[str, Callable[[World, Request, float], Awaitable[Reply]]] = {
    "transfer": _transfer,
    "fill-holder": _fill_holder,
    "recover": _recover,
    "place": _place,
    "check": _check,
}
