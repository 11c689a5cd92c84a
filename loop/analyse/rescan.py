"""Whether a second, longer scan of a sample would change what is decided about it.

A longer scan lowers counting noise and nothing else: model error (texture, grains)
stays as it is. So it is worth its time where counting noise, or the doubt between sets
of phases that rests on it, is as large as what separates the sample from a limit.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from campaigns.fit import Fit
from campaigns.results import Identification
from loop.analyse.detection import counting_variance, limits_of_detection
from loop.analyse.references import Reference
from loop.analyse.verdict import shares

LEAST_WORTH = 0.002
"""Expected gain in the target's share that is worth a longer scan, weight share.
Source: a choice; two samples of one recipe differ by more."""
NOISY_GOF = 2.0
"""Up to this goodness of fit at least a quarter of the misfit is counting noise."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a scan is to decide about a sample."""

    target: tuple[str, ...]
    """Phases that count as target."""
    limits: tuple[float, ...]
    """Shares of the target, 0 to 1, on which side of which the sample lies matters; at
    least one."""
    best: float | None = None
    """The highest share among samples of earlier loads, None before any."""
    impurities: tuple[str, ...] = ()
    """Phases that an objective or a constraint asks about."""
    suspects: tuple[str, ...] = ()
    """Phases that a sample better than all before should be free from."""
    saved: float = 0.75
    """Share of the counting variance that the longer scan takes away: 1 less the ratio
    of the lengths."""


def reason_for_longer(
    found: Identification,
    fit: Fit,
    question: Question,
    *,
    references: Sequence[Reference],
    wavelength: float,
) -> str:
    """Return why a longer scan would change the decision; empty if it would not.

    Args:
        found: The result of the first scan.
        fit: Its fit.
        question: What is to be decided.
        references: The candidates of that result.
        wavelength: K-alpha1, angstrom.
    """
    if not found.is_usable:
        if found.gof <= NOISY_GOF:
            return f"not usable, and noise is most of the misfit (GOF {found.gof:.1f})"
        return ""
    known = shares(found, question.target)
    noise = counting_variance(found, fit, question.target)
    doubt = known.doubt * min(1.0, 1.0 / found.gof**2)
    moves = math.sqrt(question.saved * (noise + doubt))
    best = () if question.best is None else (question.best,)
    for limit in (*question.limits, *best):
        if expected_gain(known.target - limit, moves) > LEAST_WORTH:
            cause = "ambiguous" if doubt > noise else "few counts"
            return (
                f"{cause}: the target's share of {known.target:.1%} may move by "
                f"{moves:.1%} and cross {limit:.1%}"
            )
    limits = limits_of_detection(found, fit, references, wavelength=wavelength)
    hidden = _hidden(found, question, limits)
    listed = ", ".join(f"{name} below {limit:.1%}" for name, limit in hidden)
    return f"could not be seen: {listed}" if hidden else ""


def expected_gain(distance: float, sd: float) -> float:
    """Return what is gained, on average, by knowing a share more closely.

    Args:
        distance: From the limit that decides, weight share.
        sd: Standard deviation by which closer knowledge would move it, weight share.

    Source:
        Expected value of sample information of a two-way decision with a normal
        preposterior mean, s (phi(z) - z Phi(-z)) with z = distance / s: Raiffa &
        Schlaifer, Applied Statistical Decision Theory (1961).
    """
    if sd <= 0.0:
        return 0.0
    z = abs(distance) / sd
    density = math.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
    return max(0.0, sd * (density - 0.5 * z * math.erfc(z / math.sqrt(2.0))))


def _hidden(
    found: Identification, question: Question, limits: dict[str, float]
) -> list[tuple[str, float]]:
    """Return phases of interest that may hide, with the share that this scan can show.

    Named only where the longer scan shows less by what is worth it. In a sample better
    than all before it must also be more than the error of the target's share: else
    nothing follows from the better limit.
    """
    known = shares(found, question.target)
    worth = dict.fromkeys(question.impurities, LEAST_WORTH)
    if known.target > max(*question.limits, question.best or 0.0):
        least = max(LEAST_WORTH, math.sqrt(known.variance))
        worth = dict.fromkeys(question.suspects, least) | worth
    shrinks = 1.0 - math.sqrt(1.0 - question.saved)
    hidden = [
        (name, limits[name])
        for name, least in sorted(worth.items())
        if limits.get(name, 0.0) * shrinks > least
    ]
    return sorted(hidden, key=lambda pair: -pair[1])
