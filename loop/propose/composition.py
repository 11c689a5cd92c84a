"""Figures asked for, composed from what is modelled.

The cost of a gram obtained is the price of its precursors, which follows from the
recipe, over the share of them that became target. Only the share is learned, as the
yield: what one set teaches of it prices every other, and cost and yield of a candidate
go together.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from campaigns.results import Trial
from loop.propose.scaling import Scaled

COST, PRICE, SHARE = "cost", "price", "yield"
LEAST_SHARE = 0.01
"""Share of target below which a cost is not told apart, as in the scores."""
TELLING = 0.1
"""Least yield of the samples that tell what is obtained: below, errors rule."""


@dataclass(frozen=True)
class Composition:
    """From the model's outputs to figures, both scaled and more is better."""

    figures: tuple[Scaled, ...]
    """As asked for: objectives first, then bounded figures."""
    outputs: tuple[Scaled, ...]
    """As modelled."""
    obtained: float = 1.0
    """Grams of target for each gram expected at a yield of 1."""

    def __call__(self, outputs: Tensor) -> Tensor:
        """Return figures, shape `... x n_figures`, from outputs, `... x n_outputs`."""
        return torch.stack([self._figure(f, outputs) for f in self.figures], dim=-1)

    def moments(self, mean: Tensor, sd: Tensor) -> tuple[Tensor, Tensor]:
        """Return means and deviations of figures from those of outputs, by row."""
        middle = self(mean)
        moved = sd * torch.tensor([float(o.label != PRICE) for o in self.outputs])
        return middle, (self(mean + moved) - self(mean - moved)).abs() / 2

    def _figure(self, figure: Scaled, outputs: Tensor) -> Tensor:
        names = [one.label for one in self.outputs]
        if figure.label in names:
            return outputs[..., names.index(figure.label)]
        share, price = (
            self.outputs[names.index(name)].to_lab(outputs[..., names.index(name)])
            for name in (SHARE, PRICE)
        )
        return figure.to_model(price / (self.obtained * share.clamp(LEAST_SHARE, 1.0)))


def is_composed(label: str, known: Sequence[str]) -> bool:
    """Return whether a figure is composed, given those that have results."""
    return label == COST and SHARE in known


def obtained_of(trials: Sequence[Trial], prices: Sequence[float]) -> float:
    """Return grams of target obtained for each expected at a yield of 1.

    What was not weighed, or is amorphous, makes it less than 1. One sample is taken to
    have said 1 before any other.

    Args:
        trials: Scored samples.
        prices: Price of the precursors of each per gram of target expected.
    """
    said = [
        price / (trial.scores[COST].mean * trial.scores[SHARE].mean)
        for trial, price in zip(trials, prices, strict=True)
        if COST in trial.scores
        and SHARE in trial.scores
        and trial.scores[SHARE].mean >= TELLING
        and trial.scores[COST].mean > 0
    ]
    return (1.0 + sum(said)) / (1.0 + len(said))
