"""Is the recipe in a workable order, and does the search fit it?"""

from campaigns.check.findings import Findings
from campaigns.check.space import (
    bounds_in,
    bounds_of,
    firings,
    is_numeric,
    path_of,
    settings_of,
)
from campaigns.spec import CampaignSpec, Choice, Range
from campaigns.steps import FIRING_KINDS, WORDS, StepTemplate, searchable

_ROOM_CELSIUS = 25.0


def check_steps(spec: CampaignSpec, found: Findings) -> None:
    """Refuse templates that no lab could carry out in order."""
    kinds = [step.kind for step in spec.steps]
    if kinds[0] != "dose" or kinds.count("dose") != 1:
        found.refuse(
            "steps",
            ", ".join(kinds),
            "one dose step, first",
            "begin with one [[steps]] of kind `dose`",
        )
    if kinds[-1] != "scan" or kinds.count("scan") != 1:
        found.refuse(
            "steps",
            ", ".join(kinds),
            "one scan step, last",
            "end with one [[steps]] of kind `scan`",
        )
    once = [s.kind for s in spec.steps if s.kind in FIRING_KINDS and not s.repeat]
    if not once:
        found.refuse(
            "steps",
            "no firing that always happens",
            "at least one of kind calcine, fire or anneal without `repeat`",
            "add a [[steps]] of kind `fire`",
        )
    _check_order(spec, found)
    _check_labels(spec, found)
    _check_repeats(spec, found)
    for index, step in firings(spec):
        for setting in ("temperature_celsius", "hold_hours"):
            if bounds_in(spec, step, setting) is None:
                found.refuse(
                    f"steps[{index}].{setting}",
                    "nothing",
                    "a number here, or a search of it",
                    f"set it, or search it in [space.steps.{step.label}]",
                )


def _check_order(spec: CampaignSpec, found: Findings) -> None:
    """Mixing and drying come before the first firing, regrinding after it."""
    first = next((i for i, _ in firings(spec)), len(spec.steps))
    for i, step in enumerate(spec.steps):
        is_early = i < first
        if step.kind in ("mix", "dry") and not is_early:
            found.refuse(
                f"steps[{i}]",
                f"{step.kind} after a firing",
                "mix and dry before the first firing",
                "move it up; fired powder is ground by a `regrind` step",
            )
        if step.kind == "regrind" and is_early:
            found.refuse(
                f"steps[{i}]",
                "regrind before any firing",
                "regrind between firings",
                "move it down, or use a `mix` step",
            )
        if step.kind in ("dose", "mix", "dry", "scan") and step.repeat:
            found.refuse(
                f"steps[{i}].repeat",
                f"a repeated {step.kind} step",
                "repeat on regrind and firing steps only",
                "remove `repeat`",
            )


def _check_labels(spec: CampaignSpec, found: Findings) -> None:
    labels = [step.label for _, step in firings(spec)]
    for index, step in firings(spec):
        if labels.count(step.label) > 1:
            found.refuse(
                f"steps[{index}].name",
                f"`{step.label}` for {labels.count(step.label)} steps",
                "firing steps with different names",
                "give each firing a `name` of its own",
            )
        if "." in step.label:
            found.refuse(
                f"steps[{index}].name",
                f"`{step.label}`",
                "a name without a full stop",
                "full stops join step and setting in parameter names",
            )


def _check_repeats(spec: CampaignSpec, found: Findings) -> None:
    repeats = [i for i, step in enumerate(spec.steps) if step.repeat]
    regrinds = spec.space.regrinds
    if repeats and regrinds is None:
        found.refuse(
            f"steps[{repeats[0]}].repeat",
            "a step repeated `regrinds` times",
            "only with space.regrinds",
            "add `regrinds = [0, 1]` to [space], or remove `repeat`",
        )
    if regrinds is None:
        return
    if not repeats:
        found.refuse(
            "space.regrinds",
            "regrinds to search, but no step that repeats",
            'steps with repeat = "regrinds"',
            'add `repeat = "regrinds"` to a regrind step and the firing after it',
        )
    if not is_numeric(regrinds) or not _is_whole(regrinds):
        found.refuse(
            "space.regrinds",
            "something other than whole numbers",
            "whole numbers from 0 to 5",
            "write a list such as [0, 1, 2]",
        )
    elif not 0 <= bounds_of(regrinds)[0] <= bounds_of(regrinds)[1] <= 5:
        low, high = bounds_of(regrinds)
        found.refuse(
            "space.regrinds",
            f"{low:g} to {high:g}",
            "whole numbers from 0 to 5",
            "each regrind loses powder and a day",
        )


def _is_whole(searched: Range | Choice) -> bool:
    values = searched.values
    return bool(values) and all(float(value).is_integer() for value in values)


def check_search(spec: CampaignSpec, found: Findings) -> None:
    """Refuse searches of steps or settings that the template does not have."""
    steps = [step for step in spec.steps if searchable(step.kind)]
    labels = [step.label for step in steps]
    for label, searched in spec.space.steps.items():
        path = f"space.steps.{label}"
        if label not in labels:
            found.unknown(path, label, labels, "name a step that has settings.")
            continue
        if labels.count(label) > 1:
            found.refuse(
                path,
                f"`{label}`, which {labels.count(label)} steps are called",
                "a step with a name of its own",
                "give the steps different names",
            )
        step = steps[labels.index(label)]
        for setting, values in settings_of(searched):
            _check_setting(f"{path}.{setting}", step, setting, values, found)
    _check_crucibles(spec, found)
    for index, step in enumerate(spec.steps):
        if "temperature_celsius" not in searchable(step.kind):
            continue
        bounds = bounds_in(spec, step, "temperature_celsius")
        if bounds and bounds[0] <= _ROOM_CELSIUS:
            found.refuse(
                path_of(spec, index, "temperature_celsius"),
                f"{bounds[0]:g} °C",
                "above room temperature",
                "furnaces only heat",
            )


def _check_setting(
    path: str,
    step: StepTemplate,
    setting: str,
    values: Range | Choice,
    found: Findings,
) -> None:
    if setting not in searchable(step.kind):
        found.refuse(
            path,
            f"a search of {setting} in a {step.kind} step",
            ", ".join(searchable(step.kind)),
            "remove it, or search it in the step that has it",
        )
    elif dict(step)[setting] is not None:
        found.refuse(
            path,
            "a search of a setting that the template fixes",
            "searched or fixed, not both",
            f"remove `{setting}` from the step or from the search",
        )
    elif setting not in WORDS:
        _check_numbers(path, setting, values, found)
    elif is_numeric(values):
        example = '["air", "O2"]' if setting == "atmosphere" else '["Al2O3", "MgO"]'
        found.refuse(path, "numbers", f"names, as of {setting}s", f"write {example}")


def _check_crucibles(spec: CampaignSpec, found: Findings) -> None:
    """A sample stays in the crucible of its first firing."""
    searched = [n for n, s in spec.space.steps.items() if s.crucible is not None]
    fired = [step for _, step in firings(spec)]
    if not fired:
        return
    first, *rest = fired
    for label in searched:
        if label != first.label:
            found.refuse(
                f"space.steps.{label}.crucible",
                "a crucible searched in a later firing",
                f"in the first one, {first.label}",
                "move it there: samples keep their crucibles",
            )
    for step in rest if searched else ():
        if step.crucible is not None:
            found.refuse(
                f"space.steps.{searched[0]}.crucible",
                f"a search, beside a crucible fixed for {step.label}",
                "one crucible for all firings of a sample",
                f"remove `crucible` from the step {step.label}",
            )


def _check_numbers(
    path: str, setting: str, values: Range | Choice, found: Findings
) -> None:
    if not is_numeric(values):
        found.refuse(path, "words", "numbers", f"give {setting} as numbers")
    elif setting != "temperature_celsius" and bounds_of(values)[0] <= 0:
        found.refuse(
            path, f"{bounds_of(values)[0]:g}", "numbers above 0", "raise the minimum"
        )
