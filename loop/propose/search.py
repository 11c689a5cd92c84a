"""Which candidates of a finite pool to measure next."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from loop.propose.columns import Columns
from loop.propose.library import KINDS, Figure, Mixture, joint_draws, mixture
from loop.propose.members import (
    growth,
    members,
    n_members,
    reciprocal_ranks,
    together,
)
from loop.propose.randomness import key
from loop.propose.reproducible import reproducible

Array = NDArray[np.float64]
DRAWS, DRAWS_SEVERAL = 1024, 256
"""Results that may be, for one objective and for several, which take longer: a
probability of a tenth is known to a hundredth."""
MOST_JOINT = 512
"""Candidates drawn together at most; of larger pools the most hopeful."""


@dataclass(frozen=True)
class Pool:
    """Candidates as models see them."""

    X: Tensor
    """Shape `n x columns.n`."""
    columns: Columns


def next_candidates(
    pool: Pool,
    figures: Sequence[Figure],
    seen: Sequence[int],
    *,
    size: int,
    seed: int,
    kinds: Sequence[str] = KINDS,
) -> list[int]:
    """Return the candidates to measure next, best first.

    Args:
        pool: The candidates.
        figures: One an objective, with results of those seen.
        seen: Candidates measured, in the order of the figures' results.
        size: Candidates wanted, at most as many as are left.
        seed: Of all draws.
        kinds: Models to use.
    """
    with reproducible(key(seed, "search")):
        X = pool.X[list(seen)]
        mixed = [
            mixture(X, f, pool.columns, seed=key(seed, "model"), kinds=kinds)
            for f in figures
        ]
        rows = _shortlist(pool, mixed, seen, size)
        count = DRAWS if len(figures) == 1 else DRAWS_SEVERAL
        drawn = joint_draws(mixed, pool.X[rows], count, key(seed, "draws"))
        Y = np.stack([f.y for f in figures], axis=-1)
        measured = [int(i) for i in np.searchsorted(rows, seen)]
        if len(figures) == 1:
            sought = Sought(n_members(len(pool.X)), figures[0].is_ranked)
            found = _most_wanted(drawn[..., 0], measured, Y[:, 0], sought, size)
        else:
            found = _most_growth(drawn, measured, Y, size)
        return [int(rows[i]) for i in found]


def _shortlist(
    pool: Pool, mixed: Sequence[Mixture], seen: Sequence[int], size: int
) -> NDArray[np.intp]:
    """Return the candidates worth a closer look, and all that were measured."""
    everyone = np.arange(len(pool.X))
    most = max(MOST_JOINT, 2 * size)
    if len(everyone) <= most + len(seen):
        return everyone
    left = np.setdiff1d(everyone, seen)
    each = most // len(mixed)
    hopeful = [one.hopeful(pool.X, left, each) for one in mixed]
    return np.unique(np.concatenate([*hopeful, np.array(seen)]))


@dataclass(frozen=True)
class Sought:
    """What is sought of one figure."""

    n: int
    """How many candidates are."""
    is_ranked: bool
    """Whether the better of them are worth more."""


def _most_wanted(
    drawn: Array, measured: list[int], y: Array, sought: Sought, size: int
) -> list[int]:
    """Return candidates of the highest worth, each beside those chosen before it."""
    worth = reciprocal_ranks if sought.is_ranked else members
    found = worth(drawn, measured, y, min(sought.n, len(drawn) - 1))
    left = np.setdiff1d(np.arange(len(drawn)), measured)
    chosen = together(found[left], drawn[left].mean(axis=1), size)
    return [int(i) for i in left[chosen]]


def _most_growth(drawn: Array, measured: list[int], Y: Array, size: int) -> list[int]:
    """Return those that add most, each to the ones before it as they are expected.

    Objectives are measured by the range of what was seen, and the worst seen of each
    is the reference.
    """
    low, width = Y.min(axis=0), np.ptp(Y, axis=0)
    width = np.where(width > 0, width, 1.0)
    scaled = (drawn - low) / width
    front = (Y - low) / width
    # A little below the worst: else the first of the ends would add nothing.
    reference = np.full(Y.shape[1], -0.1)
    chosen: list[int] = []
    while len(chosen) < size:
        value = growth(scaled, front, reference)
        value[[*measured, *chosen]] = -np.inf
        chosen.append(int(value.argmax()))
        front = np.concatenate([front, scaled[chosen[-1:]].mean(axis=1)])
    return chosen
