"""Facts from the project's cited tables, as the proposer asks for them."""

from collections.abc import Iterator
from functools import cache
from math import log

from campaigns.materials.atmospheres import PRESSURES, TRACE
from campaigns.materials.formula import Formula
from campaigns.materials.heat import ANY, first
from campaigns.materials.phases import Phase, PhaseTable
from campaigns.materials.thermo import GAS_CONSTANT, gibbs, species_formula, table
from loop.propose.features import SetChemistry
from loop.propose.powders import Powder

LOWEST_KELVIN, HIGHEST_KELVIN = 300.0, 2000.0


class TabledFacts:
    """Melting points of the phase table, reactions of the thermochemistry table."""

    def melting_celsius(self, formula: str) -> float | None:
        """Return where a compound melts, None if no row says."""
        wanted = Formula.parse(formula)
        rows = PhaseTable.load().by_formula(wanted)
        known = [p.melting_celsius for p in rows if p.melting_celsius is not None]
        return min(known, default=None)

    def driving_force(
        self, precursors: SetChemistry, kelvin: float, atmosphere: str
    ) -> tuple[float, float] | None:
        """Return free energy of the reaction and its sigma, kJ per mol of target.

        `dG + RT sum(n ln p)` over the gases, at the pressures of the furnace gas; the
        sigmas of all species add in squares. None where a species has no row.
        """
        if not LOWEST_KELVIN <= kelvin <= HIGHEST_KELVIN:
            return None
        total = variance = 0.0
        for moles, name, pressure in self._terms(precursors, atmosphere):
            if name is None:
                return None
            row = gibbs(name, kelvin)
            energy = row.joules_per_mole
            energy += GAS_CONSTANT * kelvin * log(pressure)
            total += moles * energy
            variance += (moles * row.sigma_joules_per_mole) ** 2
        return total / 1000, variance**0.5 / 1000

    def log_oxygen(self, atmosphere: str) -> float:
        """Return the logarithm of the oxygen pressure against air, 0 if not known."""
        if atmosphere not in PRESSURES:
            return 0.0
        return log(PRESSURES[atmosphere].get("O2", TRACE) / PRESSURES["air"]["O2"])

    def powder(self, formula: str, coldest: float, hottest: float) -> Powder | None:
        """Return what the phase table says of a reagent, and of what it falls apart to.

        Of several rows of a formula the first speaks.
        """
        table = PhaseTable.load()
        rows = table.by_formula(Formula.parse(formula))
        if not rows:
            return None
        row, is_whole = rows[0], True
        while (left := _left_at(row, coldest)) is not None:
            is_whole = False
            if left not in table:
                return Powder(is_whole, None, is_volatile=False)
            row = table[left]
        melting = self.melting_celsius(str(row.formula))
        evaporates = first(row.heat, "evaporates", "air")
        return Powder(
            is_whole and (melting is None or melting > coldest),
            melting,
            evaporates is not None and evaporates <= hottest,
        )

    def _terms(
        self, precursors: SetChemistry, atmosphere: str
    ) -> Iterator[tuple[float, str | None, float]]:
        """Yield moles (products positive), species and pressure of the reaction."""
        yield 1.0, solid(precursors.target), 1.0
        for text, moles in precursors.moles.items():
            yield -moles, solid(text), 1.0
        known = PRESSURES.get(atmosphere, {})
        for gas, moles in precursors.gases.items():
            name = f"{gas}(g)"
            yield moles, name if name in table() else None, known.get(gas, TRACE)


def _left_at(row: Phase, celsius: float) -> str | None:
    """Return the solid that a phase has fallen apart to in air, None if it has not."""
    found = [
        change
        for change in row.heat
        if change.event == "decomposes"
        and change.gas in {"air", ANY}
        and change.celsius <= celsius
    ]
    if not found:
        return None
    return found[0].into.split(" + ")[0]


@cache
def solid(text: str) -> str | None:
    """Return the species of a solid formula, the first of its polymorphs."""
    wanted = Formula.parse(text)
    for name in table():
        is_solid = not name.endswith(("(g)", "(l)"))
        if is_solid and species_formula(name) == wanted:
            return name
    return None
