"""What the hours of a load cost: loads compared by what they add for each.

A furnace that is taken for a day cannot fire three loads of eight hours. Divided by
hours alone, though, the cheapest load wins however little it adds, to the end of the
budget; so the power of the hours falls from 1 to 0 as the budget is spent.

Source:
    Lee, Perrone, Archambeau & Seeger, arXiv:2003.10870 (2020): "EI-cool", expected
    improvement over cost to the power of the share of the budget that is left.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from loop.propose.encoding import Encoder
from loop.propose.points import Points
from loop.propose.question import Question

LEAST_HOURS = 0.1
"""A load takes longer than this, whatever its recipe, h."""


@dataclass(frozen=True)
class Price:
    """Hours that loads keep a furnace, and how much they count."""

    hours: NDArray[np.float64]
    """Until the furnace is free again, one value a profile, h, shape n."""
    exponent: float
    """Power of the hours by which gains are divided, 0 to 1."""
    words: str
    """What loads are compared by."""

    def logarithms(self) -> Tensor:
        """Return the logarithm of each profile's price, the cheapest's being 0."""
        return torch.from_numpy(
            self.exponent * np.log(self.hours / self.hours.min())
        ).double()


def price_of(question: Question, encoder: Encoder) -> Price:
    """Return what the hours of the next load cost."""
    spec, site, trials = question.spec, question.site, question.trials
    firing_hours = encoder.furnace_hours(Points(question.pool.profiles))
    handling = site.handling_hours if site else 0.0
    n_furnaces = site.n_furnaces if site else 1
    hours = np.maximum(firing_hours + handling, LEAST_HOURS)
    value, budget = spec.loads.value, spec.budget
    available = None if budget.days is None else 24.0 * budget.days * n_furnaces
    if value == "auto":
        n_loads = budget.experiments / question.size
        is_scarce = available is not None and n_loads * hours.mean() > available
        value = "gain-per-hour" if is_scarce else "gain"
        why = (
            "the days of the budget would be spent before its experiments"
            if is_scarce
            else "no budget of days"
            if available is None
            else "the experiments of the budget would be spent before its days"
        )
    else:
        why = f'loads.value = "{value}"'
    if value == "gain":
        return Price(hours, 0.0, f"what they add, whatever their hours ({why})")
    used = len(trials) / budget.experiments
    if available is not None:
        fired = encoder.furnace_hours(Points([t.measured for t in trials])) + handling
        loads = dict(zip((t.load for t in trials), fired.tolist(), strict=True))
        used = max(used, sum(loads.values()) / available)
    left = float(np.clip(1.0 - used, 0.0, 1.0))
    return Price(
        hours,
        left,
        f"what they add, divided by their hours to the power {left:.2f}, the share of"
        f" the budget that is left ({why})",
    )
