"""Which phases may be in a sample of a campaign."""

from collections.abc import Iterable

from campaigns.errors import MaterialError
from campaigns.materials.formula import Formula
from campaigns.materials.phases import Phase, PhaseTable
from campaigns.reagents import cations
from campaigns.spec import CampaignSpec, Precursor
from loop.errors import AnalysisError

_AIR = frozenset({"O", "C", "H"})
"""Oxygen, carbon dioxide and moisture, from which any firing or cooling may take."""


def target_phases(spec: CampaignSpec, table: PhaseTable) -> tuple[str, ...]:
    """Return the names that count as target, as one solid solution where several.

    Raises:
        AnalysisError: If the table holds none of them.
    """
    named = spec.target.phases or tuple(
        phase.name for phase in table.by_formula(spec.target.formula)
    )
    if spec.target.solid_solution is not None:
        named = tuple(dict.fromkeys((*named, spec.target.solid_solution.phase)))
    if not any(name in table for name in named):
        raise AnalysisError(
            f"target {spec.target.formula}: the phase table has no row for "
            f"{', '.join(named) or 'it'}; add one, or name the accepted phases in "
            "target.phases"
        )
    return named


def expected_elements(spec: CampaignSpec, dosed: Iterable[str]) -> frozenset[str]:
    """Return the cations that dosed precursors bring in.

    Args:
        spec: The campaign.
        dosed: Precursor names as in the recipe.
    """
    found: frozenset[str] = frozenset()
    for precursor in _dosed(spec, dosed):
        found |= cations(Formula.parse(precursor.formula))
    return found


def candidate_phases(
    spec: CampaignSpec,
    dosed: Iterable[str],
    table: PhaseTable,
    *,
    crucibles: Iterable[str] = (),
) -> tuple[Phase, ...]:
    """Return every phase with a structure that one sample may hold, in table order.

    These are all phases of the elements dosed with oxygen, carbon and hydrogen, which
    takes in the precursors themselves, every reaction product and the target's
    variants; and what they make with the crucible.

    Args:
        spec: The campaign.
        dosed: Precursor names as in the recipe.
        table: The phase table.
        crucibles: Crucible materials that the sample was fired in, as formulas.

    Raises:
        AnalysisError: If a name is no precursor of the campaign, or nothing is left.
    """
    elements = _AIR
    names: set[str] = set(target_phases(spec, table))
    for precursor in _dosed(spec, dosed):
        elements |= Formula.parse(precursor.formula).elements
        names.add(precursor.phase)
    for material in crucibles:
        try:
            elements |= Formula.parse(material).elements
        except MaterialError:
            continue  # a metal or a trade name, such as platinum: it adds no oxide
    found = tuple(
        phase
        for phase in table.values()
        if phase.has_structure and (phase.elements <= elements or phase.name in names)
    )
    if not found:
        raise AnalysisError(
            f"no phase of {', '.join(sorted(elements))} in the phase table has a "
            "structure; add rows for precursors and target"
        )
    return found


def _dosed(spec: CampaignSpec, dosed: Iterable[str]) -> tuple[Precursor, ...]:
    known = {precursor.label: precursor for precursor in spec.precursors}
    out = []
    for name in dosed:
        if name not in known:
            raise AnalysisError(
                f"{name!r} is not a precursor of campaign {spec.name}; allowed: "
                f"{', '.join(known)}"
            )
        out.append(known[name])
    return tuple(out)
