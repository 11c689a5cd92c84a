"""What a proposer is asked, and what it answers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from campaigns.precursors import PrecursorSet
from campaigns.recipe import Parameters
from campaigns.results import DecisionRecord, Trial, Veto
from campaigns.spec import CampaignSpec
from loop.propose.company import Company
from loop.propose.doses import Doses
from loop.propose.pool import Pool
from loop.propose.site import Site
from loop.propose.space import SearchSpace


@dataclass(frozen=True)
class Question:
    """What a proposer is asked: some points that share a furnace profile."""

    spec: CampaignSpec
    space: SearchSpace
    sets: tuple[PrecursorSet, ...]
    trials: tuple[Trial, ...]
    """Usable history: scored, failed or pending, of sets that the campaign has."""
    pool: Pool
    """Candidates; those tried or on their way are not allowed."""
    load: int
    size: int
    """Distinct points wanted, 1 or more."""
    seed: int
    history_sha256: str
    doses: Doses
    vetoes: tuple[Veto, ...]
    site: Site | None
    """The furnace; None where any will do."""
    company: Company
    """Who may share it."""

    def barred(self, profile: int, taken: Sequence[int], place: int) -> list[int]:
        """Return the places that may not join a load, none if this one may.

        Args:
            profile: Number of the load's profile in the pool.
            taken: Places of the profile that are in the load.
            place: The one that would join; those of its set go with it.
        """
        samples = self.pool.samples_at(profile)
        own = samples[place]
        group = [samples[j] for j in taken]
        if not self.company.objection(self.pool.profiles[profile], group, own):
            return []
        return [
            j for j, other in enumerate(samples)
            if other["precursors"] == own["precursors"]
        ]  # fmt: skip

    @property
    def scored(self) -> tuple[Trial, ...]:
        """Return trials with results."""
        return tuple(t for t in self.trials if t.status == "scored")


@dataclass(frozen=True)
class Point:
    """A chosen point and why."""

    parameters: Parameters
    decision: DecisionRecord


Chooser = Callable[[Question], Sequence[Point]]
"""Returns at most `size` allowed points of one profile, at least one.

Raises ExhaustedError where none may join those that have a place already."""
