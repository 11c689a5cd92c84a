"""Athanor's proposer over a table's candidates."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loop.backtest.described import Described, describe
from loop.backtest.scale import whole_of
from loop.backtest.table import Space
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

    def __init__(self, space: Space, seed: int, parts: Parts = EVERYTHING) -> None:
        """Describe the candidates.

        Args:
            space: The candidates.
            seed: Of the draws.
            parts: What to use.
        """
        self.space, self.seed, self.parts = space, seed, parts
        self.known: Described = describe(space, has_chemistry=parts.chemistry)

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
        objective = self.space.objectives[index]
        rate = self.known.rate if self.parts.rate else None
        if rate is None or objective.goal == "min" or gains.min() < 0:
            return Figure(gains.copy())
        return Figure(gains.copy(), rate, whole_of(objective.column, gains))
