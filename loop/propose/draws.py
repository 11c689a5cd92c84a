"""Points of some settings: all of them, evenly spread ones, or near a given point."""

from collections.abc import Iterator, Mapping, Sequence
from math import prod

import numpy as np
from scipy.stats import qmc

from campaigns.composition import Site
from campaigns.recipe import Parameters
from loop.propose.points import Value
from loop.propose.space import Setting

SHIFTS = (-0.15, -0.07, 0.07, 0.15)
"""Steps from a point along a setting, as shares of its range."""
_MOST_TRIES = 64
"""Draws for one point of a site whose upper limits cut most of the simplex off."""


def is_listed(
    settings: Sequence[Setting], sites: Sequence[Site], *, listed: int
) -> bool:
    """Return whether all points are discrete and at most so many."""
    return (
        all(s.values for s in settings)
        and all(site.grid for site in sites)
        and prod(len(s.values) for s in settings)
        * prod(len(site.grid) for site in sites)
        <= listed
    )


def draws(
    settings: Sequence[Setting],
    sites: Sequence[Site],
    *,
    listed: int,
    drawn: int,
    rng: np.random.Generator,
) -> list[Parameters]:
    """Return all points of some settings if few enough, or `drawn` spread evenly.

    Args:
        settings: All but the shares of the sites.
        sites: Sites of the target among them; their corners are always there.
        listed: Points that may be listed in full.
        drawn: Points else.
        rng: For scrambling.
    """
    if is_listed(settings, sites, listed=listed):
        return _product(settings, sites)
    return sobol_points(settings, drawn, rng, sites=sites)


def _product(settings: Sequence[Setting], sites: Sequence[Site]) -> list[Parameters]:
    points: list[Parameters] = [{}]
    for site in sites:
        points = [
            {**p, **dict(zip(site.keys, one.values(), strict=True))}
            for p in points
            for one in site.grid
        ]
    for setting in settings:
        points = [{**p, setting.name: v} for p in points for v in setting.values]
    return points


def sobol_points(
    settings: Sequence[Setting],
    n: int,
    rng: np.random.Generator,
    *,
    sites: Sequence[Site] = (),
) -> list[Parameters]:
    """Return n scrambled Sobol points, each number on an allowed value.

    Points off the upper limits of a site are left out and more drawn, so that fewer
    than n come where hardly any lie within them; the corners of a site come besides.

    Source:
        Owen, J. Complexity 14 (1998) 466: scrambled nets keep their evenness.
    """
    width = len(settings) + sum(len(site.keys) for site in sites)
    sampler = qmc.Sobol(width, scramble=True, rng=rng)
    found: list[Parameters] = []
    block = 2 ** max(0, int(np.ceil(np.log2(n))))
    for _ in range(_MOST_TRIES if sites else 1):
        rows = sampler.random(block).tolist()
        points = (_decoded(settings, sites, row) for row in rows)
        found += [point for point in points if point is not None]
        if len(found) >= n:
            break
    found = found[:n]
    return found + _with_corners(found, sites)


def _decoded(
    settings: Sequence[Setting], sites: Sequence[Site], row: Sequence[float]
) -> Parameters | None:
    point: Parameters = {
        s.name: s.decode(u) for s, u in zip(settings, row, strict=False)
    }
    start = len(settings)
    for site in sites:
        shares = site.draw(row[start : start + len(site.keys)])
        if shares is None:
            return None
        point |= zip(site.keys, shares.values(), strict=True)
        start += len(site.keys)
    return point


def _with_corners(
    points: Sequence[Parameters], sites: Sequence[Site]
) -> list[Parameters]:
    """Return some of the points moved to the corners of each site, in turn.

    Evenly spread points never meet the ends, where pure compounds lie.
    """
    found: list[Parameters] = []
    for site in sites:
        n = len(site.corners)
        if not points or site.grid:
            continue
        for i, point in enumerate(points[:: max(1, len(points) // (8 * n))]):
            corner = (float(share) for share in site.corners[i % n].values())
            found.append({**point, **dict(zip(site.keys, corner, strict=True))})
    return found


def nearest(setting: Setting, value: Value) -> Value:
    """Return the allowed value nearest to one that may lie off the grid."""
    if setting.kind == "choice":
        return value if value in setting.values else setting.values[0]
    place = min(max(setting.place(float(value)), 0.0), 1.0)
    if setting.values:
        return _nearest_place(setting, place)
    return setting.decode(place)


def _nearest_place(setting: Setting, place: float) -> Value:
    return min(setting.values, key=lambda v: abs(setting.place(float(v)) - place))


def around(
    settings: Sequence[Setting],
    centre: Parameters,
    *,
    held: Mapping[str, Value],
    sites: Sequence[Site] = (),
) -> Iterator[Parameters]:
    """Yield a point and those one step away along each number and site.

    Args:
        settings: All but the shares of the sites.
        centre: The point, on allowed values.
        held: Settings that stay.
        sites: Sites among whose cations shares are exchanged.
    """
    yield centre
    for s in settings:
        if s.name in held or s.kind == "choice":
            continue
        place = s.place(float(centre[s.name]))
        for shift in SHIFTS:
            moved = min(max(place + shift, 0.0), 1.0)
            value = s.decode(moved) if not s.values else _nearest_place(s, moved)
            yield {**centre, s.name: value}
    for site in sites:
        names = dict(zip(site.cations, site.keys, strict=True))
        shares = {name: float(centre[key]) for name, key in names.items()}
        for other in site.around(shares):
            yield {**centre, **{names[name]: share for name, share in other.items()}}
