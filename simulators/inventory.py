"""The containers and powders that a simulated lab starts with."""

import math
from collections.abc import Mapping
from typing import Any

from instruments.labspec import LabSpec
from simulators.chance import generator
from simulators.physics import Reagent

TARE_GRAMS = {
    "vial": 12.0, "crucible": 18.0, "jar": 60.0, "holder": 9.0, "head": 95.0,
    "archive": 12.0,
}  # fmt: skip
"""Typical mass of an empty container of each kind, g."""
TARE_SPREAD = 0.02
"""Relative spread of the above between containers of one kind."""


def starting_containers(
    spec: LabSpec, reagents: Mapping[str, Reagent], *, seed: int
) -> list[dict[str, Any]]:
    """Return the containers that fill the racks, as plain JSON values.

    Labels count through the racks of one kind in the order of the lab file: `vial-01`
    stands in the first slot of the first rack of vials. A rack of heads holds only the
    heads that have a reagent.

    Args:
        spec: The lab.
        reagents: Slot, such as `heads/1`, to what its dosing head holds.
        seed: Seed of the world, for the tare masses.

    Raises:
        ValueError: If a reagent's slot is not in a rack of heads.
    """
    slots = [
        (rack.holds, f"{name}/{index}")
        for name, rack in spec.racks.items()
        for index in range(1, rack.slots + 1)
    ]
    heads = {slot for holds, slot in slots if holds == "head"}
    for slot in reagents:
        if slot not in heads:
            raise ValueError(
                f"reagents: found slot {slot!r}; allowed: a slot of a rack that holds"
                f" heads ({', '.join(sorted(heads)) or 'this lab has none'})"
            )
    counts: dict[str, int] = {}
    made = []
    for kind, slot in slots:
        number = counts[kind] = counts.get(kind, 0) + 1
        if kind == "head" and slot not in reagents:
            continue
        made.append(_container(kind, number, slot, reagents.get(slot), seed))
    return made


def _container(
    kind: str, number: int, slot: str, reagent: Reagent | None, seed: int
) -> dict[str, Any]:
    label = f"{kind}-{number:02d}"
    spread = float(generator(seed, "tare", label).normal()) * TARE_SPREAD
    tare = round(TARE_GRAMS[kind] * math.exp(spread), 4)
    raw = {} if reagent is None else {reagent.name: reagent.stock_grams}
    return {"label": label, "kind": kind, "tare_grams": tare, "slot": slot, "raw": raw}
