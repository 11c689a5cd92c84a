"""The simulated furnace: powders that react, melt, breathe and grow as real ones do.

`fresh` -> `mix` -> `dry` -> `fire` -> `grind` -> ... each return a new `Powder`. What a
powder does in the fire depends on a `Truth` that no planner can see.
"""

from simulators.chemistry.furnace import fire
from simulators.chemistry.handling import dry, grind, mix, stuck
from simulators.chemistry.powder import Grains, Powder, fresh, join
from simulators.chemistry.truth import Kinetics, Truth

__all__ = [
    "Grains",
    "Kinetics",
    "Powder",
    "Truth",
    "dry",
    "fire",
    "fresh",
    "grind",
    "join",
    "mix",
    "stuck",
]
