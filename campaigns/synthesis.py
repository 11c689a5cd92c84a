"""From parameters to a recipe, and from what was done back to parameters."""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import groupby
from statistics import fmean
from typing import Any

from campaigns.composition import sites, target_of
from campaigns.errors import Fault, MaterialError, SpecError
from campaigns.precursors import (
    PrecursorSet,
    find_set,
    precursor_sets,
    searched_cations,
)
from campaigns.reagents import cations, formula_of
from campaigns.recipe import DoseStep, Parameters, Recipe
from campaigns.spec import CampaignSpec, Precursor
from campaigns.steps import FIRING_KINDS, StepTemplate, searchable

__all__ = [
    "PrecursorSet",
    "build_recipe",
    "cost",
    "measured_parameters",
    "precursor_sets",
]


def build_recipe(spec: CampaignSpec, parameters: Parameters) -> Recipe:
    """Return the ordered steps and masses of one sample.

    Masses follow the exact balance, times 1 + excess for each element named, corrected
    for assay and loss on ignition; hydrate water is part of a reagent's formula.

    Args:
        spec: The campaign.
        parameters: A point of its space, keyed as `campaigns.recipe.Parameters`;
            settings it leaves out come from the recipe template.

    Raises:
        MaterialError: If the precursor set is not one of the campaign's, or cannot
            supply the excess.
        SpecError: If a parameter is unknown, or a firing has no temperature or hold.
    """
    _refuse_unknown(spec, parameters)
    chosen = set_of(spec, parameters)
    excess = planned_excess(parameters)
    steps: list[Any] = []
    for template in _in_order(spec.steps, round(float(parameters.get("regrinds", 0)))):
        if template.kind == "dose":
            steps.append(DoseStep(grams=grams_to_dose(spec, chosen, excess)))
        else:
            steps.append(_step(template, parameters))
    limiting = min([Fraction(0), *excess.values()])
    return Recipe(
        steps=tuple(steps),
        reaction=str(chosen.reaction),
        expected_grams=spec.sample_grams * float(1 + limiting),
        target=str(chosen.target),
    )


def set_of(spec: CampaignSpec, parameters: Parameters) -> PrecursorSet:
    """Return a sample's precursor set with the reaction to its own composition.

    Raises:
        MaterialError: If the campaign has no such set, or it cannot make that.
        SpecError: If the shares of a site are missing or do not add up to 1.
    """
    chosen = find_set(spec, str(parameters.get("precursors", "")))
    if not spec.space.composition:
        return chosen
    return chosen.at(target_of(spec, parameters))


def planned_excess(parameters: Parameters) -> dict[str, Fraction]:
    """Return element to mole fraction beyond the balance, exactly as written."""
    return {
        key.removeprefix("excess."): Fraction(str(value))
        for key, value in parameters.items()
        if key.startswith("excess.")
    }


def grams_to_dose(
    spec: CampaignSpec, chosen: PrecursorSet, excess: Mapping[str, Fraction]
) -> dict[str, float]:
    """Return precursor name to the mass to weigh out, g, in file order.

    Args:
        spec: The campaign.
        chosen: The set, with the reaction to the sample's composition.
        excess: Element to mole fraction beyond the balance.

    Raises:
        MaterialError: If the set cannot supply the excess.
    """
    target_moles = spec.sample_grams / chosen.target.molar_mass
    return {
        precursor.label: target_moles * float(moles) / moles_per_gram(precursor)
        for precursor, moles in zip(
            chosen.precursors, chosen.moles(excess), strict=True
        )
        if moles
    }


def moles_per_gram(precursor: Precursor) -> float:
    """Return moles of reagent formula in one gram as it stands on the shelf, mol/g.

    The assay holds for the dried reagent, so a lot with assay a and loss on ignition l
    contains a (1 - l) of its formula by mass.
    """
    pure = precursor.assay * (1 - precursor.loss_on_ignition)
    return pure / formula_of(precursor).molar_mass


def cost(spec: CampaignSpec, grams: Mapping[str, float]) -> float:
    """Return the price of the precursors in some doses, in the file's currency.

    Args:
        spec: The campaign.
        grams: Precursor name to mass as received, g.
    """
    prices = {p.label: p.price_per_gram for p in spec.precursors}
    return sum(prices[label] * mass for label, mass in grams.items())


def measured_parameters(
    spec: CampaignSpec,
    planned: Parameters,
    dosed_grams: Mapping[str, float],
    firings: Sequence[tuple[str, Mapping[str, float | str]]],
) -> Parameters:
    """Return the parameters as carried out, with the keys that were planned.

    Excess is the element's moles over its amount in the sample's target, relative to
    the mean of the same ratio over the elements without a planned excess. A cation's
    share is its moles over those of its site, except where an excess of one of them is
    searched. A setting measured in several firings of one step is their mean.

    Args:
        spec: The campaign.
        planned: The parameters proposed.
        dosed_grams: Precursor name to weighed mass as received, g; empty if not
            weighed.
        firings: Step label and measured values (`hold_celsius`, `hold_hours`), one
            pair a firing.

    Raises:
        MaterialError: If a dosed precursor is not in the campaign.
    """
    measured = dict(planned)
    if dosed_grams:
        measured |= _amounts_of_doses(spec, planned, dosed_grams)
    for setting, reading in (
        ("temperature_celsius", "hold_celsius"),
        ("hold_hours", "hold_hours"),
    ):
        found: dict[str, list[float]] = {}
        for step, values in firings:
            if reading in values:
                found.setdefault(f"{step}.{setting}", []).append(float(values[reading]))
        measured |= {k: fmean(v) for k, v in found.items() if k in planned}
    return measured


def _amounts_of_doses(
    spec: CampaignSpec, planned: Parameters, dosed_grams: Mapping[str, float]
) -> dict[str, float]:
    target = target_of(spec, planned)
    by_label = {p.label: p for p in spec.precursors}
    if unknown := sorted(dosed_grams.keys() - by_label.keys()):
        raise MaterialError(f"{', '.join(unknown)}: dosed, but not in the campaign")
    ratios = dict.fromkeys(sorted(cations(target)), 0.0)
    for label, grams in dosed_grams.items():
        moles = grams * moles_per_gram(by_label[label])
        for element in ratios:
            amount = formula_of(by_label[label]).amount(element)
            ratios[element] += moles * float(amount / target.amount(element))
    named = [e for e in ratios if f"excess.{e}" in planned]
    reference = [ratios[e] for e in ratios if e not in named] or list(ratios.values())
    if min(reference) <= 0:
        return {}
    found = {f"excess.{e}": ratios[e] / fmean(reference) - 1 for e in named}
    for site in sites(spec):
        of_site = [ratios.get(e, 0.0) * float(target.amount(e)) for e in site.cations]
        if not set(named).intersection(site.cations) and sum(of_site) > 0:
            shares = [one / sum(of_site) for one in of_site]
            found |= dict(zip(site.keys, shares, strict=True))
    return found


def _in_order(steps: Sequence[StepTemplate], regrinds: int) -> Iterator[StepTemplate]:
    """Yield the steps; a run of steps marked `regrinds` comes that many times."""
    for repeat, run in groupby(steps, key=lambda step: step.repeat):
        block = tuple(run)
        for _ in range(regrinds if repeat else 1):
            yield from block


def _step(template: StepTemplate, parameters: Parameters) -> dict[str, Any]:
    """Return one step's settings: the template's, overruled by the parameters."""
    settings = template.model_dump(exclude_none=True, exclude={"name", "repeat"})
    label = template.label
    for setting in searchable(template.kind):
        if (key := f"{label}.{setting}") in parameters:
            settings[setting] = parameters[key]
    if template.kind in FIRING_KINDS:
        settings["name"] = label
        settings |= _crucible(parameters)
        for needed in ("temperature_celsius", "hold_hours"):
            if needed not in settings:
                raise SpecError((_missing(label, needed),))
    return settings


def _crucible(parameters: Parameters) -> dict[str, float | str]:
    """Return the crucible that a sample has from its first firing on, if searched."""
    found = [v for key, v in parameters.items() if key.endswith(".crucible")]
    return {"crucible": found[0]} if found else {}


def _missing(label: str, setting: str) -> Fault:
    return Fault(
        path=f"steps.{label}.{setting}",
        found="nothing",
        allowed="a number",
        remedy="set it in [[steps]], or search it in [space.steps]",
    )


def _refuse_unknown(spec: CampaignSpec, parameters: Parameters) -> None:
    known = {"precursors", "regrinds"}
    known |= {f"excess.{e}" for e in searched_cations(spec)}
    known |= {key for site in sites(spec) for key in site.keys}
    known |= {
        f"{step.label}.{setting}"
        for step in spec.steps
        for setting in searchable(step.kind)
    }
    if unknown := sorted(parameters.keys() - known):
        raise SpecError(
            tuple(
                Fault(
                    path=f"parameters.{key}",
                    found="an unknown parameter",
                    allowed=", ".join(sorted(known)),
                    remedy="remove it or correct its name",
                )
                for key in unknown
            )
        )
