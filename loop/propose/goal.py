"""What is maximised, and the value of candidates.

All outcomes are scaled and oriented so that more is better. Of several objectives the
first one leads: a candidate is worth the share of its range that it may add to the best
so far, plus the share of the whole hypervolume that it may add. Far from its bound the
leading objective decides; near it the others do.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from botorch.acquisition.logei import qLogNoisyExpectedImprovement
from botorch.acquisition.multi_objective import logei
from botorch.acquisition.multi_objective.logei import (
    qLogNoisyExpectedHypervolumeImprovement,
)
from botorch.acquisition.multi_objective.objective import MCMultiOutputObjective
from botorch.acquisition.multi_objective.utils import (
    prune_inferior_points_multi_objective,
)
from botorch.acquisition.objective import GenericMCObjective
from botorch.acquisition.utils import prune_inferior_points
from botorch.models.model_list_gp_regression import ModelListGP
from botorch.sampling.normal import SobolQMCNormalSampler
from torch import Tensor

from loop.propose.composition import Composition
from loop.propose.means import CalculatedMean
from loop.propose.scaling import Bound

# BoTorch would compile a kernel into the user's cache on first use, if there is a
# compiler: other digits on other machines, and a wait without end for the lock of a
# process that was killed while it compiled.
logei._load_attempted = True  # noqa: SLF001

N_DRAWS, N_DRAWS_SEVERAL = 128, 64
"""Posterior draws behind each value, for one objective and for several, which take
longer: powers of 2, as Sobol nets like."""
Constraint = Callable[[Tensor], Tensor]


class Capped(MCMultiOutputObjective):
    """The objectives, none above what is possible."""

    def __init__(self, compose: Composition, limit: Tensor) -> None:
        """Keep the best possible values, shape `n_objectives`."""
        super().__init__()
        self.compose, self.limit = compose, limit

    def forward(self, samples: Tensor, X: Tensor | None = None) -> Tensor:
        """Return capped objectives of draws of outputs, `... x n_objectives`."""
        return self.compose(samples)[..., : len(self.limit)].minimum(self.limit)


@dataclass(frozen=True)
class Goal:
    """What is maximised and what must hold."""

    n_objectives: int
    compose: Composition
    """From the model's outputs to figures, the objectives first."""
    reference: Tensor
    """Scaled worst values of any use, shape `n_objectives`."""
    limit: Tensor
    """Scaled best values possible, shape `n_objectives`; infinite where not known."""
    ideal: Tensor
    """Scaled values as good as may be hoped for, shape `n_objectives`, finite."""
    bounds: tuple[Bound, ...] = ()
    seed: int = 0

    def worth(
        self, model: ModelListGP, X_baseline: Tensor, X_pending: Tensor | None
    ) -> Callable[[Tensor], Tensor]:
        """Return a function of rows of X, `n x d`: logarithm of what each would add.

        Beyond the samples known and pending; see the module for several objectives.

        Source:
            Ament et al., NeurIPS 36 (2023), arXiv:2310.20708 (logarithmic forms);
            Daulton et al., NeurIPS 34 (2021), arXiv:2105.08195 (qNEHVI).
        """
        leading = qLogNoisyExpectedImprovement(
            model,
            X_baseline,
            sampler=self._sampler(),
            objective=self._leading(),
            constraints=self._constraints([*self.bounds, *self._of_use()]),
            X_pending=X_pending,
            prune_baseline=False,
        )
        if self.n_objectives == 1:
            return lambda X: leading(X.unsqueeze(-2))
        volume = qLogNoisyExpectedHypervolumeImprovement(
            model,
            ref_point=self.reference,
            X_baseline=X_baseline,
            sampler=self._sampler(),
            objective=Capped(self.compose, self.limit),
            constraints=self._constraints(self.bounds),
            X_pending=X_pending,
            prune_baseline=False,
        )
        sides = (self.ideal - self.reference).clamp_min(1e-3).log()

        def both(X: Tensor) -> Tensor:
            rows = X.unsqueeze(-2)
            return torch.logaddexp(leading(rows) - sides[0], volume(rows) - sides.sum())

        return both

    def first(self, model: ModelListGP, X: Tensor) -> Tensor:
        """Return expected values of the leading objective, capped, shape n."""
        return self.marginals(model, X)[0][:, 0].clamp_max(self.limit[0])

    def marginals(self, model: ModelListGP, X: Tensor) -> tuple[Tensor, Tensor]:
        """Return means and deviations of the figures at X, each `n x n_figures`."""
        return self.compose.moments(*marginals(model, X))

    def outlook(self, model: ModelListGP, X: Tensor) -> tuple[Tensor, Tensor]:
        """Return the same roughly, for very many candidates."""
        return self.compose.moments(*marginals(model, X, as_calculated=True))

    def gain(self, model: ModelListGP, X_baseline: Tensor, X: Tensor) -> float:
        """Return by how much rows of X, `q x d`, are expected to better the best.

        Of the leading objective, scaled and capped, over the known rows, `k x d`; all
        rows are drawn together, so that samples alike do not count twice.
        """
        with torch.no_grad():
            posterior = model.posterior(torch.cat([X_baseline, X]))
            draws = self._leading()(self._sampler()(posterior))
            known = draws[:, : len(X_baseline)].amax(dim=-1)
            new = draws[:, len(X_baseline) :].amax(dim=-1)
            return float((new - known).clamp_min(0.0).mean())

    def incumbents(self, model: ModelListGP, X: Tensor) -> Tensor:
        """Return the results that may be among the best, `k x d`; all if none may be.

        Where every result breaks a bound or is of no use, the next is measured against
        them all.
        """
        found = self._pruned(model, X)
        return found if len(found) else X

    def _pruned(self, model: ModelListGP, X: Tensor) -> Tensor:
        bounds = self._constraints(self.bounds)
        if self.n_objectives > 1:
            return prune_inferior_points_multi_objective(
                model,
                X,
                ref_point=self.reference,
                objective=Capped(self.compose, self.limit),
                constraints=bounds,
                num_samples=N_DRAWS,
            )
        return prune_inferior_points(
            model,
            X,
            objective=self._leading(),
            constraints=bounds,
            sampler=self._sampler(),
        )

    def _constraints(self, bounds: Sequence[Bound]) -> list[Constraint] | None:
        """Return functions of draws that must be below 0, as BoTorch asks."""

        def above(bound: Bound, samples: Tensor) -> Tensor:
            figure = self.compose(samples)[..., bound.figure]
            return bound.sign * (figure - bound.at)

        return [partial(above, bound) for bound in bounds] or None

    def _of_use(self) -> list[Bound]:
        """Return that no objective but the first is worse than of any use."""
        rest = enumerate(self.reference.tolist()[1:], start=1)
        return [Bound(i, at, -1.0) for i, at in rest]

    def _sampler(self) -> SobolQMCNormalSampler:
        draws = N_DRAWS if self.n_objectives == 1 else N_DRAWS_SEVERAL
        return SobolQMCNormalSampler(torch.Size([draws]), seed=self.seed)

    def _leading(self) -> GenericMCObjective:
        def capped(draws: Tensor, X: Tensor | None = None) -> Tensor:
            return self.compose(draws)[..., 0].clamp_max(self.limit[0])

        return GenericMCObjective(capped)


def marginals(
    model: ModelListGP, X: Tensor, *, as_calculated: bool = False
) -> tuple[Tensor, Tensor]:
    """Return posterior means and standard deviations at X, each `n x n_outputs`.

    Args:
        model: Posterior over all outputs.
        X: Shape `n x d`.
        as_calculated: Whether outputs that follow from the settings are taken as
            calculated, with what they are off on average: little is left to learn.
    """
    models: Any = model.models
    means, sds = [], []
    with torch.no_grad():
        # A posterior over all outputs would be put together, to be taken apart.
        for one in models:
            if as_calculated and isinstance(one.mean_module, CalculatedMean):
                means.append(one.mean_module(X))
                sds.append(torch.zeros_like(means[-1]))
            else:
                found = one.posterior(X.unsqueeze(-2))
                means.append(found.mean.flatten())
                sds.append(found.variance.flatten().sqrt())
    return torch.stack(means, dim=-1), torch.stack(sds, dim=-1)
