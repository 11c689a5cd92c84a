"""The rules of safety on all that a campaign may try, before anything is tried."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from math import inf

from campaigns.check.chemistry import excess_corners, extremes
from campaigns.check.findings import Findings
from campaigns.check.space import (
    atmospheres_in,
    bounds_in,
    crucibles_in,
    path_of,
)
from campaigns.materials.phases import PhaseTable
from campaigns.precursors import PrecursorSet
from campaigns.recipe import DryStep, FireStep
from campaigns.safety import Acceptance, Finding, Heating, Portion, Setting, judge
from campaigns.safety.air import describe
from campaigns.safety.facts import Furnace, acceptances_of, reagents_of, setting_of
from campaigns.safety.findings import RULES, refusals
from campaigns.safety.gases import peak_litres_per_minute, releases, total_litres
from campaigns.spec import CampaignSpec
from campaigns.steps import FIRING_KINDS, StepTemplate
from campaigns.synthesis import grams_to_dose
from instruments.labspec import FurnaceSpec, LabSpec


def check_acceptances(spec: CampaignSpec, found: Findings) -> None:
    """Refuse to accept what is no rule."""
    for i, given in enumerate(spec.safety.accept):
        if given.rule not in RULES:
            found.unknown(
                f"safety.accept[{i}].rule",
                given.rule,
                RULES,
                "name a rule that `athanor check` refused by.",
            )


def check_safety(
    spec: CampaignSpec,
    lab: LabSpec | None,
    table: PhaseTable | None,
    sets: Sequence[PrecursorSet],
    found: Findings,
) -> None:
    """Judge every set at its hottest, alone and as a full load.

    What is refused alone is a fault; what only a full load is refused for is a
    warning, since the guard at dispatch leaves samples out.
    """
    setting = _setting(spec, lab, table or PhaseTable(()))
    slots = _slots(lab, setting.furnace)
    given = acceptances_of(spec)
    findings = list[Finding]()
    for heatings in _programs(spec):
        portions = [
            _portion(spec, one, heatings, setting)
            for found in sets for one in extremes(spec, found)
        ]  # fmt: skip
        for portion in portions:
            alone = judge([portion], setting, given).findings
            findings += alone
            findings += _of_full_load(portion, alone, slots, setting, given)
        mixed = judge(portions, setting, given, alone=False).findings
        findings += (_softened(f, "samples of different sets together") for f in mixed
                     if f.rule.startswith("co-firing"))  # fmt: skip
    found.safety += _each_once(findings, len(sets))
    _tell(spec, found)


def gas_of_load(spec: CampaignSpec, lab: LabSpec | None, chosen: PrecursorSet) -> str:
    """Write the gas of a furnace full of one set, in the firing that gives most."""
    setting = _setting(spec, lab, PhaseTable(()))
    slots = _slots(lab, setting.furnace)
    most = (0.0, "none")
    for heatings in _programs(spec):
        portion = _portion(spec, chosen, heatings, setting)
        for index, heating in enumerate(heatings):
            released = releases(portion, index) * slots
            litres = total_litres(released)
            peak = peak_litres_per_minute(released, heating)
            words = (
                f"{describe(litres)} in {heating.step}, at most {peak:.2g} l/min"
                f" ({slots} sample{'s' if slots > 1 else ''}, 25 °C and 1 bar)"
            )
            most = max(most, (sum(litres.values()), words))
    return most[1]


def _setting(spec: CampaignSpec, lab: LabSpec | None, table: PhaseTable) -> Setting:
    """Return the lab, or where there is none a place in which gas does no harm."""
    if lab is None:
        anywhere = Furnace.harmless()
        return Setting(anywhere, anywhere, "argon", table)
    setting = setting_of(lab, _furnace(spec, lab), table)
    # What furnaces stand is compared with all of the lab, in check.lab.
    return replace(setting, furnace=replace(setting.furnace, max_celsius=inf))


def _furnace(spec: CampaignSpec, lab: LabSpec) -> str:
    """Return the furnace that a campaign will most likely be given."""
    fire = {n: f for n, f in lab.furnaces.items() if f.purpose == "fire"}
    able = [n for n, furnace in fire.items() if _is_able(spec, furnace)]
    return next(iter([*able, *fire, *lab.furnaces]))


def _is_able(spec: CampaignSpec, furnace: FurnaceSpec) -> bool:
    return all(
        heating.celsius <= furnace.max_celsius
        and heating.atmosphere in furnace.atmospheres
        for heatings in _programs(spec)
        for heating in heatings
        if not heating.is_drying
    )


def _slots(lab: LabSpec | None, furnace: Furnace) -> int:
    return lab.furnaces[furnace.name].slots if lab else 1


def _programs(spec: CampaignSpec) -> Iterator[tuple[Heating, ...]]:
    """Yield the hottest and fastest heatings of a recipe, in each gas and crucible."""
    steps = [s for s in spec.steps if s.kind == "dry" or s.kind in FIRING_KINDS]
    choices = [
        atmospheres_in(spec, s) if s.kind in FIRING_KINDS else ("air",) for s in steps
    ]
    for crucible in crucibles_in(spec) or ("",):
        for n in range(max(map(len, choices), default=0)):
            heatings = [
                _hottest(spec, step, gases[n % len(gases)], crucible)
                for step, gases in zip(steps, choices, strict=True)
            ]
            yield tuple(heating for heating in heatings if heating is not None)


def _hottest(
    spec: CampaignSpec, step: StepTemplate, atmosphere: str, crucible: str
) -> Heating | None:
    """Return a step at its hottest, None where no temperature is known."""
    if step.kind == "dry":
        default = float(DryStep.model_fields["temperature_celsius"].default)
        long = float(DryStep.model_fields["minutes"].default)
        hottest = bounds_in(spec, step, "temperature_celsius", default)
        longest = bounds_in(spec, step, "minutes", long)
        celsius = hottest[1] if hottest else default
        minutes = longest[1] if longest else long
        return Heating("dry", celsius, minutes / 60.0, 5.0, "air")
    bounds = bounds_in(spec, step, "temperature_celsius")
    if bounds is None:
        return None
    fields = FireStep.model_fields
    ramp = float(fields["ramp_celsius_per_minute"].default)
    ramps = bounds_in(spec, step, "ramp_celsius_per_minute", ramp)
    hours = bounds_in(spec, step, "hold_hours", 1.0)
    return Heating(
        step=step.label,
        celsius=bounds[1],
        hours=hours[1] if hours else 1.0,
        ramp_celsius_per_minute=ramps[1] if ramps else ramp,
        atmosphere=atmosphere,
        crucible=crucible or step.crucible or str(fields["crucible"].default),
        is_covered=bool(step.covered),
    )


def _portion(
    spec: CampaignSpec,
    chosen: PrecursorSet,
    heatings: tuple[Heating, ...],
    setting: Setting,
) -> Portion:
    """Return the heaviest sample of a set."""
    doses = [grams_to_dose(spec, chosen, corner) for corner in excess_corners(spec)]
    target = chosen.target
    kinds = [step.kind for step in spec.steps]
    return Portion(
        name=chosen.label,
        target=target,
        target_moles=spec.sample_grams / target.molar_mass,
        reagents=reagents_of(
            spec, max(doses, key=lambda grams: sum(grams.values())), setting.table
        ),
        heatings=heatings,
        targets=spec.target.phases,
        is_ground="mix" in kinds or "regrind" in kinds,
    )


def _of_full_load(
    portion: Portion,
    alone: Iterable[Finding],
    slots: int,
    setting: Setting,
    given: Sequence[Acceptance],
) -> Iterator[Finding]:
    """Yield what is found only when every place of the furnace holds this set."""
    known = {(f.rule, f.about, f.step, f.severity) for f in alone}
    full = [replace(portion, name=f"{portion.name} {n}") for n in range(slots)]
    for finding in judge(full, setting, given, alone=False).findings:
        if (finding.rule, finding.about, finding.step, finding.severity) not in known:
            yield _softened(finding, f"a full load of {slots}")


def _softened(finding: Finding, what: str) -> Finding:
    """Return a finding about a load that need not be made."""
    found = f"{what}: {finding.found}"
    if finding.severity == "warn":
        return replace(finding, found=found, samples=())
    reason = f"{finding.reason}; samples beyond it would be held before they are dosed"
    return replace(
        finding, severity="warn", is_hard=False, found=found, reason=reason, samples=()
    )


def _each_once(findings: Sequence[Finding], n_sets: int) -> Iterator[Finding]:
    """Yield one finding of each kind; say of how many sets, if not of all."""

    def kind(finding: Finding) -> tuple[str, ...]:
        severity = "hard" if finding.is_hard else finding.severity
        return (finding.rule, finding.about, finding.reagent, finding.step, severity)

    ordered = sorted(findings, key=kind)
    for _, alike in groupby(ordered, key=kind):
        group = list(alike)
        first = group[0]
        sets = {name for finding in group for name in finding.samples}
        if first.place in ("mixture", "load") and 0 < len(sets) < n_sets:
            more = f" and {len(sets) - 1} more" if len(sets) > 1 else ""
            first = replace(first, found=f"{first.found} ({min(sets)}{more})")
        yield replace(first, samples=())


def _tell(spec: CampaignSpec, found: Findings) -> None:
    """Turn refusals into faults with their place in the file."""
    for finding in refusals(found.safety):
        accept = "" if finding.is_hard else (
            "; or answer for it under [safety] accept, rule ="
            f' "{finding.rule}"'
        )  # fmt: skip
        found.refuse(
            path_in(spec, finding),
            finding.found,
            f"{finding.limit} ({finding.source})",
            f"{finding.remedy}: {finding.reason}{accept}",
        )


def path_in(spec: CampaignSpec, finding: Finding) -> str:
    """Return where in the campaign file a finding has its cause."""
    for i, precursor in enumerate(spec.precursors):
        if finding.reagent == precursor.label:
            return f"precursors[{i}]"
    for i, step in enumerate(spec.steps):
        if finding.step in (step.label, step.kind) and finding.step:
            if finding.place == "crucible":
                return f"steps[{i}].crucible"
            if finding.place == "heating" and step.kind != "dry":
                return path_of(spec, i, "temperature_celsius")
            return f"steps[{i}]"
    return "precursors"
