"""What is known of powders that touch: compositions, energies, and their reactions.

Two powders react where they touch, at whatever proportion their contact makes: the
products lie on the convex hull along the join of the two (Richards et al., Chem. Mater.
28 (2016) 266). Its corners are balanced reactions, so all of those are listed once per
group of reactants; temperature, gas and doubt enter only when they are weighed.
"""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache

from campaigns.materials.formula import Formula
from campaigns.materials.freeenergy import Energies
from campaigns.materials.phases import PhaseTable
from campaigns.materials.thermo import Species, species_formula
from loop.knowledge.pairwise_balance import Balanced, balances


class Chemistry:
    """Compositions with energies, where they melt, and how they react.

    Keeps the reactions it has listed; otherwise a pure function of its two tables.
    """

    def __init__(self, species: Mapping[str, Species], phases: PhaseTable) -> None:
        """Index the solids that have an energy."""
        self.energies = Energies(species, {})
        self.phases = phases
        self._names: dict[Formula, str] = {}
        self.solids: dict[str, Formula] = {}
        """Name of a composition to the composition."""
        for name in species:
            if not name.endswith(("(g)", "(l)")):
                formula = species_formula(name)
                self.solids.setdefault(self._name(formula), formula)
        self.states = _states(species, self._name)
        """Composition that is one phase with others, to the names of all of them."""
        self._listed: dict[tuple[str, ...], tuple[Balanced, ...]] = {}

    def _name(self, formula: Formula) -> str:
        return self._names.setdefault(formula, str(formula))

    def name(self, text: str) -> str:
        """Return the name by which a composition goes here.

        Args:
            text: A formula, or a row of either table such as `TiO2-anatase`.

        Raises:
            MaterialError: If it is neither.
        """
        if text in self.phases:
            return self._name(self.phases[text].formula)
        if text in self.energies.species:
            return self._name(species_formula(text))
        return self._name(Formula.parse(text))

    def formula(self, name: str) -> Formula:
        """Return the composition of a name."""
        return self.solids.get(name) or Formula.parse(name)

    def has_energy(self, name: str) -> bool:
        """Say whether a composition has an energy."""
        return name in self.solids

    def balanced(self, reactants: Sequence[str]) -> tuple[Balanced, ...]:
        """Return every balanced reaction in which all of one to three solids take part.

        Args:
            reactants: As `name` gives them, in any order.
        """
        key = tuple(sorted(reactants))
        if key not in self._listed:
            self._listed[key] = tuple(balances(key, self.solids))
        return self._listed[key]


@lru_cache(maxsize=1)
def packaged() -> Chemistry:
    """Return what the tables that come along know."""
    from campaigns.materials.thermo import table

    return Chemistry(table(), PhaseTable.load())


def _states(
    species: Mapping[str, Species], name: Callable[[Formula], str]
) -> dict[str, tuple[str, ...]]:
    """Return each composition that is one phase with others, to all of them.

    A row that shares the whole error of another of the same cations, and has none of
    its own, is that phase in another state, such as YBa2Cu3O7 of YBa2Cu3O6.
    """
    families: dict[str, list[str]] = {}
    for row in species.values():
        if len(row.follows) != 1 or row.sigma_invariant:
            continue
        ((parent, share),) = row.follows
        whole = species[parent].formula
        if share == 1.0 and _cations(whole) == _cations(row.formula):
            family = families.setdefault(name(whole), [name(whole)])
            if name(row.formula) not in family:
                family.append(name(row.formula))
    return {
        member: tuple(family)
        for family in families.values()
        if len(family) > 1
        for member in family
    }


def _cations(formula: Formula) -> dict[str, Fraction]:
    return {e: n for e, n in formula.composition if e != "O"}
