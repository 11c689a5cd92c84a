"""What a yield is a share of; what was measured so far says."""

import re

import numpy as np
from numpy.typing import NDArray

_PERCENT = re.compile(r"%|pct|percent|(^|_)pc(_|$)", re.IGNORECASE)


def whole_of(column: str, gains: NDArray[np.float64]) -> float:
    """Return 100 where the column's name says percent or a result is beyond 1, else 1.

    No less than the best result: a whole cannot be exceeded.
    """
    top = float(gains.max(initial=0.0))
    whole = 100.0 if _PERCENT.search(column) or top > 1.0 else 1.0
    return max(whole, top)
