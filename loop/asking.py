"""What a proposer is asked for the next load: the same when running and replaying."""

from campaigns.results import History, Proposal
from campaigns.spec import CampaignSpec
from instruments.labspec import LabSpec
from loop.propose.proposer import Proposer


def ask(
    proposer: Proposer,
    spec: CampaignSpec,
    lab: LabSpec,
    history: History,
    *,
    load: int,
) -> tuple[Proposal, ...]:
    """Return the samples of a load; equal arguments give equal proposals.

    As many are asked for as the largest furnace has places and the budget has
    experiments left, of doses that the lab can give.

    Args:
        proposer: Whom to ask.
        spec: The campaign.
        lab: The lab that fires the load.
        history: Every sample before the load.
        load: Load number, from 1.

    Raises:
        ProposalError: If no proposal can be made.
    """
    places = max(f.slots for f in lab.furnaces.values() if f.purpose == "fire")
    size = min(places, spec.budget.experiments - len(history.trials))
    least = min(doser.min_grams for doser in lab.dosers.values())
    most = max(doser.max_grams for doser in lab.dosers.values())
    history = history.model_copy(update={"dose_grams": (least, most)})
    return proposer.propose(spec, history, load=load, size=size, seed=spec.seed)
