"""Which columns of X earlier campaigns forecast, and how far each is believed."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Recalls:
    """Forecasts of one outcome: at most one of them is taken to be right.

    Their weights have the mean and covariance of a draw among the campaigns and none:
    `p` and `diag(p) - p p'`, a categorical distribution's. Once results have settled
    the probabilities, the regression on the same results takes the mean as it is: it
    would count them twice.
    """

    columns: slice
    """Of X, one a campaign."""
    shares: tuple[float, ...]
    """Probability that each campaign is right here, adding up to 1 at most."""
    is_settled: bool = False
    """Whether results have spoken on these probabilities."""

    @property
    def mean(self) -> Tensor:
        """Return what is expected of the weights, shape n."""
        return torch.tensor(self.shares, dtype=torch.float64)

    @property
    def covariance(self) -> Tensor:
        """Return by how much the weights are in doubt, shape `n x n`."""
        if self.is_settled:
            return torch.zeros(len(self.shares), len(self.shares), dtype=torch.float64)
        return torch.diag(self.mean) - torch.outer(self.mean, self.mean)


def even(columns: slice) -> Recalls | None:
    """Return forecasts of which nothing is known yet, None without columns.

    The own prior counts as one voice among all.
    """
    n = columns.stop - columns.start
    return Recalls(columns, (belief(n),) * n) if n else None


def belief(n: int) -> float:
    """Return the probability of each of n forecasts and of none, beforehand."""
    return 1 / (n + 1)
