"""Runs of the phase identification benchmark on simulated mixtures."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from figures.bars import Bar
from figures.mixtures import Mixture, candidates, mixture, powders
from figures.phase_id import NINETY

from loop.analyse.answers import Answer, identify_pattern
from loop.analyse.library import Drawn

FIRST_NUMBER = 500
"""Mixtures of lower numbers serve for setting the constants of intervals."""
PAIRS = (
    ("TiO2-anatase", "ZnO"), ("CuO", "YBa2Cu3O7"), ("BaCO3", "BaTiO3"),
    ("Y2BaCuO5", "YBa2Cu3O7"), ("Li2CO3", "Bi2O3"),
)  # fmt: skip
"""Minor phase and its host; the last is the hard reverse, without a bar."""
SHARES = (0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05)
QUICK_SHARES = (0.0075, 0.015)
_PAIR_NUMBERS = 10_000
"""Numbers of the powders of a pair start at this times one more than its place."""


@dataclass(frozen=True, slots=True)
class Curve:
    """How often a minor phase is found, by its share."""

    minor: str
    host: str
    rates: dict[float, float]
    """Share by weight to rate of detection."""

    @property
    def half(self) -> float:
        """Return the share that is found every other time; infinite if none is.

        Interpolated over the logarithm of the share, from the last share that is found
        less often; the least share tried if that is found as often.
        """
        shares, rates = list(self.rates), list(self.rates.values())
        low = max((i for i, rate in enumerate(rates) if rate < 0.5), default=-1)
        if low == len(rates) - 1:
            return math.inf
        if low < 0:
            return shares[0]
        part = (0.5 - rates[low]) / (rates[low + 1] - rates[low])
        return float(shares[low] * (shares[low + 1] / shares[low]) ** part)

    def __str__(self) -> str:
        """Write the curve on one line."""
        found = "  ".join(f"{100 * s:g}: {r:.0%}" for s, r in self.rates.items())
        return f"{self.minor} in {self.host}, wt%: found  {found}"


def answered(one: Mixture, program: str) -> Answer:
    """Identify a mixture with the phase table's rows of its elements, C, H and O."""
    drawn = Drawn(candidates(one.elements), ())
    scan = one.scan(program)
    return identify_pattern(scan, drawn, expected=one.elements).answer


def intervals(total: int) -> list[Bar]:
    """Return how often 90 % intervals hold the weighed value, and how wide they are."""
    inside: list[bool] = []
    half: list[float] = []
    errors: list[float] = []
    for number in range(FIRST_NUMBER, FIRST_NUMBER + total):
        one = mixture(number)
        answer = answered(one, "8min" if number % 2 else "2min")
        for phase, weight in one.weights.items():
            error = abs(answer["weights"].get(phase, 0.0) - weight)
            errors.append(error)
            half.append(NINETY * answer["sigma"].get(phase, 0.0))
            inside.append(error < half[-1])
    coverage = 100 * float(np.mean(inside))
    return [
        Bar("simulated 90 % intervals: coverage, at least", coverage, "%", 87.0),
        Bar("simulated 90 % intervals: coverage, at most", coverage, "%", 93.0,
            "min"),
        Bar("simulated 90 % intervals: mean half-width", 100 * float(np.mean(half)),
            "points", None, "min"),
        Bar("simulated weight MAE", 100 * float(np.mean(errors)), "points", None,
            "min"),
    ]  # fmt: skip


def curves(shares: Iterable[float], repeats: int) -> Iterator[Curve]:
    """Yield each pair's curve of detection in 8 min scans.

    Args:
        shares: Of the minor phase by weight, rising.
        repeats: Powders at each share.
    """
    levels = tuple(shares)
    for place, (minor, host) in enumerate(PAIRS, start=1):
        rates = {}
        for share in levels:
            found = [
                minor in answered(one, "8min")["weights"]
                for one in _powders(place, {host: 1.0 - share, minor: share}, repeats)
            ]
            rates[share] = float(np.mean(found))
        yield Curve(minor, host, rates)


def limits(found: Iterable[Curve]) -> list[Bar]:
    """Return the share of each minor phase that is found every other time."""
    return [
        Bar(
            f"50 % detection of {curve.minor} in {curve.host}",
            min(100 * curve.half, 100.0),
            "wt%",
            1.5 if (curve.minor, curve.host) != PAIRS[-1] else None,
            "min",
        )
        for curve in found
    ]


def _powders(place: int, weights: dict[str, float], repeats: int) -> Iterator[Mixture]:
    start = _PAIR_NUMBERS * place
    return (powders(number, weights) for number in range(start, start + repeats))
