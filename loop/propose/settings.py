"""Covariance of figures over settings and names of which no law is known.

A lab's figures mostly rise or fall with each setting; what bends is long compared with
the range, the more so the more settings there are, or nothing could be learned from
tens of results. Both are beliefs that results overrule.
"""

from collections.abc import Callable
from math import log, sqrt
from typing import Any

import torch
from gpytorch.priors import LogNormalPrior, NormalPrior
from torch import Tensor

from loop.propose.columns import Columns
from loop.propose.loadkernel import LoadKernel

LENGTH = 2.0
"""Prior median of a lengthscale, ranges of a setting, times the root of their number.

The root keeps the distance between two typical points the same in any number of
settings: Hvarfner, Hellsten & Nardi, ICML 2024."""
LINEAR = 0.3
"""Prior median of the scaled variance that straight lines bring: with the parts of
`LoadKernel`, whose sum is a little over one, they are no more than one of several."""
DOUBT = 1.0
"""Standard deviation of the logarithms of both: a factor of 2.7 either way."""


class SettingsKernel(LoadKernel):
    """`LoadKernel` with longer lengthscales, and a straight line in each setting."""

    def __init__(self, columns: Columns) -> None:
        """Divide the columns by meaning; see `LoadKernel`."""
        super().__init__(columns)
        n = max(columns.n_process, 1)
        median = LENGTH * sqrt(n)
        self.conditions.register_prior(
            "lengthscale_prior", LogNormalPrior(log(median), DOUBT), _lengthscale
        )
        self.conditions.lengthscale = median
        self.register_parameter(
            "raw_linear",
            torch.nn.Parameter(torch.tensor(log(LINEAR), dtype=torch.float64)),
        )
        self.register_prior("linear_prior", NormalPrior(log(LINEAR), DOUBT), _linear)

    def forward(
        self,
        x1: Tensor,
        x2: Tensor,
        diag: bool = False,
        **_: Any,  # noqa: ANN401
    ) -> Tensor:
        """Return covariances of rows of x1 with rows of x2, or of pairs of rows."""
        rest: Tensor = super().forward(x1, x2, diag=diag)
        found: Tensor = rest + self.raw_linear.exp() * self._line(x1, x2, diag=diag)
        return found

    def over_pairs(
        self, X: Tensor, first: Tensor, second: Tensor
    ) -> Callable[[], Tensor]:
        """Return covariances of pairs of rows; see `LoadKernel.over_pairs`."""
        rest = super().over_pairs(X, first, second)
        line = self._line(X[first], X[second], diag=True)

        def covariances() -> Tensor:
            found: Tensor = rest() + self.raw_linear.exp() * line
            return found

        return covariances

    def _line(self, x1: Tensor, x2: Tensor, *, diag: bool) -> Tensor:
        # From the middle, in half ranges: the ends of a range have variance 1.
        a, b = 2 * x1[..., self.process] - 1, 2 * x2[..., self.process] - 1
        found: Tensor = (a * b).sum(-1) if diag else a @ b.mT
        return found


def _lengthscale(kernel: Any) -> Tensor:  # noqa: ANN401
    found: Tensor = kernel.lengthscale
    return found


def _linear(kernel: Any) -> Tensor:  # noqa: ANN401
    found: Tensor = kernel.raw_linear
    return found
