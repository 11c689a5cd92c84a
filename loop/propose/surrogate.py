"""Gaussian processes over process conditions and precursor sets.

The covariance is a sum of three parts: conditions alone, samples alone (what a set
contains, its descriptors, its excesses), and their product, so that what one set shows
at a profile tells something of the others there. A yield's prior mean is a rate law:
further with temperature and time, until the target melts or decomposes; its constants
are learned, with priors wide enough for any oxide.

Units: outcomes are scaled (see `Scale`), temperatures kelvin, times hours.
"""

from math import log, sqrt
from typing import Any

import torch
from botorch.models import SingleTaskGP
from botorch.utils.datasets import SupervisedDataset
from gpytorch.constraints import GreaterThan
from gpytorch.kernels import Kernel, MaternKernel
from gpytorch.likelihoods import FixedNoiseGaussianLikelihood
from gpytorch.means import ConstantMean, Mean
from gpytorch.priors import LogNormalPrior, NormalPrior
from torch import Tensor

from loop.propose.columns import Columns
from loop.propose.means import (
    Calculated,
    CalculatedMean,
    RateMean,
    RatePrior,
    RecalledMean,
)


def prior_modules(
    columns: Columns,
    *,
    rate: RatePrior | None,
    scale: float,
    centre: float = 0.0,
    known: Calculated | None = None,
    recalls: slice | None = None,
) -> tuple[Mean, Kernel]:
    """Return prior mean and covariance with every constant at its prior's median.

    Args:
        columns: What the columns of X mean.
        rate: Prior of the rate law; None for a constant mean.
        scale: One unit of scaled outcome in the outcome's own.
        centre: Prior of the constant mean, scaled.
        known: Where the figure stands if it is calculated from the settings.
        recalls: Which columns forecast this outcome, by earlier campaigns; None if none
            does.
    """
    mean: Mean
    if known is not None:
        return CalculatedMean(known), LoadKernel(columns, KNOWN_WEIGHT).double()
    if rate is not None:
        mean = RateMean(rate, scale)
    else:
        mean = ConstantMean(constant_prior=NormalPrior(centre, 0.5)).double()
        mean.initialize(constant=centre)
    if recalls is None or recalls.start == recalls.stop:
        return mean, LoadKernel(columns).double()
    share = belief(recalls.stop - recalls.start)
    covariance = LoadKernel(columns, recalls=recalls, doubt=share)
    return RecalledMean(mean, recalls, share), covariance.double()


def belief(n: int) -> float:
    """Return mean and standard deviation of each of n forecasts' weights, beforehand.

    The own prior counts as one voice among all, and each forecast may as well be worth
    nothing as twice its share.
    """
    return 1 / (n + 1)


class LoadKernel(Kernel):  # type: ignore[misc]
    """`w0 P + w1 S + w2 L + w3 P S + d^2 F`: conditions, samples, sources, both, doubt.

    P is a Matern 5/2 over process columns, S one over the sample's own columns, and L
    the inner product of source columns: each source adds an effect of its own, whatever
    stands beside it. F is the inner product of forecasts, whose weights are in doubt by
    d. Evaluated in one pass, since sums of kernels would work out P and
    S twice.
    """

    def __init__(
        self,
        columns: Columns,
        weight: float | None = None,
        *,
        recalls: slice | None = None,
        doubt: float = 0.0,
    ) -> None:
        """Divide the columns by meaning; parts without columns are left out.

        Args:
            columns: What the columns of X mean.
            weight: Prior median of each part's scaled variance.
            recalls: As in `prior_modules`.
            doubt: Standard deviation of each forecast's weight.
        """
        middle = log(WEIGHT if weight is None else weight)
        super().__init__()
        self.recalls, self.doubt = recalls, doubt
        first, last = columns.n_process, columns.forecasts.start
        hot = first + columns.n_excess
        self.process, self.own = slice(0, first), slice(first, last)
        self.identity = slice(hot, hot + columns.n_identity)
        # Half the range of a setting, give or take a factor of two.
        self.conditions = _matern(first, median=0.5, ard=True)
        # The root of the number of columns: the distance between two typical sets.
        n_own = last - first
        self.near = _matern(n_own, median=1.5 * sqrt(max(n_own, 1)), ard=False)
        self.register_parameter(
            "raw_weights",
            torch.nn.Parameter(torch.full((4,), middle, dtype=torch.float64)),
        )
        # Each part may be switched off or trebled by the data.
        self.register_prior("weights_prior", NormalPrior(middle, 1.0), _raw)

    @property
    def weights(self) -> Tensor:
        """Return w0 to w3, scaled variances."""
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
        w = self.weights
        P, S = self.conditions, self.near
        process = P.forward(x1[..., self.process], x2[..., self.process], diag=diag)
        near = S.forward(x1[..., self.own], x2[..., self.own], diag=diag)
        a, b = x1[..., self.identity], x2[..., self.identity]
        linear = (a * b).sum(-1) if diag else a @ b.mT
        found: Tensor = w[0] * process + w[1] * near + w[2] * linear
        found = found + w[3] * process * near
        if self.recalls is not None:
            a, b = x1[..., self.recalls], x2[..., self.recalls]
            found = found + self.doubt**2 * ((a * b).sum(-1) if diag else a @ b.mT)
        return found


def _raw(kernel: LoadKernel) -> Tensor:
    raw: Tensor = kernel.raw_weights
    return raw


def _matern(n: int, *, median: float, ard: bool) -> MaternKernel:
    """Return a Matern 5/2 whose lengthscale starts at its prior's median.

    Without columns it is 1 everywhere: its lengthscale then has no say.
    """
    kernel = MaternKernel(
        nu=2.5,
        ard_num_dims=n if ard and n else None,
        lengthscale_prior=LogNormalPrior(log(median), 0.6),
        lengthscale_constraint=GreaterThan(0.02),
    )
    kernel.lengthscale = median
    return kernel


PARTS = ("conditions", "samples", "sources", "conditions x samples")
WEIGHT = 0.4
"""Prior median of each part's scaled variance: four add up to a little over one."""
KNOWN_WEIGHT = 1e-3
"""The same for figures calculated from the settings: what the sum leaves out."""
NOISE_FLOOR = 0.01
"""Scaled variance added to every result and learned from here: what two samples of one
recipe differ by beyond the error of their analysis. A tenth of a unit."""


class SetGP(SingleTaskGP):
    """One outcome over conditions and precursor sets."""

    def __init__(
        self,
        train_X: Tensor,
        train_Y: Tensor,
        train_Yvar: Tensor,
        *,
        columns: Columns,
        rate: RatePrior | None,
        scale: float,
        centre: float = 0.0,
        known: Calculated | None = None,
        recalls: slice | None = None,
    ) -> None:
        """Build from scaled results.

        Args:
            train_X: Shape `n x d`.
            train_Y: Scaled outcomes, shape `n x 1`.
            train_Yvar: Known scaled variances, shape `n x 1`.
            columns: What the d columns mean.
            rate: As in `prior_modules`.
            scale: As in `prior_modules`.
            centre: As in `prior_modules`.
            known: As in `prior_modules`.
            recalls: As in `prior_modules`.
        """
        mean, covariance = prior_modules(
            columns, rate=rate, scale=scale, centre=centre, known=known, recalls=recalls
        )
        likelihood = FixedNoiseGaussianLikelihood(
            noise=train_Yvar.squeeze(-1),
            learn_additional_noise=True,
            noise_prior=LogNormalPrior(log(NOISE_FLOOR), 1.0),
            noise_constraint=GreaterThan(1e-5, initial_value=NOISE_FLOOR),
        )
        super().__init__(
            train_X,
            train_Y,
            train_Yvar,
            likelihood=likelihood,
            covar_module=covariance,
            mean_module=mean,
            outcome_transform=None,
        )

    @classmethod
    def construct_inputs(
        cls,
        training_data: SupervisedDataset,
        **options: Any,  # noqa: ANN401
    ) -> dict[str, Any]:
        """Return constructor arguments from Ax's data set and `ModelConfig`."""
        found = super().construct_inputs(training_data)
        return {**found, **options}

    def hyperparameters_by_name(self) -> dict[str, float]:
        """Return the learned constants by name; several of one name are numbered."""
        found: dict[str, float] = {}
        own: Any = self
        for name, value, constraint in own.named_parameters_and_constraints():
            if name.endswith("raw_weights"):
                continue
            shown = value if constraint is None else constraint.transform(value)
            flat = shown.detach().reshape(-1).tolist()
            for index, number in enumerate(flat):
                label = name.replace("raw_", "").replace("_module", "")
                label = label.replace("mean.base.", "mean.")
                label = f"{label}[{index}]" if len(flat) > 1 else label
                found[label] = round(float(number), 6)
        kernel: Any = self.covar_module
        weights: Tensor = kernel.weights
        for part, weight in zip(PARTS, weights.tolist(), strict=True):
            found[f"covar.{part}"] = round(weight, 6)
        mean = self.mean_module
        if isinstance(mean, RecalledMean):
            for i, weight in enumerate(self.weights):
                found[f"earlier[{i}].weight"] = round(weight, 6)
            mean = mean.base
        if isinstance(mean, RateMean):
            found["mean.onset_kelvin"] = round(mean.onset_kelvin.item(), 3)
            found["mean.limit_kelvin"] = round(mean.limit_kelvin.item(), 3)
        return found

    @property
    def weights(self) -> list[float]:
        """Return the expected weight of each forecast, after the results.

        Weights are Gaussian beforehand, and linear in the outcome: Rasmussen &
        Williams, Gaussian Processes for Machine Learning (2006), equation 2.42.
        """
        mean = self.mean_module
        if not isinstance(mean, RecalledMean):
            return []
        X, y = self.train_inputs[0], self.train_targets
        with torch.no_grad():
            likelihood: Any = self.likelihood
            joint = self.covar_module(X).to_dense()
            noise = likelihood.noise_covar.noise + likelihood.second_noise
            apart = torch.linalg.solve(joint + torch.diag(noise), y - mean(X))
            told = X[:, mean.forecasts].mT @ apart
            found: list[float] = (mean.share + mean.share**2 * told).tolist()
            return found
