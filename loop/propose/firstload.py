"""The first load, chosen before there is any result."""

from collections.abc import Callable, Sequence
from functools import partial
from math import inf, log

import torch
from botorch.utils.sampling import draw_sobol_normal_samples
from gpytorch.kernels import Kernel
from torch import Tensor

from loop.errors import ExhaustedError
from loop.propose.acquisition import (
    Barred,
    Chosen,
    Rows,
    alternatives,
    best_admitted,
    best_first,
    nobody,
    over_pool,
)
from loop.propose.goal import N_DRAWS
from loop.propose.means import CONSTANTS, RateMean, RecalledMean
from loop.propose.scaling import ANALYSIS_SD, YIELD_SCALE

N_PROFILES = 48
"""Profiles for which a whole load is worked out: those with the best prior means."""
MOST_JOINT = 4096
"""Samples of one profile drawn together, at most: their covariances take m x m
numbers."""
N_LAWS = 64
"""Draws of the rate law's constants behind those means: a power of 2."""
TOLD_APART = 0.5 * ANALYSIS_SD / YIELD_SCALE
"""Half the error of an analysis, scaled: loads nearer to the best than this are as
good, and what else is wanted decides."""


def choose_first_load(
    mean: RateMean | RecalledMean,
    covariance: Kernel,
    X_pool: Rows,
    *,
    allowed: Tensor,
    favour: Tensor,
    burden: Tensor,
    log_chance: Callable[[Tensor], Tensor],
    size: int,
    seed: int,
    X_pending: Tensor | None = None,
    barred: Barred = nobody,
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
        X_pending: Points on their way, `p x d`: what counts is what a load adds to the
            best of them.
        barred: As in `choose_load`.

    Raises:
        ExhaustedError: If no sample may be taken.
    """
    m = min(allowed.shape[1], MOST_JOINT)
    n_pending = 0 if X_pending is None else len(X_pending)
    deviates = draw_sobol_normal_samples(
        m + n_pending + len(CONSTANTS), N_DRAWS, dtype=torch.float64, seed=seed
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

    def filled(profile: int, barred: Barred) -> tuple[float, list[int], list[float]]:
        places = _likeliest(alone[profile], allowed[profile], m, seed)
        n = len(places)
        X = X_pool(profile)[places]
        if X_pending is not None:
            X = torch.cat([X, X_pending])
        root = torch.linalg.cholesky(
            covariance(X).to_dense() + 1e-6 * torch.eye(len(X), dtype=torch.float64)
        )
        spread = deviates[:, len(CONSTANTS) :] @ root.mT
        draws = (mean.at(X, many) + spread) * log_chance(X).exp()
        draws[:, :n] *= favour[profile, places]
        # Nothing made is worth 0, however poor the first sample may be.
        nothing = torch.zeros_like(draws[:, :1])
        top = torch.cat([nothing, draws[:, n:]], dim=1).amax(dim=1)

        def barred_here(taken: Sequence[int], one: int) -> Sequence[int]:
            within = places[list(taken)].tolist()
            out = set(barred(profile, within, int(places[one])))
            return [i for i, place in enumerate(places.tolist()) if place in out]

        taken, gains = _fill_by_draws(
            draws[:, :n], top, allowed[profile, places], size, barred_here
        )
        return sum(gains), places[taken].tolist(), gains

    likely = [p for p in order[:N_PROFILES].tolist() if allowed[p].any()]
    loads = {profile: filled(profile, nobody) for profile in likely}
    asked = set[int]()
    while True:
        worth = {p: loads[p][0] for p in loads if loads[p][1]}
        if not worth:
            raise ExhaustedError("no candidate may share the furnace with this load")
        as_good = [p for p in worth if worth[p] >= max(worth.values()) - TOLD_APART]
        profile = min(as_good, key=lambda p: float(burden[p]))
        if profile in asked:
            break
        # Only now, for it takes long: leaving samples out never makes a load better.
        loads[profile] = filled(profile, barred)
        asked.add(profile)
    _, taken, gains = loads[profile]
    best = sorted(worth, key=lambda p: (p != profile, -worth[p]))[:3]
    rank = best_first(alone[profile, taken])
    logs = torch.tensor(gains, dtype=torch.float64).clamp_min(1e-12).log().tolist()
    shown = alone.clamp_min(1e-12).log().masked_fill(~allowed, -inf)
    return Chosen(
        profile,
        tuple(taken[i] for i in rank),
        tuple(logs[i] for i in rank),
        alternatives(shown, profile, taken),
        tuple((p, log(max(loads[p][0], 1e-12))) for p in best),
    )


def _likeliest(alone: Tensor, is_allowed: Tensor, m: int, seed: int) -> Tensor:
    """Return the m places of a profile with the best prior means, all if so few.

    Equal ones, and there are many before any result, are taken at random.
    """
    if len(alone) <= m:
        return torch.arange(len(alone))
    draw = torch.randperm(
        len(alone), generator=torch.Generator().manual_seed(seed % 2**63)
    )
    value = torch.where(is_allowed, alone, -inf)[draw]
    order = torch.argsort(value, descending=True, stable=True)
    return draw[order[:m]].sort().values


def _fill_by_draws(
    draws: Tensor,
    top: Tensor,
    is_allowed: Tensor,
    size: int,
    barred: Callable[[Sequence[int], int], Sequence[int]],
) -> tuple[list[int], list[float]]:
    """Add columns of `draws`, `k x m`, that raise the mean of the row maximum most.

    Args:
        draws: Outcomes.
        top: The best of each row so far, shape k.
        is_allowed: Columns that may be taken, shape m.
        size: How many are wanted.
        barred: As `acquisition.Barred`, at this profile.
    """
    free = is_allowed.clone()
    taken, gains = list[int](), list[float]()
    while free.any() and len(taken) < size:
        raised = torch.maximum(draws, top.unsqueeze(-1)).mean(dim=0) - top.mean()
        choice = best_admitted(raised, free, partial(barred, taken))
        if choice is None:
            break
        taken.append(choice)
        gains.append(float(raised[choice]))
        free[choice] = False
        top = torch.maximum(top, draws[:, choice])
    return taken, gains
