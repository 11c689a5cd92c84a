"""Which columns of X mean what."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

N_PHYSICS = 8
"""Columns at the end of X: hottest hold, K; logarithm of its hours; stable carbonate,
0 to 1; probability that the reaction runs at all, 0 to 1; logarithm of the oxygen
pressure against air, 0 for targets that give none off; number of the spot in the
furnace (`spots.Spots`), 0 where unknown; furnace hours as calculated; price of the
precursors per gram of target, 0 where no cost is asked for."""
SPOT = 5
"""Which of them is the spot's."""
CALCULATED = {
    "peak_temperature": (-N_PHYSICS, 273.15),
    "time": (-2, 0.0),
    "price": (-1, 0.0),
}
"""Figures that follow from the settings: column of X, and what to take from it for the
figure's own unit."""


@dataclass(frozen=True)
class Columns:
    """Which columns of X, shape n x d, mean what; physics columns are the last."""

    n_process: int
    """Conditions: settings of the load, then the sample's own composition and
    treatment."""
    n_excess: int
    n_identity: int
    n_descriptors: int
    n_forecasts: int = 0
    """Forecasts of earlier campaigns, just before the physics columns; see `recall`."""

    @property
    def n(self) -> int:
        """Return d."""
        last: int = self.forecasts.stop
        return last + N_PHYSICS

    @property
    def forecasts(self) -> slice:
        """Return which columns earlier campaigns' forecasts are."""
        first = self.n_process + self.n_excess + self.n_identity + self.n_descriptors
        return slice(first, first + self.n_forecasts)


def standardised(values: NDArray[np.float64]) -> tuple[
    NDArray[np.float64], NDArray[np.float64]
]:  # fmt: skip
    """Return mean and deviation of each column over what is known of it.

    Args:
        values: Shape `n x k`; not a number where not known.

    Returns:
        Each of shape k; the deviation is 0 where nothing differs or nothing is known.
    """
    is_known = ~np.isnan(values)
    n = np.maximum(is_known.sum(axis=0), 1)
    mean = np.where(is_known, values, 0.0).sum(axis=0) / n
    apart = np.where(is_known, values - mean, 0.0)
    return mean, np.sqrt((apart**2).sum(axis=0) / n)
