"""The containers and powders that a simulated lab starts with."""

import math
from collections.abc import Mapping
from typing import Any

from instruments.labspec import LabSpec
from simulators.chance import generator
from simulators.physics import Reagent

TARE_GRAMS = {
    "vial": 12.0, "crucible": 18.0, "jar": 60.0, "holder": 9.0, "head": 95.0,
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
    heads that have a reagent, labelled by it (`CuO`, a second one `CuO-2`); an archive
    is empty.

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
    made: list[dict[str, Any]] = []
    for kind, slot in slots:
        number = counts[kind] = counts.get(kind, 0) + 1
        reagent = reagents.get(slot)
        if kind == "archive" or (kind == "head" and reagent is None):
            continue
        label = f"{kind}-{number:02d}"
        if reagent is not None:
            label = _head_label(reagent.name, made)
        made.append(new_container(kind, label, slot, reagent, seed=seed))
    return made


def _head_label(reagent: str, made: list[dict[str, Any]]) -> str:
    same = sum(reagent in item["raw"] for item in made)
    return f"{reagent}-{same + 1}" if same else reagent


def new_container(
    kind: str, label: str, slot: str, reagent: Reagent | None = None, *, seed: int
) -> dict[str, Any]:
    """Return a clean container, with its reagent if it is a dosing head."""
    spread = float(generator(seed, "tare", label).normal()) * TARE_SPREAD
    tare = round(TARE_GRAMS[kind] * math.exp(spread), 4)
    raw = {} if reagent is None else {reagent.name: reagent.stock_grams}
    return {"label": label, "kind": kind, "tare_grams": tare, "slot": slot, "raw": raw}
