"""Campaigns replayed on a table: same seeds and starts for every method."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from loop.backtest.table import MeasuredTable, Space
from loop.errors import ProposalError
from loop.propose.randomness import stream


class Method(Protocol):
    """A proposer that is asked again and again in one campaign."""

    def propose(
        self, seen: Sequence[int], gains: NDArray[np.float64], size: int
    ) -> list[int]:
        """Return the next candidates, none of them seen.

        Args:
            seen: Candidates measured so far, in their order.
            gains: Their results, more is better, shape `len(seen) x m`.
            size: Candidates to return, at most as many as are left.
        """


Maker = Callable[[Space, int], Method]
"""From the candidates and a seed to a method; results come one by one."""


@dataclass(frozen=True)
class Plan:
    """How campaigns are replayed."""

    start: int = 2
    """Experiments drawn at random first."""
    batch: int = 1
    """Experiments a proposal."""
    budget: int = 60
    """Experiments altogether."""


@dataclass(frozen=True)
class Campaign:
    """One replayed campaign."""

    order: tuple[int, ...]
    """Candidates in the order in which they were measured."""
    cpu_seconds: float
    """Mean processor time a proposal; NaN if none was needed."""


def starts(space: Space, start: int, seed: int) -> list[int]:
    """Return the first experiments of a seed: the same for all methods."""
    drawn = stream(seed, "backtest", "start").permutation(space.n)[:start]
    return [int(i) for i in drawn]


def replay(table: MeasuredTable, maker: Maker, plan: Plan, *, seed: int) -> Campaign:
    """Return one campaign.

    A method is shown the candidates, and the results of those measured: nothing else of
    the table reaches it.
    """
    space = table.space
    budget = min(plan.budget, space.n)
    seen = starts(space, min(plan.start, budget), seed)
    method = maker(space, seed)
    spent: list[float] = []
    while len(seen) < budget:
        size = min(plan.batch, budget - len(seen))
        began = time.process_time()
        chosen = method.propose(tuple(seen), table.gains[seen].copy(), size)
        spent.append(time.process_time() - began)
        if len(set(chosen)) != size or set(chosen) & set(seen):
            raise ProposalError(f"{size} new candidates wanted, got {chosen}")
        seen += chosen
    return Campaign(tuple(seen), float(np.mean(spent)) if spent else float("nan"))


def n_top(n: int) -> int:
    """Return how many candidates the top 5 % are: `ceil(0.05 n)`."""
    return ceil(0.05 * n)
