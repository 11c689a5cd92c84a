"""The first load, chosen before there is any result."""

from collections.abc import Callable
from math import inf

import torch
from botorch.utils.sampling import draw_sobol_normal_samples
from gpytorch.kernels import Kernel
from torch import Tensor

from loop.propose.acquisition import (
    Chosen,
    alternatives,
    best_first,
    over_pool,
)
from loop.propose.goal import N_DRAWS
from loop.propose.means import CONSTANTS, RateMean, RecalledMean
from loop.propose.scaling import ANALYSIS_SD, YIELD_SCALE

N_PROFILES = 48
"""Profiles for which a whole load is worked out: those with the best prior means."""
N_LAWS = 64
"""Draws of the rate law's constants behind those means: a power of 2."""
TOLD_APART = 0.5 * ANALYSIS_SD / YIELD_SCALE
"""Half the error of an analysis, scaled: loads nearer to the best than this are as
good, and what else is wanted decides."""


def choose_first_load(
    mean: RateMean | RecalledMean,
    covariance: Kernel,
    X_pool: Callable[[int], Tensor],
    *,
    allowed: Tensor,
    favour: Tensor,
    burden: Tensor,
    log_chance: Callable[[Tensor], Tensor],
    size: int,
    seed: int,
) -> Chosen:
    """Return the load whose best sample is expected to be best, before any result.

    Draws the rate law's constants and the outcomes about it, and adds the sample that
    raises the expected maximum most: sets that are likely to work first, each unlike
    those before. The constants are those of the whole load, so a profile counts by what
    it gives under all of them: where the onset is doubtful, hotter is safer.

    Args:
        mean: Prior mean of the scaled outcome.
        covariance: Prior covariance about it.
        X_pool: As in `choose_load`.
        allowed: As in `choose_load`.
        favour: Share of its expected outcome that each candidate is credited, `n x m`;
            1 where nothing is known.
        burden: What each profile costs in other objectives, shape n; decides between
            loads that are as good.
        log_chance: As in `choose_load`.
        size: Samples wanted.
        seed: For the draws.
    """
    m = allowed.shape[1]
    deviates = draw_sobol_normal_samples(
        m + len(CONSTANTS), N_DRAWS, dtype=torch.float64, seed=seed
    )
    laws = deviates[:, : len(CONSTANTS)].clone()
    # The fall at the limit is drawn out to the doubt about it: not to be drawn again.
    laws[:, CONSTANTS.index("limit")] = 0.0
    many, few = (part.unsqueeze(-1).unbind(1) for part in (laws, laws[:N_LAWS]))
    alone = over_pool(
        lambda X: mean.at(X, few).mean(dim=0) * log_chance(X).exp(), X_pool, allowed
    )
    alone = torch.where(allowed, alone * favour, alone)
    ranked = torch.where(allowed, alone, torch.zeros_like(alone)).topk(
        min(size, m), dim=1
    )
    order = torch.argsort(ranked.values.sum(dim=1), descending=True, stable=True)
    loads: list[tuple[float, int, list[int], list[float]]] = []
    for profile in order[:N_PROFILES].tolist():
        if not allowed[profile].any():
            continue
        X = X_pool(profile)
        root = torch.linalg.cholesky(
            covariance(X).to_dense() + 1e-6 * torch.eye(m, dtype=torch.float64)
        )
        spread = deviates[:, len(CONSTANTS) :] @ root.mT
        draws = (mean.at(X, many) + spread) * log_chance(X).exp() * favour[profile]
        taken, gains = _fill_by_draws(draws, allowed[profile], size)
        loads.append((sum(gains), profile, taken, gains))
    most = max(total for total, *_ in loads)
    as_good = [load for load in loads if load[0] >= most - TOLD_APART]
    _, profile, taken, gains = min(as_good, key=lambda load: float(burden[load[1]]))
    rank = best_first(alone[profile, taken])
    logs = torch.tensor(gains, dtype=torch.float64).clamp_min(1e-12).log().tolist()
    shown = alone.clamp_min(1e-12).log().masked_fill(~allowed, -inf)
    return Chosen(
        profile,
        tuple(taken[i] for i in rank),
        tuple(logs[i] for i in rank),
        alternatives(shown, profile, taken),
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
