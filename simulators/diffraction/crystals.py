"""The true crystals in a powder: near the cited structures, never quite the same."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Protocol

import numpy as np

from campaigns.materials.elements import ATOMIC_WEIGHTS
from campaigns.materials.formula import Formula
from campaigns.materials.phases import Phase, PhaseTable

LARGEST_CELL_DEVIATION = 0.003
"""Largest relative deviation of a true cell edge from the cited one; solid solution
and oxygen content move real ones as far."""
_CELL_SIGMA = 0.0008
_B_LOG_SIGMA = 0.25
AMORPHOUS = "amorphous"
"""Key of matter without a phase of its own."""


class Grains(Protocol):
    """The crystals of one phase, as chemistry leaves them."""

    @property
    def crystallite_nanometres(self) -> float:
        """Volume-weighted mean size of the coherent domains, nm."""

    @property
    def microstrain(self) -> float:
        """Root mean square strain, dimensionless."""

    @property
    def march(self) -> float:
        """March-Dollase parameter; 1 for none, below 1 for plates."""

    @property
    def amorphous_share(self) -> float:
        """Share of the phase without Bragg lines, 0 to 1."""


@dataclass(frozen=True)
class Crystallites:
    """Plain values of `Grains`; defaults are a well-fired oxide."""

    crystallite_nanometres: float = 150.0
    """Volume-weighted mean size of the coherent domains, nm."""
    microstrain: float = 0.0005
    """Root mean square strain, dimensionless."""
    march: float = 1.0
    """March-Dollase parameter; 1 for none, below 1 for plates."""
    amorphous_share: float = 0.0
    """Share of the phase without Bragg lines, 0 to 1."""


@dataclass(frozen=True)
class Structures:
    """The hidden truth about cell edges and displacement parameters."""

    seed: int | None = None
    """Seed of the deviations; none for the cited structures themselves."""

    @classmethod
    def cited(cls) -> "Structures":
        """Return the structures exactly as cited."""
        return cls(None)

    @classmethod
    def of_seed(cls, seed: int) -> "Structures":
        """Return structures that deviate from the cited ones in a fixed way."""
        return cls(seed)

    def phase(self, name: str) -> Phase | None:
        """Return the true crystal of that name, or none where none is known."""
        return _true_phase(name, self.seed)


@lru_cache(maxsize=1024)
def _true_phase(name: str, seed: int | None) -> Phase | None:
    table = PhaseTable.load()
    if name not in table or not table[name].has_structure:
        return None
    phase = table[name]
    if seed is None or phase.cell is None:
        return phase
    digest = hashlib.blake2b(f"crystal\x1f{seed}\x1f{name}".encode(), digest_size=16)
    key = int.from_bytes(digest.digest(), "big")
    rng = np.random.Generator(np.random.Philox(key=key))
    limit = LARGEST_CELL_DEVIATION
    # Edges that symmetry makes equal stay so.
    edges = dict.fromkeys(phase.cell[:3])
    strains = np.clip(rng.normal(0.0, _CELL_SIGMA, len(edges)), -limit, limit)
    scaled = {a: a * (1 + float(e)) for a, e in zip(edges, strains, strict=True)}
    a, b, c = (scaled[edge] for edge in phase.cell[:3])
    factor = float(np.exp(rng.normal(0.0, _B_LOG_SIGMA)))
    sites = tuple(
        replace(site, b_iso_angstrom2=site.b_iso_angstrom2 * factor)
        if site.b_iso_angstrom2 is not None
        else site
        for site in phase.sites
    )
    return replace(phase, cell=(a, b, c, *phase.cell[3:]), sites=sites)


def composition(name: str) -> dict[str, float]:
    """Return the mass share of each element of a phase or named substance.

    Args:
        name: A row of the phase table, or a formula, with `(l)` for a melt.

    Raises:
        MaterialError: If the name is neither.
    """
    table = PhaseTable.load()
    formula = (
        table[name].formula
        if name in table
        else Formula.parse(name.removesuffix("(l)"))
    )
    masses = {
        symbol: float(amount) * ATOMIC_WEIGHTS[symbol]
        for symbol, amount in formula.composition
    }
    total = sum(masses.values())
    return {symbol: mass / total for symbol, mass in masses.items()}


def blend(weights: Mapping[str, float]) -> dict[str, float]:
    """Return the mass share of each element of a mixture.

    Amorphous matter of no phase is taken to have the composition of the rest.

    Raises:
        ValueError: If nothing but `amorphous` is named.
    """
    named = {name: w for name, w in weights.items() if name != AMORPHOUS and w > 0}
    if not named:
        message = "weights name no substance; give at least one beside 'amorphous'"
        raise ValueError(message)
    total = sum(named.values())
    shares: dict[str, float] = {}
    for name, weight in named.items():
        for symbol, share in composition(name).items():
            shares[symbol] = shares.get(symbol, 0.0) + share * weight / total
    return shares
