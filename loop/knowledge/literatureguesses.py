"""A campaign's first guesses: the literature's answer within what its shelf holds."""

from math import exp

from campaigns.guesses import LiteratureGuesses
from campaigns.precursors import precursor_sets
from campaigns.spec import CampaignSpec
from loop.knowledge.literature import Literature
from loop.knowledge.literaturereports import precursor_amounts

N_DIGITS = 6
"""Digits kept of a probability: sums may differ in the last ones between computers."""


def guesses_for(spec: CampaignSpec, literature: Literature) -> LiteratureGuesses:
    """Return what the literature says of a campaign's target and precursor sets.

    Args:
        spec: The campaign; every set that it can make gets a probability.
        literature: A file, learned from.

    Raises:
        MaterialError: If no precursor set balances.
    """
    target = spec.target.formula
    slots, answer = literature.slots(target), literature.answer(target, top=1)
    scores = {}
    for found in precursor_sets(spec):
        known = {precursor_amounts(p.formula) for p in found.precursors}
        scores[found.label] = slots.log_score([k for k in known if k is not None])
    best = max(scores.values())
    shares = {label: exp(score - best) for label, score in scores.items()}
    total = sum(shares.values())
    return LiteratureGuesses(
        file=literature.name,
        file_sha256=literature.sha256,
        reports=literature.read.reports,
        sets={label: round(n / total, N_DIGITS) for label, n in shares.items()},
        celsius=answer.powder.celsius,
        hours=answer.powder.hours,
        atmospheres={
            gas: round(share, N_DIGITS)
            for gas, share in answer.powder.atmospheres.items()
        },
        citations=answer.citations,
    )
