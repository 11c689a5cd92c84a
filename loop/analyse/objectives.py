"""From what was found and measured to the figures that a campaign asks for."""

import numpy as np

from campaigns.materials.phases import PhaseTable
from campaigns.results import Identification, Score
from campaigns.spec import CampaignSpec, Objective, OutcomeConstraint, SolidSolution
from loop.analyse.powder import Powder, RunFacts
from loop.analyse.verdict import twins_of_target

_THERMOCOUPLE = 0.002
"""Relative standard deviation of a temperature: class 1 of IEC 60584-1 allows 0.4 %."""
_ENERGY = 0.05
"""Relative standard deviation of energy estimated from a trace. Source: assumed."""
Measure = Objective | OutcomeConstraint


def score(
    spec: CampaignSpec,
    identification: Identification,
    *,
    facts: RunFacts,
    table: PhaseTable,
) -> dict[str, Score]:
    """Return the figures that are asked for with their variances, by label.

    Those of the objectives, then of outcome constraints on other figures.

    Args:
        spec: Says what is asked for and how yield is defined.
        identification: What the pattern says is in the powder.
        facts: What was measured of the making.
        table: Formulas of the phases.

    Raises:
        AnalysisError: If the facts are impossible, or a phase has no formula.

    Source:
        Variances of shares by the delta method: g' C g with numerical gradient g.
    """
    asked: dict[str, Measure] = {one.label: one for one in spec.objectives}
    asked |= {one.label: one for one in spec.outcome_constraints}
    return {
        label: measure(spec, identification, one, facts=facts, table=table)
        for label, one in asked.items()
    }


def measure(
    spec: CampaignSpec,
    identification: Identification,
    asked: Measure,
    *,
    facts: RunFacts,
    table: PhaseTable,
) -> Score:
    """Return one figure with its variance."""
    facts.check()
    flags: tuple[str, ...] = ()
    if not identification.is_usable:
        flags = ("unusable identification",)
    samples = facts.samples_in_load
    if asked.measure == "energy":
        mean = facts.energy_kilowatt_hours / samples
        return Score(mean=mean, variance=(_ENERGY * mean) ** 2)
    if asked.measure == "time":
        return Score(mean=facts.furnace_hours, variance=0.0)
    if asked.measure == "peak_temperature":
        peak = facts.peak_celsius
        return Score(mean=peak, variance=(_THERMOCOUPLE * peak) ** 2)
    powder = Powder(spec, identification.fractions, facts, table)
    flags += powder.flags()
    flags += tuple(
        f"target or {twin}: equally good"
        for twin in twins_of_target(identification, powder.target)
    )
    if asked.measure == "cost":
        return powder.cost(flags)
    wanted = (asked.phase,) if asked.measure == "impurity" else powder.target
    if asked.measure == "yield" and spec.target.yield_basis == "limiting-cation":
        return powder.share(powder.cation_yield, wanted, flags)
    is_whole = spec.target.yield_basis == "whole"
    basis = powder.whole if is_whole else powder.crystalline
    return powder.share(basis(wanted), wanted, flags)


def solid_solution_amount(
    solution: SolidSolution, identification: Identification
) -> float | None:
    """Return the varying element's amount per formula unit, from the refined cell.

    Args:
        solution: The campaign's cell-to-composition map, interpolated linearly and
            held at its ends.
        identification: Gives the refined cell.

    Returns:
        None where the phase was not found.
    """
    cell = identification.cells.get(solution.phase)
    if cell is None:
        return None
    edge = cell["abc".index(solution.cell)]
    points = sorted(solution.points)
    return float(np.interp(edge, [p[0] for p in points], [p[1] for p in points]))
