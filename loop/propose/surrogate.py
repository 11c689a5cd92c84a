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

from math import log, sqrt
from typing import Any, Self

import torch
from botorch.models import SingleTaskGP
from botorch.posteriors.gpytorch import GPyTorchPosterior
from botorch.posteriors.transformed import TransformedPosterior
from botorch.utils.datasets import SupervisedDataset
from gpytorch.constraints import GreaterThan
from gpytorch.kernels import Kernel, MaternKernel
from gpytorch.likelihoods import FixedNoiseGaussianLikelihood
from gpytorch.means import ConstantMean, Mean
from gpytorch.priors import LogNormalPrior, NormalPrior
from torch import Tensor

from loop.propose.columns import N_PHYSICS, Columns
from loop.propose.conditioned import Conditioned
from loop.propose.means import Calculated, CalculatedMean, RateMean, RatePrior


def prior_modules(
    columns: Columns,
    *,
    rate: RatePrior | None,
    scale: float,
    centre: float = 0.0,
    known: Calculated | None = None,
) -> tuple[Mean, Kernel]:
    """Return prior mean and covariance with every constant at its prior's median.

    Args:
        columns: What the columns of X mean.
        rate: Prior of the rate law; None for a constant mean.
        scale: One unit of scaled outcome in the outcome's own.
        centre: Prior of the constant mean, scaled.
        known: Where the figure stands if it is calculated from the settings.
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
    return mean, LoadKernel(columns, law=law).double()


class LoadKernel(Kernel):  # type: ignore[misc]
    """`w0 P + g g' (w1 S + w2 L + w3 P S + w4 P I)`: conditions, samples, and both.

    P is a Matern 5/2 over process columns, S one over the sample's own columns, and L
    the inner product of source columns: each source adds an effect of its own, whatever
    stands beside it. Evaluated in one pass, since sums of kernels would work out P and
    S twice.

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
    ) -> None:
        """Divide the columns by meaning; parts without columns are left out.

        Args:
            columns: What the columns of X mean.
            weight: Prior median of each part's scaled variance.
            law: Prior mean of a yield, whose constants are shared.
        """
        super().__init__()
        # In a tuple it is no submodule: its constants are the mean's.
        self.law = (law,)
        is_own = law is not None and law.prior.is_each_own and columns.n_identity > 0
        middle = torch.full((5 if is_own else 4,), log(weight or WEIGHT)).double()
        spread = torch.ones_like(middle)
        if is_own:
            middle[4], spread[4] = log(OWN_WEIGHT), OWN_SPREAD
        first, last = columns.n_process, columns.n - N_PHYSICS
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
        w = self.weights
        P, S = self.conditions, self.near
        process = P.forward(x1[..., self.process], x2[..., self.process], diag=diag)
        near = S.forward(x1[..., self.own], x2[..., self.own], diag=diag)
        a, b = x1[..., self.identity], x2[..., self.identity]
        linear = (a * b).sum(-1) if diag else a @ b.mT
        sample: Tensor = w[1] * near + w[2] * linear + w[3] * process * near
        if len(w) > 4:
            same = self._same(x1[..., self.told], x2[..., self.told], diag=diag)
            sample = sample + w[4] * process * same
        found: Tensor = w[0] * process + self._gate(x1, x2, diag=diag) * sample
        return found

    def _same(self, a: Tensor, b: Tensor, *, diag: bool) -> Tensor:
        """Return 1 where two samples are of one set by what is told of it, else 0."""
        apart = (a - b).abs().sum(-1) if diag else torch.cdist(a, b, p=1.0)
        return (apart < SAME).to(a)

    def _gate(self, x1: Tensor, x2: Tensor, *, diag: bool) -> Tensor:
        """Return how far samples of both can differ, 0 to 1."""
        (law,) = self.law
        if law is None or not law.prior.is_gate:
            return x1.new_ones(())
        far = [LEAST_REACH + (1 - LEAST_REACH) * law.reach(x) for x in (x1, x2)]
        if diag:
            return far[0] * far[1]
        return far[0].unsqueeze(-1) * far[1].unsqueeze(-2)


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
        """
        mean, covariance = prior_modules(
            columns, rate=rate, scale=scale, centre=centre, known=known
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

    def posterior(
        self,
        X: Tensor,
        *args: Any,  # noqa: ANN401
        **options: Any,  # noqa: ANN401
    ) -> GPyTorchPosterior | TransformedPosterior:
        """Return BoTorch's posterior, of batches without a gradient by a short way."""
        is_plain = not args and not any(options.values())
        if X.ndim != 3 or torch.is_grad_enabled() or not is_plain:
            return super().posterior(X, *args, **options)
        self.eval()
        if self._conditioned is None:
            self._conditioned = Conditioned.of(self)
        return GPyTorchPosterior(self._conditioned.joint(self, X))

    def train(self, mode: bool = True) -> Self:
        """Forget what results imply where constants are to be learned anew."""
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
                label = f"{label}[{index}]" if len(flat) > 1 else label
                found[label] = round(float(number), 6)
        kernel: Any = self.covar_module
        weights: Tensor = kernel.weights
        # Figures that are no yields of sets have no own part of each set.
        for part, weight in zip(PARTS, weights.tolist(), strict=False):
            found[f"covar.{part}"] = round(weight, 6)
        if isinstance(self.mean_module, RateMean):
            mean = self.mean_module
            found["mean.onset_kelvin"] = round(mean.onset_kelvin.item(), 3)
            found["mean.limit_kelvin"] = round(mean.limit_kelvin.item(), 3)
        return found
