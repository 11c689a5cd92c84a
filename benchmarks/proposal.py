"""CPU time and memory of one proposal, in spaces of three kinds.

usage: python benchmarks/proposal.py [--quick] [--json FILE] [--results N]

- sets: 10 precursor sets x temperature x hold, air, 2 objectives, 50 results: the space
  of examples/ybco.toml with the first 10 of its sets.
- mixed: (Ba,Sr)TiO3 of 8 sets x composition x excess x mixing x gas x temperature,
  hold, ramp, with numbers in steps and continuous ones, 2 objectives, 200 results.
- table: 100,000 listed candidates over the same settings, 2 objectives, 200 results;
  in the worse of two shapes, few profiles with many samples and a profile for each.

The results come from a made-up response in loads of 8, so nothing is simulated.
Importing libraries is not counted: a first proposal pays for it. `--quick` times one
load of each.
"""

import argparse
import json
import os
import resource
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

BARS = {"sets": 1.0, "mixed": 2.0, "table": 10.0}
"""CPU seconds."""
GIGABYTES = 2.0
N_SETS, SIZE, N_ROWS = 10, 8, 100_000
MIXED = """
name = "mixed"
precursors = ["BaCO3", "BaO2", "SrCO3", "SrO", "TiO2", "BaTiO3"]
[target]
formula = "BaTiO3"
[[steps]]
kind = "dose"
[[steps]]
kind = "mix"
[[steps]]
kind = "fire"
[[steps]]
kind = "scan"
[space]
excess = { Ti = { min = -0.02, max = 0.02 } }
[space.composition.Ba]
Ba = { min = 0.2, max = 0.95 }
Sr = { min = 0.05, max = 0.8 }
[space.steps.mix]
minutes = { min = 2, max = 60 }
[space.steps.fire]
temperature_celsius = { min = 800, max = 1150, step = 10 }
hold_hours = { min = 1, max = 24 }
ramp_celsius_per_minute = { min = 2, max = 10 }
atmosphere = ["air", "CO2"]
[[objectives]]
measure = "yield"
goal = "maximize"
threshold = 0.0
[[objectives]]
measure = "time"
goal = "minimize"
threshold = 40.0
"""


def sets_campaign() -> "CampaignSpec":
    """Return two objectives over sets, temperature and hold."""
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


def mixed_campaign() -> "CampaignSpec":
    """Return two objectives over numbers, choices and a composition."""
    from campaigns.specfile import parse

    return parse(MIXED)


def table_campaign(*, n_profiles: int) -> "CampaignSpec":
    """Return the mixed campaign over a table of listed candidates.

    Args:
        n_profiles: Distinct settings of a load among its rows.
    """
    import numpy as np

    from campaigns.precursors import gaps, precursor_sets
    from campaigns.spec import CandidateTable

    spec = mixed_campaign()
    everywhere = [s.label for s in precursor_sets(spec) if not gaps(spec, s)]
    draw = np.random.default_rng(0)
    profile = np.arange(N_ROWS) % n_profiles
    celsius = np.round(draw.uniform(800, 1150, n_profiles), 2)
    strontium = np.round(draw.uniform(0.05, 0.8, N_ROWS), 3)
    columns = {
        "precursors": tuple(draw.choice(everywhere, N_ROWS).tolist()),
        "share.Ba": tuple(np.round(1 - strontium, 3).tolist()),
        "share.Sr": tuple(strontium.tolist()),
        "mix.minutes": tuple(np.round(draw.uniform(2, 60, N_ROWS), 1).tolist()),
        "fire.temperature_celsius": tuple(celsius[profile].tolist()),
        "fire.hold_hours": tuple(
            np.round(draw.uniform(1, 24, n_profiles), 2)[profile].tolist()
        ),
    }
    space = spec.space.model_copy(
        update={"candidates": CandidateTable(columns=columns), "excess": {}}
    )
    searched = {
        "mix": space.steps["mix"],
        "fire": space.steps["fire"].model_copy(
            update={"ramp_celsius_per_minute": None, "atmosphere": None}
        ),
    }
    return spec.model_copy(
        update={"space": space.model_copy(update={"steps": searched})}
    )


def answer(parameters: "Parameters") -> float:
    """Return a made-up yield, 0 to 1: a rise to 930 °C and a fall beyond it."""
    celsius = float(parameters["fire.temperature_celsius"])
    hours = float(parameters["fire.hold_hours"])
    slow = 25.0 if "BaCO3" in str(parameters["precursors"]) else 0.0
    slow += 40.0 * float(parameters.get("share.Sr", 0.0))
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
        # The pool of a load is drawn anew: which results stand before it is the same.
        known = History(trials=tuple(trials[-SIZE:]))
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


def timed(spec: "CampaignSpec", known: "History", *, seeds: int) -> list[float]:
    """Return the CPU seconds of proposals."""
    from loop.propose.proposer import make_proposer

    proposer, times = make_proposer("athanor"), []
    for seed in range(seeds):
        began = time.process_time()
        proposer.propose(spec, known, load=90, size=SIZE, seed=seed)
        times.append(time.process_time() - began)
    return times


def report(name: str, words: str, times: Sequence[float]) -> dict[str, object]:
    """Print one kind of space; return its bar."""
    middle, worst = sorted(times)[len(times) // 2], max(times)
    print(
        f"{name}: {words}: {middle:.2f} s CPU in the middle, {worst:.2f} s at worst "
        f"of {len(times)} (bar {BARS[name]:g})"
    )
    told = {"name": f"proposal, {name}, worst", "value": worst, "unit": "CPU s"}
    return {**told, "bar": BARS[name], "better": "min"}


def main(argv: Sequence[str] | None = None) -> None:
    """Time proposals, print and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--results", type=int, default=50)
    args = parser.parse_args(argv)
    from campaigns.results import History
    from loop.propose.proposer import make_proposer

    seeds = 1 if args.quick else 5
    print(f"made-up results, 2 objectives, loads of {SIZE}, one thread")
    spec = sets_campaign()
    began = time.process_time()
    make_proposer("athanor").propose(spec, History(), load=1, size=SIZE, seed=0)
    print(f"first of a process, with imports: {time.process_time() - began:.2f} s CPU")
    known = history(spec, args.results)
    bars = [report("sets", f"{args.results} results", timed(spec, known, seeds=seeds))]
    spec = mixed_campaign()
    known = history(spec, 200)
    bars.append(report("mixed", "200 results", timed(spec, known, seeds=seeds)))
    times: list[float] = []
    for n_profiles in (400, N_ROWS):
        spec = table_campaign(n_profiles=n_profiles)
        found = timed(spec, known, seeds=1 if args.quick else 2)
        print(f"table of {N_ROWS} rows with {n_profiles} profiles: {max(found):.2f} s")
        times += found
    bars.append(report("table", f"{N_ROWS} rows, 200 results", times))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(f"memory at most: {peak:.2f} GiB (bar {GIGABYTES:g})")
    bars.append(
        {"name": "proposal, memory", "value": peak, "unit": "GiB",
         "bar": GIGABYTES, "better": "min"}
    )  # fmt: skip
    if args.json:
        args.json.write_text(json.dumps({"bars": bars}, indent=1))


if __name__ == "__main__":
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
    main()
