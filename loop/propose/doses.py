"""Which samples can be weighed out: doses in the doser's range, powder in stock."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from campaigns.composition import sites
from campaigns.materials.formula import Formula
from campaigns.precursors import PrecursorSet, searched_cations
from campaigns.reagents import cations
from campaigns.recipe import Parameters
from campaigns.results import History
from campaigns.spec import CampaignSpec
from campaigns.synthesis import moles_per_gram
from loop.propose.points import Points, Value

Floats = NDArray[np.float64]
NOTHING = 1e-9
"""Moles per mole of target below which a reagent is not dosed: rounding."""


@dataclass(frozen=True)
class Doses:
    """What samples take, against what can be dosed and what is left."""

    spec: CampaignSpec
    sets: tuple[PrecursorSet, ...]
    least_grams: float = 0.0
    """Smallest dose that the doser gives accurately, g."""
    most_grams: float = np.inf
    left_grams: Mapping[str, float] = field(default_factory=dict)
    """Precursor to what is left of it, g; none named is without end."""

    def grams(
        self, samples: Sequence[Mapping[str, Value]], *, is_measured: bool = False
    ) -> Floats:
        """Return the doses of samples, g, in the order of the campaign's precursors.

        The same figures as `synthesis.grams_to_dose`, for many at once.

        Args:
            samples: m samples, by their own settings at least.
            is_measured: Whether they are as weighed, with errors: what a set cannot
                make is then the nearest that it can.

        Returns:
            Shape `m x n_precursors`; a row is not a number where a set cannot make the
            composition.
        """
        points = Points(samples)
        amounts = self._amounts(points)
        excess = np.stack(
            [1 + points.numbers(f"excess.{e}", 0.0) for e in self._elements], axis=1
        )
        target_moles = self.spec.sample_grams / self._molar_masses(points)
        labels = points.words("precursors")
        found = np.zeros((len(samples), len(self.spec.precursors)))
        for one in self.sets:
            rows = np.flatnonzero(labels == one.label)
            moles = self._moles(one, (amounts * excess)[rows], is_measured)
            for column, precursor in enumerate(one.precursors):
                at = self.spec.precursors.index(precursor)
                grams = (
                    moles[:, column] * target_moles[rows] / moles_per_gram(precursor)
                )
                found[rows, at] = grams
        return found

    def makeable(self, samples: Sequence[Parameters]) -> NDArray[np.bool_]:
        """Return which samples can be weighed out; of equal ones only the first.

        Samples are equal where sets differ only in reagents that are not dosed.
        """
        if not samples:
            return np.zeros(0, dtype=bool)
        grams = self.grams(samples)
        is_dosed = grams > 0
        left = np.array(
            [self.left_grams.get(p.label, np.inf) for p in self.spec.precursors]
        )
        fits = (grams >= self.least_grams) & (
            grams <= np.minimum(self.most_grams, left)
        )
        found = ~np.isnan(grams).any(axis=1) & (fits | ~is_dosed).all(axis=1)
        return np.asarray(found & self._is_first(samples, grams))

    def after(self, samples: Iterable[Parameters], *, copies: int = 1) -> "Doses":
        """Return what is left once some samples are made, each so many times."""
        listed = list(samples)
        if not listed:
            return self
        used = np.nan_to_num(self.grams(listed)).sum(axis=0) * copies
        left = {
            p.label: self.left_grams[p.label] - float(grams)
            for p, grams in zip(self.spec.precursors, used, strict=True)
            if p.label in self.left_grams
        }
        return replace(self, left_grams=left)

    def last(self, samples: Sequence[Parameters], *, copies: int = 1) -> bool:
        """Return whether the stock lasts for all of some samples together."""
        left = self.after(samples, copies=copies).left_grams
        return all(
            grams >= -NOTHING or grams == self.left_grams[name]
            for name, grams in left.items()
        )

    def _is_first(
        self, samples: Sequence[Parameters], grams: Floats
    ) -> NDArray[np.bool_]:
        if not self.spec.space.composition:
            return np.ones(len(samples), dtype=bool)
        seen: set[tuple[object, ...]] = set()
        first = []
        for sample, doses in zip(samples, np.round(grams, 6).tolist(), strict=True):
            rest = tuple(v for k, v in sorted(sample.items()) if k != "precursors")
            first.append((rest, *doses) not in seen)
            seen.add((rest, *doses))
        return np.array(first, dtype=bool)

    @cached_property
    def _elements(self) -> tuple[str, ...]:
        return tuple(sorted(searched_cations(self.spec)))

    def _amounts(self, points: Points) -> Floats:
        """Return moles of each cation per mole of target, `m x elements`."""
        target = Formula.parse(self.spec.target.formula)
        fixed = cations(target) - set(self.spec.space.composition)
        found = np.zeros((len(points), len(self._elements)))
        for i, element in enumerate(self._elements):
            if element in fixed:
                found[:, i] += float(target.amount(element))
        for site in sites(self.spec):
            for key, cation in zip(site.keys, site.cations, strict=True):
                whole = float(target.amount(site.element))
                found[:, self._elements.index(cation)] += whole * points.numbers(key)
        return found

    def _molar_masses(self, points: Points) -> Floats:
        """Return g/mol of the samples' targets, shape m."""
        target = Formula.parse(self.spec.target.formula)
        found = np.full(len(points), target.molar_mass)
        for site in sites(self.spec):
            whole = float(target.amount(site.element))
            found -= whole * Formula.parse(site.element).molar_mass
            for key, cation in zip(site.keys, site.cations, strict=True):
                mass = Formula.parse(cation).molar_mass
                found += whole * mass * points.numbers(key)
        return found

    def _moles(self, one: PrecursorSet, wanted: Floats, is_measured: bool) -> Floats:
        """Return moles of a set's reagents, `n x k`, not a number where impossible."""
        blends, parts = one.parts
        brings = np.array(
            [[float(f.amount(e)) for f in blends] for e in self._elements]
        )
        values = wanted @ np.linalg.pinv(brings).T
        is_wrong = (np.abs(values @ brings.T - wanted) > 1e-6).any(axis=1)
        is_wrong |= (values < -NOTHING).any(axis=1)
        values = np.where(values < NOTHING, 0.0, values)
        if not is_measured:
            values[is_wrong] = np.nan
        return np.stack(
            [values[:, blend] * float(share) for blend, share in parts], axis=1
        )


def doses_of(
    spec: CampaignSpec, sets: tuple[PrecursorSet, ...], history: History
) -> Doses:
    """Return what can be weighed out after a history."""
    least, most = history.dose_grams or (0.0, np.inf)
    left = {
        p.label: p.stock_grams - history.used_grams.get(p.label, 0.0)
        for p in spec.precursors
    }
    return Doses(spec, sets, least, most, left)
