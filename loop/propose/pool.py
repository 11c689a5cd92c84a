"""The pool of candidates: furnace profiles and the samples that may go with each.

A candidate is a profile (what a load shares) with a sample (precursor set, composition,
excess), so the pool is kept as two lists and a mask, never as their product. Of a list
of candidates each profile keeps the samples that stand beside it in the list.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from campaigns.recipe import Parameters
from campaigns.results import Veto
from loop.propose.space import Key, SearchSpace

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
