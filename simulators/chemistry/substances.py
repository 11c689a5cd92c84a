"""What the furnace needs to know of each substance beside its energy.

The rows stand in `substances.toml`, whose head tells how to add a system.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from campaigns.errors import MaterialError
from campaigns.materials.thermo import species_formula, table


@dataclass(frozen=True, slots=True)
class Substance:
    """One condensed substance of the simulated furnace."""

    name: str
    """As in the phase table; melts end in `(l)`."""
    melts_kelvin: float
    """Where it melts; sets how mobile its ions are."""
    turns_kelvin: float
    """Where it turns over by itself at 1e-3 per second far from equilibrium."""
    source: str
    """Of both temperatures."""
    reagent: bool = False
    """Whether it falls apart before it reacts, and forms from no other solid."""
    becomes: str = ""
    """The reagent that it falls apart into, if any."""
    own_pace: bool = False
    """Whether it reacts at its own lattice's pace whatever it touches."""
    glass: bool = False
    """Whether this melt may freeze to glass."""
    amorphous: float = 0.0
    """Share of it that gives no Bragg peaks when fresh, 0 to 1."""
    plates: bool = False
    """Whether it grows as plates and so packs with its c axis up."""

    @property
    def is_melt(self) -> bool:
        """Return whether this is a liquid."""
        return self.name.endswith("(l)")


@dataclass(frozen=True, slots=True)
class Variant:
    """A phase that reacts as another one and is told apart after firing."""

    name: str
    of: str
    """The phase it reacts as."""
    source: str
    oxygen_site: tuple[float, float] = (0.0, 0.0)
    """Diffusivity of the oxygen that makes it of the other: cm2/s and eV."""
    below_nanometres: float = 0.0
    """Crystals below about this size take this form; 0: not by size."""
    above_kelvin: float = 0.0
    """All crystals take this form above this temperature; 0: none do."""

    @property
    def is_filled(self) -> bool:
        """Return whether it is the other phase with more oxygen."""
        return self.oxygen_site[0] > 0


_SECTIONS = {"substance": Substance, "variant": Variant}


def _read(text: str) -> dict[str, dict[str, Any]]:
    """Read `substances.toml`.

    Raises:
        MaterialError: If a row is incomplete, has a field it cannot have or has no
            energy.
    """
    document = tomllib.loads(text)
    found: dict[str, dict[str, Any]] = {"vapour": document["vapour"]}
    for section, kind in _SECTIONS.items():
        found[section] = {
            name: _row(kind, name, fields) for name, fields in document[section].items()
        }
    found["wall"] = {k: v["substance"] for k, v in document["wall"].items()}
    for name in (*found["substance"], *found["variant"], *found["vapour"]):
        if name not in table():
            raise MaterialError(
                f"substances.toml, {name}: no row in thermochemistry.toml; add one"
            )
    others = [v.of for v in found["variant"].values()]
    others += [s.becomes for s in found["substance"].values() if s.becomes]
    for name in (*others, *found["wall"].values()):
        if name not in found["substance"]:
            raise MaterialError(f"substances.toml names {name}, which has no row there")
    return found


def _row(kind: Any, name: str, fields: Mapping[str, Any]) -> Any:  # noqa: ANN401
    try:
        tidy = {k: tuple(v) if isinstance(v, list) else v for k, v in fields.items()}
        return kind(name, **tidy)
    except TypeError as error:
        raise MaterialError(f"substances.toml, {name}: {error}") from error


_TEXT = files("simulators.chemistry").joinpath("substances.toml").read_text("utf-8")
_ROWS = _read(_TEXT)

SUBSTANCES: Mapping[str, Substance] = MappingProxyType(_ROWS["substance"])
VARIANTS: Mapping[str, Variant] = MappingProxyType(_ROWS["variant"])
VAPOURS: tuple[str, ...] = tuple(_ROWS["vapour"])
"""Gases that carry other elements than C, H, N and O away."""
WALLS: Mapping[str, str] = MappingProxyType(_ROWS["wall"])
"""Crucible material to the substance it is made of; others are inert."""

LUMPED: Mapping[str, str] = MappingProxyType({v.name: v.of for v in VARIANTS.values()})
"""Phases that react as another one; told apart again after each step."""

WATER = "H2O(l)"
"""Adsorbed water or mixing liquid; it reacts with nothing and evaporates."""

VOLATILE = frozenset({"O", "C", "H", "N"})
"""Elements that the furnace's own gases carry."""


def metals(name: str) -> frozenset[str]:
    """Return the elements of a substance that only solids and vapours carry."""
    return species_formula(name).elements - VOLATILE


def oxygen_taken(variant: Variant) -> float:
    """Return the moles of O2 that turn a mole of the plain phase into the filled one.

    Raises:
        MaterialError: If the two differ in another element.
    """
    full, plain = species_formula(variant.name), species_formula(variant.of)
    if any(full.amount(e) != plain.amount(e) for e in full.elements - {"O"}):
        raise MaterialError(f"{variant.name} is not {variant.of} with more oxygen")
    return float(full.amount("O") - plain.amount("O")) / 2.0
