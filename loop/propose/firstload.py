"""The first load, chosen before there is any result."""

from collections.abc import Callable
from math import inf

import torch
from botorch.utils.sampling import draw_sobol_normal_samples
from gpytorch.kernels import Kernel
from gpytorch.means import Mean
from torch import Tensor

from loop.propose.acquisition import N_DRAWS, Chosen, alternatives, over_pool

N_PROFILES = 16
"""Profiles for which a whole load is worked out: those with the best prior means."""


def choose_first_load(
    mean: Mean,
    covariance: Kernel,
    X_pool: Callable[[int], Tensor],
    *,
    allowed: Tensor,
    log_chance: Callable[[Tensor], Tensor],
    size: int,
    seed: int,
) -> Chosen:
    """Return the load whose best sample is expected to be best, before any result.

    Draws the outcome from the prior and adds the sample that raises the expected
    maximum most: sets that are likely to work first, each unlike those before.

    Args:
        mean: Prior mean of the scaled outcome.
        covariance: Prior covariance.
        X_pool: As in `choose_load`.
        allowed: As in `choose_load`.
        log_chance: As in `choose_load`.
        size: Samples wanted.
        seed: For the draws.
    """
    m = allowed.shape[1]
    deviates = draw_sobol_normal_samples(m, N_DRAWS, dtype=torch.float64, seed=seed)
    alone = over_pool(lambda X: mean(X) * log_chance(X).exp(), X_pool, allowed)
    ranked = torch.where(allowed, alone, torch.zeros_like(alone)).topk(
        min(size, m), dim=1
    )
    order = torch.argsort(ranked.values.sum(dim=1), descending=True, stable=True)
    best: tuple[float, int, list[int], list[float]] = (-inf, -1, [], [])
    for profile in order[:N_PROFILES].tolist():
        X = X_pool(profile)
        root = torch.linalg.cholesky(
            covariance(X).to_dense() + 1e-6 * torch.eye(m, dtype=torch.float64)
        )
        draws = (mean(X) + deviates @ root.mT) * log_chance(X).exp()
        taken, gains = _fill_by_draws(draws, allowed[profile], size)
        if sum(gains) > best[0]:
            best = (sum(gains), profile, taken, gains)
    _, profile, taken, gains = best
    logs = torch.tensor(gains, dtype=torch.float64).clamp_min(1e-12).log().tolist()
    shown = alone.clamp_min(1e-12).log().masked_fill(~allowed, -inf)
    return Chosen(
        profile, tuple(taken), tuple(logs), alternatives(shown, profile, taken)
    )


def _fill_by_draws(
    draws: Tensor, is_allowed: Tensor, size: int
) -> tuple[list[int], list[float]]:
    """Add columns of `draws`, `k x m`, that raise the mean of the row maximum most."""
    free = is_allowed.clone()
    # Nothing made is worth 0, however poor the first sample may be.
    top = torch.zeros(draws.shape[0], dtype=torch.float64)
    taken, gains = list[int](), list[float]()
    while free.any() and len(taken) < size:
        raised = torch.maximum(draws, top.unsqueeze(-1)).mean(dim=0) - top.mean()
        choice = int(raised.masked_fill(~free, -inf).argmax())
        taken.append(choice)
        gains.append(float(raised[choice]))
        free[choice] = False
        top = torch.maximum(top, draws[:, choice])
    return taken, gains
