"""What is known of a campaign's precursor sets, gathered into its encoder."""

from collections.abc import Sequence

from campaigns.precursors import PrecursorSet
from campaigns.spec import CampaignSpec
from loop.propose.doses import Doses
from loop.propose.encoding import KELVIN, Encoder, temperature_range
from loop.propose.ends import Ends, chemistry_at_ends
from loop.propose.features import Facts, SetChemistry, set_features
from loop.propose.space import SearchSpace


def chemistry_of(found: PrecursorSet) -> SetChemistry:
    """Return a precursor set's amounts per mole of target."""
    gases = {gas: float(n) for gas, n in found.reaction.gases.items()}
    moles = {
        precursor.formula: float(amount)
        for precursor, amount in zip(found.precursors, found.moles({}), strict=True)
    }
    return SetChemistry(found.label, str(found.target), moles, gases)


def encoder(
    spec: CampaignSpec,
    space: SearchSpace,
    sets: Sequence[PrecursorSet],
    facts: Facts,
) -> Encoder:
    """Return the encoder of a campaign."""
    chemistry = tuple(chemistry_of(found) for found in sets)
    limits = temperature_range(spec)
    coldest = limits[0] - KELVIN if limits else 25.0
    features = set_features(chemistry, coldest)
    reached = tuple(
        chemistry_at_ends(spec, found, one)
        for found, one in zip(sets, chemistry, strict=True)
    )
    ends = Ends(space.sites, reached, features.sources, coldest, facts)
    doses = Doses(spec, tuple(sets))
    return Encoder(spec, space, features, ends, doses, facts)
