"""The phase table's checker: how long 100 phases take, which faults it catches.

Faults are planted by hand in a table of two rows, those of `athanor phases`' own tests,
and then one of each kind in every structure of the packaged table, to see how often
such a slip would have been noticed.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from figures.bars import Bar

from campaigns.errors import MaterialError
from campaigns.materials.phases import Phase, PhaseTable, read_table
from campaigns.materials.structure_check import check, check_phase
from tests.campaigns.materials.plantedfaults import FAULTS, with_fault

_PHASES = 100
_SLIP = 0.05
"""A digit mistaken in a coordinate or a cell edge, as a share of the edge."""


def bars(*, quick: bool) -> list[Bar]:
    """Time the check, plant the faults and print what was caught.

    Args:
        quick: Slips are made in every fifth structure.
    """
    table = PhaseTable.load()
    known = [phase for phase in table.values() if phase.has_structure]
    rows = PhaseTable(known[:_PHASES])
    start = time.process_time()
    check(rows)
    seconds = time.process_time() - start
    missed = [fault for fault in FAULTS if not _is_caught(fault)]
    print(f"  {len(table)} rows, {len(known)} with a structure,", end=" ")
    print(f"{sum(row.positions == 'model' for row in known)} of them models")
    print(f"  planted faults missed: {', '.join(missed) or 'none'}")
    _print_slips(known[:: 5 if quick else 1])
    return [
        Bar("phases with a structure", len(known), "", 100),
        Bar(f"check of {len(rows)} phases", seconds, "s CPU", 20, "min"),
        Bar("planted faults caught", len(FAULTS) - len(missed), "", 12),
        Bar("planted faults missed", len(missed), "", 0, "min"),
        Bar("faults in the packaged table", len(check(table)), "", 0, "min"),
    ]


def _is_caught(fault: str) -> bool:
    """Say whether a fault is found, and found in its row."""
    row = FAULTS[fault][2]
    try:
        problems = check(read_table(with_fault(fault), Path("planted.toml")))
    except MaterialError as error:
        return row in str(error)
    return row in {problem.phase for problem in problems}


def _print_slips(phases: list[Phase]) -> None:
    """Print in how many rows a slip of each kind is noticed, of those it changes."""
    for name, slip in _SLIPS.items():
        slipped = [changed for phase in phases if (changed := slip(phase)) is not None]
        caught = sum(bool(check_phase(phase)) for phase in slipped)
        print(f"  {name:40s} noticed in {caught} of {len(slipped)} rows")


def _coordinate(phase: Phase) -> Phase | None:
    """Move the last site with a free coordinate by a twentieth of the edge."""
    for index in reversed(range(len(phase.sites))):
        x, y, z = phase.sites[index].xyz
        if phase.positions == "refined" and x not in {0.0, 0.25, 0.5, 0.75}:
            moved = replace(phase.sites[index], xyz=(x + _SLIP, y, z))
            sites = (*phase.sites[:index], moved, *phase.sites[index + 1 :])
            return replace(phase, sites=sites)
    return None


def _edge(phase: Phase) -> Phase | None:
    if phase.cell is None:
        return None
    a, b, c, alpha, beta, gamma = phase.cell
    return replace(phase, cell=(a * (1 + _SLIP), b, c, alpha, beta, gamma))


def _site_left_out(phase: Phase) -> Phase | None:
    return replace(phase, sites=phase.sites[1:]) if len(phase.sites) > 1 else None


def _elements_swapped(phase: Phase) -> Phase | None:
    """Swap the elements of the first site and of the last."""
    first, last = phase.sites[0], phase.sites[-1]
    # Of two sites, as in rock salt, a swap often gives the same structure.
    is_told = first.element != last.element and len(phase.sites) > 2
    if not is_told or phase.positions != "refined":
        return None
    swapped = (
        replace(first, element=last.element),
        *phase.sites[1:-1],
        replace(last, element=first.element),
    )
    return replace(phase, sites=swapped)


def _other_origin(phase: Phase) -> Phase | None:
    """Take the other origin choice, in the groups that have two."""
    import spglib

    here = spglib.get_spacegroup_type(phase.hall or 0)
    for hall in range(1, 531):
        there = spglib.get_spacegroup_type(hall)
        if here is None or there is None or there.number != here.number:
            continue
        if {here.choice, there.choice} == {"1", "2"}:
            return replace(phase, hall=hall)
    return None


_SLIPS: dict[str, Callable[[Phase], Phase | None]] = {
    "a coordinate off by 0.05": _coordinate,
    "a cell edge off by 5 %": _edge,
    "a site left out": _site_left_out,
    "two elements swapped": _elements_swapped,
    "origin of the other choice": _other_origin,
}
