"""A Gaussian process's posterior at many points that mostly are the same.

An acquisition function asks for the posterior at each candidate together with the
results so far and what is on its way, which are the same for all candidates. GPyTorch
works the covariances of those out anew for every candidate; here they are worked out
once. The figures are the same.
"""

from dataclasses import dataclass
from typing import Any

import torch
from gpytorch.distributions import MultivariateNormal
from linear_operator import to_linear_operator
from torch import Tensor


@dataclass(frozen=True)
class Conditioned:
    """What results imply: everything that does not depend on where one asks."""

    X: Tensor
    """Points with results, shape `n x d`."""
    factor: Tensor
    """Lower Cholesky factor of their covariance with noise, `n x n`."""
    weights: Tensor
    """Inverse covariance times the results' distance from the mean, shape n."""

    @classmethod
    def of(cls, model: Any) -> "Conditioned":  # noqa: ANN401
        """Work out what the training data of an exact GP imply, without a gradient."""
        (X,) = model.train_inputs
        with torch.no_grad():
            prior = MultivariateNormal(model.mean_module(X), model.covar_module(X))
            noisy = model.likelihood(prior, X)
            factor = torch.linalg.cholesky(noisy.covariance_matrix)
            rest = (model.train_targets - prior.mean).unsqueeze(-1)
            weights = torch.cholesky_solve(rest, factor).squeeze(-1)
        return cls(X, factor, weights)

    def joint(self, model: Any, X: Tensor) -> MultivariateNormal:  # noqa: ANN401
        """Return the posterior over the rows of each batch, without a gradient.

        Args:
            model: The exact GP.
            X: Shape `b x q x d`.

        Source:
            Rasmussen & Williams, Gaussian Processes for Machine Learning (MIT Press,
            2006), equations 2.25 and 2.26.
        """
        kernel = model.covar_module
        b, q, _ = X.shape
        is_common = (X[:1] == X).all(dim=-1).all(dim=0)
        if b == 1:
            is_common = torch.ones_like(is_common)
        one, each = is_common.nonzero().squeeze(-1), (~is_common).nonzero().squeeze(-1)
        C, E = X[0, one], X[:, each]
        flat = E.reshape(-1, E.shape[-1])
        mean = torch.empty(b, q, dtype=X.dtype)
        joint = torch.empty(b, q, q, dtype=X.dtype)
        told_C, mean[:, one] = self._told(model, C)
        told_E, mean_E = self._told(model, flat)
        mean[:, each] = mean_E.reshape(b, len(each))
        n = len(self.X)
        told_E = told_E.mT.reshape(b, len(each), n)
        if len(one):
            own = kernel(C).to_dense() - told_C.mT @ told_C
            joint[:, one.unsqueeze(-1), one] = own
        if len(each) and len(one):
            across = kernel(flat, C).to_dense().reshape(b, len(each), len(one))
            across = across - told_E @ told_C
            joint[:, each.unsqueeze(-1), one] = across
            joint[:, one.unsqueeze(-1), each] = across.mT
        if len(each):
            own = kernel(flat, diag=True).reshape(b, 1, 1) if len(each) == 1 else (
                kernel(E).to_dense()
            )  # fmt: skip
            joint[:, each.unsqueeze(-1), each] = own - told_E @ told_E.mT
        diagonal = joint.diagonal(dim1=-2, dim2=-1)
        diagonal.clamp_(min=LEAST_VARIANCE)
        return MultivariateNormal(mean, to_linear_operator(joint))

    def _told(self, model: Any, X: Tensor) -> tuple[Tensor, Tensor]:  # noqa: ANN401
        """Return what results tell of rows of X, `n x m`, and the means there."""
        across = model.covar_module(self.X, X).to_dense()
        told = torch.linalg.solve_triangular(self.factor, across, upper=False)
        return told, model.mean_module(X) + self.weights @ across


LEAST_VARIANCE = 1e-10
"""Scaled variance below which rounding may have taken it."""
