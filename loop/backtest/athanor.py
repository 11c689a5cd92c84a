"""Athanor's proposer over a table's candidates."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loop.backtest.described import Described, describe
from loop.backtest.earlier import recalled
from loop.backtest.scale import figure_of
from loop.backtest.table import MeasuredTable, Space
from loop.propose.library import KINDS, Figure
from loop.propose.randomness import key
from loop.propose.search import Pool, next_candidates


@dataclass(frozen=True)
class Parts:
    """What the method may use; each can be left out to see what it is worth."""

    chemistry: bool = True
    rate: bool = True
    kinds: tuple[str, ...] = KINDS


EVERYTHING = Parts()


class AthanorMethod:
    """The library's models on settings and chemistry; see `loop.propose.search`."""

    def __init__(
        self,
        space: Space,
        seed: int,
        parts: Parts = EVERYTHING,
        earlier: Sequence[MeasuredTable] = (),
    ) -> None:
        """Describe the candidates.

        Args:
            space: The candidates.
            seed: Of the draws.
            parts: What to use.
            earlier: Results of earlier campaigns.
        """
        self.space, self.seed, self.parts = space, seed, parts
        self.n_earlier = len(earlier)
        known = describe(space, has_chemistry=parts.chemistry)
        self.known: Described = recalled(known, space, earlier)

    def propose(
        self, seen: Sequence[int], gains: NDArray[np.float64], size: int
    ) -> list[int]:
        """Return the next candidates; see `Method`."""
        return next_candidates(
            Pool(self.known.X, self.known.columns),
            [self._figure(i, column) for i, column in enumerate(gains.T)],
            seen,
            size=size,
            seed=key(self.seed, "backtest", "athanor", len(seen)),
            kinds=self.parts.kinds,
        )

    def _figure(self, index: int, gains: NDArray[np.float64]) -> Figure:
        """Return one objective's results and what is known of it."""
        rate = self.known.rate if self.parts.rate else None
        first = self.known.columns.forecasts.start + index * self.n_earlier
        recalls = slice(first, first + self.n_earlier)
        return figure_of(rate, self.space.objectives[index], gains.copy(), recalls)
