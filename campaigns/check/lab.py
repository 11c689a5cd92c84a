"""Can this lab carry the campaign out?"""

from collections.abc import Callable

from campaigns.check.chemistry import extreme_doses
from campaigns.check.findings import Findings
from campaigns.check.space import (
    atmospheres_in,
    bounds_in,
    crucibles_in,
    firings,
    path_of,
    settings_of,
)
from campaigns.furnaces import firing_furnaces, idle_reason
from campaigns.precursors import PrecursorSet
from campaigns.recipe import DryStep, FireStep, MixStep, RegrindStep, ScanStep
from campaigns.spec import CampaignSpec
from campaigns.steps import StepTemplate
from instruments.labspec import FurnaceSpec, LabSpec

_DEFAULT_RAMP = float(FireStep.model_fields["ramp_celsius_per_minute"].default)
_DEFAULT_COOL = float(FireStep.model_fields["cool_celsius_per_minute"].default)
_DEFAULT_CRUCIBLE = str(FireStep.model_fields["crucible"].default)


def check_lab(
    spec: CampaignSpec, lab: LabSpec, sets: tuple[PrecursorSet, ...], found: Findings
) -> None:
    """Refuse what the lab's instruments cannot do."""
    for index, step in firings(spec):
        _check_firing(spec, lab, index, step, found)
    _check_drying(spec, lab, found)
    _check_mixing(spec, lab, found)
    _check_doses(spec, lab, sets, found)
    _check_scans(spec, lab, found)
    _check_places(spec, lab, found)
    _warn_of_furnaces(spec, lab, found)


def _check_firing(
    spec: CampaignSpec, lab: LabSpec, index: int, step: StepTemplate, found: Findings
) -> None:
    """Refuse a firing unless one furnace can do every setting of it."""
    furnaces = {n: f for n, f in lab.furnaces.items() if f.purpose == "fire"}
    if not furnaces:
        found.refuse(
            f"steps[{index}]",
            f"a {step.kind} step",
            'a lab with a furnace of purpose = "fire"',
            "choose another lab file or add the furnace to it",
        )
        return
    left = dict(furnaces)
    for setting, wanted, offered, fits in _demands(spec, step, furnaces):
        able = {name for name, furnace in furnaces.items() if fits(furnace)}
        left = {name: furnace for name, furnace in left.items() if name in able}
        if not able:
            found.refuse(
                path_of(spec, index, setting),
                wanted,
                f"{offered} in lab {lab.name}",
                "change it to what the lab offers",
            )
            return
    if not left:
        found.refuse(
            f"steps[{index}]",
            "a firing that needs several furnaces at once",
            "settings that one furnace of the lab has together",
            f"compare {', '.join(furnaces)} in the lab file",
        )
    elif spec.budget.experiments < min(f.slots for f in left.values()):
        slots = min(f.slots for f in left.values())
        found.warn(
            "budget.experiments",
            f"{spec.budget.experiments} samples do not fill one load of {slots};"
            " nothing will be learnt before the end",
        )


Demand = tuple[str, str, str, Callable[[FurnaceSpec], bool]]


def _demands(
    spec: CampaignSpec, step: StepTemplate, furnaces: dict[str, FurnaceSpec]
) -> list[Demand]:
    """Return (setting, wanted, offered, test) for each thing asked of a furnace."""
    offers = furnaces.values()
    demands: list[Demand] = []
    if bounds := bounds_in(spec, step, "temperature_celsius"):
        hottest = bounds[1]
        demands.append(
            (
                "temperature_celsius",
                f"up to {hottest:g} °C",
                f"at most {max(f.max_celsius for f in offers):g} °C",
                lambda f: f.max_celsius >= hottest,
            )
        )
    if ramps := bounds_in(spec, step, "ramp_celsius_per_minute", _DEFAULT_RAMP):
        fastest = ramps[1]
        most = max(f.max_ramp_celsius_per_minute for f in offers)
        demands.append(
            (
                "ramp_celsius_per_minute",
                f"up to {fastest:g} °C/min",
                f"at most {most:g} °C/min",
                lambda f: f.max_ramp_celsius_per_minute >= fastest,
            )
        )
    gases = frozenset(atmospheres_in(spec, step))
    offered = sorted({gas for f in offers for gas in f.atmospheres})
    demands.append(
        (
            "atmosphere",
            ", ".join(sorted(gases)),
            ", ".join(offered),
            lambda f: gases <= f.atmospheres.keys(),
        )
    )
    materials = frozenset(crucibles_in(spec) or (step.crucible or _DEFAULT_CRUCIBLE,))
    demands.append(
        (
            "crucible",
            ", ".join(sorted(materials)),
            ", ".join(sorted({c for f in offers for c in f.crucibles})),
            lambda f: materials <= set(f.crucibles),
        )
    )
    cooling = bounds_in(spec, step, "cool_celsius_per_minute", _DEFAULT_COOL)
    if cooling and "cool_celsius_per_minute" in _searched(spec, step):
        fastest_cool = cooling[1]
        most = max(rate for f in offers for _, rate in f.cooling)
        demands.append(
            (
                "cool_celsius_per_minute",
                f"up to {fastest_cool:g} °C/min",
                f"at most {most:g} °C/min, as fast as the furnace loses heat",
                lambda f: max(rate for _, rate in f.cooling) >= fastest_cool,
            )
        )
    return demands


def _searched(spec: CampaignSpec, step: StepTemplate) -> frozenset[str]:
    found = spec.space.steps.get(step.label)
    return frozenset(name for name, _ in settings_of(found)) if found else frozenset()


def _check_drying(spec: CampaignSpec, lab: LabSpec, found: Findings) -> None:
    ovens = [f for f in lab.furnaces.values() if f.purpose == "dry"]
    default = float(DryStep.model_fields["temperature_celsius"].default)
    for i, step in enumerate(spec.steps):
        if step.kind != "dry":
            continue
        bounds = bounds_in(spec, step, "temperature_celsius", default)
        celsius = bounds[1] if bounds else default
        most = max((oven.max_celsius for oven in ovens), default=0.0)
        if not ovens:
            found.refuse(
                f"steps[{i}]",
                "a dry step",
                'a lab with an oven of purpose = "dry"',
                "remove the step or add the oven to the lab file",
            )
        elif celsius > most:
            found.refuse(
                path_of(spec, i, "temperature_celsius"),
                f"{celsius:g} °C",
                f"at most {most:g} °C in the ovens of lab {lab.name}",
                "dry cooler, or use a calcine step",
            )


def _check_mixing(spec: CampaignSpec, lab: LabSpec, found: Findings) -> None:
    defaults = {"mix": MixStep, "regrind": RegrindStep}
    for i, step in enumerate(spec.steps):
        if step.kind not in ("mix", "regrind", "scan"):
            continue
        purpose = "mix" if step.kind == "mix" else "grind"
        able = [m for m in lab.mixers.values() if purpose in m.purposes]
        if not able:
            found.refuse(
                f"steps[{i}]",
                f"a {step.kind} step",
                f'a lab with a mixer whose purposes include "{purpose}"',
                "choose another lab file",
            )
        elif step.kind in defaults:
            default = float(defaults[step.kind].model_fields["rpm"].default)
            bounds = bounds_in(spec, step, "rpm", default)
            rpm = bounds[1] if bounds else default
            most = max(mixer.max_rpm for mixer in able)
            if rpm > most:
                found.refuse(
                    path_of(spec, i, "rpm"),
                    f"{rpm:g}",
                    f"at most {most:g} in lab {lab.name}",
                    "mix slower and longer",
                )


def _check_doses(
    spec: CampaignSpec, lab: LabSpec, sets: tuple[PrecursorSet, ...], found: Findings
) -> None:
    """Refuse doses outside every doser's range, with the sample size that fits.

    Where the composition is searched, the smallest shares may be too small to dose:
    such samples are not proposed, and that is said.
    """
    least = min(doser.min_grams for doser in lab.dosers.values())
    most = max(doser.max_grams for doser in lab.dosers.values())
    smallest: tuple[float, str, str] | None = None
    largest: tuple[float, str, str] | None = None
    for candidate in sets:
        for doses in extreme_doses(spec, candidate):
            for label, grams in doses.items():
                dose = (grams, label, candidate.label)
                smallest = min(smallest or dose, dose)
                largest = max(largest or dose, dose)
    if smallest and smallest[0] < least and spec.space.composition:
        found.warn(
            "space.composition",
            f"down to {smallest[0] * 1000:.3g} mg of {smallest[1]} ({smallest[2]}), but"
            f" lab {lab.name} doses at least {least * 1000:g} mg: such samples are not"
            " proposed; raise sample_grams to have them",
        )
    elif smallest and smallest[0] < least:
        found.refuse(
            "sample_grams",
            f"{spec.sample_grams:g} g, which needs {smallest[0] * 1000:.3g} mg of"
            f" {smallest[1]} ({smallest[2]})",
            f"doses of at least {least * 1000:g} mg in lab {lab.name}",
            f"raise sample_grams to {spec.sample_grams * least / smallest[0]:.3g}",
        )
    if largest and largest[0] > most:
        found.refuse(
            "sample_grams",
            f"{spec.sample_grams:g} g, which needs {largest[0]:.3g} g of"
            f" {largest[1]} ({largest[2]})",
            f"doses of at most {most:g} g in lab {lab.name}",
            f"lower sample_grams to {spec.sample_grams * most / largest[0]:.3g}",
        )
    holder = next((s.holder_grams for s in spec.steps if s.kind == "scan"), None)
    needed = holder or float(ScanStep.model_fields["holder_grams"].default)
    if needed > spec.sample_grams:
        path = next(i for i, s in enumerate(spec.steps) if s.kind == "scan")
        found.refuse(
            f"steps[{path}].holder_grams",
            f"{needed:g} g in the holder",
            f"at most sample_grams, {spec.sample_grams:g} g",
            "fill the holder less or make more powder",
        )


def _check_scans(spec: CampaignSpec, lab: LabSpec, found: Findings) -> None:
    """Refuse scan programs that not every diffractometer has, or that are shorter."""
    offers = lab.diffractometers.values()
    common = set.intersection(*(set(offer.programs) for offer in offers))
    for i, step in enumerate(spec.steps):
        for setting, name in (("program", step.program), ("longer", step.longer)):
            if name is not None and name not in common:
                found.unknown(
                    f"steps[{i}].{setting}",
                    name,
                    sorted(common),
                    f"name a scan program of every diffractometer in lab {lab.name}.",
                )
                return
        for offer in offers if step.longer else ():
            first, second = (
                offer.programs[step.program or offer.default_program],
                offer.programs[step.longer or offer.default_program],
            )
            if second <= first:
                found.refuse(
                    f"steps[{i}].longer",
                    f"{step.longer}, which takes {second:g} s",
                    f"longer than the first scan of {first:g} s",
                    "name a longer program here, or a shorter one as `program`",
                )
                return


def _warn_of_furnaces(spec: CampaignSpec, lab: LabSpec, found: Findings) -> None:
    """Warn of furnaces that the campaign leaves cold, and of racks that hold it up."""
    able = firing_furnaces(spec, lab)
    for name, furnace in lab.furnaces.items():
        if able and furnace.purpose == "fire" and name not in able:
            reason = idle_reason(spec, furnace)
            found.warn("steps", f"{name} fires no load of this campaign: {reason}")
    places = sum(lab.furnaces[name].slots for name in able)
    kinds = ("vial", "crucible", "jar", "holder")
    for name, rack in lab.racks.items():
        if len(able) > 1 and rack.holds in kinds and rack.slots < places:
            found.warn(
                "budget.experiments",
                f"the rack {name} has {rack.slots} slots for furnaces of {places}"
                " places: a furnace will wait while its slots are taken",
            )


def _check_places(spec: CampaignSpec, lab: LabSpec, found: Findings) -> None:
    heads = sum(rack.slots for rack in lab.racks.values() if rack.holds == "head")
    if len(spec.precursors) > heads:
        found.refuse(
            "precursors",
            f"{len(spec.precursors)} precursors",
            f"at most {heads}, one for each place of a dosing head in lab {lab.name}",
            "remove precursors or add a rack that holds heads to the lab file",
        )
