"""Exact Gaussian regression by the modules of a `SetGP`, without detours.

BoTorch's own fit builds lazy matrices and a graph of modules for every step, which for
fifty results costs ten times what the algebra does. Here the covariance is taken from
the kernel's `forward` and factored at once. The objective is the same: the logarithm of
the marginal likelihood plus that of every prior.
"""

from math import log, pi
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from loop.propose.surrogate import SetGP

STEPS = 40
"""Iterations of L-BFGS from the priors' medians: likelihoods of tens of results are
flat beyond."""
JITTER = 1e-6
"""Scaled variance on the diagonal, for the factor to exist in double precision."""
Array = NDArray[np.float64]


class Fitted:
    """A `SetGP` at its most probable constants, with what its results imply."""

    def __init__(self, model: SetGP, X: Tensor, y: Tensor) -> None:
        """Fit the model.

        Args:
            model: With its constants at the priors' medians.
            X: Points with results, shape `n x d`.
            y: Scaled results, shape n.
        """
        self.model, self.X = model, X
        self._fit(y)
        with torch.no_grad():
            self.factor = self._factor()
            self.inverse = torch.cholesky_inverse(self.factor)
            self.weights = self.inverse @ (y - self._mean(X))
        self.y = y

    @property
    def noise(self) -> float:
        """Return the learned scaled variance of a result."""
        with torch.no_grad():
            return float(self._noise())

    def left_out(self) -> tuple[Array, Array]:
        """Return mean and deviation of each result by all others, both shape n.

        Source:
            Rasmussen & Williams, Gaussian Processes for Machine Learning (MIT Press,
            2006), equations 5.10 to 5.12.
        """
        variance = 1.0 / self.inverse.diagonal()
        mean = self.y - self.weights * variance
        return mean.numpy(), variance.sqrt().numpy()

    def mean_at(self, X: Tensor) -> Tensor:
        """Return means of results at X, shape n."""
        with torch.no_grad():
            return self._mean(X) + self._covariance(X, self.X) @ self.weights

    def marginals(self, X: Tensor) -> tuple[Tensor, Tensor]:
        """Return means and standard deviations of results at X, both shape n."""
        with torch.no_grad():
            across = self._covariance(X, self.X)
            mean = self._mean(X) + across @ self.weights
            own: Tensor = self.model.covar_module.forward(X, X, diag=True)
            told = torch.linalg.solve_triangular(self.factor, across.mT, upper=False)
            variance = own - told.square().sum(0) + self._noise()
            return mean, variance.clamp_min(JITTER).sqrt()

    def draws(self, X: Tensor, normal: Tensor) -> Tensor:
        """Return joint draws of results at X.

        Args:
            X: Shape `n x d`.
            normal: Standard normal numbers, shape `n x s`.
        """
        mean, joint = self.joint(X)
        found: Tensor = mean.unsqueeze(-1) + torch.linalg.cholesky(joint) @ normal
        return found

    def joint(self, X: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and covariance of results at X, shapes `n` and `n x n`."""
        with torch.no_grad():
            across = self._covariance(X, self.X)
            mean = self._mean(X) + across @ self.weights
            told = torch.linalg.solve_triangular(self.factor, across.mT, upper=False)
            joint = self._covariance(X, X) - told.mT @ told
            # Rounding may take a few 1e-6 of a unit from the diagonal.
            more = self._noise() + 10 * JITTER
            return mean, joint + more * torch.eye(len(X), dtype=X.dtype)

    def _fit(self, y: Tensor) -> None:
        """Raise the posterior density of the constants."""
        from scipy.optimize import minimize

        named = [v for v in self.model.parameters() if v.requires_grad]
        shapes = [v.shape for v in named]
        sizes = [v.numel() for v in named]

        def put(flat: Array) -> None:
            parts = torch.split(torch.from_numpy(flat), sizes)
            with torch.no_grad():
                for value, part, shape in zip(named, parts, shapes, strict=True):
                    value.copy_(part.reshape(shape))

        def loss(flat: Array) -> tuple[float, Array]:
            put(flat.copy())
            found = -self._log_posterior(y)
            slopes = torch.autograd.grad(found, named, allow_unused=True)
            flat_slopes = [
                torch.zeros(size, dtype=y.dtype) if g is None else g.reshape(-1)
                for g, size in zip(slopes, sizes, strict=True)
            ]
            return float(found.detach()), torch.cat(flat_slopes).numpy()

        first = torch.cat([v.detach().reshape(-1) for v in named]).numpy().copy()
        # Steps beyond e^5 of anything are never wanted, and break the factor.
        bounds = [(v - 5.0, v + 5.0) for v in first]
        found = minimize(
            loss, first, jac=True, method="L-BFGS-B", bounds=bounds,
            options={"maxiter": STEPS},
        )  # fmt: skip
        put(np.asarray(found.x, dtype=np.float64))

    def _log_posterior(self, y: Tensor) -> Tensor:
        factor = self._factor()
        apart = (y - self._mean(self.X)).unsqueeze(-1)
        white = torch.linalg.solve_triangular(factor, apart, upper=False)
        found: Tensor = -0.5 * white.square().sum() - factor.diagonal().log().sum()
        found = found - 0.5 * len(y) * log(2 * pi)
        own: Any = self.model
        for _, module, prior, closure, _ in own.named_priors():
            found = found + prior.log_prob(closure(module)).sum()
        return found

    def _factor(self) -> Tensor:
        joint = self._covariance(self.X, self.X)
        known: Tensor = self.model.likelihood.noise_covar.noise
        noise = torch.diag_embed(known + self._noise() + JITTER)
        found: Tensor = torch.linalg.cholesky(joint + noise)
        return found

    def _mean(self, X: Tensor) -> Tensor:
        found: Tensor = self.model.mean_module(X)
        return found

    def _covariance(self, a: Tensor, b: Tensor) -> Tensor:
        found: Tensor = self.model.covar_module.forward(a, b)
        return found

    def _noise(self) -> Tensor:
        found: Tensor = self.model.likelihood.second_noise
        return found.squeeze()
