"""Temperature against what furnaces and crucibles stand, and reagents must not see."""

from collections.abc import Iterator

from campaigns.materials.crucibles import attacks, crucibles
from campaigns.materials.phases import PhaseTable
from campaigns.safety.facts import Furnace, Heating, Portion, cited
from campaigns.safety.findings import Finding
from campaigns.specfile import closest

_WORDS = {"Al2O3": "alumina", "MgO": "magnesia", "ZrO2": "zirconia", "SiO2": "silica",
          "Pt": "platinum", "Au": "gold", "Ag": "silver"}  # fmt: skip
"""Crucible material to its word in the phase table."""


def vessel_findings(
    portion: Portion, furnace: Furnace, table: PhaseTable
) -> Iterator[Finding]:
    """Yield what each heating does to reagents that must not be hot, and to vessels."""
    for heating in portion.heatings:
        yield from _limits(portion, heating)
        if not heating.is_drying:
            yield from _furnace(heating, furnace)
            yield from _crucible(portion, heating)
            yield from _wall(portion, heating, table)


def _limits(portion: Portion, heating: Heating) -> Iterator[Finding]:
    for reagent in portion.reagents:
        limit = reagent.max_celsius
        if limit is not None and heating.celsius > limit:
            yield Finding(
                rule="reagent-limit",
                severity="refuse",
                is_hard=True,
                place="heating",
                step=heating.step,
                about=reagent.label,
                found=f"up to {heating.celsius:g} °C",
                limit=f"at most {limit:g} °C, the limit of {reagent.label}",
                reason="the campaign file says that it must never be heated above",
                remedy=f"lower the temperature or remove {reagent.label}",
                source="max_celsius of the reagent",
            )


def _furnace(heating: Heating, furnace: Furnace) -> Iterator[Finding]:
    if heating.celsius > furnace.max_celsius:
        yield Finding(
            rule="furnace-limit",
            severity="refuse",
            is_hard=True,
            place="heating",
            step=heating.step,
            about=furnace.name,
            found=f"up to {heating.celsius:g} °C",
            limit=f"at most {furnace.max_celsius:g} °C in {furnace.name}",
            reason="its elements and lining do not stand more",
            remedy="lower the temperature or use another furnace",
            source="max_celsius of the lab file",
        )


def _crucible(portion: Portion, heating: Heating) -> Iterator[Finding]:
    material, known = heating.crucible, crucibles()
    if material not in known:
        hint = closest(material, known)
        yield Finding(
            rule="crucible-unknown",
            severity="refuse",
            is_hard=True,
            place="crucible",
            step=heating.step,
            about=material,
            found=f"`{material}`",
            limit=", ".join(known),
            reason="nothing is known of what it stands",
            remedy=f"{hint} Otherwise choose a known material." if hint
            else "choose a known material",
            source="campaigns/materials/crucibles.toml",
        )  # fmt: skip
        return
    limit = known[material].max_celsius
    if heating.celsius > limit:
        yield Finding(
            rule="crucible-limit",
            severity="refuse",
            is_hard=True,
            place="heating",
            step=heating.step,
            about=material,
            found=f"up to {heating.celsius:g} °C",
            limit=f"at most {limit:g} °C in {material}",
            reason="the crucible softens, cracks or wears away",
            remedy="lower the temperature or choose another crucible",
            source=known[material].source,
        )
    for attack in attacks(material, portion.elements, heating.celsius):
        names = "-".join(sorted(attack.elements))
        is_refused = attack.severity == "refuse"
        yield Finding(
            rule="crucible-attack",
            severity=attack.severity,
            is_hard=is_refused,
            place="crucible",
            step=heating.step,
            about=names,
            found=f"{material} with {names} at up to {heating.celsius:g} °C",
            limit=f"at most {attack.above_celsius:g} °C for {names} in {material}",
            reason=attack.reason,
            remedy="choose another crucible",
            source=attack.source,
        )


def _wall(portion: Portion, heating: Heating, table: PhaseTable) -> Iterator[Finding]:
    """Yield phases of which nothing says that they leave the crucible alone."""
    word = _WORDS.get(heating.crucible)
    is_first = portion.is_first_firing(heating)
    rows = [r.phase for r in portion.reagents if r.phase and is_first]
    for row in dict.fromkeys((*rows, *portion.target_rows(table))):
        if row.crucibles and word and word not in row.crucibles:
            yield Finding(
                rule="crucible-attack",
                severity="warn",
                place="crucible",
                step=heating.step,
                about=row.name,
                found=f"{row.name} in {heating.crucible}",
                limit=f"{', '.join(row.crucibles)}, known to stand it",
                reason="nothing says that it leaves this material alone",
                remedy="choose one of these crucibles, or line it with the powder",
                source=cited(row, "handling"),
            )
