"""The most probable constants of a `SetGP`.

The objective is BoTorch's: the logarithm of the marginal likelihood plus that of every
prior. BoTorch builds lazy matrices and a graph through the factor for every step; here
what pairs of points have in common is worked out once, and the slope of the likelihood
is written down, so that a graph leads through prior mean and covariance alone.
"""

from collections.abc import Callable, Sequence
from functools import partial
from math import inf, log, pi, sqrt
from typing import Any

import numpy as np
import torch
from gpytorch.priors import LogNormalPrior, NormalPrior
from numpy.typing import NDArray
from torch import Tensor

Array = NDArray[np.float64]
Value = Callable[[], Tensor]
STEPS = 200
"""Iterations of L-BFGS at most; 20 to 70 are taken."""
MEMORY = 20
"""Steps that L-BFGS remembers: about as many as there are constants."""
GAIN = 1e-7
"""Least gain of a step in log posterior density, for each result: one set of constants
is then as good as the next."""
IMPOSSIBLE = 1e6
"""Stands for the objective where a covariance has no factor: worse than any."""


def fit_constants(model: Any) -> None:  # noqa: ANN401
    """Give a `SetGP` the constants of highest posterior density, from where it stands.

    Args:
        model: With its results; its constants at the priors' medians.
    """
    from scipy.optimize import minimize

    density = LogPosterior(model)
    named = [v for v in model.parameters() if v.requires_grad]
    n = len(density.y)

    def loss(flat: Array) -> tuple[float, Array]:
        _put(flat, named)
        found, sloped = density()
        if found == -inf:
            return IMPOSSIBLE, np.zeros_like(flat)
        slopes = torch.autograd.grad(sloped, named)
        return -found / n, -torch.cat([s.reshape(-1) for s in slopes]).numpy() / n

    first = torch.cat([v.detach().reshape(-1) for v in named]).numpy()
    found = minimize(
        loss, first, jac=True, method="L-BFGS-B",
        options={"maxiter": STEPS, "maxcor": MEMORY, "ftol": GAIN},
    )  # fmt: skip
    _put(found.x, named)


class LogPosterior:
    """Log posterior density of a model's constants, given its results."""

    def __init__(self, model: Any) -> None:  # noqa: ANN401
        """Work out what does not depend on constants.

        Args:
            model: A `SetGP` with n results.
        """
        self.model = model
        (self.X,), self.y = model.train_inputs, model.train_targets
        n = len(self.y)
        first, second = torch.tril_indices(n, n)
        self.covariances: Value = model.covar_module.over_pairs(self.X, first, second)
        self.places = first * n + second
        """Where each pair stands in a matrix row by row, below the diagonal."""
        self.sides = torch.where(first == second, 1.0, 2.0).to(self.y)
        """How often it stands there, on both sides."""
        self.pairs = torch.empty(n * n, dtype=torch.long)
        """Which pair stands at each place."""
        for places in (self.places, second * n + first):
            self.pairs[places] = torch.arange(len(first))
        self.known: Tensor = model.likelihood.noise_covar.noise
        self.believed = _believed(model)

    def __call__(self) -> tuple[float, Tensor]:
        """Return the density and a scalar that has its slopes.

        Returns:
            Natural logarithm, -inf where the covariance has no factor.

        Source:
            Rasmussen & Williams, Gaussian Processes for Machine Learning (MIT Press,
            2006), equations 5.8 and 5.9.
        """
        n = len(self.y)
        pairs, mean = self.covariances(), self.model.mean_module(self.X)
        noise = self.model.likelihood.second_noise.squeeze()
        believed = self.believed()
        with torch.no_grad():
            joint = pairs.index_select(0, self.pairs).view(n, n)
            joint.diagonal().add_(self.known + noise)
            factor, fails = torch.linalg.cholesky_ex(joint)
            if fails:
                return -inf, believed
            inverse = torch.cholesky_inverse(factor)
            apart = self.y - mean
            weights = inverse @ apart
            found = believed - 0.5 * apart @ weights - factor.diagonal().log().sum()
            slopes = torch.outer(weights, weights).sub_(inverse).div_(2)
            of_pairs = slopes.view(-1).index_select(0, self.places) * self.sides
        sloped = pairs @ of_pairs + noise * slopes.trace() + mean @ weights + believed
        return float(found) - 0.5 * n * log(2 * pi), sloped


def _believed(model: Any) -> Value:  # noqa: ANN401
    """Return the log density of all priors as a function of no arguments.

    Theirs of a model's constants one by one would take as long as all the rest.
    """
    own: dict[type, list[tuple[Any, Value]]] = {NormalPrior: [], LogNormalPrior: []}
    for _, module, prior, value, _ in model.named_priors():
        own[type(prior)].append((prior, partial(value, module)))
    normal = _Bell(own[NormalPrior])
    skewed = _Bell(own[LogNormalPrior])

    def density() -> Tensor:
        logs = skewed.values().log()
        return normal(normal.values()) + skewed(logs) - logs.sum()

    return density


class _Bell:
    """Normal log density of several constants at once."""

    def __init__(self, own: Sequence[tuple[Any, Value]]) -> None:
        """Keep priors with what they speak of, at least one."""
        self.own = own
        at = [(prior, value().detach()) for prior, value in own]
        self.loc = torch.cat([p.loc.expand_as(v).reshape(-1) for p, v in at])
        self.scale = torch.cat([p.scale.expand_as(v).reshape(-1) for p, v in at])
        self.most = -float((self.scale * sqrt(2 * pi)).log().sum())

    def values(self) -> Tensor:
        return torch.cat([value().reshape(-1) for _, value in self.own])

    def __call__(self, values: Tensor) -> Tensor:
        z = (values - self.loc) / self.scale
        return self.most - 0.5 * z.square().sum()


def _put(flat: Array, named: Sequence[Tensor]) -> None:
    parts = torch.split(torch.tensor(flat), [v.numel() for v in named])
    with torch.no_grad():
        for value, part in zip(named, parts, strict=True):
            value.copy_(part.reshape(value.shape))
