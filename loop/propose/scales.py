"""Results as a model sees them, and draws as results again."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Scale:
    """The map `(y - shift) / width`."""

    shift: float
    width: float
    """In units of the results, above 0."""

    def to_model(self, y: Array) -> Array:
        """Return scaled values of results."""
        return (y - self.shift) / self.width

    def to_lab(self, z: Array) -> Array:
        """Return results of scaled values."""
        return z * self.width + self.shift


def linear(y: Array) -> Scale:
    """Return the map to mean 0 and standard deviation 1."""
    return Scale(float(y.mean()), float(y.std()) or 1.0)
