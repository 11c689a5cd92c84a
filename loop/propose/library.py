"""Several models of one figure, mixed by how well each foretold the results so far.

- `process`: a Gaussian process, of yields of heated solids around the rate law;
- `trees`: a forest, for figures that jump where settings do not.

No one of them is right for every table, and which is cannot be known beforehand. Of
heated solids the rate law knows where yields jump, and the process alone is asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from loop.propose.columns import N_PHYSICS, Columns
from loop.propose.exact import Fitted
from loop.propose.forest import Trees, grow
from loop.propose.means import RatePrior
from loop.propose.randomness import key, stream
from loop.propose.recalls import Recalls
from loop.propose.scales import Scale, linear
from loop.propose.scaling import YIELD_SCALE
from loop.propose.settings import SettingsKernel
from loop.propose.stacking import log_scores, weights
from loop.propose.surrogate import SetGP

Array = NDArray[np.float64]
Places = NDArray[np.intp]
KINDS = ("process", "trees")
KNOWN_VARIANCE = 1e-5
"""Known scaled variance of a result, next to none: each model learns what there is."""
UNRELATED = 8.0
"""Results that speak for no correlation beforehand: of a few, any two figures seem to
correlate. Of 2, 4, 8, 12 and 20 the one that foretold held-out pairs best on synthetic
tables."""
CHUNK = 2048
"""Candidates looked at together, to bound memory."""


@dataclass(frozen=True)
class Figure:
    """A figure to raise, and what is known of it."""

    y: Array
    """Results, shape n, more is better."""
    rate: RatePrior | None = None
    """Prior of the rate law, if the figure is a yield of heated solids."""
    whole: float = inf
    """What a yield is a share of, 100 for percents; infinite for other figures."""
    is_ranked: bool = False
    """Whether the best are sought before the merely good, as of yields."""
    recalls: Recalls | None = None
    """What earlier campaigns forecast of it, scaled as `scale_of` the earlier results
    says; None if none does."""


class Member(Protocol):
    """One model of the library."""

    scale: Scale

    def left_out(self) -> tuple[Array, Array]:
        """Return mean and deviation of each result by the others, scaled."""

    def bound(self, X: Tensor) -> Array:
        """Return mean plus standard deviation at X, scaled, shape n."""

    def draws(self, X: Tensor, places: Places, normal: Array) -> Array:
        """Return what results at X may be, scaled, shape `n x len(places)`.

        Args:
            X: Shape `n x d`.
            places: Which of all draws; a place means the same to models of other
                figures.
            normal: Standard normal numbers of all draws, shape `n x s`.
        """


class Process:
    """A Gaussian process of the library."""

    def __init__(
        self, X: Tensor, figure: Figure, scale: Scale, columns: Columns
    ) -> None:
        """Fit to results at X, shape `n x d`."""
        self.scale = scale
        z = torch.from_numpy(scale.to_model(figure.y))
        unit = YIELD_SCALE if figure.rate else 1.0
        model = SetGP(
            X, z.unsqueeze(-1), torch.full((len(z), 1), KNOWN_VARIANCE).double(),
            columns=columns, rate=figure.rate, scale=unit, recalls=figure.recalls,
        )  # fmt: skip
        if figure.rate is None:
            model.covar_module = SettingsKernel(columns).double()
        self.fitted = Fitted(model)

    def left_out(self) -> tuple[Array, Array]:
        """Return mean and deviation of each result by the others."""
        return self.fitted.left_out()

    def bound(self, X: Tensor) -> Array:
        """Return mean plus standard deviation at X."""
        parts = [self.fitted.marginals(part) for part in torch.split(X, CHUNK)]
        found: Array = torch.cat([mean + sd for mean, sd in parts]).numpy()
        return found

    def draws(self, X: Tensor, places: Places, normal: Array) -> Array:
        """Return joint draws at X; see `Member`."""
        own = torch.from_numpy(normal[:, places])
        found: Array = self.fitted.draws(X, own).numpy()
        return found


class Forest:
    """The trees of the library."""

    def __init__(self, X: Tensor, figure: Figure, scale: Scale, seed: int) -> None:
        """Grow on results at X, shape `n x d`."""
        self.scale = scale
        z = self.scale.to_model(figure.y)
        self.trees: Trees = grow(self._columns(X), z, key(seed, "forest"))

    def left_out(self) -> tuple[Array, Array]:
        """Return mean and deviation of each result by trees that did not see it."""
        return self.trees.mean, self.trees.sd

    def bound(self, X: Tensor) -> Array:
        """Return mean plus standard deviation of the trees at X."""
        said = self._said(X)
        found: Array = said.mean(axis=1) + said.std(axis=1)
        return found

    def draws(self, X: Tensor, places: Places, normal: Array) -> Array:
        """Return what the tree of each place says; see `Member`.

        Trees of one place learned from the same bootstrap of the samples, whatever the
        figure: so results of a sample go together.
        """
        said = self._said(X)
        found: Array = said[:, places % said.shape[1]]
        return found

    def _said(self, X: Tensor) -> Array:
        """Return what each tree says of X, scaled, `n x N_TREES`."""
        found: Array = self.trees.draws(self._columns(X))
        return found

    @staticmethod
    def _columns(X: Tensor) -> Array:
        """Return settings and descriptors: the physics columns repeat them."""
        return np.asarray(X[:, :-N_PHYSICS].numpy())


@dataclass(frozen=True)
class Mixture:
    """Models of one figure with their weights."""

    members: tuple[Member, ...]
    weights: Array
    whole: float
    missed: Array
    """How far each result was from what the others foretold, in deviations."""

    def draws(self, X: Tensor, normal: Array) -> Array:
        """Return results that may be at X, of each model its share.

        Args:
            X: Shape `n x d`.
            normal: Standard normal numbers, shape `n x s`; draws have the same.
        """
        ends = np.rint(np.cumsum(self.weights) * normal.shape[1]).astype(int)
        places = np.split(np.arange(normal.shape[1], dtype=np.intp), ends[:-1])
        found = [
            member.scale.to_lab(member.draws(X, own, normal))
            for member, own in zip(self.members, places, strict=True)
            if own.size
        ]
        return np.minimum(np.concatenate(found, axis=1), self.whole)

    def hopeful(self, X: Tensor, left: Array, most: int) -> Array:
        """Return the candidates left that any model thinks most of, in order.

        Args:
            X: All candidates, shape `n x d`.
            left: Numbers of those that were not measured.
            most: How many are wanted in all.
        """
        each = max(1, most // len(self.members))
        best = [
            left[np.argpartition(-member.bound(X[left]), each)[:each]]
            for member in self.members
        ]
        return np.unique(np.concatenate(best))


def mixture(
    X: Tensor,
    figure: Figure,
    columns: Columns,
    *,
    seed: int,
    kinds: Sequence[str] = KINDS,
) -> Mixture:
    """Return the library's models of a figure, mixed.

    Args:
        X: Points with results, shape `n x d`.
        figure: The results.
        columns: What the columns of X mean.
        seed: Of the trees.
        kinds: Models to use, of `KINDS`; of a figure with a rate law the process.
    """
    kinds = kinds if figure.rate is None else KINDS[:1]
    members = tuple(_member(kind, X, figure, columns, seed) for kind in kinds)
    left = [one.left_out() for one in members]
    z = [one.scale.to_model(figure.y) for one in members]
    scores = [log_scores(own, *said) for own, said in zip(z, left, strict=True)]
    share = weights(np.array(scores))
    off = [(own - mean) / sd for own, (mean, sd) in zip(z, left, strict=True)]
    return Mixture(members, share, figure.whole, share @ np.array(off))


def joint_draws(mixed: Sequence[Mixture], X: Tensor, count: int, seed: int) -> Array:
    """Return results that may be at X, of one sample as they go together.

    Figures of one sample miss what was foretold together: a turnover is a yield by an
    amount of catalyst. Drawn apart, that both are better than thought would seem rare.

    Args:
        mixed: Models, one an objective, m in all.
        X: Shape `n x d`.
        count: Draws s.
        seed: Of the draws.

    Returns:
        Shape `n x s x m`.
    """
    root = np.linalg.cholesky(togetherness([one.missed for one in mixed]))
    draw = stream(seed, "normal")
    apart = draw.standard_normal((len(mixed), len(X), count))
    normal = np.einsum("ij,jnk->ink", root, apart)
    drawn = [one.draws(X, own) for one, own in zip(mixed, normal, strict=True)]
    return np.stack(drawn, axis=-1)


def togetherness(missed: Sequence[Array]) -> Array:
    """Return correlations of what models missed, shape `m x m`, drawn to none.

    Args:
        missed: One an objective, shape n each.
    """
    off = np.array(missed)
    length = np.sqrt(np.square(off).sum(axis=1, keepdims=True))
    unit = off / np.where(length > 0, length, 1.0)
    n = off.shape[1]
    found: Array = unit @ unit.T * n / (n + UNRELATED)
    np.fill_diagonal(found, 1.0)
    return found


def _member(
    kind: str, X: Tensor, figure: Figure, columns: Columns, seed: int
) -> Member:
    scale = scale_of(figure)
    if kind == "trees":
        return Forest(X, figure, scale, seed)
    return Process(X, figure, scale, columns)


def scale_of(figure: Figure) -> Scale:
    """Return how a figure is scaled: a yield by its whole, others by their results."""
    if figure.rate is not None:
        return Scale(0.0, figure.whole * YIELD_SCALE)
    return linear(figure.y)
