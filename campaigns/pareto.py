"""Pareto fronts and hypervolumes, plain: what the report and the command line show."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from campaigns.goals import Objective
from campaigns.results import Trial

Floats = NDArray[np.float64]


def oriented(Y: Floats, objectives: Sequence[Objective]) -> Floats:
    """Return values with the sign turned where less is better.

    Args:
        Y: Shape `n x m`, in the objectives' own units.
        objectives: Length m.
    """
    signs = [1.0 if one.goal == "maximize" else -1.0 for one in objectives]
    found: Floats = np.asarray(Y, dtype=np.float64) * np.array(signs)
    return found


def scores_of(trials: Sequence[Trial], objectives: Sequence[Objective]) -> Floats:
    """Return mean scores, shape `n x m`; NaN where a trial has none."""
    rows = [
        [
            trial.scores[one.label].mean if one.label in trial.scores else np.nan
            for one in objectives
        ]
        for trial in trials
    ]
    return np.array(rows, dtype=np.float64).reshape(len(trials), len(objectives))


def pareto_mask(Y: Floats) -> NDArray[np.bool_]:
    """Return which rows no other row beats.

    Args:
        Y: Shape `n x m`, more is better; a row with NaN is never on the front.

    Returns:
        Shape n. Of equal rows all are kept.
    """
    Y = np.asarray(Y, dtype=np.float64)
    mask = np.zeros(len(Y), dtype=np.bool_)
    known = np.flatnonzero(~np.isnan(Y).any(axis=1))
    for i in known:
        others = Y[known]
        beats = (others >= Y[i]).all(axis=1) & (others > Y[i]).any(axis=1)
        mask[i] = not beats.any()
    return mask


def reference_point(Y: Floats, objectives: Sequence[Objective]) -> Floats:
    """Return the worst point of any use, more is better, shape m.

    The campaign's thresholds; where one is missing, the worst value seen less a tenth
    of the range seen, so that the worst result still counts a little.

    Args:
        Y: Shape `n x m`, in the objectives' own units.
        objectives: Length m.
    """
    values = oriented(Y, objectives)
    found = []
    for column, one in zip(values.T, objectives, strict=True):
        if one.threshold is not None:
            sign = 1.0 if one.goal == "maximize" else -1.0
            found.append(sign * one.threshold)
            continue
        seen = column[~np.isnan(column)]
        spread = float(np.ptp(seen)) if len(seen) else 0.0
        found.append(float(seen.min()) - 0.1 * spread if len(seen) else 0.0)
    return np.array(found)


def hypervolume(Y: Floats, reference: Floats) -> float:
    """Return the volume that is dominated by Y and dominates the reference point.

    Exact for any number of objectives; time grows as n to the m - 1, so keep m small.

    Args:
        Y: Shape `n x m`, more is better; rows with NaN are left out.
        reference: Shape m.

    Raises:
        ValueError: If Y and the reference point differ in width.

    Source:
        Slicing: While et al., IEEE Trans. Evol. Comput. 10 (2006) 29.
    """
    Y, reference = np.atleast_2d(Y), np.asarray(reference, dtype=np.float64)
    if Y.shape[1] != len(reference):
        raise ValueError(
            f"Y has {Y.shape[1]} objectives and the reference point {len(reference)}"
        )
    Y = Y[~np.isnan(Y).any(axis=1)] - reference
    Y = Y[(Y > 0).all(axis=1)]
    return _volume(Y[pareto_mask(Y)]) if len(Y) else 0.0


def _volume(Y: Floats) -> float:
    """Return the volume between the origin and a front, all values above 0."""
    if Y.shape[1] == 1:
        return float(Y.max())
    if Y.shape[1] == 2:
        steps = Y[np.argsort(-Y[:, 0], kind="stable")]
        covered = np.maximum.accumulate(np.concatenate([[0.0], steps[:, 1]]))
        return float(np.sum(steps[:, 0] * np.diff(covered)))
    # Cut along the last objective: each slab is a volume of one dimension less.
    levels = np.concatenate([[0.0], np.unique(Y[:, -1])])
    total = 0.0
    for low, high in pairwise(levels.tolist()):
        slab = Y[Y[:, -1] >= high, :-1]
        total += (high - low) * _volume(slab[pareto_mask(slab)])
    return total


def hypervolume_trace(Y: Floats, reference: Floats) -> Floats:
    """Return the hypervolume after each row, shape n."""
    return np.array([hypervolume(Y[: i + 1], reference) for i in range(len(Y))])
