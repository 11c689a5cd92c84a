"""Moving containers and pouring powder: what hands and grippers can and cannot do."""

import asyncio
import itertools
from typing import Any

import numpy as np

from simulators.journal import Effect
from simulators.physics import Firing, Matter
from simulators.state import Container
from simulators.thermal import Point, thin
from simulators.world import World

DOOR_MARGIN_CELSIUS = 5.0
"""A furnace door opens this far above `open_below_celsius`."""
IDLE_CELSIUS = {"fire": 150.0, "dry": 40.0}
"""Below this nothing happens to a powder within hours in a furnace of each purpose:
solids do not react, and only free water leaves."""
OVERSHOOT_CELSIUS = 10.0
"""A furnace told to cool gets no hotter than this first."""
NOTHING: Effect = {"raw": {}, "powder": None, "grams": 0.0}
"""The content of an empty container."""


def obstacle(world: World, source: str, destination: str) -> str:
    """Say what stops a move between two slots now; empty if nothing does."""
    container = world.at(source)
    if container is None:
        return f"nothing stands at {source}"
    place, _, index = destination.rpartition("/")
    if not index.isdigit() or not 1 <= int(index) <= world.places.get(place, 0):
        return f"there is no slot {destination}"
    if world.at(destination) is not None:
        return f"{destination} is occupied"
    if (container.kind == "head") != _takes_heads(world, place):
        return f"a {container.kind} does not fit at {destination}"
    for end in (source, destination):
        if problem := _blocked(world, end.rpartition("/")[0]):
            return problem
    return ""


def _takes_heads(world: World, place: str) -> bool:
    rack = world.spec.racks.get(place)
    return place.endswith(".head") if rack is None else rack.holds == "head"


def _blocked(world: World, place: str) -> str:
    """Say what keeps hands out of a place."""
    device = place.removesuffix(".head")
    if place in world.furnaces:
        limit = world.spec.furnaces[place].open_below_celsius + DOOR_MARGIN_CELSIUS
        if (celsius := world.furnace(place).celsius) >= limit:
            return f"the door of {place} is locked at {celsius:.0f} °C"
    elif place.endswith(".head") and world.memory(device).get("pin") == "locked":
        return f"the dosing head of {device} is locked by its pin"
    elif device in world.state.actions and device not in world.spec.arms:
        return f"{device} is running"
    return ""


async def moved(world: World, source: str, destination: str, at: float) -> list[Effect]:
    """Return the effect of a move that `obstacle` has let pass."""
    await settle(world, source.rpartition("/")[0], at)
    label = world.state.slots[source]
    return [{"kind": "moved", "container": label, "destination": destination}]


def content(matter: Matter | None) -> Effect:
    """Write a portion as the content of a container."""
    if matter is None:
        return NOTHING
    return {"raw": {}, "powder": matter.to_json(), "grams": matter.grams}


def poured(
    world: World,
    source: Container,
    destination: Container,
    *,
    grams: float,
    spilt_share: float,
    is_wiped: bool = False,
) -> tuple[list[Effect], float]:
    """Pour up to `grams` out of one container into another.

    Args:
        world: The world.
        source: Not empty.
        destination: May hold powder already.
        grams: Mass that leaves the source, g.
        spilt_share: Share of it that misses the destination, 0-1.
        is_wiped: Whether the rest is wiped out of the source and lost.

    Returns:
        The effect, and the mass that arrived, g.
    """
    matter = world.matter(source)
    if matter is None:
        raise ValueError(f"{source.label} is empty")
    taken, left = _parted(matter, grams)
    arrived, spilt = _parted(taken, taken.grams * (1.0 - spilt_share))
    there = world.matter(destination)
    filled = arrived if there is None else world.physics.join(there, arrived)
    lost = 0.0 if spilt is None else spilt.grams
    if is_wiped and left is not None:
        lost, left = lost + left.grams, None
    effect = {
        "kind": "poured",
        "source": source.label,
        "destination": destination.label,
        "left": content(left),
        "filled": content(filled),
        "spilt_grams": lost,
    }
    return [effect], arrived.grams


def _parted(matter: Matter, grams: float) -> tuple[Matter, Matter | None]:
    if grams >= matter.grams:
        return matter, None
    return matter.split(grams)


def worked(container: Container, work: str, matter: Matter, **facts: Any) -> Effect:  # noqa: ANN401
    """Return the effect that gives a container other matter."""
    return {
        "kind": "worked",
        "container": container.label,
        "work": work,
        "content": content(matter),
        **facts,
    }


async def settle(world: World, place: str, at: float) -> None:
    """Give every powder in a furnace what the furnace did to it up to lab time `at`.

    The chemistry runs beside the event loop, so several portions are worked out at
    once, and each result is journaled: a resumed run does not compute it again.
    """
    if place not in world.furnaces:
        return
    async with world.lock(place):
        thermal = world.furnaces[place]
        thermal.advance(at)
        residents = [
            item
            for item in world.state.containers.values()
            if item.slot.rpartition("/")[0] == place and item.content_grams > 0
        ]
        await asyncio.gather(*(_heat(world, place, item, at) for item in residents))


async def _heat(world: World, place: str, item: Container, at: float) -> None:
    points = [
        point
        for point in world.furnaces[place].points
        if item.heated_until <= point.seconds <= at
    ]
    matter = world.matter(item)
    if matter is None or not points:
        return
    peak = max(point.celsius for point in points)
    firings = _firings(world, place, item, points)
    if not firings:
        return
    rng = world.chance("heat", item.label, item.uses.get("heat", 0))
    loop = asyncio.get_running_loop()
    after = await loop.run_in_executor(
        None, _heated, world, matter, firings, rng, place
    )
    gases = [firing.gas for firing in firings]
    effect = worked(
        item, "heat", after, until=at, furnace=place, peak_celsius=peak, gases=gases,
        firings=firings_since(world, place, item.heated_until, at),
    )  # fmt: skip
    del effect["kind"]
    world.do("worked", at=at, **effect)


def firings_since(world: World, place: str, since: float, at: float) -> int:
    """Count the programs that heated a furnace between two lab times, s.

    A program that began hot and heats no further, such as a ramp-down after a cancel,
    is part of the one before; one that begins in a furnace still warm is its own.
    """
    idle = IDLE_CELSIUS[world.spec.furnaces[place].purpose]
    count = 0
    seen = [p for p in world.furnaces[place].points if since <= p.seconds <= at]
    for _, group in itertools.groupby(seen, key=lambda point: point.run):
        points = list(group)
        first, top = points[0].celsius, max(point.celsius for point in points)
        count += top >= idle and (first < idle or top > first + OVERSHOOT_CELSIUS)
    return count


def _heated(
    world: World,
    matter: Matter,
    firings: list[Firing],
    rng: np.random.Generator,
    place: str,
) -> Matter:
    """Work out one portion; pure, and so safe beside the loop."""
    for firing in firings:
        if world.spec.furnaces[place].purpose == "fire":
            matter = world.physics.fire(matter, firing, rng)
        else:
            top = float(firing.celsius.max())
            near = firing.celsius > top - 5.0
            seconds = float(np.ptp(firing.seconds[near]))
            matter = world.physics.dry(matter, top, seconds)
    return matter


def _firings(
    world: World, place: str, item: Container, points: list[Point]
) -> list[Firing]:
    """Cut a thermal history at each change of gas; cold parts are dropped."""
    spec = world.spec.furnaces[place]
    gases = {outputs: name for name, outputs in spec.atmospheres.items()}
    offset = offset_share(world, place, item.slot)
    found = []
    for logic, group in itertools.groupby(points, key=lambda point: point.logic):
        kept = thin(list(group))
        top = max(point.celsius for point in kept)
        if top < IDLE_CELSIUS[spec.purpose] or len(kept) < 2:
            continue
        seconds = np.array([point.seconds for point in kept]) - kept[0].seconds
        celsius = np.array([point.celsius for point in kept]) * (1.0 + offset)
        gas = gases.get(logic, "air")
        found.append(Firing(seconds, celsius, gas, spec.crucibles[0]))
    return found


def offset_share(world: World, furnace: str, slot: str) -> float:
    """Return how far a sample is hotter than its furnace says, share of the reading.

    Thermocouple drift and position in the chamber: 4 and 1.5 degrees Celsius at 1000
    (standard deviations), of the order that type K and S class 1-2 tolerances
    (IEC 60584-1: 0.4 % and 0.25 %) and box-furnace uniformity data sheets give.
    """
    if not world.is_perturbed:
        return 0.0
    whole = float(world.chance("offset", furnace).normal()) * 4.0
    local = float(world.chance("offset", slot).normal()) * 1.5
    return (whole + local) / 1000.0
