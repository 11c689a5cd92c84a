"""All rules together: on a sample, on what is fired together; what to leave out."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from campaigns.safety.air import gas_findings
from campaigns.safety.elements import dust_findings, vapour_findings
from campaigns.safety.facts import Portion, Setting
from campaigns.safety.findings import (
    Acceptance,
    Finding,
    accepted,
    refusals,
    worst_first,
)
from campaigns.safety.gases import Release, releases
from campaigns.safety.handling import handling_findings
from campaigns.safety.heat import heat_findings
from campaigns.safety.mixtures import mixture_findings
from campaigns.safety.neighbours import neighbour_findings
from campaigns.safety.vessels import vessel_findings


def judge_portion(portion: Portion, setting: Setting) -> tuple[Finding, ...]:
    """Return what is wrong with one sample, whatever it is fired with."""
    return worst_first(_of_portion(portion, setting))


def _of_portion(portion: Portion, setting: Setting) -> Iterator[Finding]:
    yield from mixture_findings(portion)
    yield from dust_findings(portion)
    yield from vapour_findings(portion, setting.furnace, setting.table)
    yield from vessel_findings(portion, setting.furnace, setting.table)
    yield from heat_findings(portion, setting.table)
    yield from handling_findings(portion, setting.dosing)


def judge_load(portions: Sequence[Portion], setting: Setting) -> tuple[Finding, ...]:
    """Return what is wrong with samples that are heated together.

    Args:
        portions: All with the same heatings.
        setting: Where.
    """
    return worst_first(
        finding
        for index in range(len(portions[0].heatings) if portions else 0)
        for finding in _of_heating(portions, index, setting)
    )


def judge_heating(
    portions: Sequence[Portion], index: int, setting: Setting
) -> tuple[Finding, ...]:
    """Return what is wrong with one heating of samples together."""
    return worst_first(_of_heating(portions, index, setting))


def _of_heating(
    portions: Sequence[Portion], index: int, setting: Setting
) -> Iterator[Finding]:
    heating = portions[0].heatings[index]
    furnace = setting.place(heating)
    by_sample = [(p.name, releases(p, index)) for p in portions]
    released = [r for _, each in by_sample for r in each]
    for finding in gas_findings(released, heating, furnace):
        yield replace(finding, samples=_most(by_sample, finding.about))
    yield from neighbour_findings(portions, index, furnace, setting.table)


def _most(
    by_sample: Sequence[tuple[str, Sequence[Release]]], gas: str
) -> tuple[str, ...]:
    """Return the sample that gives most of a gas, or of all; the last of equals."""
    named = any(r.gas == gas for _, each in by_sample for r in each)

    def litres(each: Sequence[Release]) -> float:
        return round(sum(r.litres for r in each if not named or r.gas == gas), 9)

    most = max(litres(each) for _, each in by_sample)
    return next(
        (name,) for name, each in reversed(by_sample) if litres(each) == most
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was found before something begins, and which samples may not take part."""

    findings: tuple[Finding, ...]
    """Worst first; accepted ones are warnings."""
    refused: dict[str, Finding]
    """Sample to why it may not go on."""


def judge(
    portions: Sequence[Portion],
    setting: Setting,
    acceptances: Sequence[Acceptance],
    *,
    heating: int | None = None,
    alone: bool = True,
    apart: Collection[str] = (),
) -> Judgement:
    """Judge samples and the load that they make; leave out what may not be in it.

    Samples that are refused by themselves go first; then, as long as the load as a
    whole is refused, the one that adds most to the cause.

    Args:
        portions: The samples.
        setting: Where they are made.
        acceptances: What the campaign file accepts.
        heating: Only this heating of the load; all of them if absent, none if below 0.
        alone: Whether to judge samples by themselves too.
        apart: Rules on loads of which a warning refuses too.
    """
    found = list[Finding]()
    refused: dict[str, Finding] = {}
    for portion in portions if alone else ():
        for finding in accepted(judge_portion(portion, setting), acceptances):
            found.append(replace(finding, samples=(portion.name,)))
            if finding.severity == "refuse":
                refused.setdefault(portion.name, finding)
    kept = [p for p in portions if p.name not in refused]
    while kept and (heating is None or heating >= 0):
        together = judge_load(kept, setting) if heating is None else (
            judge_heating(kept, heating, setting)
        )  # fmt: skip
        findings = accepted((_strict(f, apart) for f in together), acceptances)
        found += findings
        stopping = refusals(findings)
        if not stopping:
            break
        names = stopping[0].samples
        refused |= dict.fromkeys(names, stopping[0])
        kept = [p for p in kept if p.name not in names]
    return Judgement(worst_first(_merged(found)), refused)


def _strict(finding: Finding, apart: Collection[str]) -> Finding:
    is_meant = finding.place == "load" and finding.rule in apart
    return replace(finding, severity="refuse") if is_meant else finding


def _merged(findings: Sequence[Finding]) -> Iterator[Finding]:
    """Yield each finding once, with all samples that it was made of."""
    samples: dict[Finding, dict[str, None]] = {}
    for finding in findings:
        bare = replace(finding, samples=())
        samples.setdefault(bare, {}).update(dict.fromkeys(finding.samples))
    for bare, names in samples.items():
        yield replace(bare, samples=tuple(names))
