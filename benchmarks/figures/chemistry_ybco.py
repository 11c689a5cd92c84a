"""The simulated furnace beside 188 measured syntheses of YBa2Cu3O7, as bars.

Szymanski et al., Nat. Commun. 14 (2023) 6956: 47 sets of precursors, four temperatures.
Nothing of the simulator was set by this table. Two rivals know less: the free energy of
the reaction in air, and whether barium carbonate is among the precursors. Intervals are
2.5 to 97.5 % of a bootstrap over sets; sets that differ only in CuO or CuCO3 are drawn
together, since both are CuO before anything reacts.
"""

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
from figures.bars import Bar
from numpy.typing import NDArray

from campaigns.materials.thermo import GAS_CONSTANT, species_formula, table
from simulators.chemistry import Truth, fire, fresh, mix
from simulators.chemistry.gases import BACKGROUNDS
from simulators.chemistry.powder import molar_mass

Floats = NDArray[np.float64]

TABLE = Path(__file__).resolve().parents[3] / "shared/bench/optimizer/ybco_arrows3.csv"
SOLD_AS = {
    "CuCO3": "Cu2(OH)2CO3",
    "Y2(CO3)3": "Y2(CO3)3-3H2O",
    "Ba2(CuO2)3": "Ba2Cu3O6",
}
"""Precursors that the table writes otherwise: copper carbonate is sold as malachite,
yttrium carbonate as a hydrate."""
METALS = {"Y": 1.0, "Ba": 2.0, "Cu": 3.0}
HOLD_HOURS = 4.0
"""Hold that the paper gives."""
PER_MINUTE = 5.0
"""Heating and cooling rate, K/min. Assumed: the paper's was not at hand."""
PURE_PERCENT = 99.0
HOT = 900
_SEEDS, _QUICK_SEEDS = 8, 1
_DRAWS, _QUICK_DRAWS = 4000, 500


@dataclass(frozen=True, slots=True)
class Set:
    """One set of precursors and what was measured with it."""

    precursors: tuple[str, ...]
    percent: Mapping[int, float]
    """Temperature, °C, to YBa2Cu3O7 found, weight per cent."""

    @property
    def names(self) -> tuple[str, ...]:
        """Return the substances that the precursors are."""
        return tuple(SOLD_AS.get(p, p) for p in self.precursors)

    @property
    def group(self) -> tuple[str, ...]:
        """Return what sets share that differ only in CuO or CuCO3."""
        return tuple(sorted("CuO" if p == "CuCO3" else p for p in self.precursors))

    @property
    def barium(self) -> str:
        """Return the barium sources."""
        return " + ".join(sorted(p for p in self.precursors if p.startswith("Ba")))

    def moles(self) -> dict[str, float]:
        """Return moles of each precursor for one of YBa2Cu3O7.

        Four precursors leave one amount open: the middle of what is possible is taken.
        """
        names = self.names
        held = [[float(species_formula(n).amount(e)) for n in names] for e in METALS]
        matrix, wanted = np.array(held), np.array(list(METALS.values()))
        corners = []
        for chosen in combinations(range(len(names)), min(3, len(names))):
            part = matrix[:, chosen]
            amounts, *_ = np.linalg.lstsq(part, wanted, rcond=None)
            if np.allclose(part @ amounts, wanted) and amounts.min() > -1e-9:
                corner = np.zeros(len(names))
                corner[list(chosen)] = amounts
                corners.append(corner)
        middle = np.mean(corners, axis=0)
        return dict(zip(names, map(float, middle), strict=True))


def measured() -> list[Set]:
    """Return the measured sets."""
    found: dict[str, dict[int, float]] = {}
    with TABLE.open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            of_set = found.setdefault(row["precursors"], {})
            of_set[int(row["temperature_C"])] = float(row["ybco_wt_pct"])
    return [
        Set(tuple(p.strip() for p in text.split(",")), percent)
        for text, percent in found.items()
    ]


def simulated(one: Set, celsius: float, seeds: int) -> float:
    """Return the weight per cent that the unperturbed furnace gives, mean of runs."""
    grams = {n: x * molar_mass(n) for n, x in one.moles().items() if x > 0}
    whole = sum(grams.values())
    powder = mix(fresh({n: g / whole for n, g in grams.items()}), 1000, 600)
    up = (celsius - 25.0) / PER_MINUTE * 60.0
    hold = 3600.0 * HOLD_HOURS
    times, program = [0, up, up + hold, 2 * up + hold], [25, celsius, celsius, 25]
    shares = []
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        fired = fire(
            powder, times, program, "air", "Al2O3", Truth.unperturbed(), rng
        ).weights()
        shares.append(sum(fired.get(f"YBa2Cu3O{n}", 0.0) for n in (6, 7)))
    return 100.0 * float(np.mean(shares))


def free_energy(one: Set, celsius: float) -> float:
    """Return the free energy of the reaction in air, kJ/mol of YBa2Cu3O7."""
    kelvin = celsius + 273.15
    thermal = GAS_CONSTANT * kelvin
    air = BACKGROUNDS["air"]

    def energy(name: str) -> float:
        pressure = thermal * np.log(air[name]) if name in air else 0.0
        return table()[name].gibbs(kelvin) + float(pressure)

    oxygen = energy("O2(g)")
    empty = energy("YBa2Cu3O6")
    gap = (empty + 0.5 * oxygen - energy("YBa2Cu3O7")) / thermal
    total = empty - thermal * float(np.logaddexp(0.0, gap))
    atoms = {"O": 6.0, "C": 0.0, "H": 0.0}
    for name, n in one.moles().items():
        total -= n * energy(name)
        for element in atoms:
            atoms[element] -= n * float(species_formula(name).amount(element))
    carbon, steam = -atoms["C"], -atoms["H"] / 2.0
    total += carbon * energy("CO2(g)") + steam * energy("H2O(g)")
    total += (-atoms["O"] - 2.0 * carbon - steam) / 2.0 * oxygen
    return float(total) / 1000.0


def ranks(values: Sequence[float] | Floats) -> Floats:
    """Return ranks, the mean of those that equal values share."""
    array = np.asarray(values, dtype=np.float64)
    _, inverse, counts = np.unique(array, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2.0)[inverse], dtype=np.float64)


def spearman(first: Floats, second: Floats) -> float:
    """Return the rank correlation; 0 where one does not vary."""
    a, b = ranks(first), ranks(second)
    a, b = a - a.mean(), b - b.mean()
    norm = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / norm if norm > 0 else 0.0


def area(score: Floats, pure: Floats) -> float:
    """Return how often a pure set scores above another; 0.5 without any."""
    yes, no = score[pure > 0.5], score[pure < 0.5]
    if len(yes) == 0 or len(no) == 0:
        return 0.5
    above = (yes[:, None] > no[None, :]) + 0.5 * (yes[:, None] == no[None, :])
    return float(above.mean())


def bars(*, quick: bool) -> list[Bar]:
    """Compare, print what comes, and return the differences with their bars.

    Args:
        quick: Fire each set once, not eight times, at 900 °C only, and bootstrap less.
    """
    if not TABLE.exists():
        print(f"  skipped: {TABLE.name} is not at ../shared/bench/optimizer")
        return []
    sets = measured()
    seeds = _QUICK_SEEDS if quick else _SEEDS
    truth = np.array([s.percent[HOT] for s in sets])
    scores = {
        "furnace": np.array([simulated(s, HOT, seeds) for s in sets]),
        "free energy": np.array([-free_energy(s, HOT) for s in sets]),
        "no BaCO3": np.array([-float("BaCO3" in s.precursors) for s in sets]),
    }
    _print_sources(sets, truth, scores["furnace"])
    if not quick:
        _print_cooler(sets, seeds=2)
    draws = _draws(sets, _QUICK_DRAWS if quick else _DRAWS)
    pure = np.where(truth >= PURE_PERCENT, 1.0, 0.0)
    found = []
    for what, figure, aim in (
        ("rank correlation at 900 °C", spearman, truth),
        ("area for pure at 900 °C", area, pure),
    ):
        found += _compared(what, figure, aim, scores, draws)
    return found


def _draws(sets: Sequence[Set], n: int) -> list[NDArray[np.int64]]:
    """Return indices of sets drawn with replacement, whole groups at a time."""
    names = sorted({s.group for s in sets})
    members = [[i for i, s in enumerate(sets) if s.group == name] for name in names]
    rng = np.random.default_rng(0)
    picks = rng.integers(0, len(names), (n, len(names)))
    return [np.array([i for k in pick for i in members[k]]) for pick in picks]


def _compared(
    what: str,
    figure: Callable[[Floats, Floats], float],
    aim: Floats,
    scores: Mapping[str, Floats],
    draws: Sequence[NDArray[np.int64]],
) -> list[Bar]:
    """Print a figure of each score with its interval; return the differences."""
    drawn = {
        name: np.array([figure(score[d], aim[d]) for d in draws])
        for name, score in scores.items()
    }
    print(f"  {what}")
    for name, values in drawn.items():
        print(f"    {name:12s} {figure(scores[name], aim):6.3f}  {_interval(values)}")
    own = figure(scores["furnace"], aim)
    found = []
    for rival in ("free energy", "no BaCO3"):
        gain = own - figure(scores[rival], aim)
        gains = drawn["furnace"] - drawn[rival]
        print(
            f"    furnace less {rival}: {gain:.3f}  {_interval(gains)}, above 0 in"
            f" {100 * float((gains > 0).mean()):.0f} % of draws"
        )
        found.append(Bar(f"{what}: furnace less {rival}", gain, bar=0.0))
    return found


def _interval(values: Floats) -> str:
    low, high = np.percentile(values, [2.5, 97.5])
    return f"[{low:.3f}, {high:.3f}]"


def _print_sources(sets: Sequence[Set], truth: Floats, score: Floats) -> None:
    """Print, by barium source, measured and simulated yields, and the confusion."""
    high, expected = truth > np.median(truth), score > np.median(score)
    print("  barium source: sets, mean wt% measured and simulated; of sets above the")
    print("  median of the one and of the other: both, measured only, simulated only")
    for name in sorted({s.barium for s in sets}):
        own = np.array([s.barium == name for s in sets])
        counts = [
            int((own & high & expected).sum()),
            int((own & high & ~expected).sum()),
            int((own & ~high & expected).sum()),
        ]
        print(
            f"    {name:22s} {int(own.sum()):2d}  {truth[own].mean():5.1f}"
            f" {score[own].mean():5.1f}   {counts}"
        )


def _print_cooler(sets: Sequence[Set], *, seeds: int) -> None:
    for celsius in (600, 700, 800):
        truth = np.array([s.percent[celsius] for s in sets])
        score = np.array([simulated(s, celsius, seeds) for s in sets])
        print(
            f"  {celsius} °C: mean {truth.mean():.1f} % measured, {score.mean():.1f} %"
            f" simulated, rank correlation {spearman(score, truth):.3f}"
        )


if __name__ == "__main__":
    for bar in bars(quick=False):
        print(bar)
