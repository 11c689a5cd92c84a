"""Stored patterns identified again: a new result beside the old one."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from campaigns.blobs import encode_fit
from campaigns.ledger import Ledger
from campaigns.lifecycle import Identified, Payload, SampleEnded, Scored
from campaigns.materials.phases import PhaseTable
from campaigns.results import Identification, Verdict
from campaigns.spec import CampaignSpec
from loop.analyse.candidates import target_phases
from loop.analyse.instrumentfile import InstrumentFile
from loop.analyse.profile import Instrument
from loop.analyse.samples import conclude, identify_scan
from loop.analyse.solutions import for_sample
from loop.analyse.verdict import judge
from loop.errors import AnalysisError


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one result says, as far as a comparison needs it."""

    scan: str
    """The scan that counts."""
    found: Identification
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Reanalysed:
    """One sample analysed again."""

    sample: str
    before: Outcome | None
    """None where there was no identification."""
    after: Outcome | None
    """None where a pattern could not be analysed; nothing is recorded then."""
    error: str
    """Why not; empty if it could."""
    payloads: tuple[Payload, ...]
    """What to record so that the new result counts."""
    fits: tuple[bytes, ...]
    """Stored fits that the payloads name."""


def reanalyse(
    spec: CampaignSpec,
    table: PhaseTable,
    ledger: Ledger,
    sample: str,
    *,
    blob: Callable[[str], bytes],
    instrument: Instrument | None = None,
) -> Reanalysed:
    """Identify every scan of a sample again and draw the conclusion anew.

    As in the loop the later scan counts, an earlier one where that cannot be used.

    Args:
        spec: The campaign.
        table: The phase table to look into.
        ledger: The campaign's records; the sample is settled and has a scan.
        sample: Its name.
        blob: Returns stored bytes by their sha256.
        instrument: The diffractometer; by default what the patterns say of it.
    """
    target = target_phases(*for_sample(spec, table, ledger, sample))
    before = _current(spec, ledger, sample, target)
    used = "" if instrument is None else instrument_sha256(instrument)
    identified: list[Identified] = []
    fits: list[bytes] = []
    try:
        for scan in ledger.patterns[sample]:
            result = identify_scan(
                spec, table, ledger, scan, blob(scan.raw), instrument=instrument
            )
            found = result.identified.model_copy(update={"instrument": used})
            identified.append(found)
            fits.append(encode_fit(result.fit))
    except AnalysisError as error:
        return Reanalysed(sample, before, None, str(error), (), ())
    usable = [one for one in identified if one.identification.is_usable]
    counted = (usable or identified)[-1]
    after = Outcome(
        counted.scan,
        counted.identification,
        judge(spec, counted.identification, target),
    )
    conclusion: Scored | SampleEnded = conclude(spec, table, ledger, counted)
    return Reanalysed(sample, before, after, "", (*identified, conclusion), tuple(fits))


def _current(
    spec: CampaignSpec, ledger: Ledger, sample: str, target: tuple[str, ...]
) -> Outcome | None:
    """Return the result that counts now."""
    scored = ledger.scored.get(sample)
    scan = scored.scan if scored else ledger.scans[sample].scan
    if scan not in ledger.identified:
        return None
    found = ledger.identified[scan].identification
    known = scored.verdict if scored and found.is_usable else None
    return Outcome(scan, found, known or judge(spec, found, target))


def instrument_sha256(instrument: Instrument) -> str:
    """Return one digest of an instrument, whatever its file looks like."""
    return hashlib.sha256(InstrumentFile.of(instrument).text().encode()).hexdigest()
