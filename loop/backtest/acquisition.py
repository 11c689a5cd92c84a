"""Which of the candidates left is worth measuring next."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

CHUNK = 256
"""Candidates scored at once: with 128 draws of two objectives some megabytes."""
DRAWS = 128
"""Draws from the posterior for improvement, BoTorch's usual number."""


def by_improvement(
    model: Any,  # noqa: ANN401 - any of BoTorch's models
    X: Tensor,
    *,
    seen: Sequence[int],
    left: Sequence[int],
    Y: Tensor,
    size: int,
    seed: int,
) -> list[int]:
    """Return the candidates of highest expected (hypervolume) improvement.

    Args:
        model: Posterior, more is better.
        X: Candidates, shape `n x d`.
        seen: Those measured.
        left: Those to choose from.
        Y: Results, shape `len(seen) x m`.
        size: How many to choose; each counts those before it as pending.
        seed: Of the draws.
    """
    from botorch.sampling.normal import SobolQMCNormalSampler

    sampler = SobolQMCNormalSampler(torch.Size([DRAWS]), seed=seed % 2**31)
    rule = _rule(model, X[list(seen)], Y, sampler)
    chosen: list[int] = []
    rest = [int(i) for i in left]
    while len(chosen) < size:
        with torch.no_grad():
            parts = torch.split(X[rest].unsqueeze(1), CHUNK)
            values = torch.cat([rule(part) for part in parts])
        chosen.append(rest.pop(int(values.argmax())))
        rule.set_X_pending(X[chosen])
    return chosen


def _rule(model: Any, X: Tensor, Y: Tensor, sampler: Any) -> Any:  # noqa: ANN401
    from botorch.acquisition.logei import qLogNoisyExpectedImprovement
    from botorch.acquisition.multi_objective.logei import (
        qLogNoisyExpectedHypervolumeImprovement,
    )
    from botorch.utils.multi_objective.hypervolume import infer_reference_point

    if Y.shape[1] == 1:
        return qLogNoisyExpectedImprovement(model, X, sampler=sampler)
    front = Y[_is_optimal(Y)]
    reference = infer_reference_point(front)
    return qLogNoisyExpectedHypervolumeImprovement(
        model, reference, X, sampler=sampler, prune_baseline=True
    )


def _is_optimal(Y: Tensor) -> Tensor:
    from botorch.utils.multi_objective.pareto import is_non_dominated

    found: Tensor = is_non_dominated(Y)
    return found
