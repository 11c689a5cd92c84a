"""Can the shares of the target's sites add up, and who can make what they give?"""

from collections.abc import Sequence

from campaigns.check.findings import Findings
from campaigns.composition import MAX_GRID, sites
from campaigns.errors import MaterialError
from campaigns.materials.formula import Formula
from campaigns.materials.reactions import VOLATILE
from campaigns.precursors import PrecursorSet, gaps
from campaigns.reagents import cations
from campaigns.spec import CampaignSpec, Range


def check_composition(spec: CampaignSpec, found: Findings) -> bool:
    """Refuse sites that no composition fills; return whether all can be."""
    n_before = len(found.faults)
    target = Formula.parse(spec.target.formula)
    known = sorted(cations(target))
    seen = set(known) - set(spec.space.composition)
    for site in sites(spec):
        path = f"space.composition.{site.element}"
        if site.element not in known:
            found.unknown(path, site.element, known, "name a cation of the target.")
        for name, limits in site.ranges:
            _check_share(f"{path}.{name}", name, limits, found)
            if name in seen:
                found.refuse(
                    f"{path}.{name}",
                    f"{name}, which stands on another site too",
                    "each cation on one site",
                    "leave it on one: a dose cannot tell which site it goes to",
                )
            seen.add(name)
        if len(found.faults) > n_before:
            continue
        if not site.corners:
            found.refuse(
                path,
                "limits between which no shares add up to 1",
                "lower limits that add up to at most 1, upper ones to at least 1",
                "widen them",
            )
        elif site.is_stepped and not site.grid:
            found.refuse(
                path,
                "steps of which none add up to 1, or too many do",
                f"1 to {MAX_GRID} compositions",
                "give all cations one step that divides 1, or none a step",
            )
    return len(found.faults) == n_before


def _check_share(path: str, name: str, limits: Range, found: Findings) -> None:
    try:
        is_cation = Formula.parse(name).elements == {name} and name not in VOLATILE
    except MaterialError:
        is_cation = False
    if not is_cation:
        found.refuse(
            path,
            f"`{name}`",
            "the symbol of an element other than C, H, N and O",
            "correct it",
        )
    if not 0 <= limits.min < limits.max <= 1 or limits.log:
        found.refuse(
            path,
            f"{limits.min:g} to {limits.max:g}{', logarithmic' if limits.log else ''}",
            "shares from 0 to 1 without `log`",
            "write 0.2 for a fifth of the site",
        )


def warn_of_gaps(
    spec: CampaignSpec, sets: Sequence[PrecursorSet], found: Findings
) -> None:
    """Warn of sets that only make a part of the compositions."""
    for candidate in sets:
        if missed := gaps(spec, candidate):
            found.warn(
                "space.composition",
                f"{candidate.label} does not balance everywhere: not to"
                f" {', '.join(map(str, missed))}; it is proposed only where it does",
            )
