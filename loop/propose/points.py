"""Points of the search space as columns, so that many are worked out at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loop.errors import ProposalError

Value = float | str
Floats = NDArray[np.float64]
Words = NDArray[Any]
"""Of dtype object: words, and None where a point has no such parameter."""


@dataclass(frozen=True)
class Points:
    """n points, each a mapping of parameter to value."""

    rows: Sequence[Mapping[str, Value]]

    def __len__(self) -> int:
        """Return n."""
        return len(self.rows)

    def numbers(self, name: str, default: float = np.nan) -> Floats:
        """Return a parameter's values, shape n; the default where it is absent.

        Raises:
            ProposalError: If a value is not finite.
        """
        if name not in self._numbers:
            found = [row.get(name) for row in self.rows]
            values = np.array(
                [np.nan if v is None else float(v) for v in found], dtype=np.float64
            )
            absent = np.array([v is None for v in found], dtype=bool)
            if not np.isfinite(values[~absent]).all():
                raise ProposalError(f"{name}: found a value that is not finite")
            self._numbers[name] = values
        values = self._numbers[name]
        return np.where(np.isnan(values), default, values)

    def words(self, name: str, default: str | None = None) -> Words:
        """Return a parameter's values, shape n, of dtype object."""
        found = np.empty(len(self.rows), dtype=object)
        found[:] = [row.get(name, default) for row in self.rows]
        return found

    @cached_property
    def _numbers(self) -> dict[str, Floats]:
        return {}
