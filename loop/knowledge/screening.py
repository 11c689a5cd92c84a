"""What is to be expected of a composition or structure before it is made."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from campaigns.errors import MaterialError
from campaigns.materials.formula import Formula
from campaigns.materials.freeenergy import ZERO_CELSIUS
from campaigns.materials.phases import Phase, PhaseTable
from campaigns.materials.reactions import VOLATILE
from campaigns.materials.thermo import Species
from loop.errors import EnergyModelError, MissingPackageError
from loop.knowledge.energies import EnergyModel
from loop.knowledge.hull import Hull, Stability
from loop.knowledge.layers import (
    Compound,
    Layers,
    Row,
    bartel_row,
    compared_with,
)
from loop.knowledge.novelty import Novelty, matching, novelty
from loop.knowledge.routes import Route, Routes

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

    from loop.knowledge.databases import Entry

SCREENED = "screened"
"""Name of a structure that no table holds, after its formula."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """Where the phase is to be made."""

    celsius: float
    atmosphere: str

    @property
    def kelvin(self) -> float:
        """Return the temperature, K."""
        return self.celsius + ZERO_CELSIUS


@dataclass(frozen=True, slots=True)
class Judged:
    """One phase: where its energy comes from and how stable it is."""

    name: str
    status: str
    """`tabulated` and so on, or `computed`."""
    source: str
    stability: Stability


@dataclass(frozen=True, slots=True)
class Screened:
    """All that is known of a composition."""

    formula: Formula
    conditions: Conditions
    judged: tuple[Judged, ...]
    """Its forms, the most stable first; empty where none has an energy."""
    mixture: Mapping[str, float]
    """Stable solids at the composition, moles of each a mole; empty if not known."""
    novelty: Novelty
    routes: tuple[Route, ...]
    computed: tuple[Row, ...]
    """Rows of thermochemistry made on the way."""
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class System:
    """All phases of some elements."""

    elements: tuple[str, ...]
    conditions: Conditions
    judged: tuple[Judged, ...]
    """In the order of their distance from the hull."""
    without: Mapping[str, str]
    """Phases without an energy, and why."""
    computed: tuple[Row, ...]


@dataclass
class Screening:
    """The tables, and a model that is opened when it is needed."""

    phases: PhaseTable
    species: Mapping[str, Species]
    open_model: Callable[[], EnergyModel]
    conditions: Conditions
    most_routes: int = 5
    enthalpy: float | None = None
    """Of formation from the elements at 298 K, kJ per mole of formula units, of what is
    screened: for Bartel's descriptor, where nothing better can be had."""
    rows: list[Row] = field(default_factory=list)
    """Rows made so far."""
    _layers: Layers | None = None

    def system(self, elements: Sequence[str]) -> System:
        """Return how stable each phase of some elements is.

        Raises:
            MaterialError: If there is none, or an element has no solid to compare with.
        """
        wanted = frozenset(elements)
        chosen = [p for p in self.phases.within(wanted) if p.elements - VOLATILE]
        if not chosen:
            raise MaterialError(
                f"no phase of the table of {len(self.phases)} is made of"
                f" {'-'.join(elements)} alone; add some by `athanor phases add`"
            )
        without: dict[str, str] = {}
        for phase in chosen:
            if reason := self._lacking(phase):
                without[phase.name] = reason
        hull = self._hull(wanted)
        known = {phase.name for phase in chosen} & frozenset(hull.names)
        judged = sorted(
            (self._judged(name, hull) for name in known),
            key=lambda each: (each.stability.mev_per_atom, each.name),
        )
        return System(
            tuple(elements), self.conditions, tuple(judged), without, tuple(self.rows)
        )

    def formula(
        self,
        formula: Formula,
        *,
        structure: "Structure | None" = None,
        provider: str = "",
        entries: Sequence["Entry"] = (),
    ) -> Screened:
        """Return what is known of a composition, or of one structure of it.

        Args:
            formula: The composition.
            structure: The structure meant; else every form that is known.
            provider: Database that was asked, empty if none.
            entries: What it holds of the composition; computed where the table holds
                nothing.

        Raises:
            EnergyModelError: If the model cannot take the structure given.
            MissingPackageError: If an energy has to be computed and no model is
                installed.
        """
        if not formula.elements - VOLATILE:
            raise MaterialError(
                f"{formula}: a powder holds at least one element besides C, H, N and O"
            )
        notes: list[str] = []
        names = self._forms(formula, structure, entries, notes)
        new = novelty(
            formula, structure, self.phases, provider=provider, entries=entries
        )
        hull = self._hull(formula.elements)
        judged = sorted(
            (self._judged(name, hull) for name in names),
            key=lambda each: each.stability.mev_per_atom,
        )
        routes: tuple[Route, ...] = ()
        if judged:
            finder = Routes(
                self.phases, self.species, self.conditions.kelvin,
                self.conditions.atmosphere,
            )  # fmt: skip
            routes = finder.to(judged[0].name, most=self.most_routes)
        else:
            notes.append(
                "no energy of it: neither its distance from the hull nor routes"
            )
        return Screened(
            formula, self.conditions, tuple(judged), hull.mixture(formula), new, routes,
            tuple(self.rows), tuple(notes),
        )  # fmt: skip

    def _forms(
        self,
        formula: Formula,
        structure: "Structure | None",
        entries: Sequence["Entry"],
        notes: list[str],
    ) -> list[str]:
        """Return the species that the composition may be, computed where need be."""
        alike = self.phases.by_formula(formula)
        if structure is not None:
            known = matching(structure, alike)
            if known is None:
                name = f"{formula}-{SCREENED}"
                return [self._compute(Compound(name, formula, structure)).name]
            notes.append(f"the structure is {known.name} of the phase table")
            alike = (known,)
        names = []
        for phase in alike:
            is_wanted = structure is not None or not self._has_form(formula)
            reason = self._lacking(phase, is_wanted=is_wanted)
            if reason:
                notes.append(f"{phase.name}: {reason}")
            else:
                names.append(phase.name)
        if not alike:
            names += self._of_entries(formula, entries, notes)
        return names

    def _of_entries(
        self, formula: Formula, entries: Sequence["Entry"], notes: list[str]
    ) -> list[str]:
        names = []
        for entry in entries:
            name = f"{formula}-{entry.id}"
            try:
                compound = Compound(name, formula, entry.structure)
                names.append(self._compute(compound).name)
            except (MaterialError, EnergyModelError) as error:
                notes.append(f"{entry.id}: {error}")
        if not entries:
            notes.append(
                "no structure of it is known: give a CIF file, or ask a database with"
                " --optimade or --mp"
            )
        return names

    def _lacking(self, phase: Phase, *, is_wanted: bool = False) -> str:
        """Return why a phase has no energy, empty if it has; compute what can be.

        Raises:
            MissingPackageError: If it is wanted and no model is installed.
        """
        if phase.name in self.species:
            return ""
        if not phase.has_structure:
            return "no cited energy, and no structure to compute one of"
        if not is_wanted and self._has_form(phase.formula):
            return "no cited energy; too like a form that has one to compute it"
        compound = Compound(phase.name, phase.formula, phase.structure())
        try:
            self._compute(compound)
        except (MaterialError, EnergyModelError) as error:
            return str(error)
        except MissingPackageError as error:
            if is_wanted:
                raise
            return str(error)
        return ""

    def _has_form(self, formula: Formula) -> bool:
        return any(
            row.formula.reduced == formula.reduced
            for name, row in self.species.items()
            if not name.endswith(("(g)", "(l)"))
        )

    def _compute(self, compound: Compound) -> Row:
        """Make a row and take it into the tables."""
        try:
            compared_with(compound, self.phases, self.species)
        except MaterialError:  # refused without opening a model
            if self.enthalpy is None:
                raise
            row = bartel_row(
                compound,
                kilojoules_per_mole=self.enthalpy,
                source="enthalpy of formation as given",
            )
        else:
            if self._layers is None:
                self._layers = Layers(self.open_model(), self.phases, self.species)
            row = self._layers.row(compound)
        self.species = {**self.species, row.name: row.species}
        self.rows.append(row)
        return row

    def _hull(self, elements: frozenset[str]) -> Hull:
        return Hull.of(
            self.species, elements, self.conditions.kelvin, self.conditions.atmosphere
        )

    def _judged(self, name: str, hull: Hull) -> Judged:
        row = self.species[name]
        return Judged(name, row.status, row.source, hull.stability(name))
