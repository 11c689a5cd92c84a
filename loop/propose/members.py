"""What a candidate is worth, by draws of what all candidates would give.

Of one objective: the probability that it belongs to the best twentieth of the pool. A
lab that searches a list wants the good candidates, all of them and early, not one best
value: after the first yield of 100 % no improvement is left to expect, and nine other
routes are. A batch is chosen one after another, each by what it adds. How good a member
has to be is not known either: each draw ranks the whole pool.

Of a yield: its expected reciprocal rank within that twentieth. A yield has a whole that
several can reach, and that is what is sought: a route that is surely third to two pure
ones is worth less than one that is pure in every second draw.

Of several: the expected growth of the hypervolume that results dominate.
"""

from collections.abc import Sequence
from math import ceil

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Array = NDArray[np.float64]
SHARE = 0.05
"""Of the pool that counts as good, the figure `athanor backtest` reports."""
MOST_MEMBERS = 50
"""Members sought at most: campaigns on furnaces make about as many experiments, so of a
large pool only the top is of use."""


def n_members(n: int) -> int:
    """Return how many candidates of a pool are sought."""
    return min(ceil(SHARE * n), MOST_MEMBERS)


def members(drawn: Array, measured: Sequence[int], y: Array, n_sought: int) -> Array:
    """Return the share of a place among the best that each has in each draw, `n x s`.

    Args:
        drawn: Results that may be, shape `n x s`.
        measured: Candidates with results.
        y: Their results, which stand in every draw.
        n_sought: How many the best are. Those that tie with the last share the places
            left, else a tree, whose leaves hold many candidates, would promise more
            places than there are.
    """
    known = drawn.copy()
    known[list(measured)] = y[:, None]
    n = len(known)
    level = np.partition(known, n - n_sought, axis=0)[n - n_sought]
    above, tied = known > level, known == level
    left = n_sought - above.sum(axis=0)
    found: Array = above + tied * (left / tied.sum(axis=0))
    return found


def reciprocal_ranks(
    drawn: Array, measured: Sequence[int], y: Array, n_sought: int
) -> Array:
    """Return 1 over each candidate's rank in each draw, 0 beyond the sought; `n x s`.

    Equals share the better rank. Arguments as of `members`.

    Source:
        Voorhees, Proc. TREC-8 (1999) 77: the reciprocal of the rank as the worth of an
        answer in a list that is read from its top.
    """
    known = drawn.copy()
    known[list(measured)] = y[:, None]
    n = len(known)
    best = np.sort(np.partition(known, n - n_sought, axis=0)[n - n_sought :], axis=0)
    found = np.zeros(known.shape)
    for one, levels, values in zip(found.T, best.T, known.T, strict=True):
        better = n_sought - np.searchsorted(levels, values, side="right")
        one[:] = np.where(values >= levels[0], 1.0 / (1.0 + better), 0.0)
    return found


def together(worth: Array, expected: Array, size: int) -> list[int]:
    """Return candidates for one batch, each worth most beside those before it.

    Where one of them is a find, the next is worth a half in the same draw, then a
    third: what goes together is found or missed together, and a batch that asks one
    question several times learns one answer.

    Args:
        worth: Of each candidate in each draw, shape `n x s`.
        expected: Results, shape n; they decide ties.
        size: Candidates wanted, at most n.
    """
    before = np.zeros(worth.shape[1])
    is_left = np.ones(len(worth), dtype=bool)
    chosen: list[int] = []
    while len(chosen) < size:
        value = np.where(is_left, (worth / (1.0 + before)).mean(axis=1), -np.inf)
        best = int(np.lexsort((-expected, -value))[0])
        before = before + worth[best]
        is_left[best] = False
        chosen.append(best)
    return chosen


def growth(draws: Array, front: Array, reference: Array) -> Array:
    """Return the expected growth of the dominated hypervolume, shape n.

    Args:
        draws: Results that may be, shape `n x s x m`.
        front: Results so far, shape `k x m`.
        reference: Worst values of any use, shape m.
    """
    low, high = cells(front, reference)
    total = torch.zeros(draws.shape[:2], dtype=torch.float64)
    may_be = torch.from_numpy(draws)
    for a, b in zip(low, high, strict=True):
        total += (may_be.minimum(b) - a).clamp_min(0.0).prod(dim=-1)
    found: Array = total.mean(dim=1).numpy()
    return found


def cells(front: Array, reference: Array) -> tuple[Tensor, Tensor]:
    """Return corners of boxes that fill what is not dominated, each `k x m`."""
    from botorch.utils.multi_objective.box_decompositions.non_dominated import (
        FastNondominatedPartitioning,
    )

    made = FastNondominatedPartitioning(
        torch.from_numpy(reference), Y=torch.from_numpy(front)
    )
    low, high = made.get_hypercell_bounds()
    return low, high
