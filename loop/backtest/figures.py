"""What replayed campaigns are compared by."""

from collections.abc import Sequence
from math import ceil, isnan
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from loop.backtest.replay import Campaign, n_top
from loop.backtest.table import MeasuredTable

EVERY = 10
"""Experiments between the columns of shares."""
MANY = 5
"""`n_to_k_best` counts the first, this many, and all."""
Array = NDArray[np.float64]
Count = int | None


class Figures(TypedDict):
    """One entry a seed in every list; None where not reached within the budget."""

    n_to_best: list[Count]
    n_to_80: list[Count]
    n_to_k_best: dict[str, list[Count]]
    top5_at: dict[str, list[float]]
    auc: list[float]
    hypervolume_at: dict[str, list[float]]
    cpu_seconds: list[float | None]


class Targets:
    """What there is to find in a table.

    Of one objective: the candidates at least as good as the k-th best. Of several: the
    candidates that none betters in all (Pareto-optimal), for which `top5` stands too.
    """

    def __init__(self, table: MeasuredTable) -> None:
        """Rank the candidates."""
        self.gains = table.gains
        n, m = self.gains.shape
        self.is_single = m == 1
        if self.is_single:
            order = np.sort(self.gains[:, 0])[::-1]
            self.n_top = n_top(n)
            self.is_top = self.gains[:, 0] >= order[self.n_top - 1]
            self.is_optimum = self.gains[:, 0] >= order[0]
            self.is_many = self.gains[:, 0] >= order[min(MANY, n) - 1]
        else:
            self.is_optimum = _optimal(self.gains)
            self.is_top = self.is_many = self.is_optimum
            self.n_top = int(self.is_optimum.sum())
        self.worst = self.gains.min(axis=0)
        self.width = np.ptp(self.gains, axis=0)
        self.whole = 0.0 if self.is_single else self.hypervolume(range(n))

    def share(self, order: Sequence[int]) -> Array:
        """Return the share of the top found after each experiment, 0 to 1."""
        found = np.cumsum(self.is_top[list(order)])
        shares: Array = np.minimum(found / self.n_top, 1.0)
        return shares

    def progress(self, order: Sequence[int]) -> Array:
        """Return what is drawn: the share found, or of the hypervolume, 0 to 1."""
        if self.is_single:
            return self.share(order)
        counts = range(1, len(order) + 1)
        return np.array([self.hypervolume(order[:k]) / self.whole for k in counts])

    def hypervolume(self, seen: Sequence[int]) -> float:
        """Return the volume that results dominate, each objective from its worst, 0,
        to its best, 1.
        """  # noqa: D205
        import torch
        from botorch.utils.multi_objective.box_decompositions.dominated import (
            DominatedPartitioning,
        )

        scaled = (self.gains[list(seen)] - self.worst) / self.width
        front = torch.from_numpy(scaled[_optimal(scaled)])
        reference = torch.zeros(front.shape[1], dtype=front.dtype)
        return float(DominatedPartitioning(reference, front).compute_hypervolume())


def _optimal(gains: Array) -> NDArray[np.bool_]:
    """Return whether each row is not bettered, shape n."""
    mine, other = gains[:, None], gains[None]
    worse = np.all(mine <= other, axis=-1) & np.any(mine < other, axis=-1)
    return np.asarray(~worse.any(axis=1))


def experiments_to(is_wanted: NDArray[np.bool_], order: Sequence[int], k: int) -> Count:
    """Return experiments until k wanted candidates were measured, None if never."""
    found = np.cumsum(is_wanted[list(order)])
    reached = np.flatnonzero(found >= k)
    return int(reached[0]) + 1 if reached.size else None


def figures(
    table: MeasuredTable, campaigns: Sequence[Campaign], *, budget: int
) -> Figures:
    """Return the figures of one method, an entry a campaign.

    Args:
        table: The table that was replayed.
        campaigns: One a seed.
        budget: Experiments a campaign; past the end of the table nothing changes.
    """
    wanted = Targets(table)
    orders = [c.order for c in campaigns]
    shares = [wanted.share(order) for order in orders]
    marks = sorted({*range(EVERY, budget + 1, EVERY), budget})

    def count(is_wanted: NDArray[np.bool_], k: int) -> list[Count]:
        return [experiments_to(is_wanted, order, k) for order in orders]

    volumes: dict[str, list[float]] = {}
    if not wanted.is_single:
        volumes = {
            str(mark): [wanted.hypervolume(o[:mark]) / wanted.whole for o in orders]
            for mark in marks
        }
    n_optima = int(wanted.is_optimum.sum())
    n_many = min(MANY, table.space.n)
    return Figures(
        n_to_best=count(wanted.is_optimum, 1),
        n_to_80=count(wanted.is_top, ceil(0.8 * wanted.n_top)),
        n_to_k_best={
            "1": count(wanted.is_optimum, 1),
            str(MANY): count(wanted.is_many, n_many),
            "all": count(wanted.is_optimum, n_optima),
        },
        top5_at={str(m): [float(s[min(m, s.size) - 1]) for s in shares] for m in marks},
        auc=[float(extended(s, budget).mean()) for s in shares],
        hypervolume_at=volumes,
        cpu_seconds=[
            None if isnan(c.cpu_seconds) else c.cpu_seconds for c in campaigns
        ],
    )


def extended(shares: Array, budget: int) -> Array:
    """Return shares up to the budget; where the table ended, the last one stays."""
    return np.pad(shares, (0, max(0, budget - shares.size)), mode="edge")[:budget]
