"""Solid solutions: end members that the chemistry counts apart are one crystal."""

import math
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

from campaigns.materials.phases import Phase, Site
from simulators.diffraction.crystals import Grains

POOR, RICH = "YBa2Cu3O6", "YBa2Cu3O7"
BARIUM_TITANATES, STRONTIUM_TITANATE = ("BaTiO3", "BaTiO3-cubic"), "SrTiO3"
CUBIC_FROM = 0.3
"""x of Ba(1-x)Sr(x)TiO3 from which it is cubic at room temperature. Source: McQuarrie,
J. Am. Ceram. Soc. 38 (1955) 444."""
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
    """Return phases with ends of one solution made one crystal, if both are there.

    A partly oxygenated YBa2Cu3O(6+y) is one phase with a cell between those of its
    ends, and not a mixture of the two; so is (Ba,Sr)TiO3, which mixes in all ratios.

    Args:
        phases: Crystals by phase name.
    """
    return _titanates(_cuprates(phases))


def _titanates(phases: Mapping[str, Crystalline]) -> dict[str, Crystalline]:
    """Return phases with barium and strontium titanate made one.

    That they mix as fast as they form is a simplification: in the furnace cores stay
    apart for hours.
    """
    barium = [name for name in BARIUM_TITANATES if name in phases]
    if not barium or STRONTIUM_TITANATE not in phases:
        return dict(phases)
    parts = [phases[name] for name in (*barium, STRONTIUM_TITANATE)]
    moles = [part[0] / float(part[1].formula.molar_mass) for part in parts]
    steps = round(_STEPS * moles[-1] / sum(moles))
    major = max(parts, key=lambda part: part[0])
    crystal = _perovskite(parts[0][1], parts[-1][1], steps)
    out = {part[1].name for part in parts}
    rest = {name: part for name, part in phases.items() if name not in out}
    return {major[1].name: (sum(p[0] for p in parts), crystal, major[2]), **rest}


@lru_cache(maxsize=256)
def _perovskite(barium: Phase, strontium: Phase, steps: int) -> Phase:
    """Return the crystal of a strontium content x = steps / 1000.

    Source:
        McQuarrie, J. Am. Ceram. Soc. 38 (1955) 444: the cell shrinks evenly with x and
        is cubic at room temperature from x of about 0.3; below, its edges part as the
        root of the distance from there (Landau).
    """
    x = steps / _STEPS
    if barium.cell is None or strontium.cell is None or steps in (0, _STEPS):
        return strontium if x > 0.5 else barium
    a, _, c = barium.cell[:3]
    mean = _mean((a * a * c) ** (1 / 3), strontium.cell[0], x)
    host, ratio = strontium, 1.0
    if x < CUBIC_FROM:
        host, ratio = barium, 1 + (c / a - 1) * math.sqrt(1 - x / CUBIC_FROM)
    edge = mean / ratio ** (1 / 3)
    sites = []
    for site in host.sites:
        if site.element in ("Ba", "Sr"):
            sites += [
                replace(site, label="Ba1", element="Ba", occupancy=1 - x),
                replace(site, label="Sr1", element="Sr", occupancy=x),
            ]
        else:
            sites.append(site)
    right = (90.0, 90.0, 90.0)
    return replace(host, cell=(edge, edge, edge * ratio, *right), sites=tuple(sites))


def _cuprates(phases: Mapping[str, Crystalline]) -> dict[str, Crystalline]:
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
