"""Athanor's proposer over a table's candidates: chemistry, and a rate law."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from loop.backtest.acquisition import by_improvement
from loop.backtest.described import Described, describe
from loop.backtest.rivals import left_over
from loop.backtest.scale import Scale, linear, of_share
from loop.backtest.table import Space
from loop.propose.means import RatePrior
from loop.propose.randomness import key
from loop.propose.reproducible import reproducible
from loop.propose.scaling import YIELD_SCALE

FIRST_STEPS, NEXT_STEPS = 60, 12
"""Iterations of a fit from the priors' medians, and from the last optimum: one result
more moves it little."""
TINY = 1e-6
"""Known scaled variance of a result, none: the model learns what noise there is."""


@dataclass(frozen=True)
class Parts:
    """What the method may use; each can be left out to see what it is worth."""

    chemistry: bool = True
    rate: bool = True


EVERYTHING = Parts()


class AthanorMethod:
    """Gaussian processes on settings and chemistry.

    The candidate of highest expected improvement over what was measured is next; of
    several objectives, of highest expected improvement of their hypervolume.
    """

    def __init__(self, space: Space, seed: int, parts: Parts = EVERYTHING) -> None:
        """Describe the candidates.

        Args:
            space: The candidates.
            seed: Of the draws.
            parts: What to use.
        """
        self.space, self.seed, self.parts = space, seed, parts
        self.known: Described = describe(space, has_chemistry=parts.chemistry)
        self._last: dict[int, dict[str, Any]] = {}

    def propose(
        self, seen: Sequence[int], gains: NDArray[np.float64], size: int
    ) -> list[int]:
        """Return the next candidates; see `Method`."""
        purpose = key(self.seed, "backtest", "athanor", len(seen))
        with reproducible(purpose), warnings.catch_warnings():
            # Fits are ended early on purpose.
            warnings.simplefilter("ignore")
            scaled = [self._scaled(i, column) for i, column in enumerate(gains.T)]
            models = [
                self._fit(i, list(seen), Y, rate) for i, (Y, rate) in enumerate(scaled)
            ]
            left = [int(i) for i in left_over(self.space.n, seen)]
            from botorch.models.model_list_gp_regression import ModelListGP

            Y = torch.cat([Y for Y, _ in scaled], dim=1)
            model = models[0] if len(models) == 1 else ModelListGP(*models)
            return by_improvement(
                model, self.known.X, seen=list(seen), left=left, Y=Y, size=size,
                seed=purpose,
            )  # fmt: skip

    def _scaled(
        self, index: int, gains: NDArray[np.float64]
    ) -> tuple[Tensor, RatePrior | None]:
        """Return one objective's results as the model sees them, shape `n x 1`."""
        objective = self.space.objectives[index]
        rate = self.known.rate if self.parts.rate else None
        scale: Scale
        if rate is not None and objective.goal == "max" and gains.min() >= 0:
            scale = of_share(objective.column, gains)
        else:
            scale, rate = linear(gains), None
        return torch.from_numpy(scale(gains)).unsqueeze(-1), rate

    def _fit(
        self, index: int, seen: list[int], Y: Tensor, rate: RatePrior | None
    ) -> Any:  # noqa: ANN401 - one of BoTorch's models
        """Return a model fitted from the last optimum."""
        from botorch.optim.fit import fit_gpytorch_mll_scipy
        from gpytorch.mlls import ExactMarginalLogLikelihood

        from loop.propose.surrogate import SetGP

        model = SetGP(
            self.known.X[seen],
            Y,
            torch.full_like(Y, TINY),
            columns=self.known.columns,
            rate=rate,
            scale=YIELD_SCALE,
        )
        last = self._last.get(index)
        if last is not None:
            with torch.no_grad():
                for name, value in model.named_parameters():
                    if name in last:
                        value.copy_(last[name])
        mll = ExactMarginalLogLikelihood(model.likelihood, model)
        steps = FIRST_STEPS if last is None else NEXT_STEPS
        fit_gpytorch_mll_scipy(mll, options={"maxiter": steps})
        self._last[index] = {n: v.detach().clone() for n, v in model.named_parameters()}
        model.eval()
        return model
