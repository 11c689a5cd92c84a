"""Replays of a table by BayBE's default recommender, for benchmarks/optimizer.py.

usage: PYTHON benchmarks/rivals/baybe.py TABLE --bench DIR --budget N --seeds N ...

PYTHON is one of an environment of its own with `baybe==0.15.0`: its needs and
Athanor's must not hold each other back. Prints a line of JSON a campaign. Starts,
seeds and oracle are those of `loop.backtest.replay`.
"""

import argparse
import json
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
# First, so that `baybe` is the package and not this file.
sys.path[0] = str(ROOT)
sys.path.insert(1, str(ROOT / "benchmarks"))

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from baybe import Campaign, Settings  # noqa: E402
from baybe.objectives import ParetoObjective, SingleTargetObjective  # noqa: E402
from baybe.parameters import (  # noqa: E402
    CategoricalParameter,
    NumericalDiscreteParameter,
)
from baybe.searchspace import SearchSpace  # noqa: E402
from baybe.targets import NumericalTarget  # noqa: E402
from figures.optimizer_tables import TABLES, table_of  # noqa: E402

from loop.backtest.replay import Plan, replay  # noqa: E402
from loop.backtest.table import Space  # noqa: E402
from loop.propose.randomness import key  # noqa: E402


class BaybeMethod:
    """BayBE's campaign as it comes, but that nothing is measured twice.

    Its default proposes measured candidates again; a replayed table has nothing new to
    say of them.
    """

    def __init__(self, space: Space, seed: int) -> None:
        """Describe the candidates; texts and sets are categories."""
        self.seed, self.told = seed, 0
        self.frame = pd.DataFrame({name: _cells(space, name) for name in space.names})
        goals = [f"y{i}" for i in range(len(space.objectives))]
        targets = [NumericalTarget(name) for name in goals]
        self.goals = goals
        self.campaign = Campaign(
            SearchSpace.from_dataframe(
                self.frame, [_parameter(name, self.frame[name]) for name in self.frame]
            ),
            SingleTargetObjective(targets[0])
            if len(targets) == 1
            else ParetoObjective(targets),
            allow_recommending_already_measured=False,
        )

    def propose(self, seen: Sequence[int], gains: np.ndarray, size: int) -> list[int]:
        """Return what BayBE recommends; see `loop.backtest.replay.Method`."""
        new = self.frame.iloc[list(seen[self.told :])].copy()
        new[self.goals] = gains[self.told :]
        self.told = len(seen)
        drawn = key(self.seed, "backtest", "baybe", len(seen)) % 2**32
        with Settings(random_seed=drawn), warnings.catch_warnings():
            # Fits that end early: BayBE handles them.
            warnings.simplefilter("ignore")
            self.campaign.add_measurements(new)
            found = self.campaign.recommend(size)
        return [int(i) for i in found.index]


def _cells(space: Space, name: str) -> list[Any]:
    """Return a setting of all candidates as numbers or texts."""
    return [
        "+".join(sorted(one)) if isinstance(one, frozenset) else one
        for one in space.column(name)
    ]


def _parameter(name: str, values: pd.Series) -> Any:  # noqa: ANN401
    levels = sorted(set(values))
    if isinstance(levels[0], str):
        return CategoricalParameter(name, levels)
    return NumericalDiscreteParameter(name, levels)


def main(argv: Sequence[str] | None = None) -> None:
    """Replay the campaigns asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("table", choices=TABLES)
    parser.add_argument("--bench", type=Path, required=True)
    parser.add_argument("--budget", type=int, required=True)
    parser.add_argument("--seeds", type=int, nargs="+", required=True)
    args = parser.parse_args(argv)
    table = table_of(args.table, args.bench)
    for seed in args.seeds:
        found = replay(table, BaybeMethod, Plan(budget=args.budget), seed=seed)
        line = {"seed": seed, "order": found.order, "cpu_seconds": found.cpu_seconds}
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
