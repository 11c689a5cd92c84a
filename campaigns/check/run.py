"""The check as a whole."""

from typing import TYPE_CHECKING

from campaigns.check.candidates import check_columns, check_rows
from campaigns.check.chemistry import (
    check_excess,
    check_formulas,
    check_precursors,
    check_stock,
    excess_corners,
)
from campaigns.check.composition import check_composition
from campaigns.check.findings import Findings
from campaigns.check.goals import (
    check_budget,
    check_controls,
    check_input_constraints,
    check_objectives,
    warn_of_size,
)
from campaigns.check.lab import check_lab
from campaigns.check.phases import (
    check_phases,
    check_solid_solution,
    warn_of_reagents,
)
from campaigns.check.report import CheckReport, SetPreview
from campaigns.check.safety import check_acceptances, check_safety, gas_of_load
from campaigns.check.space import searched_parameters
from campaigns.check.template import check_search, check_steps
from campaigns.materials.formula import Formula
from campaigns.precursors import PrecursorSet
from campaigns.safety.findings import worst_first
from campaigns.spec import CampaignSpec, Choice, Range
from campaigns.synthesis import cost, grams_to_dose
from instruments.labspec import LabSpec

if TYPE_CHECKING:
    from campaigns.materials.phases import PhaseTable


def check(
    spec: CampaignSpec, lab: LabSpec | None, table: "PhaseTable | None" = None
) -> CheckReport:
    """Check a campaign's chemistry, recipe and goals, and whether a lab can do it.

    Args:
        spec: The campaign, as `campaigns.specfile.load` returns it.
        lab: The lab that would run it; without one, its limits are not checked.
        table: Known phases; without them, names of phases are not checked.

    Returns:
        Every fault and warning found, and what each precursor set takes and gives.
    """
    found = Findings()
    check_steps(spec, found)
    check_search(spec, found)
    check_objectives(spec, found)
    check_input_constraints(spec, found)
    sets: tuple[PrecursorSet, ...] = ()
    if check_formulas(spec, found) and check_composition(spec, found):
        check_columns(spec, found)
        sets = _check_matter(spec, lab, table, found)
    return CheckReport(
        name=spec.name,
        sha256=spec.sha256,
        target=spec.target.formula,
        faults=tuple(found.faults),
        warnings=tuple(found.warnings),
        safety=worst_first(found.safety),
        sets=tuple(preview(spec, candidate, lab) for candidate in sets),
        parameters=tuple((k, describe(v)) for k, v in searched_parameters(spec)),
    )


def _check_matter(
    spec: CampaignSpec,
    lab: LabSpec | None,
    table: "PhaseTable | None",
    found: Findings,
) -> tuple[PrecursorSet, ...]:
    """Check everything that needs readable formulas; return the sets that work."""
    sets = check_precursors(spec, found)
    n_before = len(found.faults)
    check_excess(spec, sets, found)
    has_excess = len(found.faults) == n_before
    check_solid_solution(spec, found)
    if table is not None:
        check_phases(spec, table, found)
        warn_of_reagents(spec, table, found)
    check_acceptances(spec, found)
    if not has_excess:  # masses below would have no meaning
        return ()
    check_rows(spec, sets, found)
    check_safety(spec, lab, table, sets, found)
    check_stock(spec, sets, found)
    check_budget(spec, sets, found)
    check_controls(spec, sets, found)
    warn_of_size(spec, sets, found)
    if lab is not None:
        check_lab(spec, lab, sets, found)
    return sets


def preview(
    spec: CampaignSpec, candidate: PrecursorSet, lab: LabSpec | None
) -> SetPreview:
    """Return what one sample of a set takes and gives, with the least excess."""
    least = excess_corners(spec)[0]
    grams = grams_to_dose(spec, candidate, least)
    target_moles = spec.sample_grams / candidate.target.molar_mass
    return SetPreview(
        label=candidate.label,
        target=str(candidate.target),
        reaction=str(candidate.reaction),
        grams=grams,
        gas_grams={
            gas: float(moles) * target_moles * Formula.parse(gas).molar_mass
            for gas, moles in candidate.reaction.gases.items()
        },
        powder_grams=spec.sample_grams,
        cost=cost(spec, grams),
        load_gas=gas_of_load(spec, lab, candidate),
    )


def describe(values: Range | Choice) -> str:
    """Write a parameter's values in words."""
    if isinstance(values, Choice):
        return ", ".join(v if isinstance(v, str) else f"{v:g}" for v in values.values)
    words = f"{values.min:g} to {values.max:g}"
    if values.step is not None:
        words += f" in steps of {values.step:g}"
    return f"{words}, logarithmic" if values.log else words
