"""One sample, from its scan to its scores: what the engine records after a scan."""

from dataclasses import dataclass

from campaigns.blobs import address, encode_fit
from campaigns.ledger import Ledger
from campaigns.lifecycle import Identified, Payload, SampleEnded, Scored
from campaigns.materials.phases import PhaseTable
from campaigns.spec import CampaignSpec
from campaigns.synthesis import measured_parameters
from loop.analyse.candidates import candidate_phases, expected_elements
from loop.analyse.objectives import score
from loop.analyse.patterns import parse
from loop.analyse.phases import identify
from loop.analyse.powder import RunFacts
from loop.analyse.references import from_phases
from loop.errors import AnalysisError


@dataclass(frozen=True)
class Analysed:
    """What to keep of one analysis."""

    payloads: tuple[Payload, ...]
    fit: bytes | None
    """The stored fit that the identification names; none where there is no fit."""


def analyse_sample(
    spec: CampaignSpec, table: PhaseTable, ledger: Ledger, sample: str, raw: bytes
) -> Analysed:
    """Identify the phases of a scanned sample and score it.

    A pattern that cannot be analysed, or whose identification is too poor to be
    believed, ends the sample as unusable: recorded, and not fed to the proposer.

    Args:
        spec: The campaign.
        table: The phase table.
        ledger: The campaign's records; the sample has been dosed, fired and scanned.
        sample: Its name.
        raw: The diffractometer's own file.
    """
    scan = ledger.scans[sample]
    dosed = ledger.dosed_grams(sample)
    crucibles = {firing.crucible for firing in ledger.recipe(sample).firings}
    try:
        pattern = parse(raw, scan.suffix, name=scan.scan)
        candidates = candidate_phases(spec, dosed, table, crucibles=crucibles)
        found, fit = identify(
            pattern,
            from_phases(candidates, wavelength=pattern.wavelengths[0]),
            expected=expected_elements(spec, dosed),
        )
    except AnalysisError as error:
        ended = SampleEnded(sample=sample, status="unusable", reason=str(error))
        return Analysed((ended,), None)
    blob = encode_fit(fit)
    found = found.model_copy(update={"fit": address(blob)})
    identified = Identified(sample=sample, scan=scan.scan, identification=found)
    if not found.is_usable:
        reason = "; ".join(found.quality) or f"poor fit, Rwp {found.rwp:.2f}"
        ended = SampleEnded(sample=sample, status="unusable", reason=reason)
        return Analysed((identified, ended), blob)
    scored = Scored(
        sample=sample,
        scan=scan.scan,
        scores=score(spec, found, facts=run_facts(ledger, sample), table=table),
        measured=_carried_out(spec, ledger, sample),
    )
    return Analysed((identified, scored), blob)


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
