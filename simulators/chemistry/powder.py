"""A portion of powder: which phases, how fine, how well mixed, and what it lost."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from campaigns.materials.formula import Formula
from campaigns.materials.thermo import species_formula
from simulators.chemistry.substances import LUMPED, SUBSTANCES, WATER

_DEFAULT_POLYMORPH = {"TiO2": "TiO2-anatase"}
"""What a jar holds whose label names no crystal form."""


@dataclass(frozen=True, slots=True)
class Grains:
    """The crystals of one phase, as diffraction sees them."""

    crystallite_nanometres: float = 150.0
    """Volume-weighted mean size of the coherent domains, nm."""
    microstrain: float = 0.0005
    """Root mean square strain, dimensionless."""
    march: float = 1.0
    """March-Dollase parameter of the packed powder; 1 is no preferred orientation."""
    amorphous_share: float = 0.0
    """Share of the phase without Bragg peaks, 0 to 1."""
    micrometres: float = 2.0
    """Size of the phase's regions, which sets diffusion lengths, um."""

    def blended(self, other: "Grains", share: float) -> "Grains":
        """Return the mean of these grains and a share (0 to 1) of other ones."""
        keep = 1.0 - share
        return Grains(
            keep * self.crystallite_nanometres + share * other.crystallite_nanometres,
            keep * self.microstrain + share * other.microstrain,
            keep * self.march + share * other.march,
            keep * self.amorphous_share + share * other.amorphous_share,
            keep * self.micrometres + share * other.micrometres,
        )


@dataclass(frozen=True, slots=True)
class Powder:
    """One portion of powder; nothing in it ever changes.

    Elements balance: those in `moles` and `released` together, less those in
    `taken_from_crucible`, are what was dosed.
    """

    moles: Mapping[str, float]
    """Phase name to amount, mol; amorphous parts and melts included."""
    grains: Mapping[str, Grains] = field(default_factory=dict)
    """Phase name to its crystals, for every phase in `moles`."""
    mixing: float = 0.2
    """How well the reagents are interspersed, 0 (layers) to 1 (ideal)."""
    layers: Mapping[str, float] = field(default_factory=dict)
    """`A|B` to product grown at that contact, mol of cations per mol of cations."""
    sintered: float = 0.0
    """How far the particles have grown together, 0 (loose) to 1 (solid lump)."""
    melted: float = 0.0
    """Greatest share of the cations that was ever liquid, 0 to 1."""
    film: float = 0.0
    """Share that dried onto the vessel since it was last mixed, 0 to 1."""
    released: Mapping[str, float] = field(default_factory=dict)
    """Gas to amount given off since dosing, mol; negative where taken up."""
    taken_from_crucible: Mapping[str, float] = field(default_factory=dict)
    """Crucible phase to amount dissolved from the wall, mol."""

    @property
    def grams(self) -> float:
        """Return the mass, g."""
        return sum(n * molar_mass(name) for name, n in self.moles.items())

    @property
    def particle_micrometres(self) -> float:
        """Return the mean size of the phases' regions by mass, um; 2 without any."""
        size = total = 0.0
        for name, n in self.moles.items():
            if name != WATER:
                grams = n * molar_mass(name)
                size += grams * self.grains[name].micrometres
                total += grams
        return size / total if total > 0 else 2.0

    @property
    def amorphous_share(self) -> float:
        """Return the mass share that gives no Bragg peaks, 0 to 1."""
        grams = {name: n * molar_mass(name) for name, n in self.moles.items()}
        total = sum(grams.values())
        if total <= 0:
            return 0.0
        dark = (g * self.grains[name].amorphous_share for name, g in grams.items())
        return sum(dark) / total

    def weights(self) -> dict[str, float]:
        """Return each phase's mass share, amorphous parts included; they sum to 1."""
        grams = {name: n * molar_mass(name) for name, n in self.moles.items() if n > 0}
        total = sum(grams.values())
        return {name: g / total for name, g in sorted(grams.items())}

    def elements(self) -> dict[str, float]:
        """Return each element's amount in the powder itself, mol."""
        return _elements(self.moles)

    def balance(self) -> dict[str, float]:
        """Return what was dosed: powder, plus gas given off, less crucible, mol."""
        total = self.elements()
        for element, n in _elements(self.released).items():
            total[element] = total.get(element, 0.0) + n
        for element, n in _elements(self.taken_from_crucible).items():
            total[element] = total.get(element, 0.0) - n
        return total

    def scaled(self, share: float) -> "Powder":
        """Return the same powder with a share (0 to 1) of its amount."""
        return replace(
            self,
            moles=_times(self.moles, share),
            released=_times(self.released, share),
            taken_from_crucible=_times(self.taken_from_crucible, share),
        )

    def split(self, grams: float) -> tuple["Powder", "Powder"]:
        """Return a part of the given mass, and the rest, of one composition.

        Raises:
            ValueError: If the mass is negative or more than there is.
        """
        total = self.grams
        if not 0 <= grams <= total * (1 + 1e-9):
            raise ValueError(f"cannot take {grams:g} g from {total:g} g of powder")
        share = min(1.0, grams / total) if total > 0 else 0.0
        return self.scaled(share), self.scaled(1.0 - share)

    def to_json(self) -> dict[str, Any]:
        """Return everything as plain JSON values."""
        return {
            "moles": dict(self.moles),
            "grains": {
                name: [
                    g.crystallite_nanometres,
                    g.microstrain,
                    g.march,
                    g.amorphous_share,
                    g.micrometres,
                ]
                for name, g in self.grains.items()
            },
            "mixing": self.mixing,
            "layers": dict(self.layers),
            "sintered": self.sintered,
            "melted": self.melted,
            "film": self.film,
            "released": dict(self.released),
            "taken_from_crucible": dict(self.taken_from_crucible),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Powder":
        """Return the powder that `to_json` wrote."""
        grains = {name: Grains(*row) for name, row in values["grains"].items()}
        return cls(**{**values, "grains": grains})


def _times(amounts: Mapping[str, float], factor: float) -> dict[str, float]:
    return {name: n * factor for name, n in amounts.items()}


def _elements(moles: Mapping[str, float]) -> dict[str, float]:
    total: dict[str, float] = {}
    for name, n in moles.items():
        for element, amount in species_formula(name).amounts.items():
            total[element] = total.get(element, 0.0) + n * float(amount)
    return total


_MASSES: dict[str, float] = {
    name: species_formula(name).molar_mass for name in (*SUBSTANCES, *LUMPED, WATER)
}


def molar_mass(name: str) -> float:
    """Return a phase's molar mass, g/mol."""
    return _MASSES.get(name) or species_formula(name).molar_mass


_BY_COMPOSITION: Mapping[Formula, str] = MappingProxyType(
    {species_formula(name): name for name in (*LUMPED, *SUBSTANCES, WATER)}
)


def substance_named(text: str) -> str:
    """Return the simulated substance that a reagent's name or formula means.

    Args:
        text: Phase name, or any way of writing its formula, such as `Cu2CO3(OH)2`;
            `TiO2` alone is anatase.

    Raises:
        ValueError: If the furnace's chemistry does not know it.
    """
    plain = text.strip().replace(" ", "-")
    if plain in SUBSTANCES or plain in LUMPED or plain == WATER:
        return plain
    if text in _DEFAULT_POLYMORPH:
        return _DEFAULT_POLYMORPH[text]
    name = _BY_COMPOSITION.get(Formula.parse(text))
    if name is None:
        known = ", ".join(sorted((*SUBSTANCES, *LUMPED, WATER)))
        raise ValueError(
            f"the simulated furnace does not know {text!r}; known: {known}"
        )
    return name


def fresh(
    grams: Mapping[str, float],
    *,
    particle_micrometres: float | Mapping[str, float] = 2.0,
) -> Powder:
    """Return powder from reagents merely poured together.

    Args:
        grams: Reagent (phase name or formula) to mass, g; `H2O(l)` is adsorbed water.
        particle_micrometres: Reagent particle size, um, for all or by the same keys.

    Raises:
        ValueError: If a reagent is not known or a mass is negative.
    """
    moles: dict[str, float] = {}
    sizes: dict[str, float] = {}
    for text, mass in grams.items():
        if mass < 0:
            raise ValueError(f"{mass:g} g of {text}: a mass cannot be negative")
        name = substance_named(text)
        moles[name] = moles.get(name, 0.0) + mass / molar_mass(name)
        sizes[name] = (
            particle_micrometres.get(text, 2.0)
            if isinstance(particle_micrometres, Mapping)
            else particle_micrometres
        )
    return Powder(moles, {n: fresh_grains(n, sizes[n]) for n in moles})


def fresh_grains(name: str, micrometres: float = 2.0) -> Grains:
    """Return the crystals of a reagent of a particle size (um) out of its jar."""
    row = SUBSTANCES.get(name)
    return Grains(
        amorphous_share=row.amorphous if row else float(name == WATER),
        micrometres=micrometres,
    )


def join(first: Powder, second: Powder) -> Powder:
    """Return two portions poured into one container; amounts add, the rest averages."""
    share = second.grams / max(first.grams + second.grams, 1e-30)
    grains = dict(first.grains)
    for name, g in second.grains.items():
        n1, n2 = first.moles.get(name, 0.0), second.moles[name]
        old = grains.get(name, g)
        grains[name] = old.blended(g, n2 / (n1 + n2) if n1 + n2 > 0 else 1.0)
    return Powder(
        _sum(first.moles, second.moles),
        grains,
        mixing=min(0.2, _mean(first.mixing, second.mixing, share))
        if 0 < share < 1 and set(first.moles) != set(second.moles)
        else _mean(first.mixing, second.mixing, share),
        layers=_sum(_times(first.layers, 1 - share), _times(second.layers, share)),
        sintered=_mean(first.sintered, second.sintered, share),
        melted=_mean(first.melted, second.melted, share),
        film=_mean(first.film, second.film, share),
        released=_sum(first.released, second.released),
        taken_from_crucible=_sum(first.taken_from_crucible, second.taken_from_crucible),
    )


def _mean(first: float, second: float, share: float) -> float:
    return (1.0 - share) * first + share * second


def _sum(first: Mapping[str, float], second: Mapping[str, float]) -> dict[str, float]:
    return {k: first.get(k, 0.0) + second.get(k, 0.0) for k in (*first, *second)}
