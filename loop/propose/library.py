"""Several models of one figure, mixed by how well each foretold the results so far.

- `process`: a Gaussian process;
- `trees`: a forest, for figures that jump where settings do not.

Where solids are heated each is a model of what the rate law leaves unexplained.
No one of them is right for every table, and which is cannot be known beforehand.
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
from loop.propose.means import RateMean, RatePrior
from loop.propose.randomness import key, stream
from loop.propose.scales import Scale, linear
from loop.propose.scaling import YIELD_SCALE
from loop.propose.stacking import log_scores, weights
from loop.propose.surrogate import SetGP

Array = NDArray[np.float64]
KINDS = ("process", "trees")
KNOWN_VARIANCE = 1e-5
"""Known scaled variance of a result, next to none: each model learns what there is."""
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
    recalls: slice | None = None
    """Which columns of X forecast it, by earlier campaigns, scaled as `scale_of` the
    earlier results says; None if none does."""


class Member(Protocol):
    """One model of the library."""

    scale: Scale

    def left_out(self) -> tuple[Array, Array]:
        """Return mean and deviation of each result by the others, scaled."""

    def bound(self, X: Tensor) -> Array:
        """Return mean plus standard deviation at X, scaled, shape n."""

    def draws(self, X: Tensor, count: int, seed: int) -> Array:
        """Return what results at X may be, scaled, shape `n x count`."""


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
        self.fitted = Fitted(model, X, z)

    def left_out(self) -> tuple[Array, Array]:
        """Return mean and deviation of each result by the others."""
        return self.fitted.left_out()

    def bound(self, X: Tensor) -> Array:
        """Return mean plus standard deviation at X."""
        parts = [self.fitted.marginals(part) for part in torch.split(X, CHUNK)]
        found: Array = torch.cat([mean + sd for mean, sd in parts]).numpy()
        return found

    def draws(self, X: Tensor, count: int, seed: int) -> Array:
        """Return joint draws at X."""
        normal = stream(seed, "process").standard_normal((len(X), count))
        found: Array = self.fitted.draws(X, torch.from_numpy(normal)).numpy()
        return found


class Forest:
    """The trees of the library."""

    def __init__(self, X: Tensor, figure: Figure, scale: Scale, seed: int) -> None:
        """Grow on results at X, shape `n x d`."""
        self.scale = scale
        self.law = RateMean(figure.rate, YIELD_SCALE) if figure.rate else None
        z = self.scale.to_model(figure.y)
        self.expected = self._law(X)
        rest = z - self.expected
        self.trees: Trees = grow(self._columns(X), rest, key(seed, "forest"))

    def left_out(self) -> tuple[Array, Array]:
        """Return mean and deviation of each result by trees that did not see it."""
        return self.expected + self.trees.mean, self.trees.sd

    def bound(self, X: Tensor) -> Array:
        """Return mean plus standard deviation of the trees at X."""
        said = self._said(X)
        found: Array = said.mean(axis=1) + said.std(axis=1)
        return found

    def draws(self, X: Tensor, count: int, seed: int) -> Array:
        """Return what trees drawn at random say; a tree may be drawn again."""
        said = self._said(X)
        draw = stream(seed, "trees")
        whole, rest = divmod(count, said.shape[1])
        order = draw.permutation(said.shape[1])[:rest]
        found: Array = np.concatenate([said] * whole + [said[:, order]], axis=1)
        return found

    def _said(self, X: Tensor) -> Array:
        """Return what each tree says of X, scaled, `n x N_TREES`."""
        found: Array = self._law(X)[:, None] + self.trees.draws(self._columns(X))
        return found

    def _law(self, X: Tensor) -> Array:
        """Return what the rate law expects, with its constants as believed."""
        if self.law is None:
            return np.zeros(len(X))
        with torch.no_grad():
            found: Array = self.law(X).numpy()
        return found

    @staticmethod
    def _columns(X: Tensor) -> Array:
        """Return settings and descriptors: the physics columns repeat them."""
        return np.asarray(X[:, :-N_PHYSICS].numpy())


@dataclass(frozen=True)
class Mixture:
    """Models of one figure with their weights."""

    kinds: tuple[str, ...]
    members: tuple[Member, ...]
    weights: Array
    whole: float

    def draws(self, X: Tensor, count: int, seed: int) -> Array:
        """Return results that may be at X, of each model its share, `n x count`."""
        found = [
            member.scale.to_lab(member.draws(X, n, key(seed, kind)))
            for kind, member, n in zip(
                self.kinds, self.members, self._counts(count), strict=True
            )
            if n
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

    def _counts(self, count: int) -> list[int]:
        """Return draws of each model that add up to the count."""
        ends = np.rint(np.cumsum(self.weights) * count).astype(int)
        return [int(n) for n in np.diff(ends, prepend=0)]


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
        kinds: Models to use, of `KINDS`.
    """
    members = tuple(_member(kind, X, figure, columns, seed) for kind in kinds)
    scores = [
        log_scores(one.scale.to_model(figure.y), *one.left_out()) for one in members
    ]
    return Mixture(tuple(kinds), members, weights(np.array(scores)), figure.whole)


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
