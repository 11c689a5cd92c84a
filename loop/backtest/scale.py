"""What a yield is a share of; what was measured so far says."""

import re

import numpy as np
from numpy.typing import NDArray

from loop.backtest.question import Objective
from loop.propose.library import Figure
from loop.propose.means import RatePrior
from loop.propose.recalls import Recalls

_PERCENT = re.compile(r"%|pct|percent|(^|_)pc(_|$)", re.IGNORECASE)


def whole_of(column: str, gains: NDArray[np.float64]) -> float:
    """Return 100 where the column's name says percent or a result is beyond 1, else 1.

    No less than the best result: a whole cannot be exceeded.
    """
    top = float(gains.max(initial=0.0))
    whole = 100.0 if _PERCENT.search(column) or top > 1.0 else 1.0
    return max(whole, top)


def figure_of(
    rate: RatePrior | None,
    objective: Objective,
    gains: NDArray[np.float64],
    recalls: Recalls | None = None,
) -> Figure:
    """Return an objective's results and what is known of it.

    Args:
        rate: Prior of the rate law where solids are heated.
        objective: The column and its goal.
        gains: Results, more is better, shape n.
        recalls: What earlier tables forecast of it.
    """
    if rate is None or objective.goal == "min" or gains.min() < 0:
        return Figure(gains, recalls=recalls)
    whole = whole_of(objective.column, gains)
    return Figure(gains, rate, whole, recalls=recalls)
