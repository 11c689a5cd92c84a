"""Measured syntheses of YBa2Cu3O7 ranked after some of them were told.

47 precursor sets at four temperatures; of each only the target's share is known. Twenty
of the 188 outcomes, drawn at random, are told; the rest are ranked by

- the pathway prediction that learned from the twenty, and the same without learning;
- the free energy of the reaction to the target, which learns nothing;
- an additive model, temperature + barium sources, fitted to the same twenty;
- temperature alone, and temperature times barium source, for comparison.

Where a model holds it more likely than not that a pattern would show no target (less
than 2 %), it predicts none: so the measured zeros came about. Kendall's tau-b over the
168 others, mean over the draws; intervals are paired bootstraps over the draws. No
constant of the predictor was fitted to this table. The hold is not in the table: 4 h
are assumed.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from figures.bars import Bar
from numpy.typing import NDArray
from scipy.stats import kendalltau

from loop.knowledge.pairwise import Chemistry, packaged
from loop.knowledge.pairwise_firing import Batch, Firing
from loop.knowledge.pairwise_learning import FORMED, Sample, learn, nothing_learned
from loop.knowledge.pairwise_pathway import (
    Yields,
    predict,
    proportions,
    yields,
)

Floats = NDArray[np.float64]
TABLE = Path(__file__).resolve().parents[3] / "shared/bench/optimizer/ybco_arrows3.csv"
TARGET = "YBa2Cu3O7"
HOURS = 4.0
DRAWS, QUICK_DRAWS = 100, 10
TOLD = 20
SIGMA = 0.05
"""Standard deviation of a refined weight share."""
EFFECT = 0.3
"""Prior standard deviation of an effect of the additive models, weight share; it only
decides where the twenty say nothing."""


@dataclass(frozen=True)
class Table:
    """The measured syntheses, n of them."""

    precursors: tuple[tuple[str, ...], ...]
    celsius: Floats
    shares: Floats
    """Weight share of the target, 0 to 1."""


def read(path: Path) -> Table:
    """Read the measured table."""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    return Table(
        tuple(tuple(row["precursors"].split(", ")) for row in rows),
        np.array([float(row["temperature_C"]) for row in rows]),
        np.array([float(row["ybco_wt_pct"]) / 100 for row in rows]),
    )


class Rankers:
    """Everything that ranks, on one table."""

    def __init__(self, table: Table, chemistry: Chemistry) -> None:
        """Fire every set once; nothing measured is used."""
        self.table, self.chemistry = table, chemistry
        self.asked: list[tuple[Batch, tuple[Firing, ...]]] = [
            (proportions(chemistry, names, TARGET), (Firing(celsius, HOURS),))
            for names, celsius in zip(table.precursors, table.celsius, strict=True)
        ]
        self.force = np.array(
            [
                -predict(chemistry, *one, TARGET, nothing_learned()).force_mev_per_atom
                for one in self.asked
            ]
        )
        self.unlearned = _seen(yields(chemistry, self.asked, TARGET, nothing_learned()))
        hot = (table.celsius[:, None] == np.unique(table.celsius)).astype(float)
        barium = self._barium()
        self.temperature, self.additive = hot, np.hstack([hot, barium])
        crossed = (hot[:, :, None] * barium[:, None, :]).reshape(len(hot), -1)
        self.crossed = np.hstack([hot, crossed])

    def _barium(self) -> Floats:
        """Return each source's share of the barium, shape n x sources."""
        found = [
            {name: n * float(self.chemistry.formula(name).amount("Ba"))
             for name, n in batch}
            for batch, _ in self.asked
        ]  # fmt: skip
        sources = sorted({name for one in found for name, n in one.items() if n})
        amounts = np.array([[one.get(s, 0.0) for s in sources] for one in found])
        return np.asarray(amounts / amounts.sum(axis=1, keepdims=True))

    def learned(self, told: NDArray[np.int64]) -> Yields:
        """Return what is expected after learning from some outcomes."""
        samples = [
            Sample(
                *self.asked[i],
                ((TARGET, float(self.table.shares[i])),),
                ((SIGMA**2,),),
                is_complete=False,
            )
            for i in told
        ]
        known = learn(self.chemistry, samples)
        return yields(self.chemistry, self.asked, TARGET, known)

    def linear(self, columns: Floats, told: NDArray[np.int64]) -> Floats:
        """Return the shares predicted by a linear model of some columns, 0 to 1."""
        X, y = columns[told], self.table.shares[told]
        mean = y.mean()
        ridge = (SIGMA / EFFECT) ** 2 * np.eye(columns.shape[1])
        effects = np.linalg.solve(X.T @ X + ridge, X.T @ (y - mean))
        return np.clip(mean + columns @ effects, 0.0, 1.0)

    def predicted(self, told: NDArray[np.int64]) -> dict[str, Floats]:
        """Return what each way to rank predicts of all syntheses."""
        learned, additive = self.learned(told), self.linear(self.additive, told)
        return {
            "learned": _seen(learned),
            "not learned": self.unlearned,
            "free energy": self.force,
            "additive": _above(additive),
            "temperature": _above(self.linear(self.temperature, told)),
            "crossed": _above(self.linear(self.crossed, told)),
            "learned, without zeros": learned.mean,
            "additive, without zeros": additive,
        }

    def taus(self, told: NDArray[np.int64]) -> dict[str, float]:
        """Return Kendall's tau-b of each ranking of what was not told."""
        predicted = self.predicted(told)
        rest = np.setdiff1d(np.arange(len(self.table.shares)), told)
        found = {name: self._tau(values, rest) for name, values in predicted.items()}
        for name in ("learned", "additive"):
            for celsius in (800.0, 900.0):
                alike = rest[self.table.celsius[rest] == celsius]
                tau = self._tau(predicted[name], alike)
                found[f"{name}, {celsius:g} °C alone"] = tau
        return found

    def _tau(self, values: Floats, which: NDArray[np.int64]) -> float:
        return float(kendalltau(values[which], self.table.shares[which]).statistic)


def _seen(expected: Yields) -> Floats:
    """Return the expected shares, 0 where the target is more likely not seen."""
    return np.where(expected.probability >= 0.5, expected.mean, 0.0)


def _above(shares: Floats) -> Floats:
    """Return shares, 0 where a pattern would not show them.

    A Gaussian is more likely below where its mean is.
    """
    return np.where(shares >= FORMED, shares, 0.0)


def bars(*, quick: bool) -> list[Bar]:
    """Rank the measured syntheses and print how well."""
    if not TABLE.is_file():
        print(f"skipped: {TABLE} is absent (measured data are kept elsewhere)")
        return []
    rankers = Rankers(read(TABLE), packaged())
    n = len(rankers.table.shares)
    rng = np.random.default_rng(0)
    draws = [
        rankers.taus(rng.choice(n, TOLD, replace=False))
        for _ in range(QUICK_DRAWS if quick else DRAWS)
    ]
    taus = {name: np.array([draw[name] for draw in draws]) for name in draws[0]}
    for name, values in taus.items():
        mean, sd = np.nanmean(values), np.nanstd(values)
        print(f"  tau of {name:24s} {mean:6.3f} +- {sd:.3f}")
    found = [Bar("Kendall tau, pathways, 20 outcomes told", taus["learned"].mean())]
    for rival, bar in (
        ("free energy", 0.0), ("additive", 0.0), ("not learned", None),
        ("temperature", None), ("crossed", None),
    ):  # fmt: skip
        gain = taus["learned"] - taus[rival]
        means = rng.choice(gain, (2000, len(gain))).mean(axis=1)
        low, high = np.quantile(means, [0.025, 0.975])
        print(
            f"  gain over {rival:12s} {gain.mean():+.3f}, 95 % of the bootstrap"
            f" {low:+.3f} to {high:+.3f}; ahead in {(gain > 0).mean():.0%} of draws"
        )
        # The bar is the lower end of the interval: above, and not by chance.
        name = f"lower end of the gain over {rival}"
        found.append(Bar(name, float(low), "tau", bar))
    return found
