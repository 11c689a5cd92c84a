"""Experiments saved by earlier campaigns that help, and lost to ones that mislead.

usage: python benchmarks/memory.py [--quick] [--json FILE] [--seeds N] [--first K]
           [--jobs J] [--cache DIR] [--bench DIR] [--rows ROW ...]

Each campaign is run with and without what an earlier one found, on the same seeds.
Rows, all of YBa2Cu3O7:

- precursors: other reagents before, in the same simulated world
- target: Y2BaCuO5 before, in the same simulated world
- ybco: half of the measured precursor sets before, the others now: a replay of
  `athanor backtest --earlier`, samples to the first pure route and to the fifth

In simulated worlds a campaign asks for one sample at a time, knows no melting point,
and samples are counted until one has 90 % of the best true yield of
the space. The campaign before is one of the same proposer, of three loads of eight.
What misleads are its results spoilt: yields permuted among samples (`permuted`), every
yield turned into what it lacks of the best (`inverted`), every temperature moved by
`SHIFT` (`shifted`) or mirrored in the range of the table (`mirrored`).

True yields of simulated worlds are worked out from the simulator's chemistry and kept
with `--cache`; no proposer sees them. `--quick` takes one seed and leaves `target` out:
its figures say that everything runs.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "benchmarks"))

import numpy as np  # noqa: E402
from closed_loop import fired  # noqa: E402

from campaigns.earlier import (  # noqa: E402
    EarlierCampaign,
    EarlierHold,
    EarlierResult,
)
from campaigns.precursors import find_set, precursor_sets  # noqa: E402
from campaigns.recipe import Parameters  # noqa: E402
from campaigns.results import History, Score, Trial  # noqa: E402
from campaigns.spec import CampaignSpec  # noqa: E402
from loop.backtest.athanor import AthanorMethod  # noqa: E402
from loop.backtest.figures import figures  # noqa: E402
from loop.backtest.question import Objective, Roles  # noqa: E402
from loop.backtest.replay import Plan, replay  # noqa: E402
from loop.backtest.table import MeasuredTable, Space, read_table  # noqa: E402
from loop.propose.features import NothingKnown  # noqa: E402
from loop.propose.proposer import make_proposer  # noqa: E402
from loop.propose.randomness import stream  # noqa: E402

BENCH = ROOT.parent / "shared" / "bench" / "optimizer"
ROWS = ("precursors", "target", "ybco")
SPOILT = ("permuted", "inverted", "shifted", "mirrored")
SHIFT = 150.0
"""What an earlier furnace is taken to read too high, °C."""
NOISE = 0.02
"""Standard deviation of a measured yield."""
ENOUGH = 0.9
"""Share of the best yield that counts as found."""
BUDGET = 40
RESAMPLES = 2000
LOADS, PLACES = 3, 8
"""Of an earlier campaign."""
HOURS = 8.0
STEPS = [
    {"kind": "dose"},
    {"kind": "mix"},
    {"kind": "fire", "name": "fire", "crucible": "Al2O3", "hold_hours": HOURS,
     "ramp_celsius_per_minute": 5, "cool_celsius_per_minute": 3},
    {"kind": "scan"},
]  # fmt: skip


@dataclass(frozen=True)
class Bar:
    """One figure against what was asked."""

    name: str
    value: float
    unit: str
    bar: float
    better: str


def campaign(
    formula: str,
    phases: Sequence[str],
    precursors: Sequence[str],
) -> CampaignSpec:
    """Return a campaign over listed temperatures, holds and gases."""
    searched = {
        "temperature_celsius": {"values": list(map(float, CELSIUS))},
        "atmosphere": {"values": GASES},
    }
    return CampaignSpec.model_validate(
        {
            "schema": 1,
            "name": formula,
            "target": {"formula": formula, "phases": phases},
            "precursors": precursors,
            "steps": STEPS,
            "sample_grams": 1.5,
            "space": {"sets": "all", "steps": {"fire": searched}},
        }
    )


YBCO = Roles((Objective("ybco_wt_pct", "max"),), set_column="precursors")
Y123 = ("YBa2Cu3O7", "YBa2Cu3O6.5", "YBa2Cu3O6")
CELSIUS, GASES = range(700, 1101, 25), ("air", "O2")
FORMS = range(800, 1001, 25)
"""Where the target forms, °C: colder nothing does, hotter it melts."""
BEFORE = {
    "precursors": campaign("YBa2Cu3O7", Y123, ["Y2O3", "BaCO3", "CuO", "Cu2O"]),
    "target": campaign("Y2BaCuO5", ["Y2BaCuO5"], ["Y2O3", "BaCO3", "BaO2", "CuO"]),
}
"""Row to the campaign before."""
NOW = campaign(
    "YBa2Cu3O7", Y123, ["Y2(CO3)3.3H2O", "BaCO3", "BaO2", "CuO", "Cu2CO3(OH)2"]
)


class World:
    """True yields of a campaign in a world, worked out when asked for and kept."""

    def __init__(self, spec: CampaignSpec, world: int, cache: Path | None) -> None:
        """Take up what a file of the cache holds."""
        self.spec, self.world = spec, world
        self.file = cache / f"{spec.sha256[:12]}-{world}.json" if cache else None
        self.known: dict[str, float] = {}
        if self.file is not None and self.file.exists():
            self.known = json.loads(self.file.read_text())

    def __call__(self, point: Mapping[str, float | str]) -> float:
        """Return the true yield of a recipe."""
        name = json.dumps(dict(sorted(point.items())))
        if name not in self.known:
            self.known[name] = round(fired(self.spec, self.world, dict(point)), 6)
        return self.known[name]

    def best(self) -> float:
        """Return the best true yield of the space."""
        found = max(
            self({"precursors": one.label,
                  "fire.temperature_celsius": float(celsius), "fire.atmosphere": gas})
            for one in precursor_sets(self.spec)
            for celsius in FORMS
            for gas in GASES
        )  # fmt: skip
        self.keep()
        return found

    def keep(self) -> None:
        """Write what is known to the cache."""
        if self.file is not None:
            part = self.file.with_suffix(f".{os.getpid()}")
            part.write_text(json.dumps(self.known))
            part.replace(self.file)


def measured(
    world: World, points: Sequence[Parameters], first: int, load: int
) -> tuple[Trial, ...]:
    """Return samples with their yields and the noise of a measurement."""
    trials = []
    for number, point in enumerate(points, start=first):
        noise = NOISE * stream(world.world, world.spec.name, number).standard_normal()
        found = min(max(world(point) + float(noise), 0.0), 1.0)
        trials.append(
            Trial(
                sample=f"S{number:04d}", load=load, role="search", planned=point,
                measured=point, status="scored",
                scores={"yield": Score(mean=found, variance=NOISE**2)},
            )
        )  # fmt: skip
    return tuple(trials)


def before(world: World) -> EarlierCampaign:
    """Return what an earlier campaign of the same proposer found in a world."""
    ask = make_proposer("athanor", facts=NothingKnown()).propose
    trials: tuple[Trial, ...] = ()
    for load in range(1, LOADS + 1):
        found = ask(world.spec, History(trials=trials), load=load, size=PLACES,
                    seed=world.world)  # fmt: skip
        points = [p.parameters for p in found]
        trials += measured(world, points, len(trials) + 1, load)
    world.keep()
    return EarlierCampaign(
        name=f"{world.spec.name} before",
        file="before.db",
        campaign=f"{world.world:064d}",
        mode="virtual",
        target=world.spec.target.formula,
        results=tuple(result(world.spec, trial) for trial in trials),
    )


def result(spec: CampaignSpec, trial: Trial) -> EarlierResult:
    """Return a sample in terms that all campaigns share."""
    found = find_set(spec, str(trial.planned["precursors"]))
    moles = zip(found.precursors, found.moles({}), strict=True)
    hold = EarlierHold(
        celsius=float(trial.planned["fire.temperature_celsius"]), hours=HOURS,
        atmosphere=str(trial.planned["fire.atmosphere"]),
    )  # fmt: skip
    return EarlierResult(
        sample=trial.sample,
        precursors={p.formula: float(n) for p, n in moles},
        holds=(hold,),
        share=trial.scores["yield"].mean,
        variance=NOISE**2,
    )


def spoilt(found: EarlierCampaign, how: str, seed: int) -> EarlierCampaign:
    """Return an earlier campaign whose results mislead."""
    results = found.results
    shares = [one.share for one in results]
    if how == "permuted":
        order = stream(seed, "permuted").permutation(len(shares))
        shares = [shares[i] for i in order]
    elif how == "inverted":
        shares = [max(shares) - one for one in shares]
    changed = []
    for one, share in zip(results, shares, strict=True):
        (hold,) = one.holds
        if how == "shifted":
            hold = hold.model_copy(update={"celsius": hold.celsius + SHIFT})
        changed.append(one.model_copy(update={"share": share, "holds": (hold,)}))
    return found.model_copy(update={"results": tuple(changed)})


def experiments(world: World, earlier: Sequence[EarlierCampaign]) -> tuple[int, float]:
    """Return samples made until one is good enough, and CPU seconds a proposal."""
    ask = make_proposer("athanor", facts=NothingKnown(), earlier=earlier).propose
    enough = ENOUGH * world.best()
    trials: tuple[Trial, ...] = ()
    spent = []
    for number in range(1, BUDGET + 1):
        began = time.process_time()
        (found,) = ask(
            world.spec,
            History(trials=trials),
            load=number,
            size=1,
            seed=world.world,
        )
        spent.append(time.process_time() - began)
        if world(found.parameters) >= enough:
            return number, float(np.mean(spent))
        trials += measured(world, [found.parameters], number, number)
    return BUDGET + 1, float(np.mean(spent))


def in_world(task: tuple[int, Path | None, tuple[str, ...]]) -> dict[str, float]:
    """Return the samples that a campaign needs in a world, by what it knew."""
    number, cache, rows = task
    now = World(NOW, number, cache)
    known: dict[str, list[EarlierCampaign]] = {"nothing": []}
    for row in rows:
        found = before(World(BEFORE[row], number, cache))
        known[row] = [found]
        if row == "precursors":
            known |= {how: [spoilt(found, how, number)] for how in SPOILT[:3]}
    counts = {name: experiments(now, earlier) for name, earlier in known.items()}
    now.keep()
    told = ", ".join(f"{name} {n}" for name, (n, _) in counts.items())
    slow = max(seconds for _, seconds in counts.values())
    print(
        f"  world {number}: {told}; {counts['nothing'][1]:.2f} CPU s a proposal,"
        f" {slow:.2f} with an earlier campaign",
        flush=True,
    )
    return {name: float(n) for name, (n, _) in counts.items()}


def ratio(mine: Sequence[float], other: Sequence[float]) -> tuple[float, float, float]:
    """Return the ratio of means, and its 95 % bootstrap interval over paired seeds."""
    pairs = np.array([mine, other])
    draw = np.random.Generator(np.random.Philox(key=0))
    picked = draw.integers(pairs.shape[1], size=(RESAMPLES, pairs.shape[1]))
    means = pairs[:, picked].mean(axis=-1)
    low, high = np.quantile(means[0] / means[1], [0.025, 0.975])
    return float(pairs[0].mean() / pairs[1].mean()), float(low), float(high)


class Report:
    """Prints what was found and keeps it as bars."""

    def __init__(self) -> None:
        """Start with no bars."""
        self.bars: list[Bar] = []

    def compare(self, what: str, counts: Mapping[str, Sequence[float]]) -> None:
        """Print mean samples of each kind, and the ratio to knowing nothing."""
        plain = counts["nothing"]
        print(f"  {what}, {len(plain)} seeds: nothing known, mean {np.mean(plain):.2f}")
        for name, values in counts.items():
            if name == "nothing":
                continue
            share, low, high = ratio(values, plain)
            print(f"    {name}: mean {np.mean(values):.2f}, {share:.2f} of that"
                  f" ({low:.2f} to {high:.2f})")  # fmt: skip
            misleads = name in SPOILT
            bar = (
                Bar(f"{what}, {name}: cost", share - 1, "share", 0.10, "min")
                if misleads
                else Bar(f"{what}, {name}: saved", 1 - share, "share", 0.30, "max")
            )
            self.bars.append(bar)
        spoilt_ones = [values for name, values in counts.items() if name in SPOILT]
        if spoilt_ones:
            mean = np.mean(spoilt_ones, axis=0).tolist()
            share, low, high = ratio(mean, plain)
            print(f"    misleading, all kinds: {share:.2f} ({low:.2f} to {high:.2f})")
            self.bars.append(
                Bar(f"{what}, misleading: cost", share - 1, "share", 0.10, "min")
            )


def measured_sets(seeds: int, bench: Path, *, is_quick: bool) -> dict[str, Any]:
    """Return experiments to the first pure route and the fifth, half the sets known."""
    counts: dict[str, dict[str, list[float]]] = {"first": {}, "fifth": {}}
    whole = read_table(bench / "ybco_arrows3.csv", YBCO)
    plan = Plan(budget=8 if is_quick else BUDGET)
    for seed in range(seeds):
        then, now = halves(whole, seed)
        known: dict[str, list[MeasuredTable]] = {"nothing": [], "half": [then]}
        for how in ("permuted", "inverted", "mirrored"):
            known[how] = [spoilt_table(then, how, seed)]
        for name, tables in known.items():

            def make(
                space: Space, seed: int, tables: list[MeasuredTable] = tables
            ) -> AthanorMethod:
                return AthanorMethod(space, seed, earlier=tables)

            made = figures(now, [replay(now, make, plan, seed=seed)], budget=BUDGET)
            for key, label in (("1", "first"), ("5", "fifth")):
                (n,) = made["n_to_k_best"][key]
                counts[label].setdefault(name, []).append(float(n or BUDGET + 1))
    return counts


def halves(table: MeasuredTable, seed: int) -> tuple[MeasuredTable, MeasuredTable]:
    """Return the results of half of the precursor sets, and of the others."""
    at = table.space.names.index("precursors")
    sets = sorted({one[at] for one in table.space.candidates}, key=sorted)
    order = stream(seed, "halves").permutation(len(sets))
    chosen = {sets[i] for i in order[: len(sets) // 2]}
    is_then = np.array([one[at] in chosen for one in table.space.candidates])
    return rows_of(table, is_then), rows_of(table, ~is_then)


def rows_of(table: MeasuredTable, is_kept: np.ndarray) -> MeasuredTable:
    """Return some candidates of a table."""
    kept = np.flatnonzero(is_kept)
    space = replace(
        table.space, candidates=tuple(table.space.candidates[i] for i in kept)
    )
    return MeasuredTable(space, table.Y[kept], table.gains[kept])


def spoilt_table(table: MeasuredTable, how: str, seed: int) -> MeasuredTable:
    """Return a table whose results mislead."""
    if how == "permuted":
        order = stream(seed, "permuted").permutation(len(table.gains))
        return replace(table, Y=table.Y[order], gains=table.gains[order])
    if how == "inverted":
        upside = table.gains.max() - table.gains
        return replace(table, Y=upside, gains=upside)
    at = table.space.names.index("temperature_C")
    mirrored = tuple(
        (*one[:at], 600.0 + 900.0 - float(str(one[at])), *one[at + 1 :])
        for one in table.space.candidates
    )
    return replace(table, space=replace(table.space, candidates=mirrored))


def main(argv: Sequence[str] | None = None) -> None:
    """Run the rows asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=0, help="First world.")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--bench", type=Path, default=BENCH)
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS))
    args = parser.parse_args(argv)
    seeds = 1 if args.quick else args.seeds
    report = Report()
    if args.cache:
        args.cache.mkdir(parents=True, exist_ok=True)
    if args.quick:
        args.rows = [row for row in args.rows if row != "target"]
    rows = tuple(row for row in args.rows if row in BEFORE)
    if rows:
        worlds = range(args.first, args.first + seeds)
        tasks = [(world, args.cache, rows) for world in worlds]
        with ProcessPoolExecutor(args.jobs) as pool:
            found = list(map(in_world, tasks) if args.jobs == 1
                         else pool.map(in_world, tasks))  # fmt: skip
        counts = {name: [one[name] for one in found] for name in found[0]}
        report.compare("simulated YBCO", counts)
    if "ybco" in args.rows and args.bench.is_dir():
        both = measured_sets(seeds, args.bench, is_quick=args.quick)
        for label, of_kind in both.items():
            report.compare(f"measured YBCO, {label} pure", of_kind)
    elif "ybco" in args.rows:
        print(f"row ybco skipped: {args.bench} is absent")
    if args.json:
        bars = [asdict(bar) for bar in report.bars]
        args.json.write_text(json.dumps({"bars": bars}, indent=1))


if __name__ == "__main__":
    main()
