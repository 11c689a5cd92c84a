"""Do the phases that a campaign names exist?"""

from itertools import pairwise

from campaigns.check.findings import Findings
from campaigns.composition import composed, corners, ends
from campaigns.materials.formula import Formula
from campaigns.materials.phases import Phase, PhaseTable
from campaigns.precursors import searched_cations
from campaigns.reagents import cations
from campaigns.spec import CampaignSpec, Precursor

_NOTABLE = 0.985
"""A reagent whose pure share is below is worth a word; most are sold at 99 %."""


def check_phases(spec: CampaignSpec, table: PhaseTable, found: Findings) -> None:
    """Refuse phases that the table does not have or that are not the target."""
    _check_target(spec, table, found)
    for i, precursor in enumerate(spec.precursors):
        path = f"precursors[{i}].phase"
        if precursor.phase and precursor.phase not in table:
            _unknown(path, precursor.phase, table, found)
        elif not precursor.phase and not table.by_formula(precursor.formula):
            found.warn(
                f"precursors[{i}].formula",
                f"no row of the phase table is {precursor.formula}: leftovers of it"
                " cannot be recognised in a pattern",
            )
    for i, objective in enumerate(spec.objectives):
        if objective.phase and objective.phase not in table:
            _unknown(f"objectives[{i}].phase", objective.phase, table, found)
    for i, bound in enumerate(spec.outcome_constraints):
        if bound.phase and bound.phase not in table:
            _unknown(f"outcome_constraints[{i}].phase", bound.phase, table, found)


def _check_target(spec: CampaignSpec, table: PhaseTable, found: Findings) -> None:
    target = Formula.parse(spec.target.formula)
    for i, name in enumerate(spec.target.phases):
        path = f"target.phases[{i}]"
        if name not in table:
            _unknown(path, name, table, found)
        elif not _may_be_target(spec, table[name].formula):
            found.refuse(
                path,
                f"`{name}`, {table[name].formula}",
                f"phases with the cations of {target} in the same ratio",
                "remove it, or correct the target",
            )
        elif not table[name].has_structure:
            found.refuse(
                path,
                f"`{name}`, of which no structure is known",
                "phases whose diffraction pattern can be computed",
                "choose another row",
            )
    if spec.space.composition and not spec.target.phases:
        _check_ends(spec, table, found)
    elif not spec.target.phases:
        rows = table.by_formula(target)
        if not any(row.has_structure for row in rows):
            alike = [
                r.name for r in table.values() if _ratio(r.formula) == _ratio(target)
            ]
            found.refuse(
                "target.formula",
                f"`{spec.target.formula}`, which no row of the phase table has",
                "a target whose diffraction pattern can be computed",
                f"list accepted rows in target.phases, such as {', '.join(alike)}"
                if alike
                else "add a row for it to the phase table",
            )
    solution = spec.target.solid_solution
    if solution is not None and solution.phase not in table:
        _unknown("target.solid_solution.phase", solution.phase, table, found)


def _may_be_target(spec: CampaignSpec, formula: Formula) -> bool:
    """Return whether a phase has the target's cations, in its ratio if that is one."""
    if spec.space.composition:
        return cations(formula) <= searched_cations(spec)
    return _ratio(formula) == _ratio(Formula.parse(spec.target.formula))


def _check_ends(spec: CampaignSpec, table: PhaseTable, found: Findings) -> None:
    """Refuse ends of the composition space that no pattern could be read for."""
    within = corners(spec)
    for end in ends(spec):
        names = [name for name, share in end.items() if share]
        if not any(all(corner[name] for name in names) for corner in within):
            continue
        formula = composed(spec, end)
        if not any(row.has_structure for row in table.by_formula(formula)):
            found.refuse(
                f"space.composition.{next(iter(spec.space.composition))}",
                f"{formula}, an end of the solution, which no row of the phase table"
                " has",
                "ends whose diffraction patterns can be computed",
                "add a row for it to the phase table, or list the phases that count as"
                " target in target.phases",
            )


def check_solid_solution(spec: CampaignSpec, found: Findings) -> None:
    """Refuse a map from cell edge to composition that cannot be followed."""
    solution = spec.target.solid_solution
    if solution is None:
        return
    path = "target.solid_solution"
    if solution.symbol not in Formula.parse(spec.target.formula).elements:
        found.unknown(
            f"{path}.symbol",
            solution.symbol,
            sorted(Formula.parse(spec.target.formula).elements),
            "name an element of the target.",
        )
    edges = [edge for edge, _ in solution.points]
    if any(a >= b for a, b in pairwise(edges)):
        found.refuse(
            f"{path}.points",
            ", ".join(f"{edge:g}" for edge in edges),
            "cell edges in increasing order, each once",
            "sort the points by their first number",
        )
    if spec.target.phases and solution.phase not in spec.target.phases:
        found.refuse(
            f"{path}.phase",
            f"`{solution.phase}`",
            "one of target.phases",
            "add it there, or refine the cell of an accepted phase",
        )


def warn_of_reagents(spec: CampaignSpec, table: PhaseTable, found: Findings) -> None:
    """Warn where a lot's assay is taken as 1 though such reagents fall short of it."""
    for i, precursor in enumerate(spec.precursors):
        row = _row_of(precursor, table)
        if row is None or {"assay", "loss_on_ignition"} & precursor.model_fields_set:
            continue
        assay, lost = row.assay or 1.0, row.loss_on_ignition or 0.0
        if assay * (1 - lost) < _NOTABLE:
            found.warn(
                f"precursors[{i}].assay",
                f"{precursor.label}: neither assay nor loss_on_ignition is stated, so"
                f" it counts as pure and dry; such reagents ({row.name}) have an assay"
                f" of about {assay:g} and lose about {lost:.0%} on drying: state your"
                " lot's",
            )


def _row_of(precursor: Precursor, table: PhaseTable) -> Phase | None:
    if precursor.phase in table:
        return table[precursor.phase]
    return next(iter(table.by_formula(precursor.formula)), None)


def _ratio(formula: Formula) -> tuple[tuple[str, object], ...]:
    kept = {e: formula.amount(e) for e in sorted(cations(formula))}
    total = sum(kept.values())
    return tuple((e, n / total) for e, n in kept.items())


def _unknown(path: str, name: str, table: PhaseTable, found: Findings) -> None:
    found.refuse(
        path,
        f"`{name}`",
        f"one of the {len(table)} rows of the phase table",
        _nearest(name, table),
    )


def _nearest(name: str, table: PhaseTable) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, list(table), n=3, cutoff=0.5)
    return f"did you mean {' or '.join(near)}?" if near else "add the row to the table"
