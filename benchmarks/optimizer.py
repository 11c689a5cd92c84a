"""Experiments to good results on measured tables, against bars and rivals.

usage: python benchmarks/optimizer.py [--quick] [--json FILE] [--seeds N] [--jobs N]
           [--bench DIR] [--rows ROW ...]

Reads ../shared/bench/optimizer beside the repository and skips where it is absent.
Every campaign is a replay of `athanor backtest`. Rows:

- ybco: 47 precursor sets x 4 temperatures, experiments to the pure routes
- ybco900: the same given 900 °C
- numbers: P3HT, AgNP and perovskite, area under the top-5 % curve to 50
- suzuki: two objectives, what is left of the hypervolume after 20
- cpu: seconds of a proposal with 188 candidates and 50 results; with two objectives, a
  name and two numbers, and 200 results; with 100,000 candidates, and memory then

Ablations, each part of the method left out, stand with the rows they matter to; they
take the first `ABLATION_SEEDS` of the seeds. `--quick` takes one seed and short
campaigns: its figures say that everything runs, not how well.
"""

import argparse
import json
import os
import resource
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import lru_cache
from itertools import product
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
from loop.backtest.replay import (  # noqa: E402
    Campaign,
    Maker,
    Plan,
    replay,
    starts,
)
from loop.backtest.table import (  # noqa: E402
    MeasuredTable,
    Setting,
    Space,
    read_table,
)
from loop.propose.library import KINDS  # noqa: E402

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


ABLATION_SEEDS = 10
LESS = {
    "without chemistry": Parts(chemistry=False),
    "without rate law": Parts(rate=False),
    **{f"without {one}": Parts(kinds=tuple(k for k in KINDS if k != one))
       for one in KINDS},
}  # fmt: skip
"""Each part left out."""


def method(name: str) -> Maker:
    """Return a method by its name, or Athanor's with a part left out."""
    if name not in LESS:
        return METHODS[name]
    return lambda space, seed: AthanorMethod(space, seed, LESS[name])


@lru_cache
def table_of(name: str, bench: Path) -> MeasuredTable:
    """Return a table by its row or its name."""
    if name == "suzuki":
        return read_table(bench / "olympus_suzuki_i.csv", SUZUKI)
    if name in NUMBERS:
        file, goal, simplex = NUMBERS[name]
        roles = Roles((Objective.parse(goal),), simplex=simplex)
        return read_table(bench / file, roles)
    table = read_table(bench / "ybco_arrows3.csv", YBCO)
    if name == "ybco":
        return table
    hot = [i for i, c in enumerate(table.space.candidates) if 900.0 in c]
    space = table.space
    few = Space(
        space.names, tuple(space.candidates[i] for i in hot), space.simplex,
        space.objectives,
    )  # fmt: skip
    return MeasuredTable(few, table.Y[hot], table.gains[hot])


def campaign(task: tuple[str, Path, str, int, int]) -> Campaign:
    """Return one replayed campaign: table, folder, method, budget, seed."""
    table, bench, name, budget, seed = task
    plan = Plan(budget=budget)
    return replay(table_of(table, bench), method(name), plan, seed=seed)


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

    def __init__(self, bench: Path, *, seeds: int, jobs: int, is_quick: bool) -> None:
        """Start with no bars."""
        self.bench, self.seeds, self.jobs = bench, seeds, jobs
        self.is_quick = is_quick
        self.bars: list[Bar] = []

    def run(self, table: str, names: Sequence[str], budget: int) -> dict[str, Figures]:
        """Return the figures of every method on one table."""
        made: dict[str, list[Campaign]] = {name: [] for name in names}
        tasks = [
            (table, self.bench, name, budget, seed)
            for name in names
            for seed in range(self._seeds(name))
        ]
        for task, found in zip(tasks, self._all(tasks), strict=True):
            made[task[2]].append(found)
            if len(made[task[2]]) == self._seeds(task[2]):
                seconds = np.mean([c.cpu_seconds for c in made[task[2]]])
                print(f"  {table}, {task[2]}: {seconds:.2f} CPU s a proposal",
                      flush=True)  # fmt: skip
        whole = table_of(table, self.bench)
        return {n: figures(whole, found, budget=budget) for n, found in made.items()}

    def _seeds(self, name: str) -> int:
        return min(self.seeds, ABLATION_SEEDS) if name in LESS else self.seeds

    def _all(
        self, tasks: Sequence[tuple[str, Path, str, int, int]]
    ) -> Iterable[Campaign]:
        if self.jobs == 1:
            yield from map(campaign, tasks)
            return
        with ProcessPoolExecutor(self.jobs) as pool:
            yield from pool.map(campaign, tasks)

    def less(self, *names: str) -> tuple[str, ...]:
        """Return ablations, none in a quick run but the first."""
        return tuple(
            f"without {name}" for name in names[: 1 if self.is_quick else None]
        )

    def bar(
        self, name: str, value: float, unit: str, *, bar: float, better: str
    ) -> None:
        """Keep and print a figure."""
        self.bars.append(Bar(name, value, unit, bar, better))
        is_met = value <= bar if better == "min" else value >= bar
        shown = "met" if is_met else "missed"
        print(f"  {name}: {value:.3g} {unit}, bar {bar:g}: {shown}")

    def cpu(self) -> None:
        """Time proposals, one after another as in a campaign."""
        table = table_of("ybco", self.bench)
        first = self._timed(AthanorMethod(table.space, 0), table.gains, 50, 4)
        self.bar("CPU a proposal, 188 candidates, 50 results", first, "CPU s",
                 bar=1.0, better="min")  # fmt: skip
        goals = (Objective("u", "max"), Objective("v", "max"))
        sides = product("pqrst", *2 * [np.linspace(0, 1, 20).tolist()])
        mixed = Space(("name", "x", "z"), tuple(sides), (), goals)
        draw = np.random.Generator(np.random.Philox(key=1))
        ends = draw.normal(size=(mixed.n, 2))
        several = self._timed(AthanorMethod(mixed, 0), ends, 200, 3)
        self.bar("CPU a proposal, mixed space, 200 results, 2 objectives", several,
                 "CPU s", bar=2.0, better="min")  # fmt: skip
        if self.is_quick:
            return
        points: list[tuple[Setting, ...]] = [
            tuple(row) for row in draw.random((100_000, 5)).tolist()
        ]
        large = Space(tuple("abcde"), tuple(points), (), goals[:1])
        gains = draw.normal(size=(large.n, 1))
        most = self._timed(AthanorMethod(large, 0), gains, 50, 2)
        self.bar("CPU a proposal, 100,000 candidates, 50 results", most, "CPU s",
                 bar=10.0, better="min")  # fmt: skip
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        self.bar("memory then, at most", memory, "GiB", bar=1.9, better="min")

    def _timed(
        self, made: AthanorMethod, gains: np.ndarray, results: int, times: int
    ) -> float:
        """Return the longest time of some proposals after the first."""
        seen = starts(made.space, results - times // 2, 0)
        spent = []
        for _ in range(times):
            began = time.process_time()
            seen += made.propose(seen, gains[seen], 1)
            spent.append(time.process_time() - began)
        print("  each:", ", ".join(f"{s:.2f}" for s in spent), "(the first loads code)")
        return max(spent[1:])

    def ybco(self) -> None:
        """Count experiments to the pure routes, with no hint about temperature."""
        self._routes("YBCO", "ybco", bars=(5.0, 20.0, 45.0))

    def ybco900(self) -> None:
        """Count the same where the temperature is given."""
        self._routes("YBCO at 900 °C", "ybco900", bars=(None, 17.0, 41.0))

    def _routes(
        self,
        what: str,
        name: str,
        *,
        bars: tuple[float | None, ...],
    ) -> None:
        # A route that was not reached in time counts as found last of all: a short
        # budget cannot meet a bar by ending early.
        never = table_of(name, self.bench).space.n
        budget = 12 if self.is_quick else min(never, 120)
        less = self.less("chemistry", "rate law", *KINDS)
        found = self.run(name, ("athanor", *RIVALS, *less), budget)
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
        for name in NUMBERS:
            less = self.less(*KINDS)
            found = self.run(name, ("athanor", *RIVALS, *less), budget)
            auc = {name: one["auc"] for name, one in found.items()}
            self._compare(f"{name}, area to {budget}", auc)
            for one, values in auc.items():
                areas.setdefault(one, []).append(values)
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
        budget = 8 if self.is_quick else 20
        names = ("athanor", *RIVALS, *self.less(*KINDS))
        found = self.run("suzuki", names, budget)
        regret = {
            name: [1.0 - v for v in one["hypervolume_at"][str(budget)]]
            for name, one in found.items()
        }
        self._compare(f"Suzuki, hypervolume left at {budget}", regret)
        ratio = float(np.mean(regret["athanor"]) / np.mean(regret["gp"]))
        self.bar("Suzuki, hypervolume left over gp's", ratio, "", bar=0.7, better="min")

    def _compare(self, what: str, values: dict[str, list[float]]) -> None:
        """Print every method, and how far the first is from each other one."""
        print(
            f"  {what}, {self.seeds} seeds, ablations {min(self.seeds, ABLATION_SEEDS)}"
        )
        for name, other in values.items():
            mine = values["athanor"][: len(other)]
            low, high = paired(mine, other)
            apart = f"; athanor's less it: {low:.3g} to {high:.3g}"
            print(f"    {name}: {quartiles(other)}{'' if mine == other else apart}")


def main(argv: Sequence[str] | None = None) -> None:
    """Run the rows asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--bench", type=Path, default=BENCH)
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS))
    args = parser.parse_args(argv)
    if not args.bench.is_dir():
        print(f"skipped: {args.bench} is absent")
        return
    seeds = 1 if args.quick else args.seeds
    report = Report(args.bench, seeds=seeds, jobs=args.jobs, is_quick=args.quick)
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
