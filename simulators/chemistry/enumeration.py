"""Every balanced reaction between substances, found many at a time.

A reaction has one, two or three condensed reactants and up to three products, of which
one may be a vapour; the furnace's gases balance the rest. Only compositions enter here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from campaigns.materials.thermo import species_formula
from simulators.chemistry.substances import SUBSTANCES, VOLATILE

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CARRIERS = ("O2(g)", "CO2(g)", "H2O(g)", "NO2(g)", "NH3(g)")
"""Gases that carry C, H, N and O between powder and furnace."""
_ELEMENTS = ("C", "H", "N", "O")
_SIZES = ((1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (3, 1))
"""Numbers of reactants and products that are tried."""
_CHUNK = 40_000


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Reactions of one number of reactants and one of products."""

    reactants: Ints
    """Indices of reactants, shape r x a."""
    products: Ints
    """Indices of products, shape r x b."""
    amounts: Floats
    """Moles a cation mole of reactants, positive, shape r x (a + b)."""
    gases: Floats
    """Moles of `CARRIERS` given off, shape r x 5; < 0 taken up."""


class Compositions:
    """What candidate species are made of; the last ones may be vapours."""

    def __init__(self, names: Sequence[str], *, n_vapours: int, wall: int) -> None:
        """Read compositions.

        Args:
            names: Condensed species, then vapours.
            n_vapours: How many of them are vapours.
            wall: Index of the crucible wall among them, -1 if none.
        """
        formulas = [species_formula(name) for name in names]
        held = sorted({e for f in formulas for e in f.elements} - VOLATILE)
        self.names = tuple(names)
        self.metals = np.array([[float(f.amount(e)) for e in held] for f in formulas])
        self.volatile = np.array(
            [[float(f.amount(e)) for e in _ELEMENTS] for f in formulas]
        )
        bits = 1 << np.arange(len(held))
        self.masks = ((self.metals > 0) * bits).sum(axis=1).astype(np.int64)
        self.first_vapour = len(names) - n_vapours
        self.wall = wall
        # Ammonium gives ammonia, nitrates nitrogen dioxide.
        self.has_ammonia = np.array(["NH4" in n or "NH3" in n for n in names])

    def sides(self) -> Iterator[tuple[Ints, Ints]]:
        """Yield index sets of reactants and of products that hold the same metals."""
        n = self.first_vapour
        rows = [SUBSTANCES[name] for name in self.names[:n]]
        alone = [i for i in range(n) if i != self.wall]
        free = [i for i in alone if not rows[i].reagent]
        meeting = [*free, self.wall] if self.wall >= 0 else free
        made = [i for i in free if rows[i].forms]
        leaving = [*made, *range(n, len(self.names))]
        for a, b in _SIZES:
            starts = {1: alone, 2: meeting, 3: free}[a]
            yield from self._matched(starts, a, leaving if a == 1 else made, b)
        for i in alone:
            if rows[i].becomes in self.names:
                yield np.array([[i]]), np.array([[self.names.index(rows[i].becomes)]])

    def _matched(
        self, starts: list[int], a: int, made: list[int], b: int
    ) -> Iterator[tuple[Ints, Ints]]:
        left, right = _sets(starts, a), _sets(made, b)
        # A crucible reacts, and one vapour leaves, at a time.
        right = right[(right >= self.first_vapour).sum(axis=1) <= 1]
        held_left = np.bitwise_or.reduce(self.masks[left], axis=1)
        held_right = np.bitwise_or.reduce(self.masks[right], axis=1)
        for mask in np.unique(held_left):
            lefts, rights = left[held_left == mask], right[held_right == mask]
            if len(rights) == 0:
                continue
            for some in np.array_split(lefts, len(lefts) * len(rights) // _CHUNK + 1):
                i, j = np.divmod(np.arange(len(some) * len(rights)), len(rights))
                both = (some[i][:, :, None] == rights[j][:, None, :]).any(axis=(1, 2))
                yield some[i][~both], rights[j][~both]

    def balanced(self, left: Ints, right: Ints) -> Found:
        """Return those sets whose metals balance in exactly one way, all forward."""
        a, width = left.shape[1], left.shape[1] + right.shape[1]
        members = np.concatenate([left, right], axis=1)
        signs = np.array([-1.0] * a + [1.0] * (width - a))
        rows = self.metals[members].transpose(0, 2, 1) * signs
        rows = _at_least(rows, width)
        _, singular, vectors = np.linalg.svd(rows)
        amounts = vectors[:, width - 1, :]
        largest = np.take_along_axis(
            amounts, abs(amounts).argmax(axis=1)[:, None], axis=1
        )
        amounts = amounts * np.sign(largest)
        is_one = singular[:, width - 1] < 1e-9
        if width > 1:
            is_one &= singular[:, width - 2] > 1e-9
        is_one &= amounts.min(axis=1) > 1e-9
        members, amounts = members[is_one], amounts[is_one]
        cations = self.metals.sum(axis=1)[members[:, :a]]
        amounts = amounts / (cations * amounts[:, :a]).sum(axis=1)[:, None]
        gases = self._gases(members, signs * amounts, a)
        return Found(members[:, :a], members[:, a:], amounts, gases)

    def _gases(self, members: Ints, change: Floats, a: int) -> Floats:
        """Return moles of `CARRIERS` that carry C, H, N, O off, shape r x 5."""
        given = -(self.volatile[members] * change[:, :, None]).sum(axis=1)
        carbon, hydrogen, nitrogen, oxygen = given.T
        is_ammonia = self.has_ammonia[members[:, :a]].any(axis=1)
        ammonia = np.where(is_ammonia, nitrogen, 0.0)
        dioxide = nitrogen - ammonia
        steam = (hydrogen - 3.0 * ammonia) / 2.0
        rest = (oxygen - 2.0 * carbon - steam - 2.0 * dioxide) / 2.0
        gases = np.stack([rest, carbon, steam, dioxide, ammonia], axis=1)
        gases[abs(gases) < 1e-12] = 0.0
        return gases


def enumerated(compositions: Compositions) -> Iterator[Found]:
    """Yield every reaction that the furnace's gases permit."""
    for left, right in compositions.sides():
        if len(left) == 0:
            continue
        found = compositions.balanced(left, right)
        # The furnace holds no nitrogen oxides and no ammonia to take up.
        keep = (found.gases[:, 3:] >= 0).all(axis=1)
        if keep.any():
            yield Found(
                found.reactants[keep],
                found.products[keep],
                found.amounts[keep],
                found.gases[keep],
            )


def _sets(members: Sequence[int], size: int) -> Ints:
    chosen = list(combinations(members, size))
    return np.array(chosen, dtype=np.int64).reshape(len(chosen), size)


def _at_least(rows: Floats, height: int) -> Floats:
    """Return matrices with rows of zeros added below, so that they have so many."""
    missing = height - rows.shape[1]
    return np.pad(rows, ((0, 0), (0, max(0, missing)), (0, 0)))
