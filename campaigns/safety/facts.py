"""What the rules are asked about: reagents as weighed, heatings, furnaces."""

from collections.abc import Mapping
from dataclasses import dataclass

from campaigns.materials.formula import Formula
from campaigns.materials.phases import Phase, PhaseTable
from campaigns.reagents import formula_of
from campaigns.recipe import DryStep, FireStep, Recipe
from campaigns.safety.findings import Acceptance
from campaigns.spec import CampaignSpec, Precursor
from campaigns.synthesis import moles_per_gram
from instruments.labspec import FurnaceSpec, LabSpec

DRYING_RAMP = 5.0
"""Ramp of a drying oven, degrees Celsius per minute."""
PROTECTION = ("air", "dry-air", "nitrogen", "argon")
"""Gases at a doser, the least protecting first."""


@dataclass(frozen=True, slots=True)
class Reagent:
    """A reagent in one sample, as weighed."""

    label: str
    formula: Formula
    grams: float
    """As received, g."""
    moles: float
    """Of its formula, mol."""
    phase: Phase | None = None
    """Its row of the phase table, if it has one."""
    hazards: tuple[str, ...] = ()
    """Statements of the campaign file."""
    max_celsius: float | None = None
    """It must never be heated above, degrees Celsius."""
    adsorbed_grams: float = 0.0
    """Water that drying drives out, by the stated loss on ignition, g."""
    has_loss_stated: bool = False
    """Whether a loss on ignition or an assay below 1 was given."""


@dataclass(frozen=True, slots=True)
class Heating:
    """A drying or a firing of a sample."""

    step: str
    celsius: float
    """Highest temperature, degrees Celsius."""
    hours: float
    ramp_celsius_per_minute: float
    atmosphere: str
    crucible: str = ""
    """Material; empty while drying, which is done in the mixing vial."""
    cool_celsius_per_minute: float = 5.0
    is_covered: bool = False
    """Whether the crucible wears its lid."""

    @property
    def is_drying(self) -> bool:
        """Tell whether it is a drying."""
        return not self.crucible


@dataclass(frozen=True, slots=True)
class Portion:
    """One sample: what is in it and what is done to it."""

    name: str
    """Of the sample, or its precursor set where no sample was proposed."""
    target: Formula
    target_moles: float
    reagents: tuple[Reagent, ...]
    heatings: tuple[Heating, ...]
    """In order."""
    targets: tuple[str, ...] = ()
    """Rows of the phase table that count as target; all of its formula if empty."""
    is_ground: bool = True
    """Whether a machine mixes or grinds the powder before its first heating."""

    @property
    def elements(self) -> frozenset[str]:
        """Return every element that was weighed in."""
        return frozenset[str]().union(*(r.formula.elements for r in self.reagents))

    def is_first_firing(self, heating: Heating) -> bool:
        """Tell whether a heating is the first in a furnace."""
        return heating == next((h for h in self.heatings if not h.is_drying), None)

    def target_rows(self, table: PhaseTable) -> tuple[Phase, ...]:
        """Return the rows of the phase table that are the target."""
        named = tuple(table[name] for name in self.targets if name in table)
        return named or table.by_formula(self.target)

    @property
    def grams(self) -> float:
        """Return the mass of the mixture, g."""
        return sum(reagent.grams for reagent in self.reagents)


@dataclass(frozen=True, slots=True)
class Furnace:
    """What matters of a furnace and the room around it."""

    name: str
    volume_litres: float
    gas_litres_per_minute: float
    """Process gas or air through the chamber, at 25 °C and 1 bar."""
    vent_litres_per_minute: float
    """Most gas that leaves without raising the pressure, at 25 °C and 1 bar."""
    has_extract: bool
    """Its vent ends in a fume extract."""
    is_closed: bool
    """Gas-tight, its outlet leading through a trap."""
    max_celsius: float
    room_litres: float
    room_litres_per_minute: float
    """Fresh air through the room."""

    @staticmethod
    def of(name: str, furnace: FurnaceSpec, lab: LabSpec) -> "Furnace":
        """Return the furnace of a lab file."""
        room = lab.room
        return Furnace(
            name=name,
            volume_litres=furnace.volume_litres,
            gas_litres_per_minute=furnace.gas_litres_per_minute,
            vent_litres_per_minute=furnace.vent_litres_per_minute,
            has_extract=furnace.extract,
            is_closed=furnace.closed,
            max_celsius=furnace.max_celsius,
            room_litres=1000.0 * room.volume_cubic_metres,
            room_litres_per_minute=1000.0
            * (room.volume_cubic_metres * room.air_changes_per_hour / 60.0),
        )

    @staticmethod
    def harmless() -> "Furnace":
        """Return a furnace of no lab, which no gas troubles."""
        much = 1e9
        return Furnace("furnace", much, much, much * much, True, True, much, much, much)


def acceptances_of(spec: CampaignSpec) -> tuple[Acceptance, ...]:
    """Return what a campaign file accepts."""
    return tuple(
        Acceptance(given.rule, given.reason, given.about)
        for given in spec.safety.accept
    )


@dataclass(frozen=True, slots=True)
class Setting:
    """Where samples are made, and what is known."""

    furnace: Furnace
    oven: Furnace
    """Where they are dried."""
    dosing: str
    """Gas around the doser."""
    table: PhaseTable

    def place(self, heating: Heating) -> Furnace:
        """Return where a heating happens."""
        return self.oven if heating.is_drying else self.furnace


def setting_of(lab: LabSpec, furnace: str, table: PhaseTable) -> Setting:
    """Return where a lab makes samples in one of its furnaces.

    Of several dosers or ovens the least protected counts.
    """
    ovens = [n for n, f in lab.furnaces.items() if f.purpose == "dry"] or [furnace]
    oven = min(ovens, key=lambda name: lab.furnaces[name].extract)
    gases = [doser.atmosphere for doser in lab.dosers.values()]
    return Setting(
        furnace=Furnace.of(furnace, lab.furnaces[furnace], lab),
        oven=Furnace.of(oven, lab.furnaces[oven], lab),
        dosing=min(gases, key=PROTECTION.index),
        table=table,
    )


def cited(row: Phase, group: str) -> str:
    """Return the source of a group of a phase's facts."""
    return dict(row.sources).get(group, "phase table")


def heating_of(step: FireStep | DryStep) -> Heating:
    """Return what a step of a recipe does to a powder."""
    if isinstance(step, DryStep):
        return Heating(
            "dry", step.temperature_celsius, step.minutes / 60.0, DRYING_RAMP, "air"
        )
    return Heating(
        step.name,
        step.temperature_celsius,
        step.hold_hours,
        step.ramp_celsius_per_minute,
        step.atmosphere,
        step.crucible,
        step.cool_celsius_per_minute,
        step.covered,
    )


def portion_of(
    spec: CampaignSpec,
    name: str,
    recipe: Recipe,
    grams: Mapping[str, float],
    table: PhaseTable,
) -> Portion:
    """Return a sample with the masses that were, or will be, weighed.

    Args:
        spec: The campaign.
        name: The sample's.
        recipe: Its steps.
        grams: Reagent name to mass, g.
        table: Known phases.
    """
    heatings = (s for s in recipe.steps if isinstance(s, FireStep | DryStep))
    kinds = [step.kind for step in recipe.steps]
    first = next((i for i, k in enumerate(kinds) if k in _HEATED), len(kinds))
    target = Formula.parse(recipe.target or spec.target.formula)
    return Portion(
        name=name,
        target=target,
        target_moles=recipe.expected_grams / target.molar_mass,
        reagents=reagents_of(spec, grams, table),
        heatings=tuple(map(heating_of, heatings)),
        targets=spec.target.phases,
        is_ground=any(kind in ("mix", "regrind") for kind in kinds[:first]),
    )


_HEATED = ("dry", "calcine", "fire", "anneal")


def reagents_of(
    spec: CampaignSpec, grams: Mapping[str, float], table: PhaseTable
) -> tuple[Reagent, ...]:
    """Return the reagents of a sample by their names and masses, g."""
    by_label = {p.label: p for p in spec.precursors}
    return tuple(
        _reagent(by_label[label], mass, table) for label, mass in grams.items()
    )


def _reagent(precursor: Precursor, grams: float, table: PhaseTable) -> Reagent:
    rows = table.by_formula(precursor.formula)
    if precursor.phase in table:
        rows = (table[precursor.phase],)
    return Reagent(
        label=precursor.label,
        formula=formula_of(precursor),
        grams=grams,
        moles=grams * moles_per_gram(precursor),
        phase=rows[0] if rows else None,
        hazards=precursor.hazards,
        max_celsius=precursor.max_celsius,
        adsorbed_grams=grams * precursor.loss_on_ignition,
        has_loss_stated=precursor.loss_on_ignition > 0 or precursor.assay < 1,
    )
