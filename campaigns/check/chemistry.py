"""Can the target be made of these precursors?"""

from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from itertools import product

from campaigns.check.composition import warn_of_gaps
from campaigns.check.findings import Findings
from campaigns.check.space import bounds_of, is_numeric
from campaigns.composition import composed, corners, generic
from campaigns.errors import MaterialError
from campaigns.materials.formula import Formula
from campaigns.precursors import (
    PrecursorSet,
    balanced_somewhere,
    precursor_sets,
    searched_cations,
)
from campaigns.reagents import cations
from campaigns.spec import CampaignSpec
from campaigns.synthesis import grams_to_dose


def check_formulas(spec: CampaignSpec, found: Findings) -> bool:
    """Refuse formulas that cannot be read; say whether all could be."""
    texts = [("target.formula", spec.target.formula)]
    texts += [
        (f"precursors[{i}].formula", p.formula) for i, p in enumerate(spec.precursors)
    ]
    n_before = len(found.faults)
    for path, text in texts:
        try:
            Formula.parse(text)
        except MaterialError as error:
            found.refuse(
                path, f"`{text}`", "a chemical formula", f"correct it: {error}"
            )
    is_readable = len(found.faults) == n_before
    if is_readable and not cations(Formula.parse(spec.target.formula)):
        found.refuse(
            "target.formula",
            f"`{spec.target.formula}`",
            "a solid with at least one element besides C, H, N and O",
            "powders made by firing need a cation",
        )
        return False
    return is_readable


def check_precursors(spec: CampaignSpec, found: Findings) -> tuple[PrecursorSet, ...]:
    """Refuse what cannot balance; return the sets that do."""
    labels = [precursor.label for precursor in spec.precursors]
    for i, label in enumerate(labels):
        if label in labels[:i]:
            found.refuse(
                f"precursors[{i}].name",
                f"`{label}` a second time",
                "names that differ",
                "give the lots different names, such as `BaCO3 coarse`",
            )
        if "+" in label:
            found.refuse(
                f"precursors[{i}].name",
                f"`{label}`",
                "a name without `+`",
                "`+` joins precursors in the names of sets",
            )
    if not isinstance(spec.space.sets, str):
        return _listed_sets(spec, labels, found)
    try:
        sets = precursor_sets(spec)
    except MaterialError as error:
        found.refuse(
            "space.sets",
            f"no set of precursors that makes {spec.target.formula}",
            "at least one that balances",
            str(error),
        )
        return ()
    used = {p.label for candidate in sets for p in candidate.precursors}
    for i, label in enumerate(labels):
        if label not in used:
            found.warn(f"precursors[{i}]", f"{label} is in no balanced set: never used")
    warn_of_gaps(spec, sets, found)
    return sets


def _listed_sets(
    spec: CampaignSpec, labels: list[str], found: Findings
) -> tuple[PrecursorSet, ...]:
    targets = [composed(spec, shares) for shares in generic(spec)]
    sets: list[PrecursorSet] = []
    for i, wanted in enumerate(spec.space.sets):
        path = f"space.sets[{i}]"
        strange = [label for label in wanted if label not in labels]
        for label in strange:
            found.unknown(path, label, labels, "add it to [[precursors]].")
        if strange:
            continue
        members = [p for p in spec.precursors if p.label in wanted]
        try:
            candidate = balanced_somewhere(members, targets)
        except MaterialError as error:
            shown = " + ".join(wanted)
            found.refuse(path, shown, "a set that balances", str(error))
            continue
        if candidate.label in [other.label for other in sets]:
            found.refuse(
                path, candidate.label, "sets that differ", "remove one of them"
            )
        else:
            sets.append(candidate)
    if len(sets) < len(spec.space.sets):
        return tuple(sets)
    # As everything else sees them: with the reaction to a composition of the space.
    sets = list(precursor_sets(spec))
    warn_of_gaps(spec, sets, found)
    return tuple(sets)


def excess_corners(spec: CampaignSpec) -> tuple[dict[str, Fraction], ...]:
    """Return the extreme combinations of excess, exactly; the least first."""
    names = list(spec.space.excess)
    ends = [
        sorted({Fraction(str(value)) for value in bounds_of(values)})
        if is_numeric(values)
        else []
        for values in spec.space.excess.values()
    ]
    return tuple(dict(zip(names, c, strict=True)) for c in product(*ends))


def extremes(spec: CampaignSpec, candidate: PrecursorSet) -> Iterator[PrecursorSet]:
    """Yield a set at the extreme compositions that it makes; itself, if it is fixed."""
    yield candidate
    for shares in corners(spec) if spec.space.composition else ():
        with suppress(MaterialError):
            yield candidate.at(composed(spec, shares))


def extreme_doses(
    spec: CampaignSpec, candidate: PrecursorSet
) -> tuple[dict[str, float], ...]:
    """Return what is dosed at the extreme compositions and excesses, g."""
    return tuple(
        grams_to_dose(spec, one, excess)
        for one in extremes(spec, candidate)
        for excess in excess_corners(spec)
    )


def check_excess(
    spec: CampaignSpec, sets: tuple[PrecursorSet, ...], found: Findings
) -> None:
    """Refuse an excess of an element that no set can add."""
    needed = sorted(searched_cations(spec))
    for element, values in spec.space.excess.items():
        path = f"space.excess.{element}"
        if element not in needed:
            found.unknown(path, element, needed, "name a cation of the target.")
        elif not is_numeric(values):
            found.refuse(path, "words", "numbers", "give mole fractions such as 0.05")
        elif not -0.5 <= min(bounds_of(values)) <= max(bounds_of(values)) <= 1:
            low, high = bounds_of(values)
            found.refuse(
                path,
                f"{low:g} to {high:g}",
                "mole fractions from -0.5 to 1",
                "0.05 adds 5 % of the element; per cent are not meant",
            )
    if any(fault.path.startswith("space.excess") for fault in found.faults):
        return
    for candidate in (one for each in sets for one in extremes(spec, each)):
        for corner in excess_corners(spec):
            try:
                candidate.moles(corner)
            except MaterialError as error:
                found.refuse(
                    "space.excess",
                    str(error),
                    "excess that every set can supply",
                    "add a separate source of the element, list the sets without this"
                    " one in space.sets, or drop the excess",
                )


def check_stock(
    spec: CampaignSpec, sets: tuple[PrecursorSet, ...], found: Findings
) -> None:
    """Refuse a shelf that cannot make one sample; warn where it may not last."""
    n_samples = spec.budget.experiments * spec.controls.replicates
    for i, precursor in enumerate(spec.precursors):
        doses = [
            grams.get(precursor.label, 0.0)
            for candidate in sets
            for grams in extreme_doses(spec, candidate)
        ]
        if (most := max(doses, default=0.0)) > precursor.stock_grams:
            found.refuse(
                f"precursors[{i}].stock_grams",
                f"{precursor.stock_grams:g} g",
                f"at least {most:.3g} g, the largest dose of one sample",
                "buy more, lower sample_grams, or remove the precursor",
            )
        elif most * n_samples > precursor.stock_grams:
            found.warn(
                f"precursors[{i}].stock_grams",
                f"{precursor.stock_grams:g} g lasts for"
                f" {int(precursor.stock_grams / most)} of {n_samples} samples"
                f" if all of them use {precursor.label}",
            )
