"""Fewer points for the screen; what is stored stays whole."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from instruments.quantities import Floats


def thinned(values: Floats, *, most: int) -> NDArray[np.intp]:
    """Return the indices of at most about `most` points that keep every extreme.

    The points are cut into equal runs, of which the lowest and the highest are kept:
    a peak narrower than a run keeps its height and a dip its depth.

    Args:
        values: Shape n.
        most: At least 4.
    """
    n = len(values)
    if n <= most:
        return np.arange(n)
    edges = np.linspace(0, n, most // 2, dtype=np.intp)
    kept = {0, n - 1}
    for low, high in pairwise(edges.tolist()):
        run = values[low:high]
        kept |= {low + int(np.argmin(run)), low + int(np.argmax(run))}
    return np.array(sorted(kept), dtype=np.intp)


def rounded(values: Floats, *, digits: int = 5) -> list[float | None]:
    """Return numbers with so many significant digits; None where not finite."""
    return [
        float(f"{value:.{digits}g}") if np.isfinite(value) else None
        for value in np.asarray(values, dtype=np.float64).tolist()
    ]
