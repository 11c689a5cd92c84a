"""Gibbs energies of solids, gases and melts, each with its source and its doubt.

All energies are apparent Gibbs energies on one reference: enthalpy zero for the
elements at 298.15 K, entropy absolute. In any balanced reaction the elements cancel,
so differences are true Gibbs energies of reaction.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from math import log
from types import MappingProxyType
from typing import Any

from campaigns.errors import MaterialError
from campaigns.materials.descriptor import bartel_gibbs, reduced_mass
from campaigns.materials.formula import Formula

GAS_CONSTANT = 8.314462618
"""J/mol/K, exact since the 2019 SI."""
REFERENCE_KELVIN = 298.15
LOWEST_KELVIN = 290.0
HIGHEST_KELVIN = 2000.0
FILES = (
    "gases",
    "earths",
    "cuprates",
    "ceramics",
    "lithium",
    "phosphates",
    "tellurates",
    "containers",
)
"""Files of `thermochemistry/`, each after those that it builds on."""


@dataclass(frozen=True, slots=True)
class Gibbs:
    """A molar Gibbs energy and how far to trust it."""

    joules_per_mole: float
    """Apparent Gibbs energy at 1 bar, per mole of formula units."""
    sigma_joules_per_mole: float
    """One standard deviation of the formation from the oxides; 0 for the well-known
    gases, oxides and carbonates whose equilibria are tested."""
    source: str


@dataclass(frozen=True, slots=True)
class _Branch:
    """Cp and the enthalpy and entropy at the lower end of its range."""

    from_kelvin: float
    enthalpy: float
    entropy: float
    cp: tuple[float, float, float, float]

    def gibbs(self, kelvin: float) -> float:
        return self.enthalpy_at(kelvin) - kelvin * self.entropy_at(kelvin)

    def enthalpy_at(self, kelvin: float) -> float:
        a, b, c, d = self.cp
        t, low = kelvin, self.from_kelvin
        return self.enthalpy + (
            a * (t - low)
            + b * 0.5e-3 * (t**2 - low**2)
            - c * 1e5 * (1 / t - 1 / low)
            + d * 1e-6 / 3 * (t**3 - low**3)
        )

    def entropy_at(self, kelvin: float) -> float:
        a, b, c, d = self.cp
        t, low = kelvin, self.from_kelvin
        return self.entropy + (
            a * log(t / low)
            + b * 1e-3 * (t - low)
            - c * 0.5e5 * (t**-2 - low**-2)
            + d * 0.5e-6 * (t**2 - low**2)
        )


@dataclass(frozen=True, slots=True)
class Species:
    """One row of a thermochemistry file."""

    name: str
    status: str
    """`tabulated`, `measured`, `calibrated`, `estimated` or `computed`; see the file's
    head."""
    source: str
    sigma_joules_per_mole: float
    branches: tuple[_Branch, ...] = ()
    shomate: tuple[tuple[float, ...], ...] = ()
    bartel: tuple[float, float, float] | None = None
    """Enthalpy of formation (J/mol), volume per atom (Å³), atoms of a formula unit:
    all else by Bartel's descriptor."""
    parts: tuple[tuple["Species", float], ...] = ()
    """Species whose weighted Gibbs energies are added (Neumann-Kopp)."""
    excess: tuple[float, float] = (0.0, 0.0)
    """Enthalpy (J/mol) and entropy (J/mol/K) on top of the parts."""
    sigma_invariant: float = 0.0
    """Doubt left once the species in `follows` are known, J/mol; else sigma."""
    follows: tuple[tuple[str, float], ...] = ()
    """Species whose error this row shares, and how many times."""

    @property
    def formula(self) -> Formula:
        """Return the composition, read from the name."""
        return species_formula(self.name)

    @property
    def is_gas(self) -> bool:
        """Return whether this is a gas."""
        return self.name.endswith("(g)")

    def gibbs(self, kelvin: float) -> float:
        """Return the apparent Gibbs energy, J/mol."""
        if self.shomate:
            return _shomate_gibbs(self.shomate, kelvin)
        if self.branches:
            branch = self.branches[0]
            for later in self.branches[1:]:
                if kelvin >= later.from_kelvin:
                    branch = later
            return branch.gibbs(kelvin)
        if self.bartel:
            heat, volume, atoms = self.bartel
            mass = reduced_mass(self.formula)
            return heat + atoms * bartel_gibbs(mass, volume, kelvin)
        enthalpy, entropy = self.excess
        return (
            sum(share * part.gibbs(kelvin) for part, share in self.parts)
            + enthalpy
            - kelvin * entropy
        )


def _shomate_gibbs(rows: tuple[tuple[float, ...], ...], kelvin: float) -> float:
    """Return H - TS of a gas, J/mol.

    Source:
        NIST Chemistry WebBook: with t = T/1000, H(t) = At + Bt^2/2 + Ct^3/3 + Dt^4/4
        - E/t + F (kJ/mol, formation included) and S(t) = A ln t + Bt + Ct^2/2 +
        Dt^3/3 - E/(2t^2) + G.
    """
    row = next((row for row in rows if kelvin <= row[0]), rows[-1])
    a, b, c, d, e, f, g = row[1:]
    t = kelvin / 1000.0
    enthalpy = a * t + b * t**2 / 2 + c * t**3 / 3 + d * t**4 / 4 - e / t + f
    entropy = a * log(t) + b * t + c * t**2 / 2 + d * t**3 / 3 - e / (2 * t**2) + g
    return 1000.0 * enthalpy - kelvin * entropy


def species_formula(name: str) -> Formula:
    """Return the composition of a species from its name.

    Args:
        name: Formula, with `(g)` or `(l)` for gas or melt, or after a hyphen hydrate
            water or a polymorph, such as `Y2(CO3)3-3H2O`, `TiO2-rutile`.
    """
    bare, _, suffix = name.removesuffix("(g)").removesuffix("(l)").partition("-")
    return Formula.parse(f"{bare}·{suffix}" if suffix.endswith("H2O") else bare)


@lru_cache(maxsize=1)
def table() -> Mapping[str, Species]:
    """Return every species by name: cited rows, and computed ones where none is cited.

    Raises:
        MaterialError: If a row is incomplete.
    """
    rows = cited()
    text = files("campaigns.materials").joinpath("computed.toml").read_text()
    return MappingProxyType({**read_table(text, rows), **rows})


@lru_cache(maxsize=1)
def cited() -> Mapping[str, Species]:
    """Return every species of the thermochemistry files by name.

    Raises:
        MaterialError: If a row is incomplete.
    """
    folder = files("campaigns.materials").joinpath("thermochemistry")
    rows: Mapping[str, Species] = MappingProxyType({})
    for name in FILES:
        rows = read_table(folder.joinpath(f"{name}.toml").read_text(), rows)
    return rows


def read_table(
    text: str, known: Mapping[str, Species] = MappingProxyType({})
) -> Mapping[str, Species]:
    """Read a thermochemistry file.

    Args:
        text: TOML as described at the head of `thermochemistry/gases.toml`; a row may
            build only on known rows and rows above it.
        known: Rows to which those of the text are added; a row of the same name is
            replaced.

    Raises:
        MaterialError: If a row is incomplete or builds on an unknown one.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = f"thermochemistry cannot be read as TOML: {error}"
        raise MaterialError(message) from error
    rows = dict(known)
    for name, row in document.items():
        try:
            rows[name] = _read_row(name, row, rows)
        except KeyError as error:
            raise MaterialError(
                f"thermochemistry row {name}: no {error.args[0]}; a row needs status, "
                "source, sigma and one of dHf298 with S298 and cp, dHf298 with bartel, "
                "from_oxides, shomate"
            ) from error
    return MappingProxyType(rows)


def _read_row(name: str, row: Mapping[str, Any], known: dict[str, Species]) -> Species:
    sigma = 1000.0 * float(row["sigma"])
    status, source = str(row["status"]), str(row["source"])
    if "shomate" in row:
        rows = tuple(tuple(map(float, line)) for line in row["shomate"])
        return Species(name, status, source, sigma, shomate=rows)
    if "from_oxides" in row:
        return _read_compound(name, row, known, (status, source, sigma))
    if "bartel" in row:
        return _read_bartel(name, row, (status, source, sigma))
    start = _Branch(
        REFERENCE_KELVIN,
        1000.0 * float(row["dHf298"]),
        float(row["S298"]),
        _four(row["cp"]),
    )
    branches = [start]
    for step in row.get("transitions", []):
        kelvin, heat = float(step["kelvin"]), 1000.0 * float(step["kilojoules"])
        below = branches[-1]
        branches.append(
            _Branch(
                kelvin,
                below.enthalpy_at(kelvin) + heat,
                below.entropy_at(kelvin) + heat / kelvin,
                _four(step["cp"]),
            )
        )
    return Species(
        name, status, source, sigma, branches=tuple(branches), sigma_invariant=sigma
    )


def _read_bartel(
    name: str, row: Mapping[str, Any], head: tuple[str, str, float]
) -> Species:
    """Read a row given by its enthalpy and volume alone."""
    formula = species_formula(name)
    reduced_mass(formula)
    atoms = float(sum(n for _, n in formula.composition))
    volume = float(row["bartel"]["cubic_angstrom_per_atom"])
    if volume <= 0:
        raise MaterialError(
            f"thermochemistry row {name}: found cubic_angstrom_per_atom {volume:g};"
            " allowed: above 0; correct it"
        )
    return Species(name, *head, bartel=(1000.0 * float(row["dHf298"]), volume, atoms))


def _read_compound(
    name: str,
    row: Mapping[str, Any],
    known: dict[str, Species],
    head: tuple[str, str, float],
) -> Species:
    """Read a row given by its formation from other species, Cp their sum."""
    parts = tuple((known[part], float(n)) for part, n in row["oxides"].items())
    have: dict[str, float] = {}
    for part, n in parts:
        for element, amount in part.formula.amounts.items():
            have[element] = have.get(element, 0.0) + n * float(amount)
    want = {e: float(n) for e, n in species_formula(name).amounts.items()}
    off = [e for e in have | want if abs(have.get(e, 0) - want.get(e, 0)) > 1e-9]
    if off:
        raise MaterialError(
            f"thermochemistry row {name}: its oxides do not add up in {', '.join(off)}"
        )
    enthalpy, entropy = map(float, row["from_oxides"])
    return Species(
        *(name, *head),
        parts=parts,
        excess=(1000.0 * enthalpy, entropy),
        sigma_invariant=1000.0 * float(row.get("sigma_invariant", row["sigma"])),
        follows=tuple(
            (known[other].name, float(n)) for other, n in row.get("follows", {}).items()
        ),
    )


def _four(numbers: list[float]) -> tuple[float, float, float, float]:
    a, b, c, d = map(float, numbers)
    return a, b, c, d


def gibbs(species: str, kelvin: float) -> Gibbs:
    """Return the apparent Gibbs energy of one mole at 1 bar.

    Args:
        species: Name of a row, such as `BaCO3`, `TiO2-rutile`, `O2(g)`.
        kelvin: Temperature, 290 to 2000 K.

    Raises:
        MaterialError: If there is no such row or the temperature is out of range.
    """
    row = table().get(species)
    if row is None:
        raise MaterialError(
            f"no thermochemistry for {species!r}; known: {', '.join(sorted(table()))}"
        )
    if not LOWEST_KELVIN <= kelvin <= HIGHEST_KELVIN:
        raise MaterialError(
            f"{species} at {kelvin:g} K: thermochemistry covers "
            f"{LOWEST_KELVIN:g} to {HIGHEST_KELVIN:g} K"
        )
    return Gibbs(row.gibbs(kelvin), row.sigma_joules_per_mole, row.source)
