"""Results as a model sees them, and draws as results again."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Warp:
    """A monotone map through pairs of results and scaled values, straight between."""

    results: Array
    """Rising, no two alike, shape k."""
    scaled: Array
    """Rising, shape k."""
    slope: float
    """Results per scaled unit beyond the ends."""

    def to_model(self, y: Array) -> Array:
        """Return scaled values of results that the map was made from."""
        return self.scaled[np.searchsorted(self.results, y)]

    def to_lab(self, z: Array) -> Array:
        """Return results of scaled values."""
        inside = np.interp(z, self.scaled, self.results)
        below = np.minimum(z - self.scaled[0], 0.0)
        above = np.maximum(z - self.scaled[-1], 0.0)
        found: Array = inside + self.slope * (below + above)
        return found


def linear(y: Array) -> Warp:
    """Return the map to mean 0 and standard deviation 1."""
    spread = float(y.std()) or 1.0
    return shares(y, shift=float(y.mean()), scale=spread)


def shares(y: Array, *, shift: float, scale: float) -> Warp:
    """Return the map `(y - shift) / scale`."""
    results = np.unique(y)
    return Warp(results, (results - shift) / scale, scale)


def normal_scores(y: Array, like: Warp) -> Warp:
    """Return the map of ranks to a normal's quantiles, as wide as another map's values.

    Heavy tails and cliffs become as mild as any other figure's; which results are
    better, all that a search for the best needs, is kept.

    Args:
        y: Results, shape n.
        like: Whose mean and standard deviation the scaled values get.

    Source:
        Blom, Statistical Estimates and Transformed Beta-Variables (Wiley, 1958).
    """
    from scipy.stats import norm, rankdata

    places = (rankdata(y) - 0.375) / (len(y) + 0.25)
    scores = norm.ppf(places)
    plain = like.to_model(y)
    scores = plain.mean() + scores * (plain.std() / (float(scores.std()) or 1.0))
    results, first = np.unique(y, return_index=True)
    return Warp(results, scores[first], like.slope)
