"""Experiments to good results on measured tables, against bars and rivals.

usage: python benchmarks/optimizer.py [--quick] [--json FILE] [--seeds N] [--jobs N]
           [--bench DIR] [--cache DIR] [--baybe PYTHON] [--rows ROW ...]

Reads ../shared/bench/optimizer beside the repository and skips where it is absent.
Every campaign is a replay of `athanor backtest`; each is kept in the cache as it ends,
so that an interrupted run goes on, and what code and tables have not changed is not run
again. Rows:

- cpu: seconds of a proposal with 188 candidates and 50 results; with two objectives, a
  name and two numbers, and 200 results; with 100,000 candidates, and memory then
- ybco: 47 precursor sets x 4 temperatures, experiments to the pure routes
- ybco900: the same given 900 °C
- numbers: P3HT, AgNP and perovskite, area under the top-5 % curve to 50
- suzuki: two objectives, what is left of the hypervolume after 20

`--baybe` names a Python with `baybe==0.15.0` in an environment of its own, for
`numbers`. Ablations, each part of the method left out, stand with the rows they matter
to; they take the first `ABLATION_SEEDS` of the seeds. `--quick` takes one seed and
short campaigns: its figures say that everything runs, not how well.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

# One thread: the matrices are small, and CPU time is what is measured.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "benchmarks"))

import numpy as np  # noqa: E402
from figures import optimizer_cpu  # noqa: E402
from figures.bars import Bar  # noqa: E402
from figures.optimizer_compare import OWN, compare, paired  # noqa: E402
from figures.optimizer_runs import BAYBE, LESS, Runs, Task  # noqa: E402
from figures.optimizer_tables import NUMBERS, table_of  # noqa: E402

from loop.backtest.figures import Figures, figures  # noqa: E402
from loop.propose.library import KINDS  # noqa: E402

BENCH = ROOT.parent / "shared" / "bench" / "optimizer"
CACHE = ROOT / "build" / "benchmarks" / "optimizer"
RIVALS = ("gp", "forest")
ABLATION_SEEDS = 10


@dataclass(frozen=True)
class Rows:
    """What each row measures."""

    bench: Path
    runs: Runs
    seeds: int
    is_quick: bool

    def cpu(self) -> list[Bar]:
        """Time proposals."""
        return optimizer_cpu.bars(self.bench, is_quick=self.is_quick)

    def ybco(self) -> list[Bar]:
        """Count experiments to the pure routes, with no hint about temperature."""
        return self._routes("YBCO", "ybco", bars=(5.0, 20.0, 45.0))

    def ybco900(self) -> list[Bar]:
        """Count the same where the temperature is given."""
        return self._routes("YBCO at 900 °C", "ybco900", bars=(None, 17.0, 41.0))

    def numbers(self) -> list[Bar]:
        """Compare areas under the top-5 % curve on tables of numbers."""
        budget = 8 if self.is_quick else 50
        rivals = (*RIVALS, BAYBE) if self.runs.baybe else RIVALS
        if BAYBE not in rivals:
            print(f"  {BAYBE} was not run: see --baybe")
        names = (OWN, *rivals, *self._less(*KINDS))
        areas: dict[str, list[list[float]]] = {name: [] for name in names}
        bars: list[Bar] = []
        for table in NUMBERS:
            found = self._figures(table, names, budget)
            auc = {name: one["auc"] for name, one in found.items()}
            compare(f"{table}, area to {budget}", auc)
            for name, values in auc.items():
                areas[name].append(values)
            best = max(np.mean(auc[name]) for name in rivals)
            share = float(np.mean(auc[OWN]) / best) if best else 1.0
            bars.append(Bar(f"{table}, area over the best rival's", share, "", 0.9))
        mean = {name: np.mean(v, axis=0).tolist() for name, v in areas.items()}
        compare("the three tables together", mean)
        rival = max(rivals, key=lambda name: float(np.mean(mean[name])))
        low, _ = paired(mean[OWN], mean[rival])
        what = f"three tables, difference from {rival}, lower end"
        return [*bars, Bar(what, low, "", 0.0)]

    def suzuki(self) -> list[Bar]:
        """Compare what is left of the hypervolume."""
        budget = 8 if self.is_quick else 20
        names = (OWN, *RIVALS, *self._less(*KINDS))
        found = self._figures("suzuki", names, budget)
        left = {
            name: [1.0 - v for v in one["hypervolume_at"][str(budget)]]
            for name, one in found.items()
        }
        compare(f"Suzuki, hypervolume left at {budget}", left)
        ratio = float(np.mean(left[OWN]) / np.mean(left["gp"]))
        return [Bar("Suzuki, hypervolume left over gp's", ratio, "", 0.7, "min")]

    def _routes(
        self, what: str, table: str, *, bars: tuple[float | None, ...]
    ) -> list[Bar]:
        # A route that was not reached in time counts as found last of all: a short
        # budget cannot meet a bar by ending early.
        never = table_of(table, self.bench).space.n
        budget = 8 if self.is_quick else min(never, 120)
        less = self._less(
            "chemistry", "rate law", "gate", "each set's own", "known noise", "ranks",
        )  # fmt: skip
        found = self._figures(table, (OWN, *RIVALS, *less), budget)
        held: list[Bar] = []
        places = (("1", "first"), ("5", "fifth"), ("all", "last"))
        for (key, label), bar in zip(places, bars, strict=True):
            counts = {
                name: [float(n or never) for n in one["n_to_k_best"][key]]
                for name, one in found.items()
            }
            compare(f"{what}, experiments to the {label} pure", counts)
            late = sum(n is None for n in found[OWN]["n_to_k_best"][key])
            if late:
                print(f"    {OWN}: {late} not within {budget}, counted {never}")
            mean = float(np.mean(counts[OWN]))
            held.append(Bar(f"{what}, {label} pure", mean, "", bar, "min"))
        return held

    def _figures(
        self, table: str, names: Sequence[str], budget: int
    ) -> dict[str, Figures]:
        """Return the figures of every method on one table."""
        whole = table_of(table, self.bench)
        found: dict[str, Figures] = {}
        for name in names:
            seeds = min(self.seeds, ABLATION_SEEDS) if name in LESS else self.seeds
            task = Task(table, name, self.bench, budget)
            made = self.runs.campaigns(task, range(seeds))
            seconds = np.mean([one.cpu_seconds for one in made])
            print(f"  {table}, {name}: {seconds:.2f} CPU s a proposal", flush=True)
            found[name] = figures(whole, made, budget=budget)
        return found

    def _less(self, *names: str) -> tuple[str, ...]:
        """Return ablations, none in a quick run but the first."""
        return tuple(
            f"without {name}" for name in names[: 1 if self.is_quick else None]
        )


ROWS = ("cpu", "ybco", "ybco900", "numbers", "suzuki")


def main(argv: Sequence[str] | None = None) -> None:
    """Run the rows asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", type=Path, help="write the figures here")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--bench", type=Path, default=BENCH)
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--baybe", metavar="PYTHON", help="a Python that has BayBE")
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS))
    args = parser.parse_args(argv)
    if not args.bench.is_dir():
        print(f"skipped: {args.bench} is absent")
        return
    runs = Runs(args.cache, jobs=args.jobs, baybe=args.baybe)
    seeds = 1 if args.quick else args.seeds
    rows = Rows(args.bench.resolve(), runs, seeds, args.quick)
    made: dict[str, Callable[[], list[Bar]]] = {
        "cpu": rows.cpu, "ybco": rows.ybco, "ybco900": rows.ybco900,
        "numbers": rows.numbers, "suzuki": rows.suzuki,
    }  # fmt: skip
    bars: list[Bar] = []
    for row in args.rows:
        print(f"\n{row}", flush=True)
        found = made[row]()
        for bar in found:
            print(f"  {bar}", flush=True)
        bars += found
    if args.json:
        shown = [bar.row() for bar in bars]
        args.json.write_text(json.dumps({"bars": shown}, indent=1))


if __name__ == "__main__":
    main()
