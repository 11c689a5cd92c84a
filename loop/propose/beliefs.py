"""What is believed of the yield before any result: its rate law."""

from campaigns.goals import Objective
from campaigns.spec import CampaignSpec
from loop.propose.encoding import KELVIN, Encoder, temperature_range
from loop.propose.firstguesses import FirstGuesses
from loop.propose.means import RatePrior


def rated_of(spec: CampaignSpec) -> Objective | None:
    """Return the yield objective, which the rate law speaks of, if there is one."""
    wanted = (o for o in spec.objectives if o.measure == "yield")
    is_fired = temperature_range(spec) is not None
    return next((o for o in wanted if o.goal == "maximize" and is_fired), None)


def rate_prior(encoder: Encoder, literature: FirstGuesses | None) -> RatePrior | None:
    """Return what is believed of the rate law, None if nothing is fired.

    The user's range is taken to straddle the onset unless the literature tells better;
    the limit is where the target melts or decomposes if that is known, else a little
    above the range.

    Args:
        encoder: Of the campaign.
        literature: First guesses, none where no file was given.
    """
    limits = temperature_range(encoder.spec)
    if limits is None:
        return None
    low, high = limits
    width = max(high - low, 150.0)
    known = encoder.facts.melting_celsius(encoder.spec.target.formula)
    is_known = known is not None and known + KELVIN > low
    prior = RatePrior(
        onset_kelvin=high - 0.55 * width,
        onset_sd_kelvin=0.2 * width,
        limit_kelvin=known + KELVIN if known and is_known else high + 0.1 * width,
        limit_sd_kelvin=40.0 if is_known else 0.25 * width,
    )
    if literature is None:
        return prior
    return literature.rate_prior(prior, is_limit_known=is_known)
