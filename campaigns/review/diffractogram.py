"""View model of a fitted pattern: what the report and pictures in files draw."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from campaigns import labels
from campaigns.fit import Fit
from instruments.quantities import Floats

LEAST_DIFFERENCE = 0.27
"""Height of the panel of differences, at least, as a share of the pattern's."""
HEADROOM = 1.04
"""Height of the panels over the highest point in them."""


@dataclass(frozen=True, slots=True, eq=False)
class PhaseCurve:
    """One phase of the fit."""

    label: str
    weight: str
    """Weight share and its standard deviation in words; empty if not known."""
    counts: Floats
    """Its own counts, background excluded; shape n."""
    height: Floats
    """Its counts over the background, as drawn; shape n."""
    ticks: Floats
    """Fitted K-alpha1 positions, degrees."""

    @property
    def caption(self) -> str:
        """Return name and weight on one line."""
        return f"{self.label}  {self.weight}" if self.weight else self.label


@dataclass(frozen=True, slots=True, eq=False)
class Diffractogram:
    """A fitted pattern as it is drawn; curves of one length n."""

    title: str
    remarks: tuple[str, ...]
    """Short lines beside the pattern, such as Rwp."""
    is_root: bool
    """Heights are square roots of counts."""
    two_theta: Floats
    observed: Floats
    calculated: Floats
    background: Floats
    difference: Floats
    """Observed less calculated, on the axis of the pattern."""
    phases: tuple[PhaseCurve, ...]
    """The most plentiful first, where weights are known."""

    @property
    def quantity(self) -> str:
        """Return what the vertical axis shows."""
        return "√ counts" if self.is_root else "Counts"

    @property
    def pattern_range(self) -> tuple[float, float]:
        """Return the ends of the pattern's axis."""
        highest = max(float(self.observed.max()), float(self.calculated.max()))
        lowest = float(self.observed.min()) if self.is_root else 0.0
        return (2.0 - HEADROOM) * lowest, HEADROOM * max(highest, 1.0)

    @property
    def difference_range(self) -> tuple[float, float]:
        """Return the ends of the axis of differences.

        A difference is drawn as long as the same counts in the pattern.
        """
        low = HEADROOM * min(float(self.difference.min()), 0.0)
        high = HEADROOM * max(float(self.difference.max()), 0.0)
        bottom, top = self.pattern_range
        spare = max(LEAST_DIFFERENCE * (top - bottom) - (high - low), 0.0) / 2.0
        return low - spare, high + spare

    @property
    def difference_share(self) -> float:
        """Return the height of the differences' panel over that of the pattern's."""
        (low, high), (bottom, top) = self.difference_range, self.pattern_range
        return (high - low) / (top - bottom)


def diffractogram(
    fit: Fit,
    *,
    title: str = "",
    remarks: tuple[str, ...] = (),
    weights: Mapping[str, tuple[float, float]] | None = None,
    is_root: bool = False,
    name: Callable[[str], str] = labels.chemical,
) -> Diffractogram:
    """Return what is drawn of a fit.

    Args:
        fit: Observed and calculated counts.
        title: Heading; none if empty.
        remarks: Short lines to stand beside the pattern.
        weights: Phase to weight share and standard deviation, 0 to 1.
        is_root: Draw square roots of counts: counting noise is then as high
            everywhere, and weak lines are seen beside strong ones.
        name: How a phase's name is written.
    """
    drawn = _root if is_root else _plain
    observed, calculated = drawn(fit.observed), drawn(fit.calculated)
    known = weights or {}
    return Diffractogram(
        title=title,
        remarks=remarks,
        is_root=is_root,
        two_theta=fit.two_theta,
        observed=observed,
        calculated=calculated,
        background=drawn(fit.background),
        difference=observed - calculated,
        phases=tuple(
            PhaseCurve(
                label=name(phase),
                weight=_share(*known[phase]) if phase in known else "",
                counts=counts,
                height=drawn(fit.background + counts),
                ticks=fit.ticks.get(phase, np.empty(0)),
            )
            for phase, counts in sorted(
                fit.phases.items(), key=lambda item: -known.get(item[0], (0.0,))[0]
            )
        ),
    )


def _share(mean: float, sd: float) -> str:
    return f"{labels.with_sd(100 * mean, 100 * sd)} wt%"


def _plain(counts: Floats) -> Floats:
    return counts


def _root(counts: Floats) -> Floats:
    root: Floats = np.sqrt(np.maximum(counts, 0.0))
    return root
