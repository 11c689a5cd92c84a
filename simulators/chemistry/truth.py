"""The hidden truth of one simulated world: its energies and its rate constants."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from campaigns.materials.thermo import table

Floats = NDArray[np.float64]

GRID_KELVIN = 4.0
_FIRST_KELVIN = 292.0
_LAST_KELVIN = 1996.0


@dataclass(frozen=True, slots=True)
class Kinetics:
    """Rate constants; those marked are calibrated on facts, the rest are set.

    Facts are numbered as in `docs/explanation/simulated-furnace.md`. Eight calibrate
    this furnace: 1, 4, 10 and 12 energies (see `campaigns/materials/thermochemistry/`),
    3, 6, 7 and 8 the constants here and in `substance_rows/`. All others are scored
    blind.
    """

    pair_rate: float = 4e7
    """Rate of a pair at infinite temperature, 1/s [calibrated: facts 3 and 7]."""
    pair_energy: float = 0.160e3
    """Activation energy over the lower melting temperature, J/mol/K [calibrated: fact
    8, whose pair reacts 600 K below that of fact 7]."""
    triple_contact: float = 0.3
    """Share of pair contacts at which a third reactant is at hand."""
    layer: float = 0.15
    """Product layer that halves a pair's rate, cation mol per cation mol
    [calibrated: facts 3 and 7]."""
    single_rate: float = 3e6
    """Rate of a decomposition at infinite temperature, 1/s."""
    nucleation: float = 0.8e3
    """Driving force at which nucleation takes over, J per mol of atoms at 1200 K."""
    melt_boost: float = 100.0
    """Rate of contacts wetted by much melt, over dry ones."""
    conductance_metres: float = 0.007
    """Crucible mouth area over the depth of the gas above and within the powder, m."""
    coarsening: float = 20000.0
    """Growth of the squared particle size in a full melt, um2 per hour; goes as the
    square of the molten share above 5 %, where liquid begins to connect and drain."""
    wall_contact: float = 2e-5
    """Share of a powder's contacts that are with the crucible."""


@dataclass(frozen=True, slots=True)
class Truth:
    """One world's departures from the tabulated energies and from `Kinetics`."""

    kinetics: Kinetics = field(default_factory=Kinetics)
    offsets: Mapping[str, float] = field(default_factory=dict, hash=False)
    """Substance to what is added to its Gibbs energy, J/mol; others are exact."""
    seed: int | None = None
    """Seed of the world; `None` for the unperturbed one."""

    @classmethod
    def unperturbed(cls) -> "Truth":
        """Return the world in which every tabulated figure is exact."""
        return cls()

    @classmethod
    def of_seed(cls, seed: int) -> "Truth":
        """Return the world of a seed.

        Each substance's energy moves by its own doubt and by the errors it shares
        with the phases it was calibrated against; well-known gas equilibria have no
        doubt and stay. Rate constants are log-normal about their set values.
        """
        offsets: dict[str, float] = {}
        for name, row in table().items():
            # Each draws for itself: a new row changes no other one.
            draw = float(_generator(seed, f"energy|{name}").standard_normal())
            moved = row.sigma_invariant * draw
            moved += sum(n * offsets.get(other, 0.0) for other, n in row.follows)
            if moved and not row.is_gas:
                offsets[name] = moved
        spread = _generator(seed, "kinetics").standard_normal(6)
        usual = Kinetics()
        kinetics = Kinetics(
            pair_rate=usual.pair_rate * float(np.exp(0.4 * spread[0])),
            pair_energy=usual.pair_energy * float(1 + 0.02 * spread[1]),
            layer=usual.layer * float(np.exp(0.3 * spread[2])),
            single_rate=usual.single_rate * float(np.exp(0.3 * spread[3])),
            nucleation=usual.nucleation * float(np.exp(0.2 * spread[4])),
            conductance_metres=usual.conductance_metres
            * float(np.exp(0.3 * spread[5])),
        )
        return cls(kinetics, MappingProxyType(offsets), seed)

    def pair_factor(self, names: tuple[str, ...]) -> float:
        """Return how much faster than usual these reactants meet; 1 if unperturbed."""
        if self.seed is None:
            return 1.0
        rng = _generator(self.seed, "pair|" + "|".join(sorted(names)))
        return float(np.exp(0.5 * rng.standard_normal()))

    def grid(self, species: tuple[str, ...]) -> Floats:
        """Return Gibbs energies at each grid temperature, J/mol, shape n x species."""
        plain = _grid(species)
        moved = [self.offsets.get(name, 0.0) for name in species]
        return np.asarray(plain + np.array(moved))


@lru_cache(maxsize=64)
def _grid(species: tuple[str, ...]) -> Floats:
    rows = [table()[name] for name in species]
    kelvins = np.arange(_FIRST_KELVIN, _LAST_KELVIN + 1, GRID_KELVIN)
    values = np.array([[row.gibbs(float(t)) for row in rows] for t in kelvins])
    values.setflags(write=False)
    return values


def at_kelvin(grid: Floats, kelvin: float) -> Floats:
    """Return the energies at a temperature, linear between grid points, J/mol."""
    place = (min(max(kelvin, _FIRST_KELVIN), _LAST_KELVIN - 1.0) - _FIRST_KELVIN) / (
        GRID_KELVIN
    )
    low = int(place)
    share = place - low
    return np.asarray((1.0 - share) * grid[low] + share * grid[low + 1])


def _generator(seed: int, stream: str) -> np.random.Generator:
    text = f"chemistry\x1f{seed}\x1f{stream}".encode()
    digest = hashlib.blake2b(text, digest_size=16).digest()
    return np.random.Generator(np.random.Philox(key=int.from_bytes(digest, "big")))
