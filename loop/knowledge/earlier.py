"""What earlier campaigns found out, read from their databases or learned files."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np

from campaigns.earlier import (
    EarlierCampaign,
    EarlierFailure,
    EarlierHold,
    EarlierResult,
)
from campaigns.errors import SpecError
from campaigns.history import OUTCOMES
from campaigns.ledger import Ledger
from campaigns.materials.formula import Formula
from campaigns.materials.phases import PhaseTable
from campaigns.reagents import cations
from campaigns.store import Store
from loop.knowledge.pairwise_file import Hold, Observation, read_learned
from loop.knowledge.pairwise_history import (
    NO_PHASE,
    holds_of,
    moles_of,
    observations,
)

SQLITE = b"SQLite format 3\x00"
DIGITS = 9
"""Digits kept of shares: sums may differ in the last ones between computers."""


def read_earlier(
    files: Iterable[Path], *, is_real: bool, table: PhaseTable
) -> tuple[EarlierCampaign, ...]:
    """Return each campaign of some files once, in the order of the files.

    Args:
        files: Campaign databases, running or ended, or files of `athanor learn`.
        is_real: Whether the campaign that asks runs on real matter.
        table: Formulas of the phases.

    Raises:
        SpecError: If a file teaches nothing, or of another kind of matter.
        StoreError: If a database cannot be read.
        LearnedFileError: If a learned file cannot be read.
        FileNotFoundError: If there is no such file.
    """
    found: dict[str, EarlierCampaign] = {}
    for file in files:
        campaigns = list(_campaigns(file, table))
        if not campaigns:
            raise SpecError.single(
                "--earlier", f"{file}: no scored sample", "a campaign with results",
                "leave it out, or wait for its first scores",
            )  # fmt: skip
        for campaign in campaigns:
            if (campaign.mode == "real") != is_real:
                raise SpecError.single(
                    "--earlier",
                    f"{file}: campaign {campaign.name} on a {campaign.mode} lab",
                    "real campaigns for a real one, simulated for a simulated one",
                    "leave it out: a simulated world has a chemistry of its own",
                )
            found[campaign.campaign] = campaign
    return tuple(found.values())


def _campaigns(file: Path, table: PhaseTable) -> Iterator[EarlierCampaign]:
    with file.open("rb") as opened:
        is_database = opened.read(len(SQLITE)) == SQLITE
    if is_database:
        with Store.open(file) as store:
            target = store.spec.target
            named = target.phases
            if target.solid_solution is not None:
                named = (*named, target.solid_solution.phase)
            found, failures = observations(store), _failures(store)
        if found:
            phases = set(named) or _target_rows(found[0], table)
            yield _campaign(file, found, phases, failures)
        return
    for _, group in groupby(read_learned(file), key=lambda one: one.campaign):
        rows = tuple(group)
        yield _campaign(file, rows, _target_rows(rows[0], table))


def _failures(store: Store) -> tuple[EarlierFailure, ...]:
    """Return the samples whose synthesis failed or whose powder was lost."""
    ledger, spec = Ledger(), store.spec
    ledger.take(store.events())
    found = []
    for sample, ended in sorted(ledger.held.items()):
        if ended.status not in OUTCOMES:
            continue
        recipe = ledger.recipe(sample)
        grams = ledger.dosed_grams(sample) or recipe.grams
        target = recipe.target or spec.target.formula
        found.append(
            EarlierFailure.model_validate(
                {
                    "sample": sample,
                    "status": ended.status,
                    "precursors": moles_of(spec, grams, target),
                    "holds": _holds(holds_of(ledger, sample)),
                }
            )
        )
    return tuple(found)


def _target_rows(of: Observation, table: PhaseTable) -> set[str]:
    """Return the phases that count as a target of which only the formula is told.

    Those of its formula, and of several cations those of another oxygen content.
    """
    target = Formula.parse(of.target)
    names = set(of.phases) | {row.name for row in table.by_formula(target)}
    return {name for name in names if name in table and _is_target(name, target, table)}


def _is_target(name: str, target: Formula, table: PhaseTable) -> bool:
    formula = table[name].formula
    if formula.reduced == target.reduced:
        return True
    ours, theirs = _ratios(target), _ratios(formula)
    is_of_same_elements = formula.elements == target.elements
    return len(ours) > 1 and is_of_same_elements and ours == theirs


def _ratios(formula: Formula) -> dict[str, object]:
    """Return each cation's amount against the first one's."""
    elements = sorted(cations(formula))
    return {e: formula.amount(e) / formula.amount(elements[0]) for e in elements}


def _campaign(
    file: Path,
    found: Sequence[Observation],
    phases: set[str],
    failures: tuple[EarlierFailure, ...] = (),
) -> EarlierCampaign:
    first = found[0]
    return EarlierCampaign(
        name=first.name,
        file=file.name,
        campaign=first.campaign,
        mode=first.mode,
        target=first.target,
        results=tuple(_result(one, phases) for one in found),
        failures=failures,
    )


def _holds(found: Iterable[Hold]) -> tuple[EarlierHold, ...]:
    return tuple(EarlierHold(**hold.model_dump()) for hold in found)


def _result(found: Observation, phases: set[str]) -> EarlierResult:
    mean, variance = crystalline_share(found, phases)
    return EarlierResult(
        sample=found.sample,
        precursors=found.precursors,
        holds=_holds(found.holds),
        share=round(mean, DIGITS),
        variance=round(variance, DIGITS),
    )


def crystalline_share(found: Observation, phases: set[str]) -> tuple[float, float]:
    """Return some phases' weight share of the crystalline part, and its variance.

    Variance by the delta method: `t / c` has the gradient `(1 - t / c) / c` where a
    phase counts and `-t / c / c` where another crystalline one does.
    """
    mean = np.array(found.mean)
    is_wanted = np.array([name in phases for name in found.phases])
    is_crystal = np.array([name not in NO_PHASE for name in found.phases])
    whole = float(mean[is_crystal].sum())
    if whole <= 0:
        return 0.0, 1.0
    share = float(mean[is_wanted].sum()) / whole
    slope = (is_wanted - share * is_crystal) / whole
    variance = float(slope @ np.array(found.covariance) @ slope)
    return min(max(share, 0.0), 1.0), max(variance, 0.0)
