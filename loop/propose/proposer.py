"""Proposers by name. Importing this module loads no PyTorch."""

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from campaigns.earlier import EarlierCampaign
from campaigns.guesses import LiteratureGuesses
from campaigns.pathways import LearnedPathways
from campaigns.results import History, Proposal
from campaigns.spec import CampaignSpec
from loop.errors import ProposalError
from loop.propose.baselines import BASELINES
from loop.propose.facts import TabledFacts
from loop.propose.features import Facts
from loop.propose.question import Point, Question
from loop.propose.seats import fill_load
from loop.propose.site import Site

NAMES = ("athanor", "random", "sobol", "best-temperature")


class Proposer(Protocol):
    """From a campaign's history to the next furnace load."""

    @property
    def name(self) -> str:
        """Return the name under which it is asked for."""

    def propose(
        self,
        spec: CampaignSpec,
        history: History,
        *,
        load: int,
        size: int,
        seed: int,
        site: Site | None = None,
    ) -> tuple[Proposal, ...]:
        """Return the samples of a load; equal arguments give equal proposals.

        All samples share the settings of firing steps and `regrinds`. Trials of status
        `pending` are on their way and are not proposed again; those of this load fix
        its profile.

        Args:
            spec: The campaign.
            history: Every trial so far.
            load: Load number, from 1.
            size: Samples wanted, at most as many as the furnace has places, 1 or more.
            seed: Campaign seed.
            site: The furnace, within whose limits and rules of safety the load stays;
                None where any will do.

        Raises:
            ProposalError: If no proposal can be made.
            ExhaustedError: If no candidate is left beside those on their way.
            MaterialError: If no precursor set balances.
        """


@dataclass(frozen=True)
class AthanorProposer:
    """Gaussian processes on chemistry, loads chosen whole; see `athanor`."""

    facts: Facts = field(default_factory=TabledFacts)
    literature: LiteratureGuesses | None = None
    """First guesses; None where no file was given."""
    earlier: tuple[EarlierCampaign, ...] = ()
    """Results of earlier campaigns."""
    learned: LearnedPathways | None = None
    """Expected pathways of the sets; None where no file was given."""
    name: str = "athanor"

    def propose(
        self,
        spec: CampaignSpec,
        history: History,
        *,
        load: int,
        size: int,
        seed: int,
        site: Site | None = None,
    ) -> tuple[Proposal, ...]:
        """Return the next load; see `Proposer`."""
        with _quiet():
            from loop.propose.athanor import athanor_points

        def choose(question: Question) -> Sequence[Point]:
            return athanor_points(
                question, self.facts, self.literature, self.earlier, self.learned
            )

        return fill_load(
            choose, spec, history, load=load, size=size, seed=seed, site=site
        )


def make_proposer(
    name: str,
    *,
    facts: Facts | None = None,
    literature: LiteratureGuesses | None = None,
    earlier: Sequence[EarlierCampaign] = (),
    learned: LearnedPathways | None = None,
) -> Proposer:
    """Return a proposer by name.

    Args:
        name: One of `NAMES`.
        facts: Cited facts for `athanor`, those of the project's tables if None; the
            other proposers use none.
        literature: First guesses for `athanor`.
        earlier: Results of earlier campaigns for `athanor`.
        learned: Expected pathways for `athanor`.

    Raises:
        ProposalError: If the name is not known, or that proposer uses no literature,
            earlier results or pathways.
    """
    proposers: dict[str, Proposer] = {
        "athanor": AthanorProposer(
            TabledFacts() if facts is None else facts,
            literature,
            tuple(earlier),
            learned,
        ),
        **{baseline.name: baseline for baseline in BASELINES},
    }
    if name not in proposers:
        raise ProposalError(
            f"proposer: found {name!r}; allowed: {', '.join(NAMES)}; choose one"
        )
    for option, given in (
        ("--literature", literature), ("--earlier", earlier), ("--learned", learned),
    ):  # fmt: skip
        if given and name != "athanor":
            raise ProposalError(
                f"{option}: found the proposer {name}; allowed: athanor; the others"
                " know no chemistry: leave one of the two out"
            )
    return proposers[name]


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what Ax and PyTorch announce on import off the terminal."""
    disabled = logging.root.manager.disable
    logging.disable(logging.INFO)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            yield
    finally:
        logging.disable(disabled)
