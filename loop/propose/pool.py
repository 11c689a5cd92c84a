"""The pool of candidates: furnace profiles and the samples that may go with each.

A candidate is a profile (what a load shares) with a sample (precursor set, composition,
excess), so the pool is kept as two lists and a mask, never as their product. Of a list
of candidates each profile keeps the samples that stand beside it in the list.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from campaigns.recipe import Parameters
from campaigns.results import Veto
from loop.errors import ProposalError
from loop.propose.draws import around, draws, is_listed, nearest
from loop.propose.points import Points
from loop.propose.randomness import stream
from loop.propose.space import Key, SearchSpace, Setting

N_PROFILES, N_SAMPLES = 512, 256
"""Points taken of a continuous space: powers of 2, as Sobol nets like."""
MAX_SAMPLES = 4096
"""Listed samples, at most; more are thinned to N_SAMPLES."""
MAX_CANDIDATES = 40_000
"""What is scored in about 2 s on one core."""
MAX_PLACES = 1_000_000
"""Places of a pool, filled or not: what is kept of each is about 100 bytes."""
Mask = NDArray[np.bool_]
Makeable = Callable[[Sequence[Parameters]], Mask]
"""Which of some samples can be made at all, from their own settings."""


@dataclass(frozen=True)
class Lookup:
    """Where points stand in a pool."""

    profiles: dict[Key, list[int]]
    """Key of a profile to its rows: more than one where it has very many samples."""
    samples: dict[Key, int]


@dataclass(frozen=True)
class Pool:
    """Candidates as profiles, each with places for samples."""

    profiles: tuple[Parameters, ...]
    """Settings of a load, length n."""
    samples: tuple[Parameters, ...]
    """Settings of a sample, length m."""
    lookup: Lookup
    allowed: Mask
    """Shape n x w: which may be proposed."""
    possible: Mask
    """Shape n x w: which the campaign allows, made before or not."""
    members: NDArray[np.intp] | None = None
    """Shape n x w: the sample at each place of a profile; None where every profile has
    every sample, w = m."""

    def parameters(self, profile: int, place: int) -> Parameters:
        """Return a candidate's parameters."""
        sample = place if self.members is None else int(self.members[profile, place])
        return {**self.samples[sample], **self.profiles[profile]}

    def samples_at(self, profile: int) -> Sequence[Parameters]:
        """Return the sample at each place of a profile."""
        if self.members is None:
            return self.samples
        return [self.samples[i] for i in self.members[profile].tolist()]

    @property
    def places(self) -> NDArray[np.intp]:
        """Return the sample at each place of a profile, shape `n x w`."""
        if self.members is None:
            return np.broadcast_to(np.arange(len(self.samples)), self.allowed.shape)
        return self.members

    def without(self, space: SearchSpace, points: Iterable[Parameters]) -> "Pool":
        """Return the pool with given points no longer allowed."""
        allowed = self.allowed.copy()
        for point in points:
            shared, own = space.split(point)
            column = self.lookup.samples.get(space.key(own))
            if column is None:
                continue
            for row in self.lookup.profiles.get(space.key(shared), ()):
                if self.members is None:
                    allowed[row, column] = False
                else:
                    allowed[row, self.members[row] == column] = False
        return replace(self, allowed=allowed)

    def at_profile(self, space: SearchSpace, point: Parameters) -> "Pool":
        """Return the pool with the profile of a point alone."""
        rows = self.lookup.profiles.get(space.key(space.split(point)[0]), [])
        same = np.zeros(len(self.profiles), dtype=bool)
        same[rows] = True
        return replace(self, allowed=self.allowed & same[:, None])

    def reopened(self) -> "Pool":
        """Return the pool with all that the campaign allows."""
        return replace(self, allowed=self.possible)

    def without_vetoed(self, vetoes: Iterable[Veto]) -> "Pool":
        """Return the pool with what persons forbid no longer allowed."""
        vetoes = tuple(vetoes)
        if not vetoes:
            return self
        allowed = self.allowed.copy()
        shared = {name for profile in self.profiles for name in profile}
        for veto in vetoes:
            rows = _forbidden(self.profiles, veto, veto.matching.keys() & shared)
            columns = _forbidden(self.samples, veto, veto.matching.keys() - shared)
            of_places = columns if self.members is None else columns[self.members]
            allowed &= ~(rows[:, None] & of_places)
        return replace(self, allowed=allowed)

    def without_samples(self, makeable: Makeable) -> "Pool":
        """Return the pool without samples that cannot be made."""
        can = makeable(self.samples)
        of_places = can if self.members is None else can[self.members]
        return replace(self, allowed=self.allowed & of_places)


def _forbidden(
    points: Iterable[Parameters], veto: Veto, names: Collection[str]
) -> Mask:
    """Return which points match a veto in these of its parameters."""
    part = {name: veto.matching[name] for name in names}
    some = veto.model_copy(update={"matching": part})
    return np.array([some.forbids(point) for point in points], dtype=bool)


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
    samples = _makeable(_samples(space, near, seed=seed, load=load), makeable)
    room = max(32, MAX_CANDIDATES // len(samples))
    shared = [
        replace(s, kind="choice", values=(held[s.name],)) if s.name in held else s
        for s in space.shared
    ]
    profiles = draws(
        shared,
        (),
        listed=room,
        drawn=min(N_PROFILES, room),
        rng=stream(seed, "shared", load),
    )
    profiles += [
        space.split(step)[0]
        for p in near
        for step in around(shared, _centre(shared, p, held), held=held)
    ]
    profiles = _unique(space, profiles)
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


def _makeable(samples: list[Parameters], makeable: Makeable | None) -> list[Parameters]:
    """Return the samples that can be made.

    Raises:
        ProposalError: If none can.
    """
    if makeable is None:
        return samples
    can = makeable(samples)
    if not can.any():
        raise ProposalError(
            "space: no sample can be made any more: each would need a dose beyond the "
            "doser's range, or more of a precursor than is left in stock; buy more, "
            "change sample_grams, or widen the space"
        )
    return [sample for sample, yes in zip(samples, can, strict=True) if yes]


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
    able = {space.key(sample) for sample in _makeable(listed, makeable)}
    column = {key: j for j, key in enumerate(samples)}
    members: dict[Key, list[int]] = {}
    for shared_key, own_key in dict.fromkeys(pairs):
        if own_key in able and space.allows(
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
