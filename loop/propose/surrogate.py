"""Gaussian processes over process conditions and precursor sets.

The covariance is a sum of parts: conditions alone, samples alone (what a set contains,
its descriptors, its excesses), and their product, so that what one set shows at a
profile tells something of the others there. A yield's prior mean is a rate law: further
with temperature and time, until the target melts or decomposes; its constants are
learned, with priors wide enough for any oxide. Sets differ in yield only as far as that
law lets them react, and each by something of its own as well, which two sets share that
are the same by the time the reaction starts.

Units: outcomes are scaled (see `Scale`), temperatures kelvin, times hours.
"""

from math import log
from typing import Any, Self

import torch
from botorch.models import SingleTaskGP
from botorch.posteriors.gpytorch import GPyTorchPosterior
from botorch.posteriors.transformed import TransformedPosterior
from botorch.utils.datasets import SupervisedDataset
from gpytorch.constraints import GreaterThan
from gpytorch.distributions import MultivariateNormal
from gpytorch.kernels import Kernel
from gpytorch.likelihoods import FixedNoiseGaussianLikelihood
from gpytorch.means import ConstantMean, Mean
from gpytorch.priors import LogNormalPrior, NormalPrior
from linear_operator import to_linear_operator
from torch import Tensor

from loop.propose.columns import Columns
from loop.propose.conditioned import Conditioned
from loop.propose.fitting import fit_constants
from loop.propose.loadkernel import PARTS, LoadKernel
from loop.propose.means import (
    Calculated,
    CalculatedMean,
    RateMean,
    RatePrior,
    RecalledMean,
)
from loop.propose.recalls import Recalls
from loop.propose.spots import OFFSET_KELVIN


def prior_modules(
    columns: Columns,
    *,
    rate: RatePrior | None,
    scale: float,
    centre: float = 0.0,
    known: Calculated | None = None,
    recalls: Recalls | None = None,
) -> tuple[Mean, Kernel]:
    """Return prior mean and covariance with every constant at its prior's median.

    Args:
        columns: What the columns of X mean.
        rate: Prior of the rate law; None for a constant mean.
        scale: One unit of scaled outcome in the outcome's own.
        centre: Prior of the constant mean, scaled.
        known: Where the figure stands if it is calculated from the settings.
        recalls: What earlier campaigns forecast of this outcome; None if none does.
    """
    mean: Mean
    if known is not None:
        return CalculatedMean(known), LoadKernel(columns, KNOWN_WEIGHT).double()
    law = None
    if rate is not None:
        mean = law = RateMean(rate, scale)
    else:
        mean = ConstantMean(constant_prior=NormalPrior(centre, 0.5)).double()
        mean.initialize(constant=centre)
    covariance = LoadKernel(columns, law=law, recalls=recalls).double()
    return (mean if recalls is None else RecalledMean(mean, recalls)), covariance


KNOWN_WEIGHT = 1e-3
"""The same for figures calculated from the settings: what the sum leaves out."""
NOISE_FLOOR = 0.01
"""Scaled variance added to every result and learned from here: what two samples of one
recipe differ by beyond the error of their analysis. A tenth of a unit."""


class SetGP(SingleTaskGP):
    """One outcome over conditions and precursor sets."""

    _conditioned: Conditioned | None = None
    """What the results imply, once worked out for these constants."""

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
        recalls: Recalls | None = None,
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
            noise_prior=LogNormalPrior(
                log(NOISE_FLOOR), 1.0 if rate is None else rate.noise_spread
            ),
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

    def custom_fit(self, mll: Any, **_: Any) -> Any:  # noqa: ANN401
        """Learn the constants; BoTorch calls this in place of its own fit."""
        fit_constants(self)
        return mll.eval()

    def posterior(
        self,
        X: Tensor,
        *args: Any,  # noqa: ANN401
        **options: Any,  # noqa: ANN401
    ) -> GPyTorchPosterior | TransformedPosterior:
        """Return BoTorch's posterior, without a gradient by a short way."""
        is_plain = not args and not any(options.values())
        if X.ndim > 3 or torch.is_grad_enabled() or not is_plain:
            return super().posterior(X, *args, **options)
        self.eval()
        mean, joint = self.conditioned.joint(self, X)
        return GPyTorchPosterior(MultivariateNormal(mean, to_linear_operator(joint)))

    @property
    def conditioned(self) -> Conditioned:
        """Return what the results imply with the constants as they are."""
        if self._conditioned is None:
            self._conditioned = Conditioned.of(self)
        return self._conditioned

    def train(self, mode: bool = True) -> Self:
        """Forget what results imply where constants are to be learned anew."""
        if not mode and not self.training:
            return self  # Each posterior asks for it, and modules are many.
        if mode:
            self._conditioned = None
        found: Self = super().train(mode)
        return found

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
        # Figures that are no yields of sets have no own part of each set.
        for part, weight in zip(PARTS, weights.tolist(), strict=False):
            found[f"covar.{part}"] = round(weight, 6)
        for i, weight in enumerate(self.weights):
            found[f"earlier[{i}].weight"] = round(weight, 6)
        if (law := self._law) is not None:
            found["mean.onset_kelvin"] = round(law.onset_kelvin.item(), 3)
            found["mean.limit_kelvin"] = round(law.limit_kelvin.item(), 3)
            for slot, (kelvin, sd) in self.offsets_kelvin.items():
                found[f"offset_kelvin[{slot}]"] = round(kelvin, 3)
                found[f"offset_sd_kelvin[{slot}]"] = round(sd, 3)
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
        with torch.no_grad():
            told, _ = self._told(self.train_inputs[0][:, mean.recalls.columns])
            found: Tensor = mean.recalls.mean + mean.recalls.covariance @ told
            return found.tolist()

    @property
    def offsets_kelvin(self) -> dict[str, tuple[float, float]]:
        """Return the offset of each spot after the results, and its deviation, K.

        Source:
            As of the weights; the law is taken as linear in an offset.
        """
        law = self._law
        if law is None or not law.prior.spots.names:
            return {}
        with torch.no_grad():
            told, less = self._told(law.spotted(self.train_inputs[0]))
            mean = (OFFSET_KELVIN * told).tolist()
            sd = (OFFSET_KELVIN * (1 - less).clamp_min(0.0).sqrt()).tolist()
        return dict(zip(law.prior.spots.names, zip(mean, sd, strict=True), strict=True))

    @property
    def _law(self) -> RateMean | None:
        mean = self.mean_module
        base = mean.base if isinstance(mean, RecalledMean) else mean
        return base if isinstance(base, RateMean) else None

    def _told(self, columns: Tensor) -> tuple[Tensor, Tensor]:
        """Return by how much results move linear constants of deviation 1.

        Args:
            columns: What one of each constant adds to each result, `n x k`.

        Returns:
            Their means, and the shares of their variances that are gone, shape k.
        """
        known = self.conditioned
        less = (known.whitening @ columns).square().sum(0)
        return columns.mT @ known.weights, less
