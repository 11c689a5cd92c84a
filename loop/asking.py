"""What a proposer is asked for the next load: the same when running and replaying."""

from campaigns.furnaces import firing_furnaces
from campaigns.materials.phases import PhaseTable
from campaigns.precursors import gaps, precursor_sets
from campaigns.recipe import Recipe
from campaigns.results import History, Proposal
from campaigns.safety.facts import setting_of
from campaigns.spec import CampaignSpec
from campaigns.synthesis import build_recipe
from instruments.labspec import LabSpec
from loop.plan.firing import firing_seconds
from loop.plan.scheduler import schedule
from loop.plan.tasks import Sample, plan_load
from loop.propose.proposer import Proposer
from loop.propose.site import Site
from loop.propose.space import search_space


def ask(
    proposer: Proposer,
    spec: CampaignSpec,
    lab: LabSpec,
    table: PhaseTable,
    history: History,
    *,
    load: int,
    furnace: str,
) -> tuple[Proposal, ...]:
    """Return the samples of a load; equal arguments give equal proposals.

    As many are asked for as the furnace has places and the budget has experiments
    left, of doses that the lab can give.

    Args:
        proposer: Whom to ask.
        spec: The campaign.
        lab: The lab that fires the load.
        table: Known phases, for the rules of safety.
        history: Every sample before the load.
        load: Load number, from 1.
        furnace: Where it is fired.

    Raises:
        ProposalError: If no proposal can be made.
    """
    places = lab.furnaces[furnace].slots
    size = min(places, spec.budget.experiments - len(history.trials))
    site = site_of(spec, lab, table, furnace=furnace, size=size)
    least = min(doser.min_grams for doser in lab.dosers.values())
    most = max(doser.max_grams for doser in lab.dosers.values())
    history = history.model_copy(update={"dose_grams": (least, most)})
    return proposer.propose(
        spec, history, load=load, size=size, seed=spec.seed, site=site
    )


def site_of(
    spec: CampaignSpec, lab: LabSpec, table: PhaseTable, *, furnace: str, size: int
) -> Site:
    """Return a furnace as a proposer sees it.

    Args:
        spec: The campaign.
        lab: The lab.
        table: Known phases, for the rules of safety.
        furnace: Its name.
        size: Samples of a load, whose handling is timed.
    """
    site = Site(
        lab.furnaces[furnace],
        setting_of(lab, furnace, table),
        n_furnaces=len(firing_furnaces(spec, lab)),
    )
    recipe = _some_recipe(spec, site)
    samples = [Sample(f"S{i:04d}", i, i, recipe) for i in range(1, size + 1)]
    seconds = schedule(plan_load(load=1, samples=samples, lab=lab, furnace=furnace))
    fired = sum(firing_seconds(f, lab.furnaces[furnace]) for f in recipe.firings)
    return Site(
        site.furnace,
        site.safety,
        site.n_furnaces,
        handling_hours=(seconds.seconds - fired) / 3600.0,
    )


def _some_recipe(spec: CampaignSpec, site: Site) -> Recipe:
    """Return any recipe of the campaign that the furnace can fire."""
    sets = precursor_sets(spec)
    space = site.narrowed(spec, search_space(spec, [found.label for found in sets]))
    if space.candidates:
        return build_recipe(spec, space.candidates[0])
    some = {s.name: s.values[0] if s.values else s.low for s in space.shared}
    whole = next((s for s in sets if not gaps(spec, s)), sets[0])
    own = {**space.middle(), "precursors": whole.label}
    return build_recipe(spec, space.trimmed({**own, **some}))
