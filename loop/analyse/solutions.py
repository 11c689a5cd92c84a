"""The phases that a sample of searched composition is to be: solid solutions.

A solution between ends of one structure has their mean cell and the shared site filled
by composition. Where only one end has a structure, it keeps that end's cell as long as
most of the site is that end's.

Source:
    Vegard, Z. Phys. 5 (1921) 17: cell edges follow the composition linearly; Denton &
    Ashcroft, Phys. Rev. A 43 (1991) 3161, for how well. The fit moves the cell from
    there (see `references.MEASURED_CELL_LIMIT`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from campaigns.composition import Shares, composed, ends, shares_of, sites, target_of
from campaigns.ledger import Ledger
from campaigns.materials.formula import Formula
from campaigns.materials.phases import Phase, PhaseTable
from campaigns.materials.phases import Site as AtomSite
from campaigns.recipe import Parameters
from campaigns.spec import CampaignSpec

HOST = 0.7
"""Share of the site from which an end's own structure stands for the solution where the
other ends have none like it. A choice: further off, structures often change."""
_SAME_PLACE = 0.02
"""Fractional coordinates that differ by less belong to one site."""


@dataclass(frozen=True)
class _Part:
    """One end of the solution."""

    row: Phase
    share: float
    shares: Shares
    """Cations alone on their sites in this end."""


def for_sample(
    spec: CampaignSpec, table: PhaseTable, ledger: Ledger, sample: str
) -> tuple[CampaignSpec, PhaseTable]:
    """Return the campaign and the phases as they are for one sample.

    Args:
        spec: The campaign.
        table: The phase table.
        ledger: The campaign's records; the sample has been proposed.
        sample: Its name.
    """
    return at_composition(spec, table, ledger.proposed[sample].proposal.parameters)


def at_composition(
    spec: CampaignSpec, table: PhaseTable, parameters: Parameters
) -> tuple[CampaignSpec, PhaseTable]:
    """Return the campaign with a sample's target, and the table with its solutions.

    Nothing changes where the target's formula is fixed. The sample's target is the
    accepted phases of the file, if it names any; else the rows of the composition, if
    the table has them; else its solid solutions.
    """
    if not spec.space.composition:
        return spec, table
    formula = target_of(spec, parameters)
    found = solutions(spec, table, shares_of(spec, parameters))
    named = spec.target.phases
    if not named and not table.by_formula(formula):
        named = tuple(phase.name for phase in found)
    target = spec.target.model_copy(update={"formula": str(formula), "phases": named})
    extended = PhaseTable((*table.values(), *found))
    return spec.model_copy(update={"target": target}), extended


def solutions(
    spec: CampaignSpec, table: PhaseTable, shares: Shares
) -> tuple[Phase, ...]:
    """Return the solid solutions of one composition, of each structure of its ends.

    None where one cation alone stands on every site: that is an end itself.

    Args:
        spec: The campaign.
        table: Where the ends stand.
        shares: Cation to its share, exactly.
    """
    formula = composed(spec, shares)
    parts = list(_ends(spec, shares))
    if len(parts) < 2:
        return ()
    found: list[Phase] = []
    taken: set[str] = set()
    for end, share in sorted(parts, key=lambda part: -part[1]):
        for row in _rows(spec, table, end):
            if row.name in taken:
                continue
            like = _alike(spec, table, row, end, parts)
            if len(like) < len(parts) and share < HOST:
                continue
            taken.update(part.row.name for part in like)
            name = str(formula) if not found else f"{formula} as {row.name}"
            found.append(_solution(spec, name, formula, row, like, shares))
    return tuple(found)


def _ends(spec: CampaignSpec, shares: Shares) -> Iterator[tuple[Shares, float]]:
    """Yield the ends that a composition holds something of, and how much."""
    for end in ends(spec):
        share = np.prod([float(shares[name]) for name, one in end.items() if one])
        if share > 0:
            yield end, float(share)


def _rows(spec: CampaignSpec, table: PhaseTable, end: Shares) -> tuple[Phase, ...]:
    return tuple(r for r in table.by_formula(composed(spec, end)) if r.has_structure)


def _alike(
    spec: CampaignSpec,
    table: PhaseTable,
    row: Phase,
    end: Shares,
    parts: Sequence[tuple[Shares, float]],
) -> list[_Part]:
    """Return rows of the ends that are built as one row is, the row's own first."""
    kept: list[_Part] = []
    for other, share in sorted(parts, key=lambda part: part[0] != end):
        rows = (row,) if other == end else _rows(spec, table, other)
        same = (r for r in rows if r.hall == row.hall and _match(spec, row, r))
        kept += [_Part(r, share, other) for r in list(same)[:1]]
    return kept


def _match(spec: CampaignSpec, one: Phase, other: Phase) -> bool:
    """Return whether two rows have the same sites, but for the cations that share."""
    if len(one.sites) != len(other.sites):
        return False
    return all(
        _place(spec, a.element) == _place(spec, b.element)
        and np.abs(np.subtract(a.xyz, b.xyz)).max() < _SAME_PLACE
        for a, b in zip(one.sites, other.sites, strict=True)
    )


def _place(spec: CampaignSpec, element: str) -> str:
    """Return the element that a site of the target's formula is named by."""
    owner = (site.element for site in sites(spec) if element in site.cations)
    return next(owner, element)


def _solution(
    spec: CampaignSpec,
    name: str,
    formula: Formula,
    row: Phase,
    like: Sequence[_Part],
    shares: Shares,
) -> Phase:
    """Return the crystal of a composition, built as a row."""
    weights = np.array([part.share for part in like])
    cells = np.array([part.row.cell for part in like], dtype=np.float64)
    a, b, c, alpha, beta, gamma = (weights @ cells / weights.sum()).tolist()
    return replace(
        row,
        name=name,
        formula=formula,
        cell=(a, b, c, alpha, beta, gamma),
        sites=tuple(
            atom for site in row.sites for atom in _filled(spec, site, shares)
        ),
        positions="model",
        xray_density=None,
        note=f"solid solution; cell by {', '.join(p.row.name for p in like)}",
        sources=(),
    )  # fmt: skip


def _filled(spec: CampaignSpec, site: AtomSite, shares: Shares) -> Iterator[AtomSite]:
    """Yield the cations on a site of a solution."""
    owner = next((s for s in sites(spec) if site.element in s.cations), None)
    if owner is None:
        yield site
        return
    for cation in owner.cations:
        if shares[cation]:
            share = float(shares[cation]) * site.occupancy
            yield replace(site, element=cation, occupancy=share)
