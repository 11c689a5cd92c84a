"""Solid solutions: end members that the chemistry counts apart are one crystal."""

import math
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

from campaigns.materials.phases import Phase, Site
from simulators.diffraction.crystals import Grains

POOR, RICH = "YBa2Cu3O6", "YBa2Cu3O7"
ORTHORHOMBIC_FROM = 0.35
"""y of YBa2Cu3O(6+y) from which oxygen orders into chains. Source: Jorgensen et al.,
Phys. Rev. B 41 (1990) 1863."""
_COUNTERPART = {"O2": "O1", "O3": "O1"}
"""Site of the oxygen-rich end to the one of the oxygen-poor end, where names differ."""
_CHAIN = "O1"
_STEPS = 1000
"""Oxygen contents are told apart to one part in this many, to share reflections."""

Crystalline = tuple[float, Phase, Grains]
"""Mass share, crystal and its grains."""


def dissolved(phases: Mapping[str, Crystalline]) -> dict[str, Crystalline]:
    """Return phases with the two ends of YBa2Cu3O(6+y) made one, if both are there.

    A partly oxygenated powder is one phase with a cell between those of its ends, and
    not a mixture of the two.

    Args:
        phases: Crystals by phase name.
    """
    if POOR not in phases or RICH not in phases:
        return dict(phases)
    poor, rich = phases[POOR], phases[RICH]
    moles = [part[0] / float(part[1].formula.molar_mass) for part in (poor, rich)]
    steps = round(_STEPS * moles[1] / sum(moles))
    major = max(poor, rich, key=lambda part: part[0])
    rest = {name: part for name, part in phases.items() if name not in (POOR, RICH)}
    crystal = _between(poor[1], rich[1], steps)
    return {major[1].name: (poor[0] + rich[0], crystal, major[2]), **rest}


@lru_cache(maxsize=256)
def _between(poor: Phase, rich: Phase, steps: int) -> Phase:
    """Return the crystal of an oxygen content y = steps / 1000.

    Source:
        Jorgensen et al. (1990): c falls evenly with y, a and b part where chains order.
        They part as the root of the distance from there, as at any continuous
        transition (Landau); positions are taken to move evenly with y.
    """
    y = steps / _STEPS
    if poor.cell is None or rich.cell is None or steps in (0, _STEPS):
        return rich if y > 0.5 else poor
    c = _mean(poor.cell[2], rich.cell[2], y)
    middle = _mean(poor.cell[0], (rich.cell[0] + rich.cell[1]) / 2, y)
    if y < ORTHORHOMBIC_FROM:
        sites = [_moved(site, _tetragonal(site, rich), y) for site in poor.sites]
        chain = _site(rich, _CHAIN)
        # The empty chain position of the tetragonal cell is two of the other's.
        sites.append(replace(chain, label="O5", occupancy=y / 2))
        cell = (middle, middle, c, *poor.cell[3:])
        return replace(poor, cell=cell, sites=tuple(sites))
    order = math.sqrt((y - ORTHORHOMBIC_FROM) / (1 - ORTHORHOMBIC_FROM))
    half = order * (rich.cell[1] - rich.cell[0]) / 2
    a, b = middle - half, middle + half
    sites = [
        replace(site, occupancy=y * site.occupancy)
        if site.label == _CHAIN
        else _moved(site, _site(poor, _COUNTERPART.get(site.label, site.label)), 1 - y)
        for site in rich.sites
    ]
    return replace(rich, cell=(a, b, c, *rich.cell[3:]), sites=tuple(sites))


def _tetragonal(site: Site, rich: Phase) -> Site:
    """Return what the orthorhombic cell makes of a tetragonal site."""
    names = [label for label, other in _COUNTERPART.items() if other == site.label]
    if not names:
        return _site(rich, site.label)
    first, second = (_site(rich, name) for name in names)
    return _moved(first, second, 0.5)


def _site(phase: Phase, label: str) -> Site:
    return next(site for site in phase.sites if site.label == label)


def _moved(site: Site, towards: Site, share: float) -> Site:
    """Return a site part of the way to another along c, its B likewise."""
    x, y, z = site.xyz
    b, other = site.b_iso_angstrom2, towards.b_iso_angstrom2
    return replace(
        site,
        xyz=(x, y, _mean(z, towards.xyz[2], share)),
        b_iso_angstrom2=b if b is None or other is None else _mean(b, other, share),
    )


def _mean(first: float, second: float, share: float) -> float:
    return (1 - share) * first + share * second
