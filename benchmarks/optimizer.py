"""Experiments to good results on measured tables, against bars and rivals.

usage: python benchmarks/optimizer.py [--quick] [--json FILE] [--seeds N] [--bench DIR]
           [--rows ROW ...]

Reads ../shared/bench/optimizer beside the repository and skips where it is absent.
Every campaign is a replay of `athanor backtest`. Rows:

- ybco: 47 precursor sets x 4 temperatures, experiments to the pure routes
- ybco900: the same given 900 °C
- numbers: P3HT, AgNP and perovskite, area under the top-5 % curve to 50
- suzuki: two objectives, what is left of the hypervolume after 20
- cpu: seconds of a proposal with 188 candidates and 50 results

Ablations of the chemistry and the rate law stand with `ybco`. `--quick` takes one seed
and short campaigns: its figures say that everything runs, not how well.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

# One thread: the matrices are small, and CPU time is what is measured.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402

from loop.backtest.athanor import AthanorMethod, Parts  # noqa: E402
from loop.backtest.figures import Figures, figures  # noqa: E402
from loop.backtest.methods import METHODS  # noqa: E402
from loop.backtest.question import Objective, Roles  # noqa: E402
from loop.backtest.replay import Maker, Plan, replay, starts  # noqa: E402
from loop.backtest.table import MeasuredTable, Space, read_table  # noqa: E402

BENCH = ROOT.parent / "shared" / "bench" / "optimizer"
ROWS = ("cpu", "ybco", "ybco900", "numbers", "suzuki")
RIVALS = ("gp", "forest")
RESAMPLES = 2000
P3HT = tuple(f"{name} content (%)" for name in ("P3HT", "D1", "D2", "D6", "D8"))
NUMBERS = {
    "p3ht": ("pvlab_p3ht.csv", "Conductivity (measured) (S/cm):max", P3HT),
    "agnp": ("pvlab_agnp.csv", "loss:min", ()),
    "perovskite": (
        "pvlab_perovskite.csv", "Instability index:min", ("CsPbI", "FAPbI", "MAPbI"),
    ),
}  # fmt: skip
YBCO = Roles((Objective("ybco_wt_pct", "max"),), set_column="precursors")
SUZUKI = Roles(
    (Objective("yield", "max"), Objective("turnover", "max")), categorical=("ligand",)
)


@dataclass(frozen=True)
class Bar:
    """One figure against what was asked."""

    name: str
    value: float
    unit: str
    bar: float
    better: str


def quartiles(values: Sequence[float]) -> str:
    """Return mean, median and quartiles in words."""
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    return f"mean {np.mean(values):.3g}, median {middle:.3g} ({low:.3g}-{high:.3g})"


def paired(mine: Sequence[float], other: Sequence[float]) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of the mean difference over the seeds."""
    apart = np.subtract(mine, other)
    draw = np.random.Generator(np.random.Philox(key=0))
    picked = draw.integers(len(apart), size=(RESAMPLES, len(apart)))
    low, high = np.quantile(apart[picked].mean(axis=1), [0.025, 0.975])
    return float(low), float(high)


class Report:
    """Makes the rows asked for and keeps what they gave."""

    def __init__(self, bench: Path, *, seeds: int, is_quick: bool) -> None:
        """Start with no bars."""
        self.bench, self.seeds, self.is_quick = bench, seeds, is_quick
        self.bars: list[Bar] = []

    def run(
        self, table: MeasuredTable, makers: dict[str, Maker], budget: int
    ) -> dict[str, Figures]:
        """Return the figures of every method on one table."""
        found = {}
        for name, maker in makers.items():
            plan = Plan(budget=budget)
            seeds = range(self.seeds)
            made = [replay(table, maker, plan, seed=s) for s in seeds]
            found[name] = figures(table, made, budget=budget)
        return found

    def bar(
        self, name: str, value: float, unit: str, *, bar: float, better: str
    ) -> None:
        """Keep and print a figure."""
        self.bars.append(Bar(name, value, unit, bar, better))
        is_met = value <= bar if better == "min" else value >= bar
        shown = "met" if is_met else "missed"
        print(f"  {name}: {value:.3g} {unit}, bar {bar:g}: {shown}")

    def cpu(self) -> None:
        """Time proposals with 50 results, one after another as in a campaign."""
        table = read_table(self.bench / "ybco_arrows3.csv", YBCO)
        method = AthanorMethod(table.space, 0)
        seen = starts(table.space, 48, 0)
        spent = []
        for _ in range(4):
            began = time.process_time()
            seen += method.propose(seen, table.gains[seen], 1)
            spent.append(time.process_time() - began)
        print("  each:", ", ".join(f"{s:.2f}" for s in spent), "(the first loads code)")
        self.bar("CPU a proposal, 188 candidates, 50 results", max(spent[1:]),
                 "CPU s", bar=1.0, better="min")  # fmt: skip

    def ybco(self) -> None:
        """Count experiments to the pure routes, with no hint about temperature."""
        table = read_table(self.bench / "ybco_arrows3.csv", YBCO)
        makers = {name: METHODS[name] for name in ("athanor", *RIVALS)}
        makers["athanor without chemistry"] = _without(Parts(chemistry=False))
        makers["athanor without rate law"] = _without(Parts(rate=False))
        self._routes("YBCO", table, makers, bars=(5.0, 20.0, 45.0))

    def ybco900(self) -> None:
        """Count the same where the temperature is given."""
        source = self.bench / "ybco_arrows3.csv"
        header, *rows = source.read_text().splitlines()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "ybco900.csv"
            kept = [row for row in rows if ",900," in row]
            path.write_text("\n".join([header, *kept]) + "\n")
            table = read_table(path, YBCO)
        makers = {name: METHODS[name] for name in ("athanor", *RIVALS)}
        self._routes("YBCO at 900 °C", table, makers, bars=(None, 17.0, 41.0))

    def _routes(
        self,
        what: str,
        table: MeasuredTable,
        makers: dict[str, Maker],
        *,
        bars: tuple[float | None, ...],
    ) -> None:
        budget = 12 if self.is_quick else min(table.space.n, 120)
        # A route that was not reached in time counts as found last of all: a short
        # budget cannot meet a bar by ending early.
        never = table.space.n
        found = self.run(table, makers, budget)
        for (key, label), bar in zip(
            (("1", "first"), ("5", "fifth"), ("all", "last")), bars, strict=True
        ):
            counts = {
                name: [float(n or never) for n in one["n_to_k_best"][key]]
                for name, one in found.items()
            }
            self._compare(f"{what}, {label} pure", counts)
            late = sum(n is None for n in found["athanor"]["n_to_k_best"][key])
            if late:
                print(f"    athanor: {late} not within {budget}, counted {never}")
            if bar is not None:
                value = float(np.mean(counts["athanor"]))
                self.bar(f"{what}, {label} pure", value, "experiments", bar=bar,
                         better="min")  # fmt: skip

    def numbers(self) -> None:
        """Compare areas under the top-5 % curve on tables of numbers."""
        budget = 12 if self.is_quick else 50
        areas: dict[str, list[list[float]]] = {}
        for name, (file, goal, simplex) in NUMBERS.items():
            roles = Roles((Objective.parse(goal),), simplex=simplex)
            table = read_table(self.bench / file, roles)
            makers = {method: METHODS[method] for method in ("athanor", *RIVALS)}
            found = self.run(table, makers, budget)
            auc = {method: one["auc"] for method, one in found.items()}
            self._compare(f"{name}, area to {budget}", auc)
            for method, values in auc.items():
                areas.setdefault(method, []).append(values)
            best = max(np.mean(auc[r]) for r in RIVALS)
            share = float(np.mean(auc["athanor"]) / best) if best else 0.0
            self.bar(f"{name}, area over the best rival's", share, "", bar=0.9,
                     better="max")  # fmt: skip
        mean = {m: np.mean(v, axis=0).tolist() for m, v in areas.items()}
        self._compare("three tables together", mean)
        rival = max(RIVALS, key=lambda name: float(np.mean(mean[name])))
        low, _ = paired(mean["athanor"], mean[rival])
        self.bar(f"three tables, lower end of the difference from {rival}", low, "",
                 bar=0.0, better="max")  # fmt: skip

    def suzuki(self) -> None:
        """Compare what is left of the hypervolume."""
        table = read_table(self.bench / "olympus_suzuki_i.csv", SUZUKI)
        budget = 8 if self.is_quick else 20
        makers = {name: METHODS[name] for name in ("athanor", *RIVALS)}
        found = self.run(table, makers, budget)
        regret = {
            name: [1.0 - v for v in one["hypervolume_at"][str(budget)]]
            for name, one in found.items()
        }
        self._compare(f"Suzuki, hypervolume left at {budget}", regret)
        ratio = float(np.mean(regret["athanor"]) / np.mean(regret["gp"]))
        self.bar("Suzuki, hypervolume left over gp's", ratio, "", bar=0.7, better="min")

    def _compare(self, what: str, values: dict[str, list[float]]) -> None:
        """Print every method, and how far the first is from each other one."""
        print(f"  {what}, {self.seeds} seeds")
        mine = values["athanor"]
        for name, other in values.items():
            low, high = paired(mine, other)
            apart = (
                "" if other is mine else f"; athanor's less it: {low:.3g} to {high:.3g}"
            )
            print(f"    {name}: {quartiles(other)}{apart}")


def _without(parts: Parts) -> Maker:
    def make(space: Space, seed: int) -> AthanorMethod:
        return AthanorMethod(space, seed, parts)

    return make


def main(argv: Sequence[str] | None = None) -> None:
    """Run the rows asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--bench", type=Path, default=BENCH)
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS))
    args = parser.parse_args(argv)
    if not args.bench.is_dir():
        print(f"skipped: {args.bench} is absent")
        return
    seeds = 1 if args.quick else args.seeds
    report = Report(args.bench, seeds=seeds, is_quick=args.quick)
    made: dict[str, Callable[[], None]] = {
        "cpu": report.cpu, "ybco": report.ybco, "ybco900": report.ybco900,
        "numbers": report.numbers, "suzuki": report.suzuki,
    }  # fmt: skip
    for row in args.rows:
        print(f"\n{row}", flush=True)
        made[row]()
        sys.stdout.flush()
    if args.json:
        bars = [asdict(bar) for bar in report.bars]
        args.json.write_text(json.dumps({"bars": bars}, indent=1))


if __name__ == "__main__":
    main()
