"""A Gaussian process's posterior at many points that mostly are the same.

An acquisition function asks for the posterior at each candidate together with the
results so far and what is on its way, which are the same for all candidates. GPyTorch
works the covariances of those out anew for every candidate; here they are worked out
once. The figures are the same.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True)
class Conditioned:
    """What results imply: everything that does not depend on where one asks."""

    X: Tensor
    """Points with results, shape `n x d`."""
    whitening: Tensor
    """Inverse of the lower Cholesky factor of their covariance with noise, `n x n`: a
    product with it takes a fifth of the time of solving, and noise keeps it tame."""
    weights: Tensor
    """Inverse covariance times the results' distance from the mean, shape n."""

    @classmethod
    def of(cls, model: Any) -> "Conditioned":  # noqa: ANN401
        """Work out what the results of a `SetGP` imply, without a gradient."""
        (X,), likelihood = model.train_inputs, model.likelihood
        with torch.no_grad():
            joint = model.covar_module.forward(X, X)
            noise = likelihood.noise_covar.noise + likelihood.second_noise
            factor = torch.linalg.cholesky(joint + torch.diag(noise))
            eye = torch.eye(len(X), dtype=X.dtype)
            whitening = torch.linalg.solve_triangular(factor, eye, upper=False)
            rest = model.train_targets - model.mean_module(X)
            return cls(X, whitening, whitening.mT @ (whitening @ rest))

    def means(self, model: Any, X: Tensor) -> Tensor:  # noqa: ANN401
        """Return means at rows of X, shape n, without a gradient."""
        across = model.covar_module.forward(X, self.X)
        found: Tensor = model.mean_module(X) + across @ self.weights
        return found

    def marginals(self, model: Any, X: Tensor) -> tuple[Tensor, Tensor]:  # noqa: ANN401
        """Return means and variances at rows of X, both shape n, without a gradient."""
        told, mean = self._told(model, X)
        own = model.covar_module.forward(X, X, diag=True)
        return mean, (own - told.square_().sum(-1)).clamp_min(LEAST_VARIANCE)

    def joint(self, model: Any, X: Tensor) -> tuple[Tensor, Tensor]:  # noqa: ANN401
        """Return means and covariances of the rows of each batch, without a gradient.

        Args:
            model: The exact GP.
            X: Shape `b x q x d`, or `q x d` for one batch.

        Returns:
            Shapes `b x q` and `b x q x q`, or `q` and `q x q`.

        Source:
            Rasmussen & Williams, Gaussian Processes for Machine Learning (MIT Press,
            2006), equations 2.25 and 2.26.
        """
        if X.ndim == 2:
            mean, joint = self._joint_of_one(model, X)
        elif X.shape[-2] == 1:
            mean, variance = self.marginals(model, X[:, 0])
            mean, joint = mean.unsqueeze(-1), variance.reshape(-1, 1, 1)
        else:
            mean, joint = self._joint_of_many(model, X)
        joint.diagonal(dim1=-2, dim2=-1).clamp_(min=LEAST_VARIANCE)
        return mean, joint

    def _joint_of_one(self, model: Any, X: Tensor) -> tuple[Tensor, Tensor]:  # noqa: ANN401
        told, mean = self._told(model, X)
        return mean, model.covar_module.forward(X, X) - told @ told.mT

    def _joint_of_many(self, model: Any, X: Tensor) -> tuple[Tensor, Tensor]:  # noqa: ANN401
        """Return means, `b x q`, and covariances; rows of all batches are done once."""
        b, q, _ = X.shape
        kernel = model.covar_module.forward
        is_common = (X[:1] == X).all(dim=-1).all(dim=0)
        one, each = is_common.nonzero().squeeze(-1), (~is_common).nonzero().squeeze(-1)
        C, E = X[0, one], X[:, each]
        flat = E.reshape(-1, E.shape[-1])
        mean = torch.empty(b, q, dtype=X.dtype)
        joint = torch.empty(b, q, q, dtype=X.dtype)
        told_C, mean[:, one] = self._told(model, C)
        told_E, mean_E = self._told(model, flat)
        mean[:, each] = mean_E.reshape(b, len(each))
        n = len(self.X)
        told_E = told_E.reshape(b, len(each), n)
        if len(one):
            joint[:, one.unsqueeze(-1), one] = kernel(C, C) - told_C @ told_C.mT
        if len(each) and len(one):
            across = kernel(flat, C).reshape(b, len(each), len(one))
            across = across - told_E @ told_C.mT
            joint[:, each.unsqueeze(-1), one] = across
            joint[:, one.unsqueeze(-1), each] = across.mT
        if len(each):
            if len(each) == 1:
                own = kernel(flat, flat, diag=True).reshape(b, 1, 1)
            else:
                own = kernel(E, E)
            joint[:, each.unsqueeze(-1), each] = own - told_E @ told_E.mT
        return mean, joint

    def _told(self, model: Any, X: Tensor) -> tuple[Tensor, Tensor]:  # noqa: ANN401
        """Return what results tell of rows of X, `m x n`, and the means there."""
        across = model.covar_module.forward(X, self.X)
        return across @ self.whitening.mT, model.mean_module(X) + across @ self.weights


LEAST_VARIANCE = 1e-10
"""Scaled variance below which rounding may have taken it."""
