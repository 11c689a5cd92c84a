"""Which sources a compound is likely to be made from, learned from the file itself.

Two views of each element's source are averaged: a multinomial logistic regression on
what else the compound holds, and a vote of the most similar compounds. Both see every
report; neither knows any chemistry but theirs. How far sources go together (nitrates
with nitrates) is counted over the reports that hold both elements.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loop.knowledge.literatureindex import Index, Ints
from loop.knowledge.literaturesimilarity import Similarity

PENALTY = 1.0
"""Inverse strength of the regression's ridge; this and the constants below were chosen
on held-out compounds that are not those of the benchmark's figures."""
MOST_SOURCES, LEAST_WEIGHT = 25, 1.5
"""Sources told apart for an element, and the reports that one needs."""
MOST_COUNTED = 3.0
"""Reports of one compound by one source that count: BaTiO3 has hundreds."""
N_VOTERS, SHARPNESS, PRIOR_VOTES = 100, 30.0, 0.5
"""Compounds that vote, the exponent of their weight in similarity, and votes of all
compounds together."""
SHARE_REGRESSION = 0.5
PAIR_PSEUDO = 2.0
"""Reports of chance agreement added to each count of a pair of sources."""
FLOOR = 1e-4
"""Probability of a source that no report tells of."""
GROUPS = (
    ("Li", "Na", "K", "Rb", "Cs"),
    ("Be", "Mg"),
    ("Ca", "Sr", "Ba"),
    ("Sc", "Y", "La", "Ce", "Pr", "Nd", "Sm", "Eu", "Gd", "Tb", "Dy", "Ho", "Er", "Tm",
     "Yb", "Lu"),
    ("Ti", "Zr", "Hf", "Nb", "Ta"),
    ("V", "Cr", "Mn", "Fe", "Co", "Ni", "Cu"),
    ("Mo", "W", "Re", "Ru", "Rh", "Pd", "Os", "Ir", "Pt"),
    ("Al", "Ga", "In", "Tl", "Si", "Ge", "Sn", "Pb", "Sb", "Bi"),
    ("B", "C", "N", "P"),
    ("S", "Se", "Te"),
    ("F", "Cl", "Br", "I"),
)  # fmt: skip
"""Families of the periodic table, so that rare elements learn from their kin."""
_MIXED = ("S", "Se", "F", "Cl", "N")
"""Anions that may stand beside oxygen."""


def features(fractions: NDArray[np.float32], elements: tuple[str, ...]) -> (
    NDArray[np.float32]
):  # fmt: skip
    """Return what the regression sees of compounds, shape `n x d`.

    Amounts and presence of elements and families, the anion framework, how many
    elements there are, and a constant.

    Args:
        fractions: As `Index.fractions`.
        elements: Of its columns.
    """
    columns = {element: i for i, element in enumerate(elements)}
    family = np.zeros((len(elements), len(GROUPS)), dtype=np.float32)
    for g, members in enumerate(GROUPS):
        for element in members:
            if element in columns:
                family[columns[element], g] = 1.0
    has = (fractions > 0).astype(np.float32)

    def amount(element: str) -> NDArray[np.float32]:
        empty = np.zeros(len(fractions), dtype=np.float32)
        return fractions[:, columns[element]] if element in columns else empty

    grouped, oxygen = fractions @ family, amount("O")
    others = sum((amount(e) > 0 for e in _MIXED), np.zeros(len(fractions), bool))
    count = has.sum(axis=1)
    rest = [
        oxygen == 0, oxygen, count / 5, amount("H") > 0, (oxygen > 0) & (others > 0),
        count <= 3, np.ones(len(fractions)),
    ]  # fmt: skip
    return np.concatenate(
        [np.minimum(fractions, 2.0), has, grouped, grouped > 0, np.stack(rest, axis=1)],
        axis=1,
        dtype=np.float32,
    )


@dataclass(frozen=True)
class Regression:
    """Weights of every element's regression, one below the other."""

    ends: Ints
    """Where the rows of each element end, length of elements."""
    sources: Ints
    """Source of each row."""
    weights: NDArray[np.float32]
    """Shape rows x d."""

    def log_shares(
        self, element: int, x: NDArray[np.float32]
    ) -> tuple[Ints, NDArray[np.float64]]:
        """Return an element's sources and the logarithms of their probabilities."""
        start = self.ends[element - 1] if element else 0
        rows = slice(start, self.ends[element])
        scores = self.weights[rows].astype(np.float64) @ x
        if not len(scores):
            return self.sources[rows], scores
        scores -= scores.max()
        return self.sources[rows], scores - np.log(np.exp(scores).sum())


def choices(index: Index, element: int) -> tuple[Ints, Ints, NDArray[np.float64]]:
    """Return compounds, sources and capped weights of an element's reports."""
    votes = index.element_votes(element)
    targets = index.makings[votes[:, 0], 0].astype(np.int64)
    keys = targets * len(index.sources) + votes[:, 1]
    found, inverse = np.unique(keys, return_inverse=True)
    weights = np.bincount(inverse, index.weights[votes[:, 0]], len(found))
    return (
        (found // len(index.sources)).astype(np.int32),
        (found % len(index.sources)).astype(np.int32),
        np.minimum(weights, MOST_COUNTED),
    )


def train(index: Index) -> Regression:
    """Fit the regression of every element."""
    X = features(index.fractions, index.elements)
    ends, sources, weights = [], [], []
    total = 0
    for element in range(len(index.elements)):
        kept, fitted = _fit(X, *choices(index, element))
        total += len(kept)
        ends.append(total)
        sources.append(kept)
        weights.append(fitted)
    return Regression(
        np.array(ends, dtype=np.int32),
        np.concatenate([np.empty(0, dtype=np.int32), *sources]),
        np.concatenate([np.empty((0, X.shape[1]), dtype=np.float32), *weights]),
    )


def _fit(
    X: NDArray[np.float32], rows: Ints, sources: Ints, weights: NDArray[np.float64]
) -> tuple[Ints, NDArray[np.float32]]:
    """Return the sources of one element and their weights; one source needs none."""
    from sklearn.linear_model import LogisticRegression

    names, inverse = np.unique(sources, return_inverse=True)
    counts = np.bincount(inverse, weights, len(names))
    order = np.argsort(-counts, kind="stable")[:MOST_SOURCES]
    kept = names[np.sort(order[counts[order] >= LEAST_WEIGHT])]
    if len(kept) < 2:
        return kept, np.zeros((len(kept), X.shape[1]), dtype=np.float32)
    is_kept = np.isin(sources, kept)
    model = LogisticRegression(C=PENALTY, max_iter=300, tol=1e-3)
    model.fit(X[rows[is_kept]], sources[is_kept], sample_weight=weights[is_kept])
    fitted = model.coef_
    if len(kept) == 2:  # one row speaks of the second against the first
        fitted = np.concatenate([-fitted / 2, fitted / 2])
        constants = np.concatenate([-model.intercept_ / 2, model.intercept_ / 2])
    else:
        constants = model.intercept_
    fitted[:, -1] += constants  # the last feature is 1
    return kept, fitted.astype(np.float32)


@dataclass(frozen=True)
class Model:
    """What was learned from one file."""

    index: Index
    similarity: Similarity
    regression: Regression
    share_regression: float = SHARE_REGRESSION
    """Weight of the regression against the vote, 0 to 1."""
    pair_weight: float = 1.0
    """Exponent of how far sources go together; 0 leaves it out."""

    def source_shares(self, amounts: Mapping[str, float]) -> dict[
        int, dict[int, float]
    ]:  # fmt: skip
        """Return for each element to be brought its sources' probabilities.

        Args:
            amounts: Element to amount of the compound.
        """
        from loop.knowledge.literaturereports import needed

        row = self.index.fraction(amounts)
        x = features(row[None], self.index.elements)[0]
        similar = self.similarity.to_all(row)
        found = {}
        for element in sorted(needed(amounts) & set(self.index.elements)):
            number = self.index.elements.index(element)
            found[number] = self._shares(number, x, similar)
        return found

    def _shares(
        self, element: int, x: NDArray[np.float32], similar: NDArray[np.float32]
    ) -> dict[int, float]:
        a = self.share_regression
        found: dict[int, float] = {}
        if a > 0:
            names, logs = self.regression.log_shares(element, x)
            for name, log in zip(names.tolist(), logs.tolist(), strict=True):
                found[name] = a * float(np.exp(log))
        if a < 1:
            rows, sources, weights = choices(self.index, element)
            names, shares = _vote(similar[rows], rows, sources, weights)
            for name, share in zip(names.tolist(), shares.tolist(), strict=True):
                found[name] = found.get(name, 0.0) + (1 - a) * share
        return found

    def affinity(self, first: int, second: int) -> "Affinity":
        """Return how sources of two elements go together."""
        a, b = (self.index.element_votes(e) for e in (first, second))
        makings, i, j = np.intersect1d(
            a[:, 0], b[:, 0], assume_unique=True, return_indices=True
        )
        weights = self.index.weights[makings].astype(np.float64)
        n = len(self.index.sources)
        left, right = a[i, 1], b[j, 1]
        keys, inverse = np.unique(
            left.astype(np.int64) * n + right, return_inverse=True
        )
        counts = np.bincount(inverse, weights, len(keys))
        return Affinity(
            n,
            dict(zip(keys.tolist(), counts.tolist(), strict=True)),
            np.bincount(left, weights, n).astype(np.float64),
            np.bincount(right, weights, n).astype(np.float64),
            float(weights.sum()),
        )


@dataclass(frozen=True)
class Affinity:
    """Counts of the sources of two elements in compounds that hold both."""

    n_sources: int
    both: Mapping[int, float]
    left: NDArray[np.float64]
    right: NDArray[np.float64]
    total: float

    def log_lift(self, first: int, second: int) -> float:
        """Return the logarithm of seen over expected, shrunk to 0 where few are.

        Args:
            first: Source of the first element, -1 for one without reports.
            second: Source of the second, likewise.
        """
        if not self.total or first < 0 or second < 0:
            return 0.0
        expected = float(self.left[first] * self.right[second]) / self.total
        seen = self.both.get(first * self.n_sources + second, 0.0)
        return float(np.log((seen + PAIR_PSEUDO) / (expected + PAIR_PSEUDO)))


def _vote(
    similar: NDArray[np.float32],
    rows: Ints,
    sources: Ints,
    weights: NDArray[np.float64],
) -> tuple[Ints, NDArray[np.float64]]:
    """Return sources and their shares of the votes of the most similar compounds."""
    names, inverse = np.unique(sources, return_inverse=True)
    everyone = np.bincount(inverse, weights, len(names))
    compounds, first = np.unique(rows, return_index=True)
    nearness = similar[first]
    order = np.argsort(-nearness, kind="stable")[:N_VOTERS]
    is_voter = np.isin(rows, compounds[order])
    best = nearness[order[0]] if len(order) else 0.0
    power = np.exp(SHARPNESS * (similar[is_voter].astype(np.float64) - best))
    votes = np.bincount(inverse[is_voter], weights[is_voter] * power, len(names))
    votes += PRIOR_VOTES * everyone / everyone.sum()
    return names, votes / votes.sum()
