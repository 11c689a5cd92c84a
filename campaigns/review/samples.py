"""View models of samples: recipe, doses, patterns and what was found."""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from campaigns import lifecycle as facts
from campaigns.blobs import decode_fit
from campaigns.inventory import losses
from campaigns.recipe import (
    DoseStep,
    DryStep,
    FireStep,
    MixStep,
    RegrindStep,
    ScanStep,
    Step,
)
from campaigns.results import Identification, Trial
from campaigns.review.labels import number
from campaigns.review.views import DoseView, FractionView, PatternView, SampleView
from campaigns.store import Store


@dataclass
class _Record:
    """The events of one sample."""

    proposed: facts.Proposed
    doses: dict[str, facts.Dosed] = field(default_factory=dict)
    scans: list[facts.PatternMeasured] = field(default_factory=list)
    found: dict[str, list[Identification]] = field(
        default_factory=lambda: defaultdict(list)
    )
    """Scan to its analyses, oldest first."""
    ended: facts.SampleEnded | None = None


def sample_views(
    store: Store, events: Sequence[facts.Event], trials: Sequence[Trial]
) -> tuple[SampleView, ...]:
    """Return every sample in the order of proposal.

    Args:
        store: Where the fits are.
        events: All events.
        trials: The history of the same events.
    """
    records = _records(events)
    lost = losses(events)
    return tuple(
        _view(store, records[trial.sample], trial, lost=lost.get(trial.sample))
        for trial in trials
    )


def _records(events: Sequence[facts.Event]) -> dict[str, _Record]:
    records: dict[str, _Record] = {}
    for event in events:
        match event.payload:
            case facts.Proposed() as proposed:
                records[proposed.sample] = _Record(proposed)
            case facts.Dosed() as dosed:
                records[dosed.sample].doses[dosed.precursor] = dosed
            case facts.PatternMeasured() as measured:
                records[measured.sample].scans.append(measured)
            case facts.Identified() as identified:
                analyses = records[identified.sample].found[identified.scan]
                analyses.append(identified.identification)
            case facts.SampleEnded() as ended:
                records[ended.sample].ended = ended
            case _:
                pass
    return records


def _view(
    store: Store, record: _Record, trial: Trial, *, lost: float | None
) -> SampleView:
    proposed, recipe = record.proposed, record.proposed.recipe
    status: str = trial.status
    if record.ended and status == "unusable":
        status = record.ended.status
    return SampleView(
        sample=trial.sample,
        load=trial.load,
        role=trial.role,
        status=status,
        reason=record.ended.reason if record.ended and status != "scored" else "",
        reaction=recipe.reaction,
        steps=tuple(in_words(step) for step in recipe.steps),
        planned=trial.planned,
        measured=trial.measured,
        decision=proposed.proposal.decision,
        doses=_doses(record),
        lost_grams=lost,
        scores=trial.scores,
        patterns=tuple(_pattern(store, scan, record) for scan in record.scans),
    )


def _doses(record: _Record) -> tuple[DoseView, ...]:
    views = []
    for precursor, planned in record.proposed.recipe.grams.items():
        dosed = record.doses.get(precursor)
        views.append(
            DoseView(
                precursor,
                dosed.planned_grams if dosed else planned,
                dosed.commanded_grams if dosed else None,
                dosed.measured_grams if dosed else None,
            )
        )
    return tuple(views)


def _pattern(store: Store, scan: facts.PatternMeasured, record: _Record) -> PatternView:
    analyses = record.found[scan.scan]
    if not analyses:
        return PatternView(scan.scan, scan.instrument, scan.program, scan.raw, 0)
    latest = analyses[-1]
    return PatternView(
        scan=scan.scan,
        instrument=scan.instrument,
        program=scan.program,
        raw=scan.raw,
        analyses=len(analyses),
        rwp=latest.rwp,
        gof=latest.gof,
        is_usable=latest.is_usable,
        quality=latest.quality,
        fractions=_fractions(latest),
        fit=decode_fit(store.blob(latest.fit)) if latest.fit else None,
    )


def _fractions(found: Identification) -> tuple[FractionView, ...]:
    """Return the phases found, largest first, leaving out what is surely absent."""
    shares = found.fractions
    views = [
        FractionView(
            phase,
            mean,
            math.sqrt(max(shares.covariance[i][i], 0.0)),
            found.alternatives.get(phase, ()),
        )
        for i, (phase, mean) in enumerate(zip(shares.phases, shares.mean, strict=True))
    ]
    present = [view for view in views if view.mean > 0 or view.sd > 0]
    return tuple(sorted(present, key=lambda view: -view.mean))


def in_words(step: Step) -> str:
    """Return a step of a recipe as a sentence."""
    match step:
        case DoseStep():
            listed = ", ".join(f"{g:.4f} g {name}" for name, g in step.grams.items())
            return f"Dose {listed}."
        case MixStep():
            return f"Mix at {number(step.rpm)} rpm for {number(step.minutes)} min."
        case DryStep():
            return (
                f"Dry at {number(step.temperature_celsius)} °C for "
                f"{number(step.minutes)} min."
            )
        case FireStep():
            return (
                f"{step.name.capitalize()} at {number(step.temperature_celsius)} °C "
                f"for {number(step.hold_hours)} h in {step.atmosphere} "
                f"({step.crucible} crucible), "
                f"up at {number(step.ramp_celsius_per_minute)} °C/min, "
                f"down at {number(step.cool_celsius_per_minute)} °C/min."
            )
        case RegrindStep():
            return f"Regrind at {number(step.rpm)} rpm for {number(step.minutes)} min."
        case ScanStep():
            return f"Grind, fill a holder with {number(step.holder_grams)} g and scan."
