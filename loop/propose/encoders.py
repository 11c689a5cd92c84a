"""What is known of a campaign's precursor sets, gathered into its encoder."""

from collections.abc import Sequence
from dataclasses import replace

from campaigns.pathways import LearnedPathways
from campaigns.precursors import PrecursorSet
from campaigns.spec import CampaignSpec
from loop.propose.doses import Doses
from loop.propose.encoding import KELVIN, Encoder, temperature_range
from loop.propose.ends import Ends, chemistry_at_ends
from loop.propose.features import Facts, SetChemistry, set_features
from loop.propose.pathways import Pathways
from loop.propose.space import SearchSpace


def chemistry_of(
    found: PrecursorSet, facts: Facts, limits: tuple[float, float]
) -> SetChemistry:
    """Return a precursor set's amounts per mole of target, and what its powders are.

    Args:
        found: The set.
        facts: What is known of matter.
        limits: Lowest and highest temperature searched, degrees Celsius.
    """
    gases = {gas: float(n) for gas, n in found.reaction.gases.items()}
    moles = {
        precursor.formula: float(amount)
        for precursor, amount in zip(found.precursors, found.moles({}), strict=True)
    }
    known = {text: facts.powder(text, *limits) for text in moles}
    return SetChemistry(
        found.label,
        str(found.target),
        moles,
        gases,
        {text: powder for text, powder in known.items() if powder is not None},
        {p.formula: p.particle_micrometres for p in found.precursors},
    )


def encoder(
    spec: CampaignSpec,
    space: SearchSpace,
    sets: Sequence[PrecursorSet],
    facts: Facts,
    learned: LearnedPathways | None = None,
) -> Encoder:
    """Return the encoder of a campaign; `learned` is what it was told of its sets."""
    limits = temperature_range(spec)
    coldest, hottest = (k - KELVIN for k in limits) if limits else (25.0, 25.0)
    chemistry = tuple(chemistry_of(s, facts, (coldest, hottest)) for s in sets)
    pathways = None if learned is None else Pathways(learned)
    if pathways is not None:
        chemistry = tuple(
            replace(one, pathway=pathways.descriptors(one.label)) for one in chemistry
        )
    features = set_features(chemistry, coldest)
    reached = tuple(
        chemistry_at_ends(spec, found, one)
        for found, one in zip(sets, chemistry, strict=True)
    )
    ends = Ends(space.sites, reached, features.sources, coldest, facts)
    doses = Doses(spec, tuple(sets))
    return Encoder(spec, space, features, ends, doses, facts, pathways=pathways)
