"""Are the objectives, constraints, controls and limits of the campaign sensible?"""

from campaigns.check.findings import Findings
from campaigns.check.space import (
    bounds_in,
    bounds_of,
    firings,
    is_numeric,
    searched_parameters,
)
from campaigns.errors import MaterialError, SpecError
from campaigns.goals import Objective, OutcomeConstraint
from campaigns.precursors import PrecursorSet
from campaigns.recipe import FireStep, Parameters
from campaigns.spec import CampaignSpec
from campaigns.synthesis import build_recipe, grams_to_dose

_SHARES = ("yield", "impurity")
_ROOM_CELSIUS = 25.0


def check_objectives(spec: CampaignSpec, found: Findings) -> None:
    """Refuse objectives and outcome constraints that mean nothing or repeat."""
    labels = [objective.label for objective in spec.objectives]
    for i, objective in enumerate(spec.objectives):
        path = f"objectives[{i}]"
        _check_phase(path, objective, found)
        if objective.label in labels[:i]:
            found.refuse(
                f"{path}.measure",
                f"`{objective.label}` a second time",
                "each figure once",
                "remove it; a bound on it belongs in [[outcome_constraints]]",
            )
        if objective.measure == "yield" and objective.goal == "minimize":
            found.warn(f"{path}.goal", "the yield of the target is to be minimised")
        _check_share(f"{path}.threshold", objective.measure, objective.threshold, found)
        _check_prices(f"{path}.measure", objective.measure, spec, found)
    for i, bound in enumerate(spec.outcome_constraints):
        path = f"outcome_constraints[{i}]"
        _check_phase(path, bound, found)
        _check_prices(f"{path}.measure", bound.measure, spec, found)
        for side in ("at_least", "at_most"):
            _check_share(f"{path}.{side}", bound.measure, dict(bound)[side], found)
        if bound.at_least is None and bound.at_most is None:
            found.refuse(
                path, "no bound", "at_least, at_most or both", "add one of them"
            )
        elif None not in (bound.at_least, bound.at_most) and (
            float(bound.at_least or 0) > float(bound.at_most or 0)
        ):
            found.refuse(
                path,
                f"at_least {bound.at_least:g} above at_most {bound.at_most:g}",
                "at_least below at_most",
                "swap them",
            )


def _check_phase(
    path: str, figure: Objective | OutcomeConstraint, found: Findings
) -> None:
    if figure.measure == "impurity" and not figure.phase:
        found.refuse(
            f"{path}.phase", "nothing", "the name of a phase", "say which impurity"
        )
    if figure.measure != "impurity" and figure.phase:
        found.refuse(
            f"{path}.phase",
            f"`{figure.phase}` with measure `{figure.measure}`",
            "a phase only with measure `impurity`",
            "remove it, or measure `impurity`",
        )


def _check_prices(path: str, measure: str, spec: CampaignSpec, found: Findings) -> None:
    free = [p.label for p in spec.precursors if not p.price_per_gram]
    if measure != "cost" or not free:
        return
    if len(free) == len(spec.precursors):
        found.refuse(
            path,
            "cost, but no precursor has a price",
            "precursors with price_per_gram",
            "add prices, or measure something else",
        )
    else:
        found.warn(path, f"no price, so counted as free: {', '.join(free)}")


def _check_share(path: str, measure: str, value: float | None, found: Findings) -> None:
    if value is not None and measure in _SHARES and not 0 <= value <= 1:
        found.refuse(path, f"{value:g}", "a share from 0 to 1", "write 0.9 for 90 %")


def warn_of_size(
    spec: CampaignSpec, sets: tuple[PrecursorSet, ...], found: Findings
) -> None:
    """Warn of a search that is trivial, or hopeless for its budget."""
    if len(sets) == 1 and not dict(searched_parameters(spec)):
        found.warn("space", "nothing to search: every sample would be the same")
    if len(sets) > 4 * spec.budget.experiments:
        found.warn(
            "space.sets",
            f"{len(sets)} precursor sets for {spec.budget.experiments} experiments:"
            " most will never be tried; remove unlikely precursors",
        )


def check_input_constraints(spec: CampaignSpec, found: Findings) -> None:
    """Refuse constraints on unknown parameters, and those no point can satisfy."""
    numeric = {k: v for k, v in searched_parameters(spec) if is_numeric(v)}
    for i, constraint in enumerate(spec.input_constraints):
        path = f"input_constraints[{i}]"
        strange = [name for name in constraint.terms if name not in numeric]
        for name in strange:
            found.unknown(
                f"{path}.terms.{name}", name, numeric, "name a searched number."
            )
        if strange:
            continue
        least = sum(
            min(weight * end for end in bounds_of(numeric[name]))
            for name, weight in constraint.terms.items()
        )
        if least > constraint.at_most:
            found.refuse(
                f"{path}.at_most",
                f"{constraint.at_most:g}",
                f"at least {least:g}, the smallest sum in the search space",
                "raise it: no recipe satisfies this constraint",
            )


def check_controls(
    spec: CampaignSpec, sets: tuple[PrecursorSet, ...], found: Findings
) -> None:
    """Refuse a reference recipe that cannot be built."""
    controls = spec.controls
    if not controls.every_loads:
        if controls.reference:
            found.warn("controls.reference", "not used: controls.every_loads is 0")
        return
    if not sets:
        return
    named = str(controls.reference.get("precursors", ""))
    labels = [candidate.label for candidate in sets]
    if named not in labels:
        found.refuse(
            "controls.reference.precursors",
            f"`{named}`" if named else "nothing",
            "; ".join(labels),
            "name one of these sets",
        )
        return
    try:
        build_recipe(spec, _mildest_firing(spec) | controls.reference)
    except MaterialError as error:
        found.refuse(
            "controls.reference",
            str(error),
            "a recipe that can be weighed out",
            "change its excess",
        )
    except SpecError as error:
        for fault in error.faults:
            key = fault.path.removeprefix("parameters.")
            found.unknown(
                f"controls.reference.{key}",
                key,
                fault.allowed.split(", "),
                "remove it.",
            )


def _mildest_firing(spec: CampaignSpec) -> Parameters:
    """Return the coolest, shortest settings of the search."""
    return {
        f"{step.label}.{setting}": bounds[0]
        for _, step in firings(spec)
        for setting in ("temperature_celsius", "hold_hours")
        if (bounds := bounds_in(spec, step, setting))
    }


def check_budget(
    spec: CampaignSpec, sets: tuple[PrecursorSet, ...], found: Findings
) -> None:
    """Refuse budgets too small for a single sample."""
    doses = [sum(grams_to_dose(spec, candidate, {}).values()) for candidate in sets]
    if spec.budget.grams is not None and doses and spec.budget.grams < min(doses):
        found.refuse(
            "budget.grams",
            f"{spec.budget.grams:g} g",
            f"at least {min(doses):.3g} g, the precursors of one sample",
            "raise the budget or lower sample_grams",
        )
    shortest = shortest_firing_days(spec)
    if spec.budget.days is not None and spec.budget.days < shortest:
        found.refuse(
            "budget.days",
            f"{spec.budget.days:g}",
            f"more than {shortest:.2g}, the shortest firing of one load",
            "raise the budget or search shorter holds",
        )


def shortest_firing_days(spec: CampaignSpec) -> float:
    """Return a lower bound on one load's time in the furnace, days."""
    ramp = float(FireStep.model_fields["ramp_celsius_per_minute"].default)
    hours = 0.0
    for _, step in firings(spec):
        temperature = bounds_in(spec, step, "temperature_celsius")
        hold = bounds_in(spec, step, "hold_hours")
        rate = bounds_in(spec, step, "ramp_celsius_per_minute", ramp)
        if step.repeat or not (temperature and hold and rate):
            continue
        hours += hold[0] + (temperature[0] - _ROOM_CELSIUS) / rate[1] / 60
    return hours / 24
