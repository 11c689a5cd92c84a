"""A `SetGP` fitted to results, and what these imply, for models that are mixed."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from loop.propose.fitting import fit_constants
from loop.propose.surrogate import SetGP

JITTER = 1e-5
"""Scaled variance added to draws: rounding may take a few 1e-6 of a unit."""
Array = NDArray[np.float64]


class Fitted:
    """A `SetGP` at its most probable constants, with what its results imply."""

    def __init__(self, model: SetGP) -> None:
        """Fit the model.

        Args:
            model: With its results; its constants at the priors' medians.
        """
        fit_constants(model)
        self.model = model.eval()
        self.told = model.conditioned

    @property
    def noise(self) -> float:
        """Return the learned scaled variance of a result."""
        likelihood: Any = self.model.likelihood
        return float(likelihood.second_noise.detach())

    def left_out(self) -> tuple[Array, Array]:
        """Return mean and deviation of each result by all others, both shape n.

        Source:
            Rasmussen & Williams, Gaussian Processes for Machine Learning (MIT Press,
            2006), equations 5.10 to 5.12.
        """
        variance = 1.0 / self.told.whitening.square().sum(0)
        mean = self.model.train_targets - self.told.weights * variance
        return mean.numpy(), variance.sqrt().numpy()

    def mean_at(self, X: Tensor) -> Tensor:
        """Return means of results at X, shape n."""
        with torch.no_grad():
            return self.told.means(self.model, X)

    def marginals(self, X: Tensor) -> tuple[Tensor, Tensor]:
        """Return means and standard deviations of results at X, both shape n."""
        with torch.no_grad():
            mean, variance = self.told.marginals(self.model, X)
            return mean, (variance + self.noise).sqrt()

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
            mean, joint = self.told.joint(self.model, X)
            more = self.noise + JITTER
            return mean, joint + more * torch.eye(len(X), dtype=X.dtype)
