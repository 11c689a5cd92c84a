"""Is every row of a table of candidates a recipe of the campaign?"""

from collections.abc import Callable, Sequence

from campaigns.candidates import place, rows
from campaigns.check.findings import Findings
from campaigns.composition import sites, target_of
from campaigns.errors import MaterialError, SpecError
from campaigns.precursors import PrecursorSet, searched_cations
from campaigns.recipe import Parameters
from campaigns.spec import CampaignSpec, CandidateTable
from campaigns.steps import searchable
from campaigns.synthesis import planned_excess

_SHOWN = 3
"""Rows named of one kind of fault."""


def check_columns(spec: CampaignSpec, found: Findings) -> None:
    """Refuse columns that are no parameters of the campaign."""
    table = spec.space.candidates
    if table is None:
        return
    known = ["precursors", "regrinds"]
    known += [key for site in sites(spec) for key in site.keys]
    known += [f"excess.{element}" for element in sorted(searched_cations(spec))]
    known += [
        f"{step.label}.{setting}"
        for step in spec.steps
        for setting in searchable(step.kind)
    ]
    for i, name in enumerate(table.columns):
        if name not in known:
            where = place(table.file, 1, i)
            found.unknown(where, name, known, "name a parameter of the campaign.")
    missing = [k for site in sites(spec) for k in site.keys if k not in table.columns]
    if missing:
        found.refuse(
            place(table.file, 1),
            f"no column {', '.join(missing)}",
            "the shares of all cations on every site of [space.composition]",
            "add the columns",
        )


def check_rows(
    spec: CampaignSpec, sets: Sequence[PrecursorSet], found: Findings
) -> None:
    """Refuse rows that repeat another, that no set can make, or off the limits."""
    table = spec.space.candidates
    if table is None or found.faults:
        return
    if "precursors" not in table.columns and len(sets) > 1:
        found.refuse(
            place(table.file, 1),
            f"no column `precursors`, but {len(sets)} sets that balance",
            "the set of each candidate",
            "add the column, or leave precursors out until one set is left",
        )
        return
    listed = rows(table)
    _refuse_repeats(table, listed, found)
    make = _maker(spec, sets)
    wrong: dict[str, list[int]] = {}
    for line, row in enumerate(listed, start=2):
        if reason := make(row):
            wrong.setdefault(reason, []).append(line)
    for reason, lines in list(wrong.items())[:_SHOWN]:
        more = f" and {len(lines) - 1} more" if len(lines) > 1 else ""
        found.refuse(
            f"{place(table.file, lines[0])}{more}",
            reason,
            "a recipe that can be weighed out",
            "correct the row or remove it",
        )


def _refuse_repeats(
    table: CandidateTable, listed: Sequence[Parameters], found: Findings
) -> None:
    seen: dict[tuple[object, ...], int] = {}
    for line, row in enumerate(listed, start=2):
        key = tuple(row.values())
        if key in seen:
            found.refuse(
                place(table.file, line),
                f"the candidate of line {seen[key]} again",
                "each candidate once",
                "remove one of them",
            )
            return
        seen[key] = line


def _maker(
    spec: CampaignSpec, sets: Sequence[PrecursorSet]
) -> Callable[[Parameters], str]:
    """Return a function that says why a row cannot be made, empty if it can."""
    by_label = {one.label: one for one in sets}
    known: dict[tuple[object, ...], str] = {}
    places = sites(spec)

    def reason(row: Parameters) -> str:
        chosen = by_label[str(row["precursors"])] if "precursors" in row else sets[0]
        try:
            for site in places:
                shares = dict(zip(site.cations, map(row.get, site.keys), strict=True))
                if not site.allows({n: float(v or 0.0) for n, v in shares.items()}):
                    return (
                        f"shares of the {site.element} site off their limits or steps,"
                        " or that do not add up to 1"
                    )
            one = chosen.at(target_of(spec, row)) if places else chosen
            one.moles(planned_excess(row))
        except (MaterialError, SpecError) as error:
            return str(error)
        return ""

    def cached(row: Parameters) -> str:
        key = tuple(
            value
            for name, value in row.items()
            if name == "precursors" or name.startswith(("share.", "excess."))
        )
        if key not in known:
            known[key] = reason(row)
        return known[key]

    return cached
