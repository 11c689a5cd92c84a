"""Yields of simulated recipes foretold with and without expected pathways.

usage: python benchmarks/learned_pathways.py [--quick] [--json FILE] [--worlds N]
           [--first-world K]

In each world an earlier campaign fires 24 recipes at random from half of the shelf of
`examples/ybco.toml` (yttrium from Y2O3 alone), of which reactions are learned. A later
one has the whole shelf, 12 sets; its first 8, 16 and 32 recipes, at random too,
foretell the yields of 48 others. Prints root mean square errors: without pathways, with
those of energies alone, and with the learned ones.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import numpy as np  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "benchmarks"))
from figures.bars import Bar  # noqa: E402
from figures.quick_lab import QuickLab, Sample, history_of  # noqa: E402

from campaigns.materials.phases import PhaseTable  # noqa: E402
from campaigns.pathways import LearnedPathways  # noqa: E402
from campaigns.results import History  # noqa: E402
from campaigns.spec import CampaignSpec  # noqa: E402
from campaigns.specfile import load  # noqa: E402
from campaigns.synthesis import build_recipe  # noqa: E402
from loop.knowledge.learnedpathways import (  # noqa: E402
    gas_of,
    highest_celsius,
    pathways_of,
)
from loop.knowledge.pairwise import packaged  # noqa: E402
from loop.knowledge.pairwise_file import Hold, Observation  # noqa: E402
from loop.knowledge.pairwise_history import moles_of, samples  # noqa: E402
from loop.knowledge.pairwise_learning import (  # noqa: E402
    Learned,
    learn,
    nothing_learned,
)
from loop.propose.athanor import encoder_of, metrics_of  # noqa: E402
from loop.propose.candidates import Candidates  # noqa: E402
from loop.propose.encoding import KELVIN, temperature_range  # noqa: E402
from loop.propose.facts import TabledFacts  # noqa: E402
from loop.propose.outcomes import Observed, State  # noqa: E402
from loop.propose.posterior import Learner  # noqa: E402
from loop.propose.proposer import make_proposer  # noqa: E402
from loop.propose.reproducible import reproducible  # noqa: E402
from loop.propose.seats import ask  # noqa: E402

N_EARLIER, N_OWN, N_OTHERS = 24, (8, 16, 32), 48


def made(spec: CampaignSpec, world: int, n: int, first: int) -> list[Sample]:
    """Return n samples of recipes at random, each with a profile of its own."""
    lab, proposer = QuickLab(spec, PhaseTable.load(), world), make_proposer("random")
    found = []
    for number in range(first, first + n):
        (one,) = proposer.propose(spec, History(), load=number, size=1, seed=world)
        found += lab.load(number, [one.parameters])
    return found


def observed(spec: CampaignSpec, sample: Sample) -> Observation:
    """Return a sample as `athanor learn` would write it."""
    trial = sample.trial
    recipe = build_recipe(spec, trial.measured)
    target = spec.target.formula
    return Observation(
        campaign="earlier",
        name="earlier",
        mode="virtual",
        sample=trial.sample,
        event=trial.load,
        target=target,
        precursors=moles_of(spec, recipe.grams, target),
        holds=tuple(
            Hold(
                celsius=step.temperature_celsius,
                hours=step.hold_hours,
                atmosphere=step.atmosphere,
            )
            for step in recipe.firings
        ),
        phases=trial.fractions.phases,
        mean=trial.fractions.mean,
        covariance=trial.fractions.covariance,
    )


def told(spec: CampaignSpec, learned: Learned) -> LearnedPathways:
    """Return what beliefs say of a campaign's sets."""
    low, high = (kelvin - KELVIN for kelvin in temperature_range(spec) or (0, 0))
    known, _ = pathways_of(spec, packaged(), learned, (low, high))
    return LearnedPathways(
        file="earlier",
        file_sha256="",
        powders=max(learned.n_samples, 1),
        atmosphere=gas_of(spec),
        highest_celsius=highest_celsius((low, high)),
        sets=known,
    )


def error(
    spec: CampaignSpec,
    own: Sequence[Sample],
    others: Sequence[Sample],
    pathways: LearnedPathways | None,
) -> float:
    """Return the root mean square error of the yields of others, 0 to 1."""
    question = ask(spec, history_of(own), load=len(own) + 1, size=8, seed=0)
    candidates = Candidates(question, encoder_of(question, TabledFacts(), pathways))
    trials = [sample.trial for sample in own]
    scores = [trial.scores["yield"] for trial in trials]
    seen = Observed(
        tuple(trial.measured for trial in trials),
        np.array([score.mean for score in scores]),
        np.array([score.variance for score in scores]),
    )
    state = State({"yield": seen}, (), ())
    metrics = [m for m in metrics_of(spec) if m.label == "yield"]
    with reproducible(0):
        found = Learner(candidates, None).fit(state, metrics)
        rows = candidates.rows([sample.trial.measured for sample in others])
        mean = found.predict(rows)["yield"][0].numpy()
    truth = np.array([sample.true_scores["yield"].mean for sample in others])
    return float(np.sqrt(np.mean((mean - truth) ** 2)))


def main() -> None:
    """Print the errors of each world, and their means."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--quick", action="store_true", help="one world")
    parser.add_argument("--json", type=Path, help="write the figures here")
    parser.add_argument("--worlds", type=int, default=3)
    parser.add_argument("--first-world", type=int, default=0)
    args = parser.parse_args()
    worlds = range(args.first_world, args.first_world + (args.worlds, 1)[args.quick])
    spec = load(ROOT / "examples" / "ybco.toml")
    spec = spec.model_copy(
        update={
            "objectives": tuple(o for o in spec.objectives if o.measure == "yield"),
        }
    )
    half = spec.model_copy(
        update={
            "precursors": tuple(
                p for p in spec.precursors if not p.formula.startswith("Y2(CO3)3")
            )
        }
    )
    energies = told(spec, nothing_learned())
    print("world  results  without  energies  learned", flush=True)
    found: dict[int, list[list[float]]] = {n: [] for n in N_OWN}
    for world in worlds:
        rows = [observed(half, s) for s in made(half, world, N_EARLIER, 1)]
        usable, _ = samples(packaged(), rows)
        learned = told(spec, learn(packaged(), usable))
        own = made(spec, world, max(N_OWN), 101)
        others = made(spec, world, N_OTHERS, 201)
        for n in N_OWN:
            each = [error(spec, own[:n], others, p) for p in (None, energies, learned)]
            found[n].append(each)
            print(f"{world:5d}  {n:7d}" + "".join(f"  {e:7.3f}" for e in each),
                  flush=True)  # fmt: skip
    bars = []
    for n, errors in found.items():
        mean = np.mean(errors, axis=0)
        print(f" mean  {n:7d}" + "".join(f"  {e:7.3f}" for e in mean))
        what = f"error of yields from {n} results, learned less without"
        bars.append(Bar(what, float(mean[2] - mean[0]), better="min"))
    if args.json:
        data = f"examples/ybco.toml, worlds {worlds.start} to {worlds.stop - 1}"
        rows = {"data": data, "bars": [bar.row() for bar in bars]}
        args.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
