"""The load that promises most.

A load is chosen as a whole: for each of the promising profiles samples are added one at
a time, each for what it adds to those before it and to samples still in the furnace,
and the profile whose load adds most is taken.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from math import inf

import torch
from botorch.models.model_list_gp_regression import ModelListGP
from botorch.utils.sampling import draw_sobol_samples
from torch import Tensor

from loop.errors import ExhaustedError
from loop.propose.goal import Goal

N_PROFILES, N_PROFILES_SEVERAL = 3, 2
"""Profiles for which a load is worked out, for one objective and for several."""
N_COMPARED = 3
"""Samples by which those loads are compared: the rest of a load adds little."""
N_HOPEFUL, N_HOPEFUL_SEVERAL = 1024, 512
"""Candidates valued in full at most, for one objective and for several."""
N_OPTIMISTS = 15
"""Ways to weigh several objectives when those are picked."""
N_FOREMOST = 48
"""Samples of a profile valued at once when one is added to a load."""
CHUNK = 512
"""Candidates valued at once: few enough for a processor's cache."""


Rows = Callable[[int | Sequence[int]], Tensor]
"""Columns of X by the number of a profile, or of several."""


@dataclass(frozen=True)
class Chosen:
    """The samples of a load."""

    profile: int
    samples: tuple[int, ...]
    """Best expected first; fewer than asked where no more are allowed."""
    log_values: tuple[float, ...]
    """What each adds, natural logarithm."""
    alternatives: tuple[tuple[int, int, float], ...]
    """Best candidates not taken: profile, sample, logarithm of the value alone."""
    compared: tuple[tuple[int, float], ...] = ()
    """Loads worked out, the one taken first: profile, logarithm of what its first
    samples add, before the price of its hours."""


Barred = Callable[[int, Sequence[int], int], Sequence[int]]
"""From a profile, the samples taken into its load and one that would join: those that
may not, none if this one may."""


def nobody(*_: object) -> Sequence[int]:
    """Bar nobody."""
    return ()


def best_admitted(
    values: Tensor, free: Tensor, barred: Callable[[int], Sequence[int]]
) -> int | None:
    """Return the free sample of the highest value that may join, None if none may.

    Args:
        values: Shape m.
        free: Which may be taken, shape m; those barred are struck out.
        barred: As `Barred`, for one load.
    """
    while free.any():
        best = int(values.masked_fill(~free, -inf).argmax())
        out = barred(best)
        if not out:
            return best
        free[list(out)] = False
    return None


def in_chunks(value: Callable[[Tensor], Tensor], X: Tensor) -> Tensor:
    """Return a function's values at the rows of X, `n x d`, a chunk at a time."""
    return torch.cat([value(part) for part in torch.split(X, CHUNK)])


def choose_load(
    goal: Goal,
    model: ModelListGP,
    X_pool: Rows,
    *,
    allowed: Tensor,
    log_chance: Callable[[Tensor], Tensor],
    X_baseline: Tensor,
    X_pending: Tensor | None,
    size: int,
    log_price: Tensor | None = None,
    barred: Barred = nobody,
) -> Chosen:
    """Return the load that adds most for its price.

    Args:
        goal: Objectives and constraints.
        model: Posterior over all outputs.
        X_pool: Columns of all places of a profile, `m x d`, by its number; of several
            profiles, one axis more.
        allowed: Which candidates may be taken, `n x m`.
        log_chance: Logarithm of the probability that a synthesis succeeds, by row.
        X_baseline: Points with results that may be among the best, `k x d`.
        X_pending: Points on their way, `p x d`.
        size: Samples wanted.
        log_price: Logarithm of what the hours of each profile cost, shape n; all cost
            the same if None.
        barred: Who may share a furnace.

    Raises:
        ExhaustedError: If no sample may be taken.
    """
    price = torch.zeros(len(allowed), dtype=torch.float64)
    price = price if log_price is None else log_price
    single = goal.worth(model, X_baseline, X_pending)
    hopeful = _hopeful(goal, model, X_pool, allowed, log_chance)
    alone = over_pool(lambda X: single(X) + log_chance(X), X_pool, hopeful)
    n_profiles = N_PROFILES if goal.n_objectives == 1 else N_PROFILES_SEVERAL
    shortlist = _shortlist(alone - price.unsqueeze(-1), size)[:n_profiles]

    rivals: list[int] = []

    def noted(profile: int, taken: Sequence[int], sample: int) -> Sequence[int]:
        if out := barred(profile, taken, sample):
            rivals.append(sample)
        return out

    def filled(profile: int, wanted: int, taken: list[int]) -> list[float]:
        X = X_pool(profile)
        return _fill(
            goal,
            model,
            X,
            taken,
            is_allowed=allowed[profile],
            alone=alone[profile],
            single=single,
            log_chance=log_chance(X),
            X_baseline=X_baseline,
            X_pending=X_pending,
            size=wanted,
            barred=partial(noted, profile),
        )

    loads: list[tuple[float, int, list[int], list[float]]] = []
    for profile in shortlist:
        taken: list[int] = []
        values = filled(profile, min(size, N_COMPARED), taken)
        total = float(torch.tensor(values, dtype=torch.float64).logsumexp(0))
        loads.append((total, profile, taken, values))
        # The best of those who may not join might begin a better load of their own.
        for rival in rivals[:1]:
            taken, values = [rival], [float(alone[profile, rival])]
            values += filled(profile, min(size, N_COMPARED), taken)
            total = float(torch.tensor(values, dtype=torch.float64).logsumexp(0))
            loads.append((total, profile, taken, values))
        rivals.clear()
    loads.sort(key=lambda load: -(load[0] - float(price[load[1]])))
    if not loads or not loads[0][2]:
        raise ExhaustedError("no candidate may share the furnace with this load")
    _, profile, taken, values = loads[0]
    values = values + filled(profile, size, taken)
    X = X_pool(profile)[taken]
    expected = goal.first(model, X) - goal.reference[0]
    rank = best_first(expected * log_chance(X).exp())
    return Chosen(
        profile,
        tuple(taken[i] for i in rank),
        tuple(values[i] for i in rank),
        alternatives(alone, profile, taken),
        tuple((number, total) for total, number, *_ in loads),
    )


def best_first(expected: Tensor) -> list[int]:
    """Return the order of samples in a load: should it end early, the best are made."""
    return torch.argsort(expected, descending=True, stable=True).tolist()


def over_pool(
    value: Callable[[Tensor], Tensor],
    X_pool: Rows,
    wanted: Tensor,
    *,
    width: tuple[int, ...] = (),
) -> Tensor:
    """Return values of each wanted candidate, `n x m x width`; -inf for the others."""
    found = torch.full((*wanted.shape, *width), -inf, dtype=torch.float64)
    profiles = wanted.any(dim=1).nonzero().squeeze(-1).tolist()
    step = max(1, CHUNK // wanted.shape[1])
    for start in range(0, len(profiles), step):
        part = profiles[start : start + step]
        mask = wanted[part]
        X = X_pool(part)[mask]
        values = torch.full((*mask.shape, *width), -inf, dtype=torch.float64)
        values[mask] = in_chunks(value, X)
        found[part] = values
    return found


def _hopeful(
    goal: Goal,
    model: ModelListGP,
    X_pool: Rows,
    allowed: Tensor,
    log_chance: Callable[[Tensor], Tensor],
) -> Tensor:
    """Return the candidates worth valuing in full, `n x m`: optimists' favourites.

    An optimist puts fixed weights on the objectives and takes each at its mean plus a
    standard deviation; few weigh one objective alone, most something between.
    """
    n = goal.n_objectives
    most = N_HOPEFUL if n == 1 else N_HOPEFUL_SEVERAL
    if int(allowed.sum()) <= most:
        return allowed
    box = torch.tensor([[0.0] * n, [1.0] * n])
    between = draw_sobol_samples(box, N_OPTIMISTS, 1, seed=goal.seed)
    weights = torch.cat([torch.eye(n), between.squeeze(1)]).double()
    weights = weights / weights.sum(dim=1, keepdim=True)

    def optimism(X: Tensor) -> Tensor:
        mean, sd = goal.outlook(model, X)
        high = (mean + sd)[:, : goal.n_objectives].minimum(goal.limit) - goal.reference
        return (high @ weights.mT) * log_chance(X).exp().unsqueeze(-1)

    favours = over_pool(optimism, X_pool, allowed, width=(len(weights),))
    each = most // len(weights)
    flat = favours.reshape(-1, len(weights))
    kept = torch.zeros(allowed.numel(), dtype=torch.bool)
    kept[flat.topk(each, dim=0).indices.reshape(-1)] = True
    return kept.reshape(allowed.shape) & allowed


def _shortlist(alone: Tensor, size: int) -> list[int]:
    """Return the profiles whose best samples add up to most, best first."""
    top = alone.topk(min(size, alone.shape[1]), dim=1).values.logsumexp(dim=1)
    order = torch.argsort(top, descending=True, stable=True)
    return [int(i) for i in order if top[i] > -inf]


def _fill(
    goal: Goal,
    model: ModelListGP,
    X: Tensor,
    taken: list[int],
    *,
    is_allowed: Tensor,
    alone: Tensor,
    single: Callable[[Tensor], Tensor],
    log_chance: Tensor,
    X_baseline: Tensor,
    X_pending: Tensor | None,
    size: int,
    barred: Callable[[Sequence[int], int], Sequence[int]],
) -> list[float]:
    """Add samples of one profile to those taken, one at a time; return their gains."""
    free = is_allowed.clone()
    free[taken] = False
    bounds = alone.clone()
    gains = list[float]()
    while free.any() and len(taken) < size:
        if taken:
            on_way = torch.cat([X[:0] if X_pending is None else X_pending, X[taken]])
            adding, stale = goal.worth(model, X_baseline, on_way), free.clone()
        else:
            # The first of a load adds what it is worth alone, and that is known.
            adding, stale = single, free & (bounds == -inf)
        _lower(bounds, free, stale, partial(_values, adding, X, log_chance))
        best = best_admitted(bounds, free, partial(barred, taken))
        if best is None:
            break
        taken.append(best)
        gains.append(float(bounds[best]))
        free[best] = False
    return gains


def _values(
    adding: Callable[[Tensor], Tensor], X: Tensor, log_chance: Tensor, rows: Tensor
) -> Tensor:
    return adding(X[rows]) + log_chance[rows]


def _lower(
    bounds: Tensor, free: Tensor, stale: Tensor, value: Callable[[Tensor], Tensor]
) -> None:
    """Lower bounds to values, from the highest on, until the best is certain.

    What a sample adds shrinks as others join, so that what it added before bounds it.

    Args:
        bounds: Of every sample of a profile, shape m; -inf for those that nobody
            hopes for, which are valued only once there are no others.
        free: Which may be taken, shape m.
        stale: Whose bounds are no values yet, shape m; is used up.
        value: Values of some rows.

    Source:
        Minoux, in Optimization Techniques (Springer, 1978) 234: the lazy greedy
        algorithm for submodular functions.
    """
    best = float(bounds.masked_fill(~free | stale, -inf).max())
    while stale.any():
        open_bounds = bounds.masked_fill(~stale, -inf)
        if best > -inf and best >= float(open_bounds.max()):
            return
        left = stale.nonzero().squeeze(-1)
        order = torch.argsort(bounds[left], descending=True, stable=True)
        rows = left[order[:N_FOREMOST]]
        bounds[rows] = value(rows)
        stale[rows] = False
        best = max(best, float(bounds[rows].max()))


def alternatives(
    alone: Tensor, profile: int, taken: Sequence[int]
) -> tuple[tuple[int, int, float], ...]:
    """Return up to five of the best candidates not taken, each another profile."""
    rest = alone.clone()
    rest[profile, list(taken)] = -inf
    best, sample = rest.max(dim=1)
    order = torch.argsort(best, descending=True, stable=True)[:5]
    return tuple(
        (int(i), int(sample[i]), float(best[i])) for i in order if best[i] > -inf
    )
