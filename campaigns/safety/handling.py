"""What air does to the reagents while they are weighed, and what that spoils."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from campaigns.materials.formula import Formula
from campaigns.safety.facts import Portion, Reagent, cited
from campaigns.safety.findings import Finding
from campaigns.safety.oxidation import nature

_ENOUGH = {
    "dry": ("dry-air", "nitrogen", "argon"),
    "inert": ("nitrogen", "argon"),
    "argon": ("argon",),
}
"""Need to the gases at the doser that meet it."""
_TABLE = Path(__file__).with_name("handling.toml")


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """A class of reagents that air harms."""

    kind: str
    elements: tuple[str, ...]
    """Cations meant; any if empty."""
    needs: Literal["dry", "inert", "argon"]
    severity: Literal["refuse", "warn"]
    reason: str
    source: str
    drying: str = ""
    is_hard: bool = False
    checked: bool = False

    def is_of(self, formula: Formula) -> bool:
        """Tell whether a formula belongs to the class."""
        is_meant = not self.elements or any(
            e in formula.elements for e in self.elements
        )
        return is_meant and self.kind in kinds(formula)


@cache
def sensitivities() -> tuple[Sensitivity, ...]:
    """Return the classes, the most dangerous first."""
    rows = tomllib.loads(_TABLE.read_text(encoding="utf-8"))["rule"]
    found = [
        Sensitivity(
            kind=row.pop("class"), elements=tuple(row.pop("elements")), **row
        )
        for row in rows
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda s: (not s.is_hard, s.severity == "warn")))


def kinds(formula: Formula) -> frozenset[str]:
    """Return the classes of a formula, plain oxides and hydroxides among them."""
    classes = nature(formula).classes
    rest = formula.elements - {"O", "H"}
    if len(rest) == 1 and "O" in formula.elements:
        if "H" not in formula.elements and not classes:
            return classes | {"oxide"}
        if classes == {"water"}:
            return classes | {"hydroxide"}
    # A peroxide's fluorides and the like are told apart by their own classes.
    return classes - {"halide"} if "F" in formula.elements else classes


def handling_findings(portion: Portion, dosing: str) -> Iterator[Finding]:
    """Yield what happens to each reagent in the gas at the doser.

    Args:
        portion: The sample.
        dosing: Gas around the doser, one of `labspec.DOSING`.
    """
    for reagent in portion.reagents:
        known = _sensitivity(reagent)
        if known and dosing not in _ENOUGH[known.needs]:
            yield _air(reagent, known, dosing)
        yield from _labels(reagent)


def _sensitivity(reagent: Reagent) -> Sensitivity | None:
    """Return what air does to a reagent.

    The phase table knows better than a class, save where the class is dangerous.
    """
    by_class = next((s for s in sensitivities() if s.is_of(reagent.formula)), None)
    row = reagent.phase
    if row is None or (by_class and by_class.severity == "refuse"):
        return by_class
    if not row.spoiled_by:
        return None
    return Sensitivity(
        kind="",
        elements=(),
        needs="dry" if row.spoiled_by == ("H2O",) else "inert",
        severity="warn",
        reason=f"takes up {' and '.join(row.spoiled_by)}: less of its metals is weighed"
        f" than was meant",
        source=cited(row, "handling"),
        drying=by_class.drying if by_class else "",
    )


def _air(reagent: Reagent, known: Sensitivity, dosing: str) -> Finding:
    allowed = " or ".join(_ENOUGH[known.needs])
    is_stated = reagent.has_loss_stated or known.severity == "refuse"
    loss = "" if is_stated else "; no assay or loss_on_ignition is stated"
    drying = f"{known.drying}; or " if known.drying else ""
    return Finding(
        rule="air-sensitive",
        severity=known.severity,
        is_hard=known.is_hard,
        place="reagent",
        about=reagent.label,
        reagent=reagent.label,
        found=f"{reagent.label} is dosed in {dosing}{loss}",
        limit=f"dosing in {allowed}",
        reason=known.reason,
        remedy=f"{drying}dose in {allowed} (atmosphere of the doser in the lab file)",
        source=known.source,
    )


def _labels(reagent: Reagent) -> Iterator[Finding]:
    """Yield what the label says: the campaign file's statements, else the table's."""
    stated = reagent.hazards
    table = reagent.phase.hazards if reagent.phase else ()
    if stated or table:
        yield Finding(
            rule="label",
            severity="warn",
            place="reagent",
            about=reagent.label,
            reagent=reagent.label,
            found=f"{reagent.label}: {'; '.join(stated or table)}",
            limit="none without care",
            reason="hazard statements of the reagent",
            remedy="follow its safety data sheet",
            source="campaign file" if stated else "phase table",
        )
