"""Which furnaces of a lab can fire what a campaign searches."""

from collections.abc import Iterator, Sequence

from campaigns.recipe import FireStep
from campaigns.spec import CampaignSpec, Choice, Range, StepSpace
from campaigns.steps import FIRING_KINDS, StepTemplate
from instruments.labspec import FurnaceSpec, LabSpec

_DEFAULTS = {name: field.default for name, field in FireStep.model_fields.items()}


def lacks(furnace: FurnaceSpec, firings: Sequence[FireStep], n_samples: int) -> str:
    """Return why a furnace cannot fire a load, empty if it can."""
    fastest = furnace.max_ramp_celsius_per_minute
    reasons = [
        (furnace.purpose != "fire", f"it is for {furnace.purpose}"),
        (n_samples > furnace.slots, f"{n_samples} samples, {furnace.slots} slots"),
    ]
    for firing in firings:
        peak, ramp = firing.temperature_celsius, firing.ramp_celsius_per_minute
        reasons += [
            (
                peak > furnace.max_celsius,
                f"{peak} °C is above {furnace.max_celsius} °C",
            ),
            (firing.atmosphere not in furnace.atmospheres, f"no {firing.atmosphere}"),
            (ramp > fastest, f"cannot ramp at {ramp} °C/min"),
            (
                firing.crucible not in furnace.crucibles,
                f"no {firing.crucible} crucible",
            ),
        ]
    return "; ".join(reason for is_lacking, reason in reasons if is_lacking)


def idle_reason(spec: CampaignSpec, furnace: FurnaceSpec) -> str:
    """Return why a furnace can fire nothing of a campaign's space, empty if it can.

    Steps that a recipe may do without, those of `regrinds`, are not asked for.
    """
    regrinds = spec.space.regrinds
    always = regrinds is not None and _least(regrinds) >= 1
    for step in spec.steps:
        if step.kind in FIRING_KINDS and (always or not step.repeat):
            for reason in misfits(spec, step, furnace):
                return f"{step.label}: {reason}"
    return ""


def firing_furnaces(spec: CampaignSpec, lab: LabSpec) -> tuple[str, ...]:
    """Return the furnaces that can fire something of a campaign, the largest first."""
    able = [
        name
        for name, furnace in lab.furnaces.items()
        if furnace.purpose == "fire" and not idle_reason(spec, furnace)
    ]
    return tuple(sorted(able, key=lambda name: (-lab.furnaces[name].slots, name)))


def misfits(
    spec: CampaignSpec, step: StepTemplate, furnace: FurnaceSpec
) -> Iterator[str]:
    """Yield what a furnace cannot do for any allowed setting of a firing."""
    fixed = dict(_DEFAULTS) | {k: v for k, v in step if v is not None}
    searched = dict(spec.space.steps.get(step.label, StepSpace()))
    limits = {
        "temperature_celsius": furnace.max_celsius,
        "ramp_celsius_per_minute": furnace.max_ramp_celsius_per_minute,
    }
    for name, most in limits.items():
        found = searched[name]
        least = fixed[name] if found is None else _least(found)
        if isinstance(least, int | float) and least > most:
            yield f"{name} of {least:g} or more, at most {most:g} there"
    gases = searched["atmosphere"]
    wanted = (fixed["atmosphere"],) if gases is None else gases.values
    if not set(wanted) & furnace.atmospheres.keys():
        yield f"no {' or '.join(map(str, wanted))} there"
    # A sample keeps its crucible from its first firing on, whichever step searches it.
    choices = (one.crucible for one in spec.space.steps.values() if one.crucible)
    crucibles = {v for one in choices for v in one.values} or {fixed["crucible"]}
    if not crucibles & set(furnace.crucibles):
        yield f"no {' or '.join(sorted(map(str, crucibles)))} crucible there"


def _least(searched: Range | Choice) -> float:
    if isinstance(searched, Range):
        return searched.min
    return min(float(value) for value in searched.values)
