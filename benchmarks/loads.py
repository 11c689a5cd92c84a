"""Campaigns in furnace loads of 8 against plain Ax: hypervolume after each load.

usage: python benchmarks/loads.py [--quick] [--json FILE] [--worlds N] [--loads N]
           [--first-world K] [--campaigns NAME ...] [--methods NAME ...] [--cache DIR]

Campaigns are the examples `ybco` and `batio3`, without controls. Recipes go straight
to the simulated chemistry (`figures/quick_lab.py`); every method meets the same worlds.
Hypervolumes are of the powders as they are, not as they were measured; those that break
an outcome constraint do not count. Ax chooses the profile of a load with its first
sample and has the rest fixed by us. `--cache` keeps runs, so that an interrupted
benchmark goes on.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import numpy as np  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "benchmarks"))
from figures.bars import Bar  # noqa: E402
from figures.closed_loop import interval  # noqa: E402
from figures.plain_ax import PlainAx  # noqa: E402
from figures.quick_lab import QuickLab, Sample, history_of  # noqa: E402

from campaigns.materials.phases import PhaseTable  # noqa: E402
from campaigns.pareto import hypervolume, oriented  # noqa: E402
from campaigns.recipe import Parameters  # noqa: E402
from campaigns.spec import CampaignSpec  # noqa: E402
from campaigns.specfile import load  # noqa: E402
from loop.propose.proposer import make_proposer  # noqa: E402

CAMPAIGNS = ("ybco", "batio3")
METHODS = ("athanor", "ax", "sobol")
PLACES = 8
LOADS = 4
QUICK_WORLD = 101
"""Not one of the worlds of the figures."""
Run = dict[str, Any]
Chooser = Callable[[int, Sequence[Sample]], Sequence[Parameters]]


def spec_of(campaign: str, world: int, loads: int) -> CampaignSpec:
    """Return a campaign without controls, seeded by its world."""
    spec = load(ROOT / "examples" / f"{campaign}.toml")
    return spec.model_copy(
        update={
            "seed": world,
            "controls": spec.controls.model_copy(update={"every_loads": 0}),
            "budget": spec.budget.model_copy(update={"experiments": PLACES * loads}),
        }
    )


def chooser(spec: CampaignSpec, method: str) -> Chooser:
    """Return what chooses the points of a load after earlier samples."""
    if method == "ax":
        ax = PlainAx(spec, first=PLACES, seed=spec.seed)

        def by_ax(number: int, made: Sequence[Sample]) -> Sequence[Parameters]:
            if made:
                ax.tell([s.trial for s in made[-PLACES:]])
            return ax.points(PLACES)

        return by_ax
    proposer = make_proposer(method)

    def by_proposer(number: int, made: Sequence[Sample]) -> Sequence[Parameters]:
        found = proposer.propose(
            spec, history_of(made), load=number, size=PLACES, seed=spec.seed
        )
        return [p.parameters for p in found]

    return by_proposer


def one_run(campaign: str, method: str, world: int, loads: int) -> Run:
    """Return the hypervolume after each load, and CPU seconds of each proposal."""
    spec = spec_of(campaign, world, loads)
    lab, choose = QuickLab(spec, PhaseTable.load(), world), chooser(spec, method)
    made: list[Sample] = []
    volumes, seconds = list[float](), list[float]()
    for number in range(1, loads + 1):
        began = time.process_time()
        points = choose(number, made)
        seconds.append(time.process_time() - began)
        made += lab.load(number, points)
        volumes.append(volume(spec, made))
    return {
        "hypervolume": volumes,
        "cpu_seconds": seconds,
        "points": [s.trial.planned for s in made],
        "scores": [{k: v.mean for k, v in s.true_scores.items()} for s in made],
    }


def volume(spec: CampaignSpec, made: Sequence[Sample]) -> float:
    """Return the hypervolume over the thresholds, as a share of the ideal box.

    The box ends at a share of 1 and at no cost or time at all.
    """
    rows = [
        [s.true_scores[o.label].mean for o in spec.objectives]
        for s in made
        if all(c.holds(s.true_scores[c.label].mean) for c in spec.outcome_constraints)
    ]
    worst = np.array([[o.threshold for o in spec.objectives]], dtype=np.float64)
    ideal = np.array([[1.0 if o.goal == "maximize" else 0.0 for o in spec.objectives]])
    low = oriented(worst, spec.objectives)[0]
    box = float(np.prod(oriented(ideal, spec.objectives)[0] - low))
    if not rows:
        return 0.0
    return hypervolume(oriented(np.array(rows), spec.objectives), low) / box


def recalled(cache: Path | None, name: str, loads: int, **asked: Any) -> Run:  # noqa: ANN401
    """Return a run of the cache, made now where it is missing."""
    file = cache / f"{name}-{loads}.json" if cache else None
    if file is not None and file.exists():
        found: Run = json.loads(file.read_text())
        return found
    found = one_run(**asked, loads=loads)
    if file is not None:
        part = file.with_suffix(".part")
        part.write_text(json.dumps(found))
        part.replace(file)
    return found


def show(campaign: str, runs: dict[str, list[Run]]) -> list[Bar]:
    """Print a campaign's figures and return its bars."""
    volumes = {
        m: np.array([r["hypervolume"] for r in found]) for m, found in runs.items()
    }
    print(f"{campaign}: hypervolume after each load, quartiles over the worlds")
    for method, V in volumes.items():
        cells = [
            "{:.3f} [{:.3f}, {:.3f}]".format(*np.quantile(v, [0.5, 0.25, 0.75]))
            for v in V.T
        ]
        cpu = np.mean([r["cpu_seconds"] for r in runs[method]], axis=0)
        print(f"  {method:8s}", *cells, " CPU s", np.round(cpu, 1).tolist())
    if not {"athanor", "ax"} <= volumes.keys():
        return []
    mine, ax = volumes["athanor"], volumes["ax"]
    half = max(1, mine.shape[1] // 2) - 1
    apart = mine[:, half] - ax[:, -1]
    low, high = interval(apart)
    print(
        f"  load {half + 1} less Ax's load {ax.shape[1]}: {apart.mean():+.3f} "
        f"[{low:+.3f}, {high:+.3f}], not below in {int((apart >= -1e-9).sum())} of "
        f"{len(apart)} worlds"
    )
    ratio = float(mine[:, half].mean() / max(ax[:, -1].mean(), 1e-9))
    return [Bar(f"{campaign}: hypervolume of half the loads over Ax's", ratio, "", 1.0)]


def main(argv: Sequence[str] | None = None) -> None:
    """Run, print and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--worlds", type=int, default=20)
    parser.add_argument("--first-world", type=int, default=0)
    parser.add_argument("--loads", type=int, default=LOADS)
    parser.add_argument("--campaigns", nargs="+", default=list(CAMPAIGNS))
    parser.add_argument("--methods", nargs="+", default=list(METHODS), choices=METHODS)
    parser.add_argument("--cache", type=Path)
    args = parser.parse_args(argv)
    if args.quick:
        args.worlds, args.first_world, args.loads = 1, QUICK_WORLD, 2
        args.campaigns = args.campaigns[:1]
    if args.cache:
        args.cache.mkdir(parents=True, exist_ok=True)
    worlds = range(args.first_world, args.first_world + args.worlds)
    bars: list[Bar] = []
    for campaign in args.campaigns:
        runs: dict[str, list[Run]] = {m: [] for m in args.methods}
        for world in worlds:
            for method in args.methods:
                asked = {"campaign": campaign, "method": method, "world": world}
                name = f"{campaign}-{method}-{world}"
                runs[method].append(recalled(args.cache, name, args.loads, **asked))
                print(name, "done", file=sys.stderr, flush=True)
        bars += show(campaign, runs)
    for bar in bars:
        print(bar)
    if args.json:
        found = {
            "data": f"examples {', '.join(args.campaigns)}, worlds {worlds.start} to "
            f"{worlds.stop - 1}, {args.loads} loads of {PLACES}",
            "bars": [bar.row() for bar in bars],
        }
        args.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
