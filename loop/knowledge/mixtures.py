"""Which known solids together have the composition of a compound.

The mixture most stable at 298 K is taken: the energy that a model has to give is then
the smallest, and with it its error (Bartel et al., npj Comput. Mater. 6 (2020) 97).
"""

from collections.abc import Container, Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from campaigns.errors import MaterialError
from campaigns.materials.formula import Formula
from campaigns.materials.phases import Phase, PhaseTable
from campaigns.materials.thermo import REFERENCE_KELVIN, Species, species_formula

CITED = frozenset({"tabulated", "measured", "calibrated"})
"""Kinds of rows that others may be built on; estimates and computed rows are not."""
CARBON_DIOXIDE = "CO2(g)"
_LARGEST_DENOMINATOR = 1000
_ZERO = 1e-9


@dataclass(frozen=True, slots=True)
class Mixture:
    """Known solids, and carbon dioxide, that add up to one formula unit."""

    parts: Mapping[str, Fraction]
    """Species to moles, all above 0."""

    def __str__(self) -> str:
        """Write `MgO + 1/2 Al2O3`."""
        return " + ".join(
            name if n == 1 else f"{n} {name}" for name, n in self.parts.items()
        )


def mixture_of(
    formula: Formula,
    phases: PhaseTable,
    species: Mapping[str, Species],
    *,
    without: Container[str] = (),
    may_hold_gas: bool = False,
) -> Mixture:
    """Return the most stable mixture of cited solids that has a composition.

    Args:
        formula: The compound.
        phases: Structures of the solids.
        species: Their energies.
        without: Species that are not to be part of it, such as the compound itself.
        may_hold_gas: Whether carbon dioxide counts as a part.

    Raises:
        MaterialError: If no mixture has the composition, or only one in which an
            element is of another charge.
    """
    names = [
        name
        for name, row in species.items()
        if (name not in without and _is_reference(name, row, formula, phases))
        or (may_hold_gas and name == CARBON_DIOXIDE and "C" in formula.elements)
    ]
    amounts = _most_stable(formula, {name: species[name] for name in names})
    if amounts is None:
        raise MaterialError(
            f"{formula}: no mixture of solids with a cited energy has its composition;"
            " oxygen or another gas would have to enter, or a solid is missing"
        )
    _refuse_other_charges(formula, amounts)
    return Mixture(amounts)


def _is_reference(
    name: str, row: Species, formula: Formula, phases: PhaseTable
) -> bool:
    if name not in phases or row.status not in CITED:
        return False
    phase = phases[name]
    return (
        phase.elements <= formula.elements
        and is_ordered(phase)
        and phase.valence in {"plain", "mixed"}
    )


def is_ordered(phase: Phase) -> bool:
    """Return whether a phase has a structure without shared or partly filled sites."""
    return phase.has_structure and all(site.occupancy == 1 for site in phase.sites)


def _most_stable(
    formula: Formula, species: Mapping[str, Species]
) -> dict[str, Fraction] | None:
    """Minimise the Gibbs energy of a mixture of a composition; none if none has it."""
    from scipy.optimize import linprog

    if not species:
        return None
    elements = sorted(formula.elements)
    contents = [row.formula for row in species.values()]
    found = linprog(
        [row.gibbs(REFERENCE_KELVIN) / 1e3 for row in species.values()],
        A_eq=np.array([[float(f.amount(e)) for f in contents] for e in elements]),
        b_eq=np.array([float(formula.amount(e)) for e in elements]),
    )
    if not found.success or found.x is None:
        return None
    return {
        name: Fraction(float(n)).limit_denominator(_LARGEST_DENOMINATOR)
        for name, n in zip(species, found.x, strict=True)
        if n > _ZERO
    }


def _refuse_other_charges(formula: Formula, amounts: Mapping[str, Fraction]) -> None:
    """Refuse a mixture in which an element has another mean charge.

    Raises:
        MaterialError: If it has, or if the charges of a substance cannot be told.
    """
    want = _charges(formula)
    have: dict[str, float] = {}
    for name, n in amounts.items():
        part = species_formula(name)
        for element, charge in _charges(part).items():
            have[element] = have.get(element, 0.0) + float(n) * charge
    off = [e for e, charge in want.items() if abs(have[e] - charge) > _ZERO]
    if off:
        raise MaterialError(
            f"{formula}: {', '.join(off)} is of another charge in"
            f" {Mixture(amounts)}: models are not good enough for that (redox)"
        )


def _charges(formula: Formula) -> dict[str, float]:
    """Return each element's whole charge in one formula unit, the likeliest guess."""
    from pymatgen.core.composition import Composition

    whole = formula.reduced
    units = formula.composition[0][1] / whole.composition[0][1]
    composition = Composition({e: int(n) for e, n in whole.composition})
    guesses = composition.oxi_state_guesses()
    if not guesses:
        raise MaterialError(
            f"{formula}: no usual charges of its elements balance; its oxidation"
            " states, and with them a mixture to compare with, cannot be told"
        )
    return {e: guesses[0][e] * composition[e] * float(units) for e in guesses[0]}
