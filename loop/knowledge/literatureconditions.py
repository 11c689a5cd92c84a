"""How the nearest reports fired: temperatures, holds and furnace gases."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loop.knowledge.literatureindex import Index, Ints
from loop.knowledge.literaturemodel import SHARPNESS
from loop.knowledge.literaturereports import KINDS, Kind

N_REPORTS = 40
"""Nearest reports that speak of conditions."""
LEAST_SHARE = 0.2
"""Share of them that must tell of a kind of firing for it to be listed."""
SHARES = (0.1, 0.25, 0.5, 0.75, 0.9)
"""Of the quantiles."""
_CELSIUS, _HOURS = 0, 1
GASES: Mapping[str, str] = {
    "air": "air", "ambient": "air", "oxygen": "O2", "nitrogen": "N2", "argon": "Ar",
    "carbon dioxide": "CO2",
}  # fmt: skip
"""The file's names of furnace gases to ours; mixtures keep theirs."""

Floats = NDArray[np.float64]
Wanted = Callable[[Ints], NDArray[np.bool_]]
"""Says of kinds of firings, by number, which are wanted."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """What one kind of firing took, by reports weighed by their similarity."""

    celsius: tuple[float, ...]
    """At 10, 25, 50, 75 and 90 % of the reports, degrees Celsius; empty if untold."""
    hours: tuple[float, ...]
    atmospheres: Mapping[str, float]
    """Gas to its share of the reports that name one."""
    reports: int


@dataclass(frozen=True, slots=True)
class Nearest:
    """The reports most like a compound, the most similar first."""

    makings: Ints
    """One of each report, length n."""
    similarities: Floats
    """Length n, at most 1."""

    @property
    def weights(self) -> Floats:
        """Return how much each counts, 1 for the first."""
        if not len(self.similarities):
            return self.similarities
        best = self.similarities[0]
        found: Floats = np.exp(SHARPNESS * (self.similarities - best))
        return found


def nearest(
    index: Index, similar: NDArray[np.float32], *, only: NDArray[np.bool_], n: int
) -> Nearest:
    """Return the makings of the most similar reports.

    Args:
        index: All reports.
        similar: Similarity of each compound of the index.
        only: Which reports may be taken, length r.
        n: How many.
    """
    likeness = similar[index.makings[:, 0]].astype(np.float64)
    likeness[~only[index.makings[:, 1]]] = -np.inf
    order = np.argsort(-likeness, kind="stable")
    order = order[np.isfinite(likeness[order])]
    # The best making of each report, in the order of similarity.
    _, first = np.unique(index.makings[order, 1], return_index=True)
    chosen = order[np.sort(first)][:n]
    return Nearest(chosen.astype(np.int32), np.minimum(likeness[chosen], 1.0))


def is_fired(index: Index) -> NDArray[np.bool_]:
    """Return which reports tell a firing temperature, length r."""
    found = np.zeros(len(index.reports), dtype=bool)
    told = ~np.isnan(index.firing_values[:, _CELSIUS])
    found[index.firings[told, 0]] = True
    return found


def by_kind(index: Index, near: Nearest) -> dict[Kind, Conditions]:
    """Return the conditions of each kind of firing that enough reports tell of."""
    found = {}
    for number, kind in enumerate(KINDS):
        rows = [_hottest(index, r, _is(number)) for r in _reports(index, near)]
        one = _conditions(index, rows, near.weights)
        if one.reports >= max(1.0, LEAST_SHARE * len(rows)):
            found[kind] = one
    return found


def of_powder(index: Index, near: Nearest) -> Conditions:
    """Return the conditions of the firing that makes the powder.

    That is a report's hottest one before any sintering, else its hottest one: a pressed
    body is sintered hotter than its powder needs.
    """
    return _conditions(index, powder_firings(index, near), near.weights)


def powder_firings(index: Index, near: Nearest) -> list[int]:
    """Return the firing of each report that makes its powder, -1 where none."""
    sinter = KINDS.index("sinter")
    rows = []
    for report in _reports(index, near):
        before = _hottest(index, report, lambda kinds: kinds != sinter)
        any_one = _hottest(index, report, lambda kinds: kinds >= 0)
        rows.append(before if before >= 0 else any_one)
    return rows


def _is(number: int) -> Wanted:
    return lambda kinds: kinds == number


def _reports(index: Index, near: Nearest) -> Sequence[int]:
    reports: list[int] = index.makings[near.makings, 1].tolist()
    return reports


def _hottest(index: Index, report: int, wanted: Wanted) -> int:
    """Return the hottest firing of wanted kinds of a report, -1 if none."""
    start, stop = np.searchsorted(index.firings[:, 0], [report, report + 1])
    celsius = index.firing_values[start:stop, _CELSIUS].astype(np.float64)
    celsius = np.where(wanted(index.firings[start:stop, 1]), celsius, np.nan)
    if not len(celsius) or np.isnan(celsius).all():
        return -1
    return int(start + np.nanargmax(celsius))


def _conditions(index: Index, rows: Sequence[int], weights: Floats) -> Conditions:
    told = np.array([row >= 0 for row in rows], dtype=bool)
    firings = np.array([row for row in rows if row >= 0], dtype=np.int64)
    values, counted = index.firing_values[firings], weights[told]
    gases: dict[str, float] = {}
    for firing, weight in zip(firings.tolist(), counted.tolist(), strict=True):
        name = furnace_gas(index.atmospheres[index.firings[firing, 2]])
        if name:
            gases[name] = gases.get(name, 0.0) + weight
    total = sum(gases.values())
    return Conditions(
        quantiles(values[:, _CELSIUS], counted),
        quantiles(values[:, _HOURS], counted),
        {gas: n / total for gas, n in sorted(gases.items(), key=lambda g: -g[1])},
        int(told.sum()),
    )


def furnace_gas(found: str) -> str:
    """Return our name of a furnace gas, a mixture's own name, or nothing."""
    parts = dict.fromkeys(GASES.get(one, one) for one in found.split("+"))
    return "+".join(parts)


def quantiles(
    values: NDArray[np.float32], weights: Floats
) -> tuple[float, ...]:  # fmt: skip
    """Return values at `SHARES` of the weight, between neighbours linearly."""
    told = ~np.isnan(values)
    if not told.any():
        return ()
    order = np.argsort(values[told], kind="stable")
    ordered, counted = values[told][order], weights[told][order]
    places = (np.cumsum(counted) - counted / 2) / counted.sum()
    return tuple(np.interp(SHARES, places, ordered).round(3).tolist())
