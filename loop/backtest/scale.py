"""Results as a model sees them; what was measured so far says how."""

import re
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from loop.propose.scaling import YIELD_SCALE

Array = NDArray[np.float64]
Scale = Callable[[Array], Array]
_PERCENT = re.compile(r"%|pct|percent|(^|_)pc(_|$)", re.IGNORECASE)


def linear(gains: Array) -> Scale:
    """Return a scale to mean 0 and standard deviation 1."""
    mean, spread = float(gains.mean()), float(gains.std()) or 1.0
    return lambda y: (y - mean) / spread


def of_share(column: str, gains: Array) -> Scale:
    """Return a scale of yields, one unit `YIELD_SCALE` of a whole.

    The whole is 100 where the column's name says percent or a result is beyond 1.
    """
    top = float(gains.max(initial=0.0))
    whole = 100.0 if _PERCENT.search(column) or top > 1.0 else 1.0
    whole = max(whole, top)
    return lambda y: y / whole / YIELD_SCALE
