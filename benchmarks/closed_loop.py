"""Dry runs of the YBa2Cu3O7-x example: the proposer against the baselines.

usage: python benchmarks/closed_loop.py [--quick] [--json FILE] [--worlds N]
           [--first-world K] [--methods NAME ...] [--jobs J] [--cache DIR]

World and campaign seed of a pair are the same number; every method meets the same
worlds. Everything runs: drivers, firmware, chemistry, diffraction, identification,
database. The hidden truth is read from the world's own journal after each run, which no
proposer can do. `--cache` keeps each run, so that an interrupted benchmark goes on.
`--quick` makes one pair of runs of 8 samples, to see that all parts work.
"""

import argparse
import asyncio
import hashlib
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "benchmarks"))
from figures.closed_loop import METHODS, figures, show  # noqa: E402
from figures.quick_lab import QuickLab  # noqa: E402

if TYPE_CHECKING:
    from campaigns.spec import CampaignSpec
    from campaigns.store import Store
    from loop.propose.proposer import Proposer

CAMPAIGN = ROOT / "examples" / "ybco.toml"
COARSE = {
    "fire.temperature_celsius": (860.0, 900.0, 940.0, 980.0),
    "fire.hold_hours": (6.0, 24.0),
    "fire.atmosphere": ("air", "O2"),
}
"""Grid of conditions on which the best reachable yield is looked for."""
QUICK_WORLD = 101
"""Not one of the worlds of the figures, which nobody should look at twice."""
Run = dict[str, Any]


class Timed:
    """A proposer whose CPU time is kept."""

    def __init__(self, inner: "Proposer") -> None:
        """Wrap a proposer."""
        self.inner, self.name = inner, inner.name
        self.cpu_seconds: list[float] = []

    def propose(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401
        """Return what the proposer proposes."""
        began = time.process_time()
        try:
            return self.inner.propose(*args, **options)
        finally:
            self.cpu_seconds.append(time.process_time() - began)


def one_run(method: str, world: int, experiments: int | None) -> Run:
    """Make one dry run in a new folder and return its figures."""
    from instruments.clock import VIRTUAL_EPOCH_SECONDS
    from loop.cli.setup import checked_campaign, new_store
    from simulators import clock

    spec, lab = checked_campaign(CAMPAIGN, None, seed=world)
    if experiments:
        budget = spec.budget.model_copy(update={"experiments": experiments})
        spec = spec.model_copy(update={"budget": budget})
    wall, cpu = time.perf_counter(), time.process_time()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with new_store(
            folder / "campaign.db",
            spec,
            lab,
            mode="virtual",
            proposer=method,
            lab_time=VIRTUAL_EPOCH_SECONDS,
        ) as store:
            lab_seconds, proposals = clock.run(campaign(store, world))
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            found = measured(spec, store)
        truth = true_yields(spec, folder / "world.jsonl")
    return {
        "method": method,
        "world": world,
        "commit": commit(),
        "lab_seconds": lab_seconds,
        "wall_seconds": wall,
        "cpu_seconds": cpu,
        "proposal_cpu_seconds": proposals,
        **found,
        "true_yield": [truth.get(name, 0.0) for name in found["samples"]],
    }


async def campaign(store: "Store", world: int) -> tuple[float, list[float]]:
    """Run a campaign to its end; return lab seconds and CPU seconds of proposals."""
    from instruments.clock import Clock
    from instruments.lab import connect
    from instruments.labspec import LabSpec
    from loop.cli.setup import make_engine
    from loop.cli.simulated import simulated_ports

    async def at_once(work: Any) -> Any:  # noqa: ANN401
        return work()

    clock = Clock.virtual()
    lab_spec = LabSpec.model_validate(store.opened.lab)
    began = asyncio.get_running_loop().time()
    journal = store.path.parent / "world.jsonl"
    ports = simulated_ports(lab_spec, store.spec, seed=world, journal=journal)
    async with (
        ports as (openers, fetchers),
        connect(lab_spec, openers=openers, fetchers=fetchers, clock=clock) as lab,
    ):
        engine = make_engine(
            store, lab, now=clock.now, compute=at_once, watcher=lambda _: None
        )
        timed = Timed(engine.proposer)
        engine.proposer = timed
        await engine.run()
    return asyncio.get_running_loop().time() - began, timed.cpu_seconds


def measured(spec: "CampaignSpec", store: "Store") -> Run:
    """Return what the campaign itself knows: recipes, scores, hypervolume."""
    from campaigns.summary import summarise

    history = store.history()
    summary = summarise(spec, history)
    labels = [objective.label for objective in spec.objectives]
    return {
        "samples": [t.sample for t in history.trials],
        "loads": [t.load for t in history.trials],
        "planned": [t.planned for t in history.trials],
        "status": [t.status for t in history.trials],
        "scores": {
            name: [t.scores[name].mean if t.scores else None for t in history.trials]
            for name in labels
        },
        "hypervolume": summary.hypervolume,
    }


def true_yields(spec: "CampaignSpec", journal: Path) -> dict[str, float]:
    """Return each sample's true share of target, from the last powder in its jar."""
    from simulators.chemistry import Powder

    found: dict[str, float] = {}
    for line in journal.read_text().splitlines():
        effect = json.loads(line)
        for part in effect["effects"] if effect["kind"] == "batch" else [effect]:
            vessel = str(part.get("container", ""))
            if part["kind"] == "worked" and vessel.startswith("jar-"):
                powder = part["content"]["powder"]
                if powder is not None:
                    sample = f"S{int(vessel.removeprefix('jar-')):04d}"
                    found[sample] = crystalline(spec, Powder.from_json(powder))
    return found


def crystalline(spec: "CampaignSpec", powder: Any) -> float:  # noqa: ANN401
    """Return the target's mass share of the crystalline part of a powder."""
    shares = {
        name: share * (1.0 - powder.grains[name].amorphous_share)
        for name, share in powder.weights().items()
        if name in powder.grains
    }
    total = sum(shares.values())
    wanted = sum(shares.get(name, 0.0) for name in spec.target.phases)
    return wanted / total if total > 0 else 0.0


class NoNoise:
    """Stands in for random numbers: every draw is the middle of its distribution."""

    def normal(self, middle: float, _: float) -> float:
        """Return the mean."""
        return middle

    def lognormal(self, mean: float, _: float, n: int) -> Any:  # noqa: ANN401
        """Return the medians."""
        return np.full(n, np.exp(mean))


def best_on_grid(world: int) -> Run:
    """Return the best true yield over a coarse grid of the space, without noise."""
    from campaigns.precursors import precursor_sets
    from campaigns.specfile import load

    spec = load(CAMPAIGN)
    best = 0.0
    # One set for each source of barium, which decides.
    sets = [s.label for s in precursor_sets(spec)]
    chosen = [next(s for s in sets if b in s) for b in ("BaCO3", "BaO2")]
    for label in chosen:
        for celsius in COARSE["fire.temperature_celsius"]:
            for hours in COARSE["fire.hold_hours"]:
                for gas in COARSE["fire.atmosphere"]:
                    point = {
                        "precursors": label,
                        "fire.temperature_celsius": celsius,
                        "fire.hold_hours": hours,
                        "fire.atmosphere": gas,
                    }
                    best = max(best, fired(spec, world, point))
    return {"world": world, "best": best}


def fired(spec: "CampaignSpec", world: int, point: dict[str, Any]) -> float:
    """Return the true yield of a recipe in a world, straight from its chemistry."""
    from campaigns.materials.phases import PhaseTable
    from campaigns.synthesis import build_recipe

    lab = QuickLab(spec, PhaseTable.load(), world)
    rng = cast("np.random.Generator", NoNoise())
    return crystalline(spec, lab.fired(build_recipe(spec, point), rng))


def commit() -> str:
    """Return which code ran; a star marks changes that are not committed."""
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty=*"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def task(given: tuple[str, int, int | None, str]) -> Run:
    """Make or recall one run, or the best yield on the grid for method `grid`."""
    method, world, experiments, cache = given
    with recalled(Path(cache) if cache else None, f"{method}-{world}") as kept:
        if "run" not in kept:
            kept["run"] = (
                best_on_grid(world)
                if method == "grid"
                else one_run(method, world, experiments)
            )
    return kept["run"]


@contextmanager
def recalled(folder: Path | None, name: str) -> Any:  # noqa: ANN401
    """Yield what a file of the cache holds, empty if none; write it back after."""
    file = folder / f"{name}.json" if folder else None
    kept: Run = {}
    is_new = True
    if file is not None and file.exists():
        kept, is_new = {"run": json.loads(file.read_text())}, False
    yield kept
    if file is not None and is_new:
        part = file.with_suffix(".part")
        part.write_text(json.dumps(kept["run"]))
        part.replace(file)


def all_runs(args: argparse.Namespace) -> dict[str, list[Run]]:
    """Return the runs of each method, and the grids, in the order of the worlds."""
    experiments = 8 if args.quick else None
    worlds = range(args.first_world, args.first_world + args.worlds)
    cache = str(args.cache) if args.cache else ""
    if args.cache:
        args.cache.mkdir(parents=True, exist_ok=True)
    methods = [*args.methods, *(() if args.quick else ("grid",))]
    asked = [(m, w, experiments, cache) for w in worlds for m in methods]
    found: dict[str, list[Run]] = {m: [] for m in methods}
    context = multiprocessing.get_context("spawn")
    with context.Pool(args.jobs, maxtasksperchild=8) as pool:
        for (method, world, _, _), run in zip(
            asked, pool.imap(task, asked), strict=True
        ):
            found[method].append(run)
            print(f"world {world} {method} done", file=sys.stderr, flush=True)
    return found


def main(argv: Sequence[str] | None = None) -> None:
    """Run, print and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--worlds", type=int, default=20)
    parser.add_argument("--first-world", type=int, default=0)
    parser.add_argument("--methods", nargs="+", default=list(METHODS), choices=METHODS)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--cache", type=Path)
    args = parser.parse_args(argv)
    if args.quick:
        args.worlds, args.first_world = 1, QUICK_WORLD
        args.methods = ["athanor", "random"]
    runs = all_runs(args)
    result = figures(runs)
    sha = hashlib.sha256(CAMPAIGN.read_bytes()).hexdigest()[:12]
    data = f"{CAMPAIGN.name} (sha256 {sha}), worlds and seeds {args.first_world}"
    result["data"] = f"{data} to {args.first_world + args.worlds - 1}"
    show(result)
    if args.json:
        args.json.write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    # The workers share the cores; small matrices gain nothing from threads.
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
    main()
