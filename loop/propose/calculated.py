"""Figures that follow from the settings of a firing, before anything is fired."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from campaigns.spec import Objective
from loop.propose.columns import CALCULATED
from loop.propose.means import Calculated
from loop.propose.scaling import Scaled


def known(scaled: Scaled) -> Calculated | None:
    """Return where a figure stands in X, None if it has to be learned."""
    if scaled.label not in CALCULATED:
        return None
    column, less = CALCULATED[scaled.label]
    slope = scaled.sign / scaled.scale
    return Calculated(column, less, slope, -slope * scaled.shift)


@dataclass(frozen=True)
class Figures:
    """What is calculated for every profile of a pool."""

    objectives: Sequence[Objective]
    physics: NDArray[np.float64]
    """Physics columns of each profile, `n x N_PHYSICS`."""

    def values(self, label: str) -> NDArray[np.float64] | None:
        """Return a figure for every profile, shape n; None if it is learned."""
        if label not in CALCULATED:
            return None
        column, less = CALCULATED[label]
        found: NDArray[np.float64] = self.physics[:, column] - less
        return found

    def ideal(
        self, limit: Tensor, scales: dict[str, Scaled], seen: dict[str, Tensor]
    ) -> Tensor:
        """Return scaled objectives as good as may be hoped for.

        What is possible; of calculated figures the best of any profile; else a scaled
        unit above the best result seen.
        """
        found = []
        labels = [o.label for o in self.objectives if o.label in scales]
        for top, label in zip(limit.tolist(), labels, strict=True):
            values = self.values(label)
            if top < inf:
                found.append(top)
            elif values is not None:
                scaled = scales[label].to_model(torch.from_numpy(values))
                found.append(float(scaled.max()))
            else:
                found.append(float(seen[label].max()) + 1.0)
        return torch.tensor(found, dtype=torch.float64)

    def within_thresholds(self, allowed: Tensor) -> Tensor:
        """Return the allowed candidates, `n x m`, of any use by calculated figures.

        All allowed ones where none is.
        """
        useful = allowed.clone()
        for objective in self.objectives:
            values = self.values(objective.label)
            if values is None or objective.threshold is None:
                continue
            sign = 1.0 if objective.goal == "maximize" else -1.0
            room = sign * (values - objective.threshold)
            useful &= torch.from_numpy(room >= 0).unsqueeze(-1)
        return useful if useful.any() else allowed

    def burden(self) -> Tensor:
        """Return what each profile costs in calculated objectives, in their spreads."""
        total = np.zeros(len(self.physics))
        for objective in self.objectives:
            values = self.values(objective.label)
            if values is not None and values.std() > 0:
                sign = -1.0 if objective.goal == "maximize" else 1.0
                total += sign * values / values.std()
        return torch.from_numpy(total)
