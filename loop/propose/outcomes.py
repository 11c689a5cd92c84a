"""What passes between Ax's door and the planner: figures, results, scaled outcomes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from campaigns.recipe import Parameters
from loop.propose.means import Calculated, RatePrior
from loop.propose.recalls import Recalls


@dataclass(frozen=True)
class Metric:
    """One modelled figure."""

    label: str
    goal: str
    """`maximize`, `minimize`, or empty: modelled for a constraint only."""


@dataclass(frozen=True)
class Observed:
    """Results of one metric, as Ax hands them back; lists of one length n."""

    points: tuple[Parameters, ...]
    mean: NDArray[np.float64]
    variance: NDArray[np.float64]


@dataclass(frozen=True)
class State:
    """What the node sees of the experiment."""

    observed: dict[str, Observed]
    """Metric label to results."""
    failed: tuple[Parameters, ...]
    """Points whose synthesis failed or whose powder was lost."""
    pending: tuple[Parameters, ...]


@dataclass(frozen=True)
class Outcome:
    """Scaled results of one output, ready to be fitted."""

    X: Tensor
    Y: Tensor
    Yvar: Tensor
    rate: RatePrior | None
    scale: float
    centre: float = 0.0
    known: Calculated | None = None
    recalls: Recalls | None = None
    """What earlier campaigns forecast of it; None if none does."""
