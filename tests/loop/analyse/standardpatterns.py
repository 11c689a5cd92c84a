"""Patterns of standards, measured by the simulated diffractometer."""

from dataclasses import replace

import numpy as np

from instruments.quantities import Pattern
from simulators.diffraction import Crystallites, Instrument, measure


def measured(
    weights,
    *,
    seed=1,
    low=15.0,
    high=130.0,
    step=0.02,
    seconds=5.0,
    nanometres=1e5,
    **errors,
):
    """Counts of powders without strain on an instrument with the errors given."""
    x = np.arange(low, high, step)
    counts = measure(
        weights,
        {
            name: Crystallites(crystallite_nanometres=nanometres, microstrain=0.0)
            for name in weights
        },
        instrument=replace(Instrument(), **errors),
        two_theta=x,
        seconds_per_point=seconds,
        rng=np.random.Generator(np.random.Philox(key=seed)),
    )
    return Pattern(x, counts.astype(float), seconds, (1.540598, 1.544426))
