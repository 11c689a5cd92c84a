"""Points of any campaign in terms that all campaigns share."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import exp, log, sqrt

import numpy as np
from numpy.typing import NDArray

from campaigns.earlier import EarlierCampaign, EarlierHold, EarlierResult
from campaigns.materials.formula import Formula
from campaigns.materials.reactions import carriers
from campaigns.reagents import cations
from loop.propose.columns import Columns, standardised
from loop.propose.encoding import ACTIVATION_KELVIN, KELVIN
from loop.propose.ends import chance_of
from loop.propose.features import (
    VALENCE_CHANGING,
    Facts,
    SetChemistry,
    descriptors,
    family_of,
    source_at,
    stable_carbonate,
)

Array = NDArray[np.float64]
WIDTH_KELVIN = 400.0
"""A usual range of furnace temperatures: one unit, as the range is in `encoding`."""
WIDTH_LOG_HOURS = log(24.0)
"""The same for the logarithm of a hold: an hour to a day."""
WIDTH_EXCESS = 0.1
"""The same for an excess, mole fraction."""


@dataclass(frozen=True)
class Place:
    """A point in terms that all campaigns share."""

    chemistry: SetChemistry
    sources: frozenset[str]
    """What the set is made of, each by element and by family of elements."""
    excess: Mapping[str, float]
    """Element to mole fraction beyond the balance."""


@dataclass(frozen=True)
class Heat:
    """How a point is heated."""

    kelvin: float
    log_hours: float
    gases: frozenset[str]


def sources_of(chemistry: SetChemistry, celsius: float) -> frozenset[str]:
    """Return `Ba carbonate` and `alkaline-earth carbonate` for BaCO3, and so on."""
    found = set[str]()
    for text in chemistry.moles:
        name = source_at(text, celsius)
        salt = name.rsplit(" ", 1)[-1]
        found |= {name, f"{family_of(Formula.parse(text))} {salt}"}
    return frozenset(found)


@dataclass(frozen=True)
class Shared:
    """The columns that all campaigns have in common."""

    gases: tuple[str, ...]
    elements: tuple[str, ...]
    """Whose excess is searched."""
    sources: tuple[str, ...]
    norm: float
    """Root of the sources that a set has on average."""
    middle: Array
    """Mean of each descriptor."""
    spread: Array
    """Standard deviation of each descriptor, 1 where all are alike."""

    @staticmethod
    def of(
        places: Sequence[Place],
        heats: Sequence[Heat],
        elements: Sequence[str],
        gases: Collection[str],
    ) -> "Shared":
        """Return the columns that tell these places apart.

        Args:
            places: Of all campaigns.
            heats: Of earlier campaigns.
            elements: Whose excess is searched.
            gases: That may be chosen now.
        """
        names = sorted(frozenset().union(*(p.sources for p in places)))
        names = [n for n in names if not all(n in p.sources for p in places)]
        count = np.mean([len(p.sources & set(names)) for p in places])
        values = np.array([list(descriptors(p.chemistry).values()) for p in places])
        middle, spread = standardised(values)
        return Shared(
            gases=tuple(sorted(frozenset(gases).union(*(h.gases for h in heats)))),
            elements=tuple(elements),
            sources=tuple(names),
            norm=sqrt(max(1.0, float(count))),
            middle=middle,
            spread=np.where(spread > 1e-9, spread, 1.0),
        )

    @property
    def columns(self) -> Columns:
        """Return what the columns mean."""
        n_gases = len(self.gases) if len(self.gases) > 1 else 0
        return Columns(
            2 + n_gases, len(self.elements), len(self.sources), len(self.middle)
        )

    def process(self, heat: Heat) -> list[float]:
        """Return the columns of a heating."""
        gases = self.gases if len(self.gases) > 1 else ()
        hot = [float(gas in heat.gases) / sqrt(2 * len(heat.gases)) for gas in gases]
        return [heat.kelvin / WIDTH_KELVIN, heat.log_hours / WIDTH_LOG_HOURS, *hot]

    def own(self, place: Place) -> list[float]:
        """Return the columns of a sample."""
        values = np.array(list(descriptors(place.chemistry).values()))
        return [
            *(place.excess.get(e, 0.0) / WIDTH_EXCESS for e in self.elements),
            *(float(name in place.sources) / self.norm for name in self.sources),
            *np.nan_to_num((values - self.middle) / self.spread).tolist(),
        ]


def heat_of(holds: Sequence[EarlierHold]) -> Heat:
    """Return how an earlier sample was heated; see `Encoder.heating`."""
    hottest = max(hold.celsius for hold in holds) + KELVIN
    hours = sum(
        hold.hours
        * exp(-ACTIVATION_KELVIN * (1 / (hold.celsius + KELVIN) - 1 / hottest))
        for hold in holds
    )
    return Heat(hottest, log(hours), frozenset(hold.atmosphere for hold in holds))


def place_of(campaign: EarlierCampaign, result: EarlierResult) -> Place:
    """Return an earlier sample's set, with the gases that it gave off by balance."""
    target = Formula.parse(campaign.target)
    amounts = [(Formula.parse(t), n) for t, n in result.precursors.items()]
    gases = carriers([formula for formula, _ in amounts], [target])
    surplus = [
        sum(n * float(f.amount(e)) for f, n in amounts) - float(target.amount(e))
        for e in "CHNO"
    ]
    rows = np.array([[float(gas.amount(e)) for gas in gases] for e in "CHNO"])
    given_off, *_ = np.linalg.lstsq(rows, np.array(surplus), rcond=None)
    chemistry = SetChemistry(
        result.sample,
        campaign.target,
        dict(result.precursors),
        {str(g): float(n) for g, n in zip(gases, given_off, strict=True)},
    )
    celsius = max(hold.celsius for hold in result.holds)
    excess = {
        element: sum(n * float(f.amount(element)) for f, n in amounts)
        / float(target.amount(element))
        - 1.0
        for element in sorted(cations(target))
    }
    return Place(chemistry, sources_of(chemistry, celsius), excess)


def physics_of(place: Place, heat: Heat, facts: Facts, atmosphere: str) -> list[float]:
    """Return the columns that `columns.N_PHYSICS` lists; spot, hours and price are 0.

    Args:
        place: The sample.
        heat: How it was heated.
        facts: What is known of matter.
        atmosphere: Of the last firing.
    """
    target = Formula.parse(place.chemistry.target)
    changes = bool(target.elements & VALENCE_CHANGING)
    known = facts.driving_force(place.chemistry, heat.kelvin, atmosphere)
    return [
        heat.kelvin,
        heat.log_hours,
        stable_carbonate(place.chemistry),
        1.0 if known is None else float(chance_of(*map(np.array, known))),
        facts.log_oxygen(atmosphere) if changes else 0.0,
        0.0,
        0.0,
        0.0,
    ]
