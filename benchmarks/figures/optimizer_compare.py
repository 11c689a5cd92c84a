"""Quartiles, paired intervals and bars of methods that ran on the same seeds."""

from collections.abc import Mapping, Sequence

import numpy as np

RESAMPLES = 2000
OWN = "athanor"
Values = Mapping[str, Sequence[float]]


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


def compare(what: str, values: Values) -> None:
    """Print every method, and how far Athanor's is from each other one.

    Ablations may have fewer seeds: they are paired with the first of Athanor's.
    """
    print(f"  {what}")
    for name, other in values.items():
        line = f"    {name:18s} {len(other):3d} seeds: {quartiles(other)}"
        if name != OWN:
            low, high = paired(values[OWN][: len(other)], other)
            line += f"; athanor's less it {low:+.3g} to {high:+.3g}"
        print(line, flush=True)
