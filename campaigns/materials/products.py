"""What reactants can make: every balanced reaction to one known phase, ranked."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from campaigns.errors import MaterialError
from campaigns.materials.formula import Formula
from campaigns.materials.freeenergy import (
    ZERO_CELSIUS,
    Crossing,
    Energies,
    FreeEnergy,
)
from campaigns.materials.phases import PhaseTable
from campaigns.materials.reactions import VOLATILE, Reaction, balance
from campaigns.materials.thermo import Species, species_formula

MOST_REACTANTS = 6
"""More would make the number of combinations long rather than useful."""


@dataclass(frozen=True, slots=True)
class Assessed:
    """One reaction, and all that the tables say of it."""

    reaction: Reaction
    energy: FreeEnergy | None
    """None if a substance has no energy."""
    missing: tuple[str, ...]
    """Substances without an energy."""
    forms: tuple[str, ...]
    """Species that stand for the substances at the temperature."""
    crossings: tuple[Crossing, ...]
    notes: tuple[str, ...]
    """What else a reader has to know, such as a substance that has melted."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of the tables."""

    reactants: tuple[str, ...]
    """Formulas or names of the phase table, such as `BaCO3`, `TiO2-anatase`."""
    celsius: float
    atmosphere: str
    target: str | None = None
    """Formula or name; every known phase if not given."""


def read_reactants(text: str) -> tuple[str, ...]:
    """Split `BaCO3 + TiO2` into its substances.

    Raises:
        MaterialError: If there is none, one twice, or more than six.
    """
    names = tuple(part.strip() for part in text.split("+"))
    if not all(names):
        raise MaterialError(
            f"reactants {text!r}: found nothing beside a plus sign; allowed: formulas"
            ' with plus signs between, such as "BaCO3 + TiO2"'
        )
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise MaterialError(
            f"reactants {text!r}: {repeated[0]} stands there twice; name it once:"
            " amounts follow from the balance"
        )
    if len(names) > MOST_REACTANTS:
        raise MaterialError(
            f"reactants {text!r}: found {len(names)}; allowed: up to {MOST_REACTANTS};"
            " leave out those that do not meet in the reaction"
        )
    return names


def assess(
    question: Question, phases: PhaseTable, species: Mapping[str, Species]
) -> tuple[Assessed, ...]:
    """Return the reactions that answer a question, the most driven per atom first.

    Without a target: each known phase that some of the reactants make in one way,
    alone but for gases; those without an energy come last.

    Raises:
        MaterialError: If a formula cannot be read, or if there is no such reaction.
    """
    pinned: dict[Formula, str] = {}
    reactants = [_meant(name, phases, species, pinned) for name in question.reactants]
    if question.target is not None:
        target = _meant(question.target, phases, species, pinned)
        reactions = [balance(reactants, [target])]
    else:
        reactions = list(_to_known(reactants, phases, species))
    energies = Energies(species, pinned)
    found = [_assess(each, question, phases, energies) for each in reactions]
    if not found:
        raise MaterialError(
            f"{' + '.join(question.reactants)}: no phase of the table of {len(phases)}"
            " can be made of these; give --target, or add phases to a table"
        )
    return tuple(sorted(found, key=_rank))


def _rank(assessed: Assessed) -> tuple[float, str]:
    energy = assessed.energy
    return (energy.mev_per_atom if energy else float("inf"), str(assessed.reaction))


def _meant(
    name: str,
    phases: PhaseTable,
    species: Mapping[str, Species],
    pinned: dict[Formula, str],
) -> Formula:
    """Return the composition of a name; one form of several is remembered.

    Raises:
        MaterialError: If neither the tables nor the rules of formulas know it.
    """
    if name in phases:
        formula = phases[name].formula
    elif name in species:
        formula = species_formula(name)
    else:
        return _parsed(name, phases)
    if name != str(formula):
        pinned[formula] = name
    return formula


def _parsed(name: str, phases: PhaseTable) -> Formula:
    bare, hyphen, _ = name.partition("-")
    if not hyphen:
        return Formula.parse(name)
    alike = ", ".join(row.name for row in phases.by_formula(bare)) or "none"
    raise MaterialError(
        f"no phase {name!r} in the table of {len(phases)}; of that formula: {alike};"
        " name one of them, or give the formula alone"
    )


def _to_known(
    reactants: Sequence[Formula], phases: PhaseTable, species: Mapping[str, Species]
) -> Iterable[Reaction]:
    """Yield each balance of some reactants to one phase and gases."""
    solids = [row.formula for row in phases.values()]
    solids += [
        row.formula
        for name, row in species.items()
        if not name.endswith(("(g)", "(l)"))
    ]
    products = [f for f in dict.fromkeys(solids) if f not in reactants]
    for n in range(1, len(reactants) + 1):
        for chosen in combinations(reactants, n):
            supplied = frozenset[str]().union(*(f.elements for f in chosen))
            for product in products:
                lacking = product.elements - supplied - {"O"}
                stuck = supplied - product.elements - VOLATILE
                if lacking or stuck:
                    continue
                try:
                    yield balance(chosen, [product])
                except MaterialError:
                    continue  # no amounts, or no single choice of them, fit


def _assess(
    reaction: Reaction, question: Question, phases: PhaseTable, energies: Energies
) -> Assessed:
    kelvin = question.celsius + ZERO_CELSIUS
    missing = energies.missing(reaction)
    forms = tuple(energies.named(reaction, kelvin))
    notes = tuple(_melted(forms, question.celsius, phases))
    if missing:
        return Assessed(reaction, None, missing, forms, (), notes)
    return Assessed(
        reaction,
        energies.of(reaction, kelvin, question.atmosphere),
        (),
        forms,
        energies.crossings(reaction, question.atmosphere),
        notes,
    )


def _melted(names: Iterable[str], celsius: float, phases: PhaseTable) -> Iterable[str]:
    for name in names:
        melts = phases[name].melting_celsius if name in phases else None
        if melts is not None and melts < celsius:
            yield f"{name} melts at {melts:g} °C; its energy here is that of the solid"
