"""What instruments' actions do to the world when they end."""

import asyncio
import math
import re
from dataclasses import asdict
from typing import Any

from simulators.handling import moved, obstacle, worked
from simulators.journal import Effect
from simulators.people import task
from simulators.physics import Measurement, ScanProgram
from simulators.state import Action
from simulators.world import Outcome, Work, World

GRIP_SHARE, RELEASE_SHARE = 0.3, 0.7
"""Between these shares of a move the container is in the gripper."""
DEFAULT_RANGE = (10.0, 80.0)
"""Scan range where a program's name states none, degrees two-theta."""


def plan_dose(
    world: World, doser: str, *, target_grams: float, tolerance_percent: float
) -> tuple[dict[str, Any], float]:
    """Decide how a dose from the mounted head will go.

    Returns:
        Values of the action (grams that fall, grams shown, error code) and its
        length in seconds.

    Source:
        Spread and time after the maker's figures for powders of ordinary flow: most
        doses within the tolerance in 60-120 s, cohesive powders slower and wider.
    """
    head = world.at(f"{doser}.head/1")
    if head is None:
        return {"grams": 0.0, "shown_grams": 0.0, "code": 1}, 2.0
    (substance,) = head.raw
    flow = float(world.chance("flow", substance).uniform(0.0, 1.0))
    rng = world.chance("dose", head.label, head.uses.get("dose", 0))
    spread = tolerance_percent / 100.0 * (0.25 + 0.2 * flow)
    grams = target_grams * (1.0 + spread * float(rng.normal()))
    grams += 5e-5 * float(rng.normal())
    shown = grams + 2e-5 * float(rng.normal())
    typical = world.spec.dosers[doser].seconds_per_dose
    seconds = typical * (0.6 + 0.6 * flow) * math.exp(0.15 * float(rng.normal()))
    stock = head.raw[substance]
    code = None
    if grams > stock:
        # The head runs empty: what is left falls, then the flow stops.
        shown -= grams - stock
        grams, code = stock, 7
    values = {
        "head": head.label,
        "substance": substance,
        "grams": max(0.0, grams),
        "shown_grams": max(0.0, shown),
        "code": code,
    }
    return values, seconds


async def dose(world: World, action: Action, at: float) -> Outcome:
    """Let the powder fall; a stopped dose falls in part."""
    values = action.values
    if "head" not in values:
        return [], {"last_code": values["code"]}
    share = 1.0
    if "planned_seconds" in values and values.get("is_stopped"):
        # Most of the mass falls early; the rest of the time is fine dosing.
        share = math.sqrt(min(1.0, (at - action.begun) / values["planned_seconds"]))
    doser, position = action.device, values["position"]
    vial = world.at(f"{doser}/{position}")
    effect: Effect = {
        "kind": "dosed",
        "device": doser,
        "head": values["head"],
        "substance": values["substance"],
        "container": None if vial is None else vial.label,
        "grams": values["grams"] * share,
        "shown_grams": values["shown_grams"] * share,
        "label": values["label"],
    }
    code = 8 if values.get("is_stopped") else values["code"]
    last = {key: effect[key] for key in ("substance", "shown_grams", "label")}
    last |= {key: values[key] for key in ("target_mg", "tolerance_percent")}
    return [effect], {"last": last | {"is_valid": code is None}, "last_code": code}


async def move(world: World, action: Action, at: float) -> Outcome:
    """Set the container down, or stop as a robot does that meets an obstacle."""
    source, destination = action.values["source"], action.values["destination"]
    gripper = f"{action.device}.gripper/1"
    if action.values.get("is_stopped"):
        share = (at - action.begun) / action.values["planned_seconds"]
        if share < GRIP_SHARE:
            return [], {}
        if share < RELEASE_SHARE:
            destination = gripper
    if world.at(gripper) is not None:
        return [], _protective_stop("the gripper is not empty", at)
    if destination != gripper and (problem := obstacle(world, source, destination)):
        return [], _protective_stop(problem, at)
    return await moved(world, source, destination, at), {}


def _protective_stop(popup: str, at: float) -> dict[str, Any]:
    return {"safety": "PROTECTIVE_STOP", "popup": popup, "stopped_at": at}


async def mix(world: World, action: Action, at: float) -> Outcome:
    """Mix what is clamped in; a jar holds balls and grinds."""
    container = world.at(f"{action.device}/1")
    matter = None if container is None else world.matter(container)
    if container is None or matter is None:
        return [], {}
    purposes = world.spec.mixers[action.device].purposes
    is_mixing = "mix" in purposes and (
        "grind" not in purposes or container.kind == "vial"
    )
    law = world.physics.mix if is_mixing else world.physics.grind
    rpm, seconds = action.values["rpm"], at - action.begun
    after = law(matter, rpm, seconds)
    work = "mix" if is_mixing else "grind"
    return [worked(container, work, after, rpm=rpm, seconds=seconds)], {}


def scan_program(world: World, device: str, name: str) -> ScanProgram:
    """Return a program of the lab file; its name may state the range, `10-100_...`."""
    seconds = world.spec.diffractometers[device].programs[name]
    stated = re.search(r"(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)", name)
    start, end = DEFAULT_RANGE
    if stated and 0 < float(stated[1]) < float(stated[2]) < 170:
        start, end = float(stated[1]), float(stated[2])
    return ScanProgram(name, seconds, start, end)


async def scan(world: World, action: Action, at: float) -> Outcome:
    """Measure what lies in the holder at the sample's position."""
    sample_id, slot = action.values["sample_id"], action.values["slot"]
    holder = world.at(slot)
    if holder is None:
        return [], {f"status:{sample_id}": "fatal"}
    program = scan_program(world, action.device, action.values["program"])
    rng = world.chance("scan", sample_id)
    loop = asyncio.get_running_loop()
    matter = world.matter(holder)
    measured: Measurement = await loop.run_in_executor(
        None, world.physics.diffract, matter, program, rng
    )
    result = asdict(measured) | {"finished": at, "program": program.name}
    return [], {f"status:{sample_id}": "normal", f"result:{sample_id}": result}


async def answer(world: World, action: Action, at: float) -> Outcome:
    """Let the person do what was asked and keep the answer."""
    effects, said = await task(world, action.device, action.values["request"], at)
    key = action.values["request"]["key"]
    return effects, {f"answer:{key}": said}


WORK: dict[str, Work] = {
    "dose": dose,
    "move": move,
    "mix": mix,
    "scan": scan,
    "task": answer,
}
"""Every action of the lab's instruments and people."""
