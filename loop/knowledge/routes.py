"""Which precursors could make a phase: balanced sets, and what their pairs do first."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, product

from campaigns.errors import MaterialError
from campaigns.materials.formula import Formula
from campaigns.materials.freeenergy import Energies, FreeEnergy
from campaigns.materials.phases import PhaseTable
from campaigns.materials.reactions import VOLATILE, Reaction, Term, balance
from campaigns.materials.thermo import Species
from loop.knowledge.hull import Hull

MOST_SETS = 5000
"""Sets balanced at most; six cations of ten sources each would be a million."""
_DENOMINATOR = 1000


@dataclass(frozen=True, slots=True)
class Route:
    """One set of precursors, and the reaction by which it makes the target."""

    reaction: Reaction
    energy: FreeEnergy
    """Of the whole reaction in the furnace gas."""
    first: "PairReaction | None" = None
    """The most driven reaction between two of the precursors, if any is driven."""


@dataclass(frozen=True, slots=True)
class PairReaction:
    """What two solids make where they touch."""

    reaction: Reaction
    energy: FreeEnergy


@dataclass(frozen=True)
class Routes:
    """What is needed to find routes to phases."""

    phases: PhaseTable
    species: Mapping[str, Species]
    kelvin: float
    atmosphere: str

    def to(self, name: str, *, most: int = 10) -> tuple[Route, ...]:
        """Return the most driven sets of one source a cation, ranked per atom.

        Args:
            name: Species to make.
            most: How many sets; pairs are looked at for these only.
        """
        target = self.species[name].formula
        energies = Energies(self.species, {target: name})
        found = []
        for reaction in self._balanced(target):
            if not energies.missing(reaction):
                energy = energies.of(reaction, self.kelvin, self.atmosphere)
                found.append(Route(reaction, energy))
        found.sort(key=lambda route: (route.energy.mev_per_atom, str(route.reaction)))
        return tuple(self._with_pairs(route, energies) for route in found[:most])

    def _balanced(self, target: Formula) -> Iterator[Reaction]:
        """Yield each balance of one source a cation."""
        sources = [self._sources(e, target) for e in sorted(target.elements - VOLATILE)]
        for n, chosen in enumerate(product(*sources)):
            if n == MOST_SETS:
                return
            try:
                yield balance(chosen, [target])
            except MaterialError:
                continue  # a gas would have to be taken up, or nothing fits

    def _sources(self, cation: str, target: Formula) -> list[Formula]:
        """Return the formulas that bring one cation and nothing that stays."""
        return list(
            dict.fromkeys(
                phase.formula
                for phase in self.phases.values()
                if phase.elements - VOLATILE == {cation}
                and "O" in phase.elements
                and phase.formula.reduced != target.reduced
                and Energies(self.species, {}).forms(phase.formula)
            )
        )

    def _with_pairs(self, route: Route, energies: Energies) -> Route:
        """Add the most driven reaction between two of the precursors."""
        solids = [term.formula for term in route.reaction.reactants if not term.is_gas]
        named = energies.named(route.reaction, self.kelvin)
        names = [
            next(n for n in named if self.species[n].formula == formula)
            for formula in solids
        ]
        elements = frozenset[str]().union(*(formula.elements for formula in solids))
        hull = Hull.of(self.species, elements, self.kelvin, self.atmosphere)
        pairs = (self._pair(hull, a, b) for a, b in combinations(names, 2))
        driven = [pair for pair in pairs if pair and pair.energy.mev_per_atom < 0]
        first = min(driven, key=lambda each: each.energy.mev_per_atom, default=None)
        return Route(route.reaction, route.energy, first)

    def _pair(self, hull: Hull, first: str, second: str) -> PairReaction | None:
        """Return what two solids make, balanced with its gases; none if nothing."""
        meeting = hull.meeting(first, second)
        if not meeting.products:
            return None
        names = (*meeting.reactants, *meeting.products)
        pinned = {self.species[name].formula: name for name in names}
        reaction = _balanced(
            _solids(meeting.reactants, self.species),
            _solids(meeting.products, self.species),
        )
        energy = Energies(self.species, pinned).of(
            reaction, self.kelvin, self.atmosphere
        )
        return PairReaction(reaction, energy)


def _solids(
    moles: Mapping[str, float], species: Mapping[str, Species]
) -> dict[Formula, float]:
    """Return composition to moles; forms of one composition are one."""
    amounts: dict[Formula, float] = {}
    for name, n in moles.items():
        formula = species[name].formula
        amounts[formula] = amounts.get(formula, 0.0) + n
    return amounts


def _balanced(
    reactants: Mapping[Formula, float], products: Mapping[Formula, float]
) -> Reaction:
    """Return a reaction of solids whose amounts are known, with CO2, H2O, N2 and O2.

    Unlike a balance by furnace rules, any of these gases may be taken up.
    """
    unit = next(iter(products.values()))
    solids = [(formula, -n / unit) for formula, n in reactants.items()] + [
        (formula, n / unit) for formula, n in products.items()
    ]
    exact = [(f, Fraction(n).limit_denominator(_DENOMINATOR)) for f, n in solids]
    left = {e: -sum((f.amount(e) * n for f, n in exact), Fraction(0)) for e in "CHNO"}
    oxygen = (left["O"] - 2 * left["C"] - left["H"] / 2) / 2
    gases = {"CO2": left["C"], "H2O": left["H"] / 2, "N2": left["N"] / 2, "O2": oxygen}
    terms = [Term(f, n) for f, n in exact]
    terms += [Term(Formula.parse(gas), n, is_gas=True) for gas, n in gases.items()]
    return Reaction(
        tuple(Term(t.formula, -t.moles, t.is_gas) for t in terms if t.moles < 0),
        tuple(t for t in terms if t.moles > 0),
    )
