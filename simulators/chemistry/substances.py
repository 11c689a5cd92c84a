"""What the furnace needs to know of each substance beside its energy.

The rows stand in `substance_rows/`; the head of `earths.toml` there tells how to add a
system.
"""

import tomllib
from collections.abc import Iterable, Mapping
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
    forms: bool = True
    """Whether it forms from other substances within hours."""
    becomes: str = ""
    """The reagent that it falls apart into, if any."""
    own_pace: bool = False
    """Whether it gives CO2 off at its own lattice's pace, whatever it touches."""
    acid: bool = False
    """Whether it drives CO2 out of any carbonate at its own pace."""
    glass: bool = False
    """Whether this melt may freeze to glass."""
    amorphous: float = 0.0
    """Share of it that gives no Bragg peaks when fresh, 0 to 1."""
    soluble: bool = False
    """Whether the mixing liquid dissolves it."""
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


_KINDS = {"substance": Substance, "variant": Variant}


def read_rows(texts: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Read files of `substance_rows/`.

    Raises:
        MaterialError: If a row is incomplete, has a field it cannot have, is there
            twice or has no energy.
    """
    found: dict[str, dict[str, Any]] = {s: {} for s in (*_KINDS, "vapour", "wall")}
    for text in texts:
        for section, rows in tomllib.loads(text).items():
            if twice := found[section].keys() & rows.keys():
                raise MaterialError(f"substance rows: {min(twice)} is there twice")
            kind = _KINDS.get(section)
            found[section] |= {
                name: fields if kind is None else _row(kind, name, fields)
                for name, fields in rows.items()
            }
    _check(found)
    return found


def _check(found: Mapping[str, Mapping[str, Any]]) -> None:
    substances = found["substance"]
    for name in (*substances, *found["variant"], *found["vapour"]):
        if name not in table():
            raise MaterialError(
                f"substance rows, {name}: no thermochemistry; add a row"
            )
    others = [v.of for v in found["variant"].values()]
    others += [s.becomes for s in substances.values() if s.becomes]
    for name in (*others, *found["wall"].values()):
        if name not in substances:
            raise MaterialError(f"substance rows name {name}, which has no row there")


def _row(kind: Any, name: str, fields: Mapping[str, Any]) -> Any:  # noqa: ANN401
    try:
        tidy = {k: tuple(v) if isinstance(v, list) else v for k, v in fields.items()}
        return kind(name, **tidy)
    except TypeError as error:
        raise MaterialError(f"substance rows, {name}: {error}") from error


_FOLDER = files("simulators.chemistry").joinpath("substance_rows")
_ROWS = read_rows(
    path.read_text("utf-8")
    for path in sorted(_FOLDER.iterdir(), key=lambda path: path.name)
    if path.name.endswith(".toml")
)

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
