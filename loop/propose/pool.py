"""The pool of candidates: furnace profiles times samples.

A candidate is a profile (what a load shares) with a sample (precursor set, excess), so
the pool is kept as two lists and a mask, never as their product.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from math import prod

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from campaigns.recipe import Parameters
from campaigns.results import Veto
from loop.errors import ProposalError
from loop.propose.randomness import stream
from loop.propose.space import SearchSpace, Setting, Value

N_PROFILES, N_SAMPLES = 512, 256
"""Points taken of a continuous space: powers of 2, as Sobol nets like."""
MAX_SAMPLES = 4096
"""Listed samples, at most; more are thinned to N_SAMPLES."""
MAX_CANDIDATES = 40_000
"""What is scored in about 2 s on one core."""


@dataclass(frozen=True)
class Pool:
    """Candidates as profiles times samples."""

    profiles: tuple[Parameters, ...]
    """Settings of a load, length n."""
    samples: tuple[Parameters, ...]
    """Settings of a sample, length m."""
    allowed: NDArray[np.bool_]
    """Shape n x m: which may be proposed."""

    def parameters(self, profile: int, sample: int) -> Parameters:
        """Return a candidate's parameters."""
        return {**self.samples[sample], **self.profiles[profile]}

    def without(self, space: SearchSpace, points: Iterable[Parameters]) -> "Pool":
        """Return the pool with given points no longer allowed."""
        rows = {space.key(p): i for i, p in enumerate(self.profiles)}
        columns = {space.key(s): j for j, s in enumerate(self.samples)}
        allowed = self.allowed.copy()
        for point in points:
            shared, own = space.split(point)
            row, column = rows.get(space.key(shared)), columns.get(space.key(own))
            if row is not None and column is not None:
                allowed[row, column] = False
        return replace(self, allowed=allowed)

    def without_vetoed(self, vetoes: Iterable[Veto]) -> "Pool":
        """Return the pool with what persons forbid no longer allowed."""
        allowed = self.allowed.copy()
        shared = {name for profile in self.profiles for name in profile}
        for veto in vetoes:
            rows = _forbidden(self.profiles, veto, veto.matching.keys() & shared)
            columns = _forbidden(self.samples, veto, veto.matching.keys() - shared)
            allowed &= ~np.outer(rows, columns)
        return replace(self, allowed=allowed)


def _forbidden(
    points: Iterable[Parameters], veto: Veto, names: Collection[str]
) -> NDArray[np.bool_]:
    """Return which points match a veto in these of its parameters."""
    part = {name: veto.matching[name] for name in names}
    some = veto.model_copy(update={"matching": part})
    return np.array([some.forbids(point) for point in points], dtype=bool)


def build_pool(
    space: SearchSpace,
    *,
    seed: int,
    load: int,
    fixed: Mapping[str, Value] | None = None,
    near: Iterable[Parameters] = (),
) -> Pool:
    """Return the candidates of a load.

    Every point where the space is discrete and small, else scrambled Sobol points
    and steps along each setting from the points in `near`.

    Args:
        space: The search space.
        seed: Campaign seed.
        load: Load number, so that each load sees other points of a continuous space.
        fixed: Settings that the load already has, such as those of samples in it.
        near: Points worth refining, such as the best results.

    Raises:
        ProposalError: If no candidate satisfies the constraints.
    """
    fixed = fixed or {}
    near = [space.trimmed(point) for point in near]
    held = {k: v for k, v in fixed.items() if space.key({k: v})}
    shared = [
        replace(s, kind="choice", values=(held[s.name],)) if s.name in held else s
        for s in space.shared
    ]
    samples = _points(
        space.own, listed=MAX_SAMPLES, drawn=N_SAMPLES, rng=stream(seed, "own", load)
    )
    samples += [own for p in near if (own := _own(space, p))]
    samples = _unique(space, samples)
    room = max(32, MAX_CANDIDATES // len(samples))
    profiles = _points(
        shared,
        listed=room,
        drawn=min(N_PROFILES, room),
        rng=stream(seed, "shared", load),
    )
    profiles += [step for p in near for step in _steps(space, shared, p, held)]
    profiles = _unique(space, profiles)
    allowed = np.array(
        [[space.allows({**s, **p}) for s in samples] for p in profiles], dtype=bool
    )
    if not allowed.any():
        raise ProposalError(
            f"input_constraints: none of {allowed.size} candidates satisfies them; "
            "widen the space or the constraints"
        )
    kept_p = np.flatnonzero(allowed.any(axis=1))
    kept_s = np.flatnonzero(allowed.any(axis=0))
    return Pool(
        tuple(profiles[i] for i in kept_p),
        tuple(samples[j] for j in kept_s),
        allowed[np.ix_(kept_p, kept_s)],
    )


def _points(
    settings: Iterable[Setting], *, listed: int, drawn: int, rng: np.random.Generator
) -> list[Parameters]:
    """Return all points of some settings if few enough, or `drawn` spread evenly."""
    settings = tuple(settings)
    is_listed = all(s.values for s in settings)
    if is_listed and prod(len(s.values) for s in settings) <= listed:
        return _product(settings)
    return sobol_points(settings, drawn, rng)


def _product(settings: tuple[Setting, ...]) -> list[Parameters]:
    points: list[Parameters] = [{}]
    for setting in settings:
        points = [{**p, setting.name: v} for p in points for v in setting.values]
    return points


def sobol_points(
    settings: tuple[Setting, ...], n: int, rng: np.random.Generator
) -> list[Parameters]:
    """Return n scrambled Sobol points, each number on an allowed value.

    Source:
        Owen, J. Complexity 14 (1998) 466: scrambled nets keep their evenness.
    """
    sampler = qmc.Sobol(len(settings), scramble=True, rng=rng)
    places = sampler.random_base2(max(0, int(np.ceil(np.log2(n)))))[:n]
    return [
        {s.name: s.decode(u) for s, u in zip(settings, row, strict=True)}
        for row in places.tolist()
    ]


def _steps(
    space: SearchSpace,
    shared: Iterable[Setting],
    point: Parameters,
    held: Mapping[str, Value],
) -> list[Parameters]:
    """Return the point's profile and those one step away along each setting."""
    shared = tuple(shared)
    centre: Parameters = {}
    for s in shared:
        value = held.get(s.name, point.get(s.name, s.decode(0.5)))
        centre[s.name] = _nearest(s, value)
    around = [centre]
    for s in shared:
        if s.name in held or s.kind == "choice":
            continue
        (place,) = s.encode(centre[s.name])
        for shift in (-0.15, -0.07, 0.07, 0.15):
            moved = min(max(place + shift, 0.0), 1.0)
            value = s.decode(moved) if not s.values else _nearest_place(s, moved)
            around.append({**centre, s.name: value})
    return [space.split(p)[0] for p in around]


def _nearest(setting: Setting, value: Value) -> Value:
    """Return the allowed value nearest to one that may lie off the grid."""
    if setting.kind == "choice":
        return value if value in setting.values else setting.values[0]
    place = min(max(setting.encode(value)[0], 0.0), 1.0)
    if setting.values:
        return _nearest_place(setting, place)
    return setting.decode(place)


def _nearest_place(setting: Setting, place: float) -> Value:
    return min(setting.values, key=lambda v: abs(setting.encode(v)[0] - place))


def _own(space: SearchSpace, point: Parameters) -> Parameters | None:
    """Return a point's own settings on allowed values, None if a set is unknown."""
    own = space.split(point)[1]
    for s in space.own:
        is_known = s.name in own and (s.kind == "number" or own[s.name] in s.values)
        if not is_known:
            return None
        own[s.name] = _nearest(s, own[s.name])
    return own


def _unique(space: SearchSpace, points: Iterable[Parameters]) -> list[Parameters]:
    """Return points without repeats and without settings that do not exist."""
    trimmed = (space.trimmed(point) for point in points)
    return list({space.key(point): point for point in trimmed}.values())
