"""One sample, from its scans to its scores: what the engine records after a scan."""

import hashlib
from dataclasses import dataclass

from campaigns.blobs import address, encode_fit
from campaigns.fit import Fit
from campaigns.ledger import Ledger
from campaigns.lifecycle import (
    Identified,
    LongerScanAsked,
    PatternMeasured,
    Payload,
    SampleEnded,
    Scored,
)
from campaigns.materials.phases import Phase, PhaseTable
from campaigns.recipe import ScanStep
from campaigns.results import Identification
from campaigns.spec import CampaignSpec
from campaigns.synthesis import measured_parameters
from instruments.labspec import LabSpec
from loop.analyse.candidates import candidate_phases, expected_elements, target_phases
from loop.analyse.instrumentfile import for_pattern
from loop.analyse.objectives import Measure, score
from loop.analyse.patterns import parse
from loop.analyse.phases import identify
from loop.analyse.powder import RunFacts
from loop.analyse.profile import Instrument
from loop.analyse.quantify import AMORPHOUS
from loop.analyse.references import Reference, from_phases
from loop.analyse.rescan import Question, reason_for_longer
from loop.analyse.solutions import for_sample
from loop.analyse.verdict import judge, shares
from loop.errors import AnalysisError


@dataclass(frozen=True, slots=True)
class Result:
    """What was found in one scan, and among what."""

    identified: Identified
    fit: Fit
    references: tuple[Reference, ...]
    wavelength: float
    """K-alpha1, angstrom."""


@dataclass(frozen=True)
class Analysed:
    """What to keep of one analysis."""

    payloads: tuple[Payload, ...]
    fit: bytes | None
    """The stored fit that the identification names; none where there is no fit."""


def analyse_sample(
    spec: CampaignSpec,
    table: PhaseTable,
    ledger: Ledger,
    sample: str,
    raw: bytes,
    *,
    lab: LabSpec,
) -> Analysed:
    """Identify the phases of a sample's latest scan; score it, or ask for a longer one.

    A pattern that cannot be analysed is measured again where the recipe names a longer
    program. Where that is no help either, or an identification is too poor to be
    believed, the sample ends as unusable and nothing is fed to the proposer. Of two
    scans the later counts, the first where the later cannot be used.

    Args:
        spec: The campaign.
        table: The phase table.
        ledger: The campaign's records; the sample has been dosed, fired and scanned.
        sample: Its name.
        raw: The diffractometer's own file.
        lab: The lab, whose scan programs have lengths.
    """
    scan = ledger.scans[sample]
    try:
        result = identify_scan(spec, table, ledger, scan, raw)
    except AnalysisError as error:
        if sample in ledger.asked:
            return Analysed(
                settle(spec, table, ledger, sample, reason=str(error)), None
            )
        return Analysed((_again(ledger, scan, str(error)),), None)
    identified, blob = result.identified, encode_fit(result.fit)
    found = identified.identification
    if sample not in ledger.asked:
        asked = _ask_longer(spec, table, ledger, result, lab=lab)
        if asked is not None:
            return Analysed((identified, asked), blob)
    elif not found.is_usable and not _is_glass(found):
        rest = settle(spec, table, ledger, sample, reason=why_unusable(found))
        return Analysed((identified, *rest), blob)
    return Analysed((identified, conclude(spec, table, ledger, identified)), blob)


def identify_scan(
    spec: CampaignSpec,
    table: PhaseTable,
    ledger: Ledger,
    scan: PatternMeasured,
    raw: bytes,
    *,
    instrument: Instrument | None = None,
) -> Result:
    """Identify the phases of one scan among the campaign's candidates.

    Args:
        spec: The campaign.
        table: The phase table.
        ledger: The campaign's records.
        scan: The scan.
        raw: The diffractometer's own file.
        instrument: The diffractometer; by default what the file says of it.

    Raises:
        AnalysisError: If the pattern cannot be analysed.
    """
    spec, table = for_sample(spec, table, ledger, scan.sample)
    dosed = ledger.dosed_grams(scan.sample)
    crucibles = {firing.crucible for firing in ledger.recipe(scan.sample).firings}
    pattern = parse(raw, scan.suffix, name=scan.scan, instrument=instrument)
    if instrument is not None:
        instrument = for_pattern(instrument, pattern, name=scan.scan)
    candidates = candidate_phases(spec, dosed, table, crucibles=crucibles)
    wavelength = pattern.wavelengths[0]
    references = from_phases(candidates, wavelength=wavelength)
    found, fit = identify(
        pattern,
        references,
        instrument=instrument,
        expected=expected_elements(spec, dosed),
    )
    found = found.model_copy(update={"fit": address(encode_fit(fit))})
    identified = Identified(
        sample=scan.sample,
        scan=scan.scan,
        identification=found,
        references=references_sha256(candidates),
    )
    return Result(identified, fit, references, wavelength)


def references_sha256(candidates: tuple[Phase, ...]) -> str:
    """Return one digest of candidates: their names and rows of the table."""
    rows = sorted(f"{phase.name} {phase.row_sha256}" for phase in candidates)
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()


def _longer_program(ledger: Ledger, sample: str) -> str:
    """Return the program of a sample's longer scan, empty if its recipe has none."""
    step = ledger.recipe(sample).steps[-1]
    return step.longer if isinstance(step, ScanStep) else ""


def _again(
    ledger: Ledger, scan: PatternMeasured, reason: str
) -> LongerScanAsked | SampleEnded:
    """Return what follows a first scan that cannot be analysed."""
    program = _longer_program(ledger, scan.sample)
    if not program:
        return _unusable(scan.sample, reason)
    return LongerScanAsked(
        sample=scan.sample,
        scan=scan.scan,
        program=program,
        reason=f"cannot be analysed: {reason}",
    )


def _ask_longer(
    spec: CampaignSpec,
    table: PhaseTable,
    ledger: Ledger,
    result: Result,
    *,
    lab: LabSpec,
) -> LongerScanAsked | None:
    """Return the request for a longer scan, if the recipe allows one and it pays."""
    sample = result.identified.sample
    program = _longer_program(ledger, sample)
    if not program:
        return None
    scan = ledger.scans[sample]
    programs = lab.diffractometers[scan.instrument].programs
    own, phases = for_sample(spec, table, ledger, sample)
    target, earlier = target_phases(own, phases), _before(ledger, sample)
    met = {
        name
        for one in earlier.values()
        for name in one.fractions.phases
        if name in phases
    }
    asked: tuple[Measure, ...] = (*spec.objectives, *spec.outcome_constraints)
    question = Question(
        target=target,
        limits=tuple(
            limit
            for limit in (spec.target.made_at_least, spec.stop.yield_at_least)
            if limit is not None
        ),
        best=max(
            (
                shares(
                    one, target_phases(*for_sample(spec, table, ledger, name))
                ).target
                for name, one in earlier.items()
            ),
            default=None,
        ),
        suspects=tuple(sorted(met - set(target))),
        impurities=tuple(one.phase for one in asked if one.measure == "impurity"),
        saved=1.0 - programs[scan.program] / programs[program],
    )
    reason = reason_for_longer(
        result.identified.identification,
        result.fit,
        question,
        references=result.references,
        wavelength=result.wavelength,
    )
    if not reason:
        return None
    return LongerScanAsked(
        sample=sample, scan=scan.scan, program=program, reason=reason
    )


def _before(ledger: Ledger, sample: str) -> dict[str, Identification]:
    """Return what was found in the scored samples of earlier loads, by sample.

    Those of the same load do not count: the answer must not depend on which of them
    happens to be analysed first.
    """
    load = ledger.proposed[sample].proposal.load
    return {
        scored.sample: ledger.identified[scored.scan].identification
        for scored in ledger.scored.values()
        if ledger.proposed[scored.sample].proposal.load < load
    }


def conclude(
    spec: CampaignSpec, table: PhaseTable, ledger: Ledger, identified: Identified
) -> Scored | SampleEnded:
    """Return what follows from an identification that nothing later stands beside."""
    found, sample = identified.identification, identified.sample
    if _is_glass(found):
        return SampleEnded(sample=sample, status="failed", reason=why_unusable(found))
    if not found.is_usable:
        return _unusable(sample, why_unusable(found))
    own, phases = for_sample(spec, table, ledger, sample)
    return Scored(
        sample=sample,
        scan=identified.scan,
        scores=score(own, found, facts=run_facts(ledger, sample), table=phases),
        measured=_carried_out(spec, ledger, sample),
        verdict=judge(own, found, target_phases(own, phases)),
    )


def settle(
    spec: CampaignSpec, table: PhaseTable, ledger: Ledger, sample: str, *, reason: str
) -> tuple[Payload, ...]:
    """Return what follows where nothing comes of a longer scan: the first counts.

    Args:
        spec: The campaign.
        table: The phase table.
        ledger: The campaign's records; the sample waits for a longer scan.
        sample: Its name.
        reason: Why nothing comes of it.
    """
    asked = ledger.asked[sample]
    first = ledger.identified.get(asked.scan)
    if first is None:
        return (_unusable(sample, f"{asked.reason}; longer scan: {reason}"),)
    if first.identification.is_usable:
        return (conclude(spec, table, ledger, first),)
    words = f"{why_unusable(first.identification)}; longer scan: {reason}"
    return (_unusable(sample, words),)


def _is_glass(found: Identification) -> bool:
    """Tell whether a powder was found to be amorphous throughout: a failed synthesis.

    No doubt about the analysis, and nothing that a longer scan would bring out.
    """
    fractions = found.fractions
    shares = dict(zip(fractions.phases, fractions.mean, strict=True))
    return shares.get(AMORPHOUS, 0.0) >= 1.0


def why_unusable(found: Identification) -> str:
    """Return why an identification is not used, in words."""
    return "; ".join(found.quality) or f"poor fit, Rwp {found.rwp:.2f}"


def _unusable(sample: str, reason: str) -> SampleEnded:
    return SampleEnded(sample=sample, status="unusable", reason=reason)


def run_facts(ledger: Ledger, sample: str) -> RunFacts:
    """Return what was measured of a sample's making."""
    firings = ledger.firings_of(sample)

    def total(key: str) -> float:
        return sum(float(firing.measured[key]) for firing in firings)

    powder = ledger.powder_grams(sample)
    return RunFacts(
        dosed_grams=ledger.dosed_grams(sample),
        energy_kilowatt_hours=total("energy_kilowatt_hours"),
        samples_in_load=max((len(f.samples) for f in firings), default=1),
        furnace_hours=total("furnace_hours"),
        peak_celsius=max(float(f.measured["peak_celsius"]) for f in firings),
        powder_grams=powder if powder is not None and powder > 0 else None,
    )


def _carried_out(
    spec: CampaignSpec, ledger: Ledger, sample: str
) -> dict[str, float | str]:
    """Return the parameters as measured."""
    return measured_parameters(
        spec,
        ledger.proposed[sample].proposal.parameters,
        ledger.dosed_grams(sample),
        [(firing.step, firing.measured) for firing in ledger.firings_of(sample)],
    )
