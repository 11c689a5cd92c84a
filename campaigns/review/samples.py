"""View models of samples: recipe, doses, patterns and what was found."""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from campaigns import labels
from campaigns import lifecycle as facts
from campaigns.blobs import decode_fit
from campaigns.labels import Quantity
from campaigns.results import Identification, Trial
from campaigns.review.lineage import Lineage, lineages
from campaigns.review.views import (
    FiringView,
    FractionView,
    PatternView,
    SampleView,
    StageView,
    ThreeView,
)
from campaigns.review.wording import Words, in_words
from campaigns.spec import SolidSolution
from campaigns.store import Store
from instruments import xrdml
from instruments.quantities import Pattern


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
    scored: facts.Scored | None = None
    asked: facts.LongerScanAsked | None = None


def sample_views(
    store: Store,
    events: Sequence[facts.Event],
    trials: Sequence[Trial],
    *,
    firings: Sequence[FiringView],
) -> tuple[SampleView, ...]:
    """Return every sample in the order of proposal.

    Args:
        store: Where the fits are.
        events: All events.
        trials: The history of the same events.
        firings: All firings, of which each sample shows its own.
    """
    records, powders = _records(events), lineages(events)
    words = Words.of(store, trials)
    return tuple(
        _view(
            store,
            records[trial.sample],
            trial,
            firings=[one for one in firings if trial.sample in one.samples],
            powder=powders[trial.sample],
            words=words,
        )
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
            case facts.Scored() as scored:
                records[scored.sample].scored = scored
            case facts.LongerScanAsked() as asked:
                records[asked.sample].asked = asked
            case _:
                pass
    return records


def _view(
    store: Store,
    record: _Record,
    trial: Trial,
    *,
    firings: Sequence[FiringView],
    powder: Lineage,
    words: Words,
) -> SampleView:
    proposed, recipe = record.proposed, record.proposed.recipe
    status: str = trial.status
    if record.ended and status == "unusable":
        status = record.ended.status
    stages = [
        StageView(
            one.name, one.anchor, tuple(row for row in one.rows if row.planned != "–")
        )
        for one in firings
    ]
    return SampleView(
        sample=trial.sample,
        load=trial.load,
        role=trial.role,
        status=status,
        reason=record.ended.reason if record.ended and status != "scored" else "",
        reaction=labels.chemical(recipe.reaction),
        expected_grams=recipe.expected_grams,
        steps=tuple(in_words(step) for step in recipe.steps),
        why=words(proposed.proposal.decision.reason),
        planned=trial.planned,
        measured=trial.measured,
        decision=proposed.proposal.decision,
        stages=(_doses(record), *stages),
        powder=tuple(powder.rows),
        carried=powder.carried,
        scores=trial.scores,
        patterns=tuple(_pattern(store, scan, record) for scan in record.scans),
        verdict=trial.verdict,
    )


def _doses(record: _Record) -> StageView:
    rows = []
    for precursor, planned in record.proposed.recipe.grams.items():
        dosed = record.doses.get(precursor)
        asked = dosed.planned_grams if dosed else planned
        percent = 100 * (dosed.measured_grams / asked - 1) if dosed else 0.0
        rows.append(
            ThreeView(
                Quantity(labels.chemical(precursor), "g"),
                f"{asked:.4f}",
                f"{dosed.commanded_grams:.4f}" if dosed else "–",
                f"{dosed.measured_grams:.4f}" if dosed else "–",
                f"{percent:+.2f} %" if dosed else "",
            )
        )
    return StageView("Doses", "", tuple(rows))


def _pattern(store: Store, scan: facts.PatternMeasured, record: _Record) -> PatternView:
    analyses = record.found[scan.scan]
    bare = PatternView(
        scan=scan.scan,
        instrument=scan.instrument,
        program=scan.program,
        raw=scan.raw,
        analyses=len(analyses),
        is_counted=record.scored is None or record.scored.scan == scan.scan,
        asked=(
            record.asked.reason
            if record.asked and record.asked.scan == scan.scan
            else ""
        ),
    )
    latest = analyses[-1] if analyses else None
    if latest is None or not latest.fit:
        bare = replace(bare, observed=_counts(store.blob(scan.raw)))
    if latest is None:
        return bare
    return replace(
        bare,
        rwp=latest.rwp,
        gof=latest.gof,
        is_usable=latest.is_usable,
        quality=latest.quality,
        fractions=_fractions(latest, store.spec.target.solid_solution),
        hypotheses=tuple(
            (" + ".join(one.weights), one.probability, one.rwp)
            for one in latest.hypotheses
        ),
        fit=decode_fit(store.blob(latest.fit)) if latest.fit else None,
    )


def _counts(raw: bytes) -> Pattern | None:
    """Return the counts of an instrument's file; None where it is of another kind."""
    try:
        return xrdml.parse(raw)
    except ValueError:
        return None


def _fractions(
    found: Identification, solution: SolidSolution | None
) -> tuple[FractionView, ...]:
    """Return the phases found, largest first, leaving out what is surely absent."""
    shares = found.fractions
    views = [
        FractionView(
            phase,
            mean,
            math.sqrt(max(shares.covariance[i][i], 0.0)),
            found.alternatives.get(phase, ()),
            found.cells.get(phase),
            _composition(phase, found, solution),
        )
        for i, (phase, mean) in enumerate(zip(shares.phases, shares.mean, strict=True))
    ]
    present = [view for view in views if view.mean > 0 or view.sd > 0]
    return tuple(sorted(present, key=lambda view: -view.mean))


def _composition(
    phase: str, found: Identification, solution: SolidSolution | None
) -> str:
    """Return the varying element's amount by the campaign's own map, in words."""
    cell = found.cells.get(phase)
    if solution is None or cell is None or phase != solution.phase:
        return ""
    points = sorted(solution.points)
    edge = cell["abc".index(solution.cell)]
    amount = np.interp(edge, [p[0] for p in points], [p[1] for p in points])
    is_outside = not points[0][0] <= edge <= points[-1][0]
    return f"{solution.symbol} {amount:.2f}{' (end of the map)' if is_outside else ''}"
