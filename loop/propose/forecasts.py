"""Forecasts of earlier campaigns, as an encoder takes them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from campaigns.recipe import Parameters
from loop.propose.pool import Pool

if TYPE_CHECKING:
    from loop.propose.encoding import Encoder
    from loop.propose.mishaps import Tried

Array = NDArray[np.float64]


class Forecasts(Protocol):
    """What earlier campaigns lead to expect; see `recall.Recall`."""

    @property
    def n(self) -> int:
        """Return how many columns there are."""

    def of_points(
        self, encoder: "Encoder", points: Sequence[Parameters], physics: Array
    ) -> Array:
        """Return columns of points, shape `k x n`."""

    def of_pool(self, encoder: "Encoder", pool: Pool, physics: Array) -> Array:
        """Return columns of a pool, shape `profiles x samples x n`."""

    def believed(
        self,
        encoder: "Encoder",
        points: Sequence[Parameters],
        *,
        Y: Tensor,
        Yvar: Tensor,
    ) -> tuple[float, ...]:
        """Return the probability that own results go on with each campaign's."""

    def tried(self, encoder: "Encoder") -> "Tried":
        """Return what they tried that this campaign could try."""

    @property
    def constants(self) -> dict[str, float | str]:
        """Return what a decision record keeps of them."""

    def words(
        self, encoder: "Encoder", point: Parameters, weights: Sequence[float]
    ) -> str:
        """Say what they lead to expect of a point."""
