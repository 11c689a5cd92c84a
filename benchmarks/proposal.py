"""CPU time of one proposal: 10 precursor sets x temperature x hold, 2 objectives.

usage: python benchmarks/proposal.py [--quick] [--json FILE] [--results N]

The space is that of examples/ybco.toml with the first 10 of its sets and air alone;
the 50 results come from a made-up response in loads of 8, so nothing is simulated.
Importing libraries is not counted: a first proposal pays for it. `--quick` times one
load.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

if TYPE_CHECKING:
    from campaigns.recipe import Parameters
    from campaigns.results import History, Trial
    from campaigns.spec import CampaignSpec

BAR = 3.0
"""CPU seconds."""
N_SETS, SIZE = 10, 8


def campaign() -> "CampaignSpec":
    """Return the campaign: two objectives over sets, temperature and hold."""
    from campaigns.precursors import precursor_sets
    from campaigns.specfile import load

    spec = load(ROOT / "examples" / "ybco.toml")
    sets = tuple(
        tuple(p.label for p in found.precursors)
        for found in precursor_sets(spec)[:N_SETS]
    )
    fire = spec.space.steps["fire"].model_copy(update={"atmosphere": None})
    space = spec.space.model_copy(update={"sets": sets, "steps": {"fire": fire}})
    return spec.model_copy(update={"space": space})


def answer(parameters: "Parameters") -> float:
    """Return a made-up yield, 0 to 1: a rise to 930 °C and a fall beyond it."""
    celsius = float(parameters["fire.temperature_celsius"])
    hours = float(parameters["fire.hold_hours"])
    slow = 25.0 if "BaCO3" in str(parameters["precursors"]) else 0.0
    away = (celsius - 930.0 - slow + 8.0 * (hours / 8.0) ** 0.5) / 60.0
    return float(1.0 / (1.0 + away * away))


def history(spec: "CampaignSpec", results: int) -> "History":
    """Return scored trials in loads of 8, proposed at random."""
    from campaigns.results import History
    from loop.propose.proposer import make_proposer

    trials: list[Trial] = []
    while len(trials) < results:
        load = len(trials) // SIZE + 1
        size = min(SIZE, results - len(trials))
        known = History(trials=tuple(trials))
        found = make_proposer("random").propose(
            spec, known, load=load, size=size, seed=1
        )
        trials += [
            scored(f"S{len(trials) + i:04d}", load, p.parameters)
            for i, p in enumerate(found, start=1)
        ]
    return History(trials=tuple(trials))


def scored(sample: str, load: int, parameters: "Parameters") -> "Trial":
    """Return a finished trial."""
    from campaigns.results import Score, Trial

    celsius = float(parameters["fire.temperature_celsius"])
    hours = float(parameters["fire.hold_hours"]) + celsius / 112.5
    return Trial(
        sample=sample,
        load=load,
        role="search",
        planned=parameters,
        measured=parameters,
        status="scored",
        scores={
            "yield": Score(mean=answer(parameters), variance=4e-4),
            "time": Score(mean=hours, variance=0.0),
        },
    )


def main(argv: Sequence[str] | None = None) -> None:
    """Time proposals, print and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--results", type=int, default=50)
    args = parser.parse_args(argv)
    from campaigns.precursors import precursor_sets
    from campaigns.results import History
    from loop.propose.proposer import make_proposer

    spec = campaign()
    proposer, known = make_proposer("athanor"), history(spec, args.results)
    began = time.process_time()
    proposer.propose(spec, History(), load=1, size=SIZE, seed=0)
    first = time.process_time() - began
    times = []
    for seed in range(1 if args.quick else 5):
        began = time.process_time()
        proposer.propose(spec, known, load=9, size=SIZE, seed=seed)
        times.append(time.process_time() - began)
    middle, worst = sorted(times)[len(times) // 2], max(times)
    sets = len(precursor_sets(spec))
    print(
        f"data: examples/ybco.toml with {sets} sets in air, {args.results} made-up "
        f"results, 2 objectives, loads of {SIZE}, one thread"
    )
    print(f"first proposal of a process, imports included: {first:.2f} s CPU")
    print(
        f"proposal: {middle:.2f} s CPU in the middle, {worst:.2f} s at worst "
        f"of {len(times)} (bar {BAR:g})"
    )
    if args.json:
        bar = {"name": "proposal, worst of seeds", "value": worst, "unit": "CPU s"}
        bars = [{**bar, "bar": BAR, "better": "min"}]
        args.json.write_text(json.dumps({"bars": bars}, indent=1))


if __name__ == "__main__":
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
    main()
