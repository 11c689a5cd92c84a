"""A forest of random trees whose spread is checked on what each tree did not see."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
N_TREES = 64
"""Each tree is a draw of what the results may be. The mean of their votes is known to
a twentieth; growing them is half of the time of a proposal."""
TINY = 1e-6
"""Least scaled variance."""


@dataclass(frozen=True)
class Trees:
    """Extremely randomised trees, each on its own bootstrap of the results.

    Splits at random places between results make steps fall where they may; averaged,
    they interpolate, and what steps the figure takes are kept.

    Source:
        Geurts, Ernst & Wehenkel, Machine Learning 63 (2006) 3.
    """

    fitted: Any
    mean: Array
    """Of each result by the trees that did not see it, shape n."""
    sd: Array

    def draws(self, X: Array) -> Array:
        """Return what each tree says, shape `len(X) x N_TREES`."""
        rows = np.ascontiguousarray(X, dtype=np.float32)
        each = [tree.tree_.predict(rows)[:, 0] for tree in self.fitted.estimators_]
        return np.array(each).T


def grow(X: Array, y: Array, seed: int) -> Trees:
    """Return trees fitted to results.

    The trees' spread about a result that they did not see is scaled to what they were
    off on the whole.

    Args:
        X: Shape `n x d`.
        y: Scaled results, shape n.
        seed: Of splits and bootstraps.
    """
    from sklearn.ensemble import ExtraTreesRegressor

    forest = ExtraTreesRegressor(
        N_TREES, bootstrap=True, random_state=seed % 2**32, n_jobs=1
    ).fit(X, y)
    trees = Trees(forest, y, y)
    said = trees.draws(X)
    is_unseen = np.ones(said.shape, dtype=bool)
    for tree, rows in enumerate(forest.estimators_samples_):
        is_unseen[rows, tree] = False
    count = np.maximum(is_unseen.sum(axis=1), 1)
    mean = np.where(is_unseen, said, 0.0).sum(axis=1) / count
    apart = np.where(is_unseen, said - mean[:, None], 0.0)
    variance = np.square(apart).sum(axis=1) / count + TINY
    missed = np.square(y - mean).mean() / variance.mean()
    return Trees(forest, mean, np.sqrt(variance * missed + TINY))
