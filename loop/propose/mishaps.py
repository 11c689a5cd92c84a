"""Syntheses that earlier campaigns made or failed to make, as points of this one."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from campaigns.earlier import EarlierCampaign, EarlierFailure, EarlierResult
from campaigns.recipe import Parameters
from campaigns.steps import FIRING_KINDS
from loop.propose.encoding import Encoder
from loop.propose.terms import Place


@dataclass(frozen=True)
class Tried:
    """Points of a campaign that were tried before it began."""

    made: tuple[Parameters, ...] = ()
    failed: tuple[Parameters, ...] = ()
    """Failed, or their powder was lost."""

    def words(self, label: str) -> str:
        """Say how often a set failed; nothing if it never did."""
        made, failed = (
            sum(point["precursors"] == label for point in points)
            for points in (self.made, self.failed)
        )
        if not failed:
            return ""
        return (
            f" Of {made + failed} earlier syntheses from this set {failed} failed or"
            " were lost, which counts against it."
        )


def tried(
    encoder: Encoder, campaigns: Sequence[EarlierCampaign], places: Mapping[str, Place]
) -> Tried:
    """Return what earlier campaigns tried that this one could try.

    Of the same target, from the reagents of one of its sets, in as many firings under
    gases that it knows. Temperatures and times may lie beyond its space.

    Args:
        encoder: Of the campaign that asks.
        campaigns: The earlier ones.
        places: Of the campaign's sets, by label.
    """
    labels = {frozenset(place.chemistry.moles): name for name, place in places.items()}
    same = [c for c in campaigns if c.target == encoder.spec.target.formula]

    def points(
        samples: Sequence[EarlierResult] | Sequence[EarlierFailure],
    ) -> Iterator[Parameters]:
        for sample in samples:
            label = labels.get(frozenset(sample.precursors))
            heated = _heated(encoder, sample)
            if label is not None and heated is not None:
                yield {"precursors": label, **heated}

    return Tried(
        tuple(point for one in same for point in points(one.results)),
        tuple(point for one in same for point in points(one.failures)),
    )


def _heated(
    encoder: Encoder, sample: EarlierResult | EarlierFailure
) -> Parameters | None:
    """Return a sample's holds as settings of this campaign's firings, in order.

    None where they do not fit.
    """
    steps = [step for step in encoder.spec.steps if step.kind in FIRING_KINDS]
    gases = encoder.gases()
    is_known = all(hold.atmosphere in gases for hold in sample.holds)
    if len(steps) != len(sample.holds) or not is_known:
        return None
    found: Parameters = {}
    for step, hold in zip(steps, sample.holds, strict=True):
        found[f"{step.label}.temperature_celsius"] = hold.celsius
        found[f"{step.label}.hold_hours"] = hold.hours
        found[f"{step.label}.atmosphere"] = hold.atmosphere
    return found
