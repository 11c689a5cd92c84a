"""Figures as the model sees them: scaled, and more is better."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from campaigns.spec import Objective, OutcomeConstraint
from loop.propose.outcomes import Metric, Observed

YIELD_SCALE = 0.3
"""One scaled unit of a weight share: what yields typically differ by."""
ANALYSIS_SD = 0.02
"""Least standard deviation taken for a measured share: the best weight fractions from
laboratory X-ray diffraction are good to 1 to 3 % (Madsen et al., J. Appl. Cryst. 34
(2001) 409)."""


@dataclass(frozen=True)
class Scaled:
    """A figure as the model sees it: `sign * (value - shift) / scale`."""

    label: str
    sign: float
    shift: float
    scale: float

    def to_model(self, value: Tensor) -> Tensor:
        """Return scaled values, more is better."""
        return self.sign * (value - self.shift) / self.scale

    def to_lab(self, value: Tensor) -> Tensor:
        """Return values in the figure's own unit."""
        return self.sign * value * self.scale + self.shift


@dataclass(frozen=True)
class Bound:
    """An outcome constraint: `sign * Y[figure] <= sign * at`, scaled."""

    figure: int
    at: float
    sign: float


def scale_of(
    metric: Metric, found: Observed, calculated: NDArray[np.float64] | None = None
) -> Scaled:
    """Return how a figure is scaled: shares by a constant, others by their spread.

    Args:
        metric: The figure.
        found: Its results.
        calculated: Values over all candidates, if they follow from the settings.
    """
    sign = -1.0 if metric.goal == "minimize" else 1.0
    if metric.label.split(":")[0] in {"yield", "impurity"}:
        return Scaled(metric.label, sign, 0.0, YIELD_SCALE)
    shift = float(found.mean.mean())
    spread = float((found.mean if calculated is None else calculated).std())
    return Scaled(metric.label, sign, shift, spread or max(abs(shift), 1.0) * 0.1)


def limits_of(objectives: Sequence[Objective], scales: dict[str, Scaled]) -> Tensor:
    """Return scaled best values possible: a share ends at 1 and at 0."""
    found = []
    for objective in objectives:
        if objective.label not in scales:
            continue
        is_share = objective.measure in {"yield", "impurity"}
        top = 1.0 if objective.goal == "maximize" else 0.0
        scaled = scales[objective.label].to_model(torch.tensor(top).double())
        found.append(scaled if is_share else torch.tensor(inf).double())
    return torch.stack(found)


def bounds_of(
    constraints: Sequence[OutcomeConstraint], scales: dict[str, Scaled]
) -> tuple[Bound, ...]:
    """Return outcome constraints, scaled; those on figures without results wait."""
    order = list(scales)
    found = []
    for bound in constraints:
        if bound.label not in scales:
            continue
        scaled = scales[bound.label]
        for limit, side in ((bound.at_least, -1.0), (bound.at_most, 1.0)):
            if limit is not None:
                at = float(scaled.to_model(torch.tensor(limit)))
                found.append(Bound(order.index(bound.label), at, side * scaled.sign))
    return tuple(found)


def reference_of(
    objectives: Sequence[Objective],
    scales: dict[str, Scaled],
    seen: dict[str, Tensor],
) -> Tensor:
    """Return scaled thresholds of the objectives that have results, `seen` by label.

    Where none is stated: a share of 0 for the yield, else a tenth of the observed
    range below the worst.
    """
    found = []
    for objective in objectives:
        if objective.label not in scales:
            continue
        scaled, Y = scales[objective.label], seen[objective.label]
        threshold = objective.threshold
        if threshold is None and objective.measure == "yield":
            threshold = 0.0 if scaled.sign > 0 else 1.0
        if threshold is not None:
            found.append(scaled.to_model(torch.tensor(threshold).double()))
        else:
            found.append(Y.min() - 0.1 * (Y.max() - Y.min()))
    return torch.stack(found)
