"""Whether a sample is what was wanted: made, not made, or not to be said."""

import math
from dataclasses import dataclass

from campaigns.results import Identification, Verdict
from campaigns.spec import CampaignSpec
from loop.analyse.quantify import AMORPHOUS, UNKNOWN

LARGE_UNKNOWN = 0.1
"""Unknown share above which it is counted for and against the target. Source: assumed;
a phase of this share is no trace."""
LARGE_AMORPHOUS = 0.2
"""Amorphous share above which crystals do not speak for the powder. Source: assumed;
powders with 20 % may show no hump at all."""
COMPARABLE = 0.2
"""Probability from which another set of phases is as good an explanation."""


@dataclass(frozen=True, slots=True)
class Shares:
    """Weight shares of the crystalline part, 0 to 1."""

    target: float
    variance: float
    """Of `target`: model, counting and hypotheses together."""
    of_hypotheses: tuple[tuple[float, float], ...]
    """(probability, target's share) of each set of phases; one at least."""

    @property
    def doubt(self) -> float:
        """Return the variance between the sets of phases."""
        mean = sum(p * share for p, share in self.of_hypotheses)
        return sum(p * (share - mean) ** 2 for p, share in self.of_hypotheses)

    def probability_above(self, limit: float, *, shift: float = 0.0) -> float:
        """Return the probability that the share, moved by `shift`, is above a limit.

        Each set of phases counts with its own share; what is left of the variance is
        taken as normal about it.
        """
        within = math.sqrt(max(self.variance - self.doubt, 1e-8))
        return sum(
            p * 0.5 * math.erfc((limit - share - shift) / within / math.sqrt(2.0))
            for p, share in self.of_hypotheses
        )


def shares(found: Identification, target: tuple[str, ...]) -> Shares:
    """Return the target's share of the crystalline part, and how far it is known.

    Args:
        found: The identification.
        target: Phases that count as target.

    Source:
        Variance by the delta method, g' C g with the gradient of a ratio.
    """
    fractions = found.fractions
    is_crystal = [name not in (UNKNOWN, AMORPHOUS) for name in fractions.phases]
    is_target = [name in target for name in fractions.phases]
    crystal = sum(m for m, yes in zip(fractions.mean, is_crystal, strict=True) if yes)
    wanted = sum(m for m, yes in zip(fractions.mean, is_target, strict=True) if yes)
    if crystal <= 0.0:
        return Shares(0.0, 0.25, ((1.0, 0.0),))
    share = wanted / crystal
    gradient = [
        (t - share * c) / crystal for t, c in zip(is_target, is_crystal, strict=True)
    ]
    variance = sum(
        a * b * fractions.covariance[i][j]
        for i, a in enumerate(gradient)
        for j, b in enumerate(gradient)
    )
    sets = tuple(
        (one.probability, sum(one.weights.get(name, 0.0) for name in target))
        for one in found.hypotheses
    )
    return Shares(share, max(variance, 0.0), sets or ((1.0, share),))


def judge(
    spec: CampaignSpec, found: Identification, target: tuple[str, ...]
) -> Verdict:
    """Say whether the target was made, or why that is withheld.

    Made, or not, is said where the share of the crystalline part is on one side of
    `made_at_least` with `made_confidence`, also if every look-alike and a large
    unknown part were counted against that answer.

    Args:
        spec: Says from which share, and how surely.
        found: The identification.
        target: Phases that count as target.
    """
    known, limit = shares(found, target), spec.target.made_at_least
    probability = known.probability_above(limit)

    def verdict(says: str, reason: str) -> Verdict:
        return Verdict.model_validate(
            {
                "says": says,
                "share": min(1.0, max(0.0, known.target)),
                "probability": min(1.0, max(0.0, probability)),
                "reason": reason,
            }
        )

    if not found.is_usable:
        why = found.quality[0] if found.quality else "poor fit"
        return verdict("withheld", f"the identification is not usable ({why})")
    against, favour = _movable(found, target)
    lost = sum(share for share, _ in against)
    won = sum(share for share, _ in favour)
    is_made = probability >= spec.target.made_confidence
    is_not_made = probability <= 1.0 - spec.target.made_confidence
    sigma = math.sqrt(known.variance)
    if is_made and known.probability_above(limit, shift=-lost) < 0.5:
        return verdict("withheld", _sentence(against))
    if is_not_made and known.probability_above(limit, shift=won) > 0.5:
        return verdict("withheld", _sentence(favour))
    if is_made and found.fractions.of(AMORPHOUS) > LARGE_AMORPHOUS:
        share = found.fractions.of(AMORPHOUS)
        return verdict("withheld", f"{share:.0%} of the powder may be amorphous")
    words = f"{known.target:.0%} ± {sigma:.0%} of the crystalline part is target"
    if is_made or is_not_made:
        return verdict("made" if is_made else "not made", words)
    return verdict("withheld", f"{words}: too near to {limit:.0%}")


Movable = tuple[tuple[float, str], ...]
"""(share of the crystalline part, why it may be something else)."""


def _movable(found: Identification, target: tuple[str, ...]) -> tuple[Movable, Movable]:
    """Return what may be no target though counted as it, and the other way round."""
    fractions = found.fractions
    outside = fractions.of(UNKNOWN) + fractions.of(AMORPHOUS)
    crystal = max(1e-9, 1.0 - outside)
    against, favour = [], []
    for phase, others in sorted(found.alternatives.items()):
        share = fractions.of(phase) / crystal
        if phase in target:
            rivals = [name for name in others if name not in target]
            against += [(share, f"{phase} may be {rivals[0]}")] if rivals else []
        else:
            rivals = [name for name in others if name in target]
            favour += [(share, f"{phase} may be {rivals[0]}")] if rivals else []
    unknown = fractions.of(UNKNOWN)
    if unknown > LARGE_UNKNOWN:
        # Counted as crystals: against the target its share shrinks, for it it grows.
        held = sum(fractions.of(name) for name in target)
        share = unknown / (crystal + unknown)
        words = f"{unknown:.0%} of the scattering is unknown"
        against.append((held / crystal * share, words))
        favour.append(((1.0 - held / crystal) * share, words))
    return tuple(against), tuple(favour)


def _sentence(movable: Movable) -> str:
    return "; ".join(why for _, why in sorted(movable, reverse=True))


def twins_of_target(found: Identification, target: tuple[str, ...]) -> tuple[str, ...]:
    """Return the phases that stand for the target in an equally good set of phases.

    Sets are compared with the best one, where their probability is comparable.
    """
    if not found.hypotheses:
        return ()
    best, wanted = set(found.hypotheses[0].weights), set(target)
    twins: list[str] = []
    for other in found.hypotheses[1:]:
        gone, new = best - set(other.weights), set(other.weights) - best
        if other.probability < COMPARABLE or bool(gone & wanted) == bool(new & wanted):
            continue
        twins += sorted((new if gone & wanted else gone) - wanted)
    return tuple(dict.fromkeys(twins))
