"""How a pool is filled: all points of a small space, a net in a large one, a table."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from campaigns.recipe import Parameters
from loop.errors import ProposalError
from loop.propose.draws import around, draws, is_listed, nearest
from loop.propose.points import Points
from loop.propose.pool import Lookup, Makeable, Mask, Pool
from loop.propose.randomness import stream
from loop.propose.space import Key, SearchSpace, Setting

N_PROFILES, N_SAMPLES = 512, 256
"""Points taken of a continuous space: powers of 2, as Sobol nets like."""
MAX_SAMPLES = 4096
"""Listed samples, at most; more are thinned to N_SAMPLES."""
MAX_CANDIDATES = 40_000
"""What is scored in about half a second on one core, for each learned figure."""
MAX_PLACES = 1_000_000
"""Places of a pool, filled or not: what is kept of each is about 100 bytes."""


def build_pool(
    space: SearchSpace,
    *,
    seed: int,
    load: int,
    fixed: Parameters | None = None,
    near: Iterable[Parameters] = (),
    makeable: Makeable | None = None,
) -> Pool:
    """Return the candidates of a load.

    Every point where the space is discrete and small, else scrambled Sobol points
    and steps along each setting from the points in `near`.

    Of a table of candidates its rows.

    Args:
        space: The search space.
        seed: Campaign seed.
        load: Load number, so that each load sees other points of a continuous space.
        fixed: Settings that the load already has, such as those of samples in it.
        near: Points worth refining, such as the best results.
        makeable: Which samples can be made; all if None.

    Raises:
        ProposalError: If no candidate can be made, or satisfies the constraints.
    """
    near = [space.trimmed(point) for point in near]
    held = {k: v for k, v in (fixed or {}).items() if space.key({k: v})}
    if space.candidates:
        return table_pool(space, held=held, makeable=makeable)
    samples = _samples(space, near, seed=seed, load=load)
    can = _makeable(samples, makeable)
    samples = [sample for sample, yes in zip(samples, can, strict=True) if yes]
    room = max(32, MAX_CANDIDATES // len(samples))
    shared = [
        replace(s, kind="choice", values=(held[s.name],)) if s.name in held else s
        for s in space.shared
    ]
    refined = [
        space.split(step)[0]
        for p in near
        for step in around(shared, _centre(shared, p, held), held=held)
    ]
    profiles = draws(
        shared,
        (),
        listed=room,
        drawn=min(N_PROFILES, max(32, room - len(refined))),
        rng=stream(seed, "shared", load),
    )
    profiles = _unique(space, [*profiles, *refined])
    allowed = _within_constraints(space, profiles, samples)
    if not allowed.any():
        raise ProposalError(
            f"input_constraints: none of {allowed.size} candidates satisfies them; "
            "widen the space or the constraints"
        )
    kept_p = np.flatnonzero(allowed.any(axis=1))
    kept_s = np.flatnonzero(allowed.any(axis=0))
    allowed = allowed[np.ix_(kept_p, kept_s)]
    profiles = [profiles[i] for i in kept_p]
    samples = [samples[j] for j in kept_s]
    lookup = Lookup(
        {space.key(p): [i] for i, p in enumerate(profiles)},
        {space.key(s): j for j, s in enumerate(samples)},
    )
    return Pool(tuple(profiles), tuple(samples), lookup, allowed, allowed)


def _makeable(samples: Sequence[Parameters], makeable: Makeable | None) -> Mask:
    """Return which samples can be made.

    Raises:
        ProposalError: If none can.
    """
    if makeable is None:
        return np.ones(len(samples), dtype=bool)
    can = makeable(samples)
    if not can.any():
        raise ProposalError(
            "space: no sample can be made any more: each would need a dose beyond the "
            "doser's range, or more of a precursor than is left in stock; buy more, "
            "change sample_grams, or widen the space"
        )
    return can


def table_pool(
    space: SearchSpace, *, held: Parameters, makeable: Makeable | None
) -> Pool:
    """Return a table's candidates, by profile.

    Args:
        space: With the table.
        held: Settings that the load already has: rows with others are left out.
        makeable: Which samples can be made; all if None.

    Raises:
        ProposalError: If no row is left.
    """
    names = [s.name for s in space.shared]
    profiles: dict[Key, Parameters] = {}
    samples: dict[Key, Parameters] = {}
    pairs: list[tuple[Key, Key]] = []
    for row in space.candidates:
        if any(name in row and row[name] != value for name, value in held.items()):
            continue
        shared, own = space.split({**row, **held})
        pair = space.key(shared), space.key(own)
        profiles.setdefault(pair[0], shared)
        samples.setdefault(pair[1], own)
        pairs.append(pair)
    if not pairs:
        raise ProposalError(
            "space.candidates: no row has the settings that the load already has"
            f" ({', '.join(f'{k} {v}' for k, v in held.items() if k in names)})"
        )
    listed = list(samples.values())
    able = _makeable(listed, makeable)
    column = {key: j for j, key in enumerate(samples)}
    members: dict[Key, list[int]] = {}
    for shared_key, own_key in dict.fromkeys(pairs):
        if able[column[own_key]] and space.allows(
            {**samples[own_key], **profiles[shared_key]}
        ):
            members.setdefault(shared_key, []).append(column[own_key])
    if not members:
        raise ProposalError(
            "input_constraints: no candidate of the table satisfies them and can be"
            " made; widen the constraints or the table"
        )
    rows = _rows(members)
    width = max(len(found) for _, found in rows)
    places = np.zeros((len(rows), width), dtype=np.intp)
    allowed = np.zeros(places.shape, dtype=bool)
    lookup = Lookup({}, column)
    for i, (key, found) in enumerate(rows):
        places[i, : len(found)] = found
        allowed[i, : len(found)] = True
        lookup.profiles.setdefault(key, []).append(i)
    kept = tuple(profiles[key] for key, _ in rows)
    return Pool(kept, tuple(listed), lookup, allowed, allowed, places)


def _rows(members: Mapping[Key, list[int]]) -> list[tuple[Key, list[int]]]:
    """Return the samples of each profile, in rows of bounded width.

    Rows are as wide as the widest, so that few wide ones would leave most of the
    others empty.
    """
    most = max(8, MAX_PLACES // len(members))
    return [
        (key, found[start : start + most])
        for key, found in members.items()
        for start in range(0, len(found), most)
    ]


def _samples(
    space: SearchSpace, near: Iterable[Parameters], *, seed: int, load: int
) -> list[Parameters]:
    """Return points of the samples' own settings."""
    keys = {key for site in space.sites for key in site.keys}
    settings = [s for s in space.own if s.name not in keys]
    found = draws(
        settings,
        space.sites,
        listed=MAX_SAMPLES,
        drawn=N_SAMPLES,
        rng=stream(seed, "own", load),
    )
    has_all = is_listed(settings, space.sites, listed=MAX_SAMPLES)
    for point in near:
        centre = _own(space, point, settings)
        if centre is not None and not has_all:
            found += around(settings, centre, held={}, sites=space.sites)
    return _unique(space, found)


def _own(
    space: SearchSpace, point: Parameters, settings: Sequence[Setting]
) -> Parameters | None:
    """Return a point's own settings on allowed values, None if it lies elsewhere."""
    own = space.split(point)[1]
    for s in settings:
        is_known = s.name in own and (s.kind == "number" or own[s.name] in s.values)
        if not is_known:
            return None
        own[s.name] = nearest(s, own[s.name])
    for site in space.sites:
        names = dict(zip(site.cations, site.keys, strict=True))
        if not own.keys() >= set(site.keys) or not site.allows(
            {name: float(own[key]) for name, key in names.items()}
        ):
            return None
    return own


def _centre(
    shared: Iterable[Setting], point: Parameters, held: Parameters
) -> Parameters:
    """Return a point's profile on allowed values."""
    return {
        s.name: nearest(s, held.get(s.name, point.get(s.name, s.decode(0.5))))
        for s in shared
    }


def _within_constraints(
    space: SearchSpace, profiles: Sequence[Parameters], samples: Sequence[Parameters]
) -> Mask:
    """Return which candidates satisfy the input constraints, shape `n x m`."""
    names = {s.name for s in space.shared}
    allowed = np.ones((len(profiles), len(samples)), dtype=bool)
    for constraint in space.constraints:
        # A parameter of a step that does not happen counts 0.
        of_profiles, of_samples = (
            sum(
                (weight * Points(points).numbers(name, 0.0)
                 for name, weight in constraint.terms.items()
                 if (name in names) == is_shared),
                np.zeros(len(points)),
            )
            for points, is_shared in ((profiles, True), (samples, False))
        )  # fmt: skip
        total = of_profiles[:, None] + of_samples[None, :]
        allowed &= total <= constraint.at_most + 1e-9
    return allowed


def _unique(space: SearchSpace, points: Iterable[Parameters]) -> list[Parameters]:
    """Return points without repeats and without settings that do not exist."""
    trimmed = (space.trimmed(point) for point in points)
    return list({space.key(point): point for point in trimmed}.values())
