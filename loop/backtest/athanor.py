"""Athanor's proposer over a table's candidates."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from loop.backtest.described import Described, describe
from loop.backtest.earlier import recalled
from loop.backtest.scale import figure_of
from loop.backtest.table import MeasuredTable, Space
from loop.propose.library import KINDS, Figure
from loop.propose.means import RatePrior
from loop.propose.randomness import key
from loop.propose.recalls import even
from loop.propose.search import Pool, next_candidates


@dataclass(frozen=True)
class Parts:
    """What the method may use; each can be left out to see what it is worth."""

    chemistry: bool = True
    rate: bool = True
    gate: bool = True
    """Let sets differ only as far as the rate law lets them react."""
    own: bool = True
    """Let each set differ from all others by something of its own."""
    noise: bool = True
    """Take the noise of yields as known within a factor of about two."""
    ranks: bool = True
    """Seek the best yields before the merely good."""
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
        self.rate = _believed(self.known.rate, parts)

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
        first = self.known.columns.forecasts.start + index * self.n_earlier
        recalls = even(slice(first, first + self.n_earlier))
        found = figure_of(
            self.rate, self.space.objectives[index], gains.copy(), recalls
        )
        is_ranked = found.rate is not None and self.parts.ranks
        return replace(found, is_ranked=is_ranked)


def _believed(rate: RatePrior | None, parts: Parts) -> RatePrior | None:
    """Return the rate law's prior with what is left out left out."""
    if rate is None or not parts.rate:
        return None
    # Without, a noise within a factor of e as that of any other figure.
    spread = rate.noise_spread if parts.noise else 1.0
    return replace(rate, is_gate=parts.gate, is_each_own=parts.own, noise_spread=spread)
