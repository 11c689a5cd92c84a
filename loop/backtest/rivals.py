"""What a lab would use without us: chance, a random forest, a plain GP."""

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from loop.backtest.encoding import plain
from loop.backtest.table import Space
from loop.propose.randomness import key, stream

N_TREES = 100
"""scikit-learn's default."""


def left_over(n: int, seen: Sequence[int]) -> NDArray[np.intp]:
    """Return the candidates that were not measured, in order."""
    is_left = np.ones(n, dtype=bool)
    is_left[list(seen)] = False
    return np.flatnonzero(is_left)


class RandomMethod:
    """Candidates in random order."""

    def __init__(self, space: Space, seed: int) -> None:
        """Keep the candidates' number and the seed."""
        self.n, self.seed = space.n, seed

    def propose(
        self, seen: Sequence[int], gains: NDArray[np.float64], size: int
    ) -> list[int]:
        """Return candidates drawn at random; see `Method`."""
        left = left_over(self.n, seen)
        draw = stream(self.seed, "backtest", "random", len(seen))
        return [int(i) for i in draw.permutation(left)[:size]]


class ForestMethod:
    """Random forest on plain columns, mean and one standard deviation of the trees.

    Several objectives are made one by weights drawn anew for each proposal.

    Source:
        Knowles, IEEE Trans. Evol. Comput. 10 (2006) 50 (ParEGO): the augmented
        Chebyshev sum and its constant of 0.05.
    """

    def __init__(self, space: Space, seed: int) -> None:
        """Encode the candidates."""
        self.X, self.seed = plain(space), seed

    def propose(
        self, seen: Sequence[int], gains: NDArray[np.float64], size: int
    ) -> list[int]:
        """Return the candidates with the highest upper bounds; see `Method`."""
        from sklearn.ensemble import RandomForestRegressor

        y = self._one(gains, len(seen))
        state = key(self.seed, "backtest", "forest", len(seen)) % 2**32
        forest = RandomForestRegressor(N_TREES, random_state=state, n_jobs=1)
        forest.fit(self.X[list(seen)], y)
        left = left_over(len(self.X), seen)
        each = np.array([tree.predict(self.X[left]) for tree in forest.estimators_])
        bound = each.mean(axis=0) + each.std(axis=0)
        draw = stream(self.seed, "backtest", "forest ties", len(seen))
        order = np.lexsort((draw.random(len(left)), -bound))
        return [int(i) for i in left[order[:size]]]

    def _one(self, gains: NDArray[np.float64], step: int) -> NDArray[np.float64]:
        """Return one figure to raise, shape n."""
        if gains.shape[1] == 1:
            single: NDArray[np.float64] = gains[:, 0]
            return single
        width = np.ptp(gains, axis=0)
        # 0 at the best seen, less below it.
        short = (gains - gains.max(axis=0)) / np.where(width > 0, width, 1.0)
        draw = stream(self.seed, "backtest", "forest weights", step)
        weighted = short * draw.dirichlet(np.ones(gains.shape[1]))
        found: NDArray[np.float64] = weighted.min(axis=1) + 0.05 * weighted.sum(axis=1)
        return found


class PlainMethod:
    """BoTorch's `SingleTaskGP` as it comes, on plain columns.

    Acquisition: `qLogNoisyExpectedImprovement`, of several objectives
    `qLogNoisyExpectedHypervolumeImprovement`, over every candidate that is left.
    """

    def __init__(self, space: Space, seed: int) -> None:
        """Encode the candidates."""
        import torch

        self.X, self.seed = torch.from_numpy(plain(space)), seed

    def propose(
        self, seen: Sequence[int], gains: NDArray[np.float64], size: int
    ) -> list[int]:
        """Return the candidates of the highest acquisition, one by one."""
        import torch
        from botorch.fit import fit_gpytorch_mll
        from botorch.models import SingleTaskGP
        from gpytorch.mlls import ExactMarginalLogLikelihood

        from loop.backtest.acquisition import by_improvement
        from loop.propose.reproducible import reproducible

        purpose = key(self.seed, "backtest", "gp", len(seen))
        with reproducible(purpose), warnings.catch_warnings():
            # Equal results so far, and fits that end early: both are handled by it.
            warnings.simplefilter("ignore")
            Y = torch.from_numpy(gains)
            model = SingleTaskGP(self.X[list(seen)], Y)
            fit_gpytorch_mll(ExactMarginalLogLikelihood(model.likelihood, model))
            left = left_over(len(self.X), seen)
            return by_improvement(
                model, self.X, seen=list(seen), left=list(left), Y=Y, size=size,
                seed=purpose,
            )  # fmt: skip
