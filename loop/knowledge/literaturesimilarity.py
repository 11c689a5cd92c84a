"""How alike two compounds are, by which elements stand for each other in the file.

Two elements are alike if compounds of the file stay in the file when one is put in the
other's place, stoichiometry and all else kept: the counting behind the ionic
substitutions of Hautier et al., Inorg. Chem. 50 (2011) 656, here over elements and
learned from the reports themselves.
"""

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from loop.knowledge.literatureindex import Index

STRENGTH = 2.0
"""Similarity given to the best pair of elements, of 1 for the same one. Above 1 the
next best count too; chosen by firing temperatures of held-out compounds whose elements
no other compound has together."""
PRIOR_COUNT = 5.0
"""Substitutions added to each element's count: few say little."""
ANION_WEIGHT = 0.3
"""Of O and H against all other elements: their amounts follow from the others."""


@dataclass(frozen=True)
class Similarity:
    """Compounds as points whose cosines are their similarities."""

    index: Index
    projection: NDArray[np.float32]
    """Shape elements x elements: a compound's row times this is its point."""

    @cached_property
    def points(self) -> NDArray[np.float32]:
        """Return the points of all compounds of the index, each of length 1."""
        return self.project(self.index.fractions)

    def project(self, fractions: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the points of compounds, rows as `Index.fractions`."""
        found = _rooted(fractions, self.index.elements) @ self.projection
        length = np.linalg.norm(found, axis=1, keepdims=True)
        unit: NDArray[np.float32] = found / np.maximum(length, 1e-9)
        return unit

    def to_all(self, row: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return a compound's similarities to all of the index, -1 to 1."""
        found: NDArray[np.float32] = self.points @ self.project(row[None])[0]
        return found


def learn(index: Index, strength: float = STRENGTH) -> Similarity:
    """Return the similarity that the file teaches."""
    alike = substitutions(index)
    largest = alike.max() if alike.size else 0.0
    if largest > 0:
        alike = alike * (strength / largest)
    values, vectors = np.linalg.eigh(alike + np.eye(len(alike)))
    # Counts need not be a covariance: the nearest one has no negative part.
    root = vectors * np.sqrt(np.clip(values, 0.0, None))
    return Similarity(index, root.astype(np.float32))


def substitutions(index: Index) -> NDArray[np.float64]:
    """Return how often elements stand for each other, of how often they could.

    Symmetric, shape elements x elements, zero diagonal: substitutions over the root of
    the product of both elements' substitutions.
    """
    slots: dict[tuple[object, ...], Counter[int]] = {}
    for row in np.unique(np.round(_shares(index), 2), axis=0):
        held = np.flatnonzero(row)
        amounts = {int(e): float(row[e]) for e in held}
        if len(held) < 2:
            continue
        for element, amount in amounts.items():
            rest = tuple((e, n) for e, n in amounts.items() if e != element)
            slots.setdefault((amount, rest), Counter())[element] += 1
    n = len(index.elements)
    counts = np.zeros((n, n))
    for held_by in slots.values():
        members = list(held_by)
        for a in members:
            for b in members:
                if a != b:
                    counts[a, b] += 1 / (len(members) - 1)
    total = counts.sum(axis=1) + PRIOR_COUNT
    found: NDArray[np.float64] = counts / np.sqrt(np.outer(total, total))
    return found


def _shares(index: Index) -> NDArray[np.float32]:
    """Return the shares of all elements but O and H, rows sum to 1."""
    shares = index.fractions.copy()
    shares[:, [i for i, e in enumerate(index.elements) if e in {"O", "H"}]] = 0.0
    return shares


def _rooted(
    fractions: NDArray[np.float32], elements: tuple[str, ...]
) -> NDArray[np.float32]:
    """Return roots of amounts, so that a dopant is seen beside its host."""
    weights = np.array(
        [ANION_WEIGHT if e in {"O", "H"} else 1.0 for e in elements], dtype=np.float32
    )
    found: NDArray[np.float32] = np.sqrt(np.minimum(fractions, 2.0)) * weights
    return found
