"""Covariance of samples: their conditions, what their sets hold, and both together."""

from collections.abc import Callable
from math import log, sqrt
from typing import Any

import torch
from gpytorch.constraints import GreaterThan
from gpytorch.kernels import Kernel
from gpytorch.priors import LogNormalPrior, NormalPrior
from torch import Tensor

from loop.propose.columns import N_PHYSICS, SPOT, Columns
from loop.propose.matern import Matern
from loop.propose.means import RateMean
from loop.propose.recalls import Recalls

PARTS = ("conditions", "samples", "sources", "conditions x samples", "each set")
WEIGHT = 0.4
"""Prior median of each part's scaled variance: four add up to a little over one."""
OWN_WEIGHT = 0.1
"""The same for a set's own part: a quarter of each other one, since chemists choose by
what sets contain."""
OWN_SPREAD = 1.5
"""Deviation of its logarithm: it may well be nothing, or the greatest part."""
SAME = 1e-6
"""Distance of columns below which two sets are one."""
LEAST_REACH = 0.1
"""What sets may differ by where the rate law expects nothing, as a share of what they
may where it expects all: the law may be wrong."""


class LoadKernel(Kernel):  # type: ignore[misc]
    """`w0 P + g g' (w1 S + w2 L + w3 P S + w4 P I) + F + O`: parts that add up.

    P is a Matern 5/2 over process columns, S one over the sample's own columns, and L
    the inner product of source columns: each source adds an effect of its own, whatever
    stands beside it. F is what the doubt about the weights of forecasts makes of them.
    O joins samples that stood at one spot of a furnace, whose offset is in doubt and
    moves them along the rate law. Evaluated in one pass, since sums of kernels would
    work out P and S twice.

    Where `RatePrior` says so, I is 1 between samples of one set, else 0; sets that have
    become the same before they react are one. What descriptors leave unexplained
    belongs to the set, and is no noise. `g` is how far the rate law lets the reaction
    go: powders that do not react all yield nothing. Else `g` is 1 and w4 is 0.
    """

    def __init__(
        self,
        columns: Columns,
        weight: float | None = None,
        law: RateMean | None = None,
        *,
        recalls: Recalls | None = None,
    ) -> None:
        """Divide the columns by meaning; parts without columns are left out.

        Args:
            columns: What the columns of X mean.
            weight: Prior median of each part's scaled variance.
            law: Prior mean of a yield, whose constants are shared.
            recalls: As in `prior_modules`.
        """
        super().__init__()
        # In a tuple it is no submodule: its constants are the mean's.
        self.law = (law,)
        self.recalls = recalls
        is_own = law is not None and law.prior.is_each_own and columns.n_identity > 0
        middle = torch.full((5 if is_own else 4,), log(weight or WEIGHT)).double()
        spread = torch.ones_like(middle)
        if is_own:
            middle[4], spread[4] = log(OWN_WEIGHT), OWN_SPREAD
        first, last = columns.n_process, columns.forecasts.start
        hot = first + columns.n_excess
        self.process, self.own = slice(0, first), slice(first, last)
        self.identity = slice(hot, hot + columns.n_identity)
        # Half the range of a setting, give or take a factor of two.
        self.conditions = _matern(first, median=0.5, ard=True)
        # The root of the number of columns: the distance between two typical sets.
        n_own = last - first
        self.near = _matern(n_own, median=1.5 * sqrt(max(n_own, 1)), ard=False)
        self.told = slice(hot, last)
        self.register_parameter("raw_weights", torch.nn.Parameter(middle.clone()))
        # Each part may be switched off or trebled by the data.
        self.register_prior("weights_prior", NormalPrior(middle, spread), _raw)

    @property
    def weights(self) -> Tensor:
        """Return w0 to w3, and w4 where sets have effects of their own; scaled."""
        raw: Tensor = self.raw_weights
        return raw.exp()

    def forward(
        self,
        x1: Tensor,
        x2: Tensor,
        diag: bool = False,
        **_: Any,  # noqa: ANN401
    ) -> Tensor:
        """Return covariances of rows of x1 with rows of x2, or of pairs of rows."""
        process = self.conditions.forward(
            x1[..., self.process], x2[..., self.process], diag=diag
        )
        near = self.near.forward(x1[..., self.own], x2[..., self.own], diag=diag)
        gate = self._gate(x1, x2, diag=diag)
        found = self._sum(process, near, self._products(x1, x2, diag=diag), gate)
        a, b = self._spotted(x1), self._spotted(x2)
        if a is None or b is None:
            return found
        return found + ((a * b).sum(-1) if diag else a @ b.mT)

    def over_pairs(
        self, X: Tensor, first: Tensor, second: Tensor
    ) -> Callable[[], Tensor]:
        """Return covariances of pairs of rows, as a function of the constants.

        What does not depend on these is worked out once, for a fit.

        Args:
            X: Shape `n x d`.
            first: Row of one point of each pair, shape p.
            second: Row of the other.
        """
        a, b = X[first], X[second]
        squares = (a - b).square()
        process = squares[:, self.process].contiguous()
        own = squares[:, self.own].sum(-1, keepdim=True)
        products = self._products(a, b, diag=True)

        def covariances() -> Tensor:
            far = self._far(X)
            gate = far if far.ndim == 0 else far[first] * far[second]
            P, S = self.conditions.over(process), self.near.over(own)
            found = self._sum(P, S, products, gate)
            spots = self._spotted(X)
            if spots is None:
                return found
            return found + (spots[first] * spots[second]).sum(-1)

        return covariances

    def _spotted(self, X: Tensor) -> Tensor | None:
        """Return the factor of O at rows of X, None where no row has a spot."""
        (law,) = self.law
        if law is None or not law.prior.spots.names:
            return None
        return law.spotted(X) if X[..., SPOT - N_PHYSICS].any() else None

    def _products(self, x1: Tensor, x2: Tensor, *, diag: bool) -> tuple[Tensor, ...]:
        """Return L, I and F of two points, 0 for parts that are left out."""

        def inner(a: Tensor, b: Tensor) -> Tensor:
            found: Tensor = (a * b).sum(-1) if diag else a @ b.mT
            return found

        same, recalled = x1.new_zeros(()), x1.new_zeros(())
        if len(self.raw_weights) > 4:
            same = self._same(x1[..., self.told], x2[..., self.told], diag=diag)
        if self.recalls is not None:
            a, b = (x[..., self.recalls.columns] for x in (x1, x2))
            recalled = inner(a @ self.recalls.covariance, b)
        linear = inner(x1[..., self.identity], x2[..., self.identity])
        return linear, same, recalled

    def _sum(
        self, P: Tensor, S: Tensor, products: tuple[Tensor, ...], gate: Tensor
    ) -> Tensor:
        """Return the sum of all parts; see the class."""
        w, (L, same, recalled) = self.weights, products
        with_P = torch.addcmul(w[0], gate * w[3], S)
        if len(w) > 4:
            with_P = with_P + gate * w[4] * same
        alone = (w[1] * S).addcmul_(w[2], L)
        if gate.ndim:
            alone = alone * gate
        found = alone.addcmul_(with_P, P)
        return found if recalled.ndim == 0 else found + recalled

    def _same(self, a: Tensor, b: Tensor, *, diag: bool) -> Tensor:
        """Return 1 where two samples are of one set by what is told of it, else 0."""
        apart = (a - b).abs().sum(-1) if diag else torch.cdist(a, b, p=1.0)
        return (apart < SAME).to(a)

    def _gate(self, x1: Tensor, x2: Tensor, *, diag: bool) -> Tensor:
        """Return how far samples of both can differ, 0 to 1."""
        far = self._far(x1), self._far(x2)
        if diag or far[0].ndim == 0:
            return far[0] * far[1]
        return far[0].unsqueeze(-1) * far[1].unsqueeze(-2)

    def _far(self, X: Tensor) -> Tensor:
        """Return the square root of how far samples can differ, one if not gated."""
        (law,) = self.law
        if law is None or not law.prior.is_gate:
            return X.new_ones(())
        found: Tensor = LEAST_REACH + (1 - LEAST_REACH) * law.reach(X)
        return found


def _raw(kernel: LoadKernel) -> Tensor:
    raw: Tensor = kernel.raw_weights
    return raw


def _matern(n: int, *, median: float, ard: bool) -> Matern:
    """Return a Matern 5/2 whose lengthscale starts at its prior's median.

    Without columns it is 1 everywhere: its lengthscale then has no say.
    """
    kernel = Matern(
        ard_num_dims=n if ard and n else None,
        lengthscale_prior=LogNormalPrior(log(median), 0.6),
        lengthscale_constraint=GreaterThan(0.02),
    )
    kernel.lengthscale = median
    return kernel
