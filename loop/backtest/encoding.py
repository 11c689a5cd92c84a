"""Candidates as numbers, with no knowledge of what they are."""

import numpy as np
from numpy.typing import NDArray

from loop.backtest.table import Space


def unit_column(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return values moved to 0 to 1 by the range of the candidates; 0 if all equal."""
    width = np.ptp(values)
    found: NDArray[np.float64] = (values - values.min()) / (width or 1.0)
    return found


def one_hot(space: Space, name: str) -> NDArray[np.float64]:
    """Return one column for each text or member, shape n x k, 1 where it is there."""
    sets = [
        one if isinstance(one, frozenset) else frozenset([str(one)])
        for one in space.column(name)
    ]
    members = sorted({member for one in sets for member in one})
    return np.array([[float(m in one) for m in members] for one in sets])


def is_numeric(space: Space, name: str) -> bool:
    """Return whether a setting is a number."""
    return isinstance(space.column(name)[0], float)


def plain(space: Space) -> NDArray[np.float64]:
    """Return numbers between 0 and 1 and one column a text or member, shape n x d."""
    columns = [
        unit_column(np.array(space.column(name), dtype=float))[:, None]
        if is_numeric(space, name)
        else one_hot(space, name)
        for name in space.names
    ]
    return np.concatenate(columns, axis=1)
