"""What the world asks of chemistry and diffraction: plain callables, handed in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Reagent:
    """A powder as it stands in one dosing head."""

    name: str
    """Substance name on the head, as recipes write it."""
    formula: str
    """Reagent formula with hydrate water, such as `Y2(CO3)3.3H2O`."""
    assay: float = 1.0
    """Mass share that is the formula, 0-1."""
    loss_on_ignition: float = 0.0
    """Mass share of adsorbed water, 0-1."""
    particle_micrometres: float = 2.0
    stock_grams: float = 100.0
    """Powder in the head at the start, g."""


class Matter(Protocol):
    """A portion of powder, whatever chemistry keeps in it."""

    @property
    def grams(self) -> float:
        """Mass, g."""
        ...

    def split(self, grams: float) -> tuple[Self, Self]:
        """Return a part of the given mass and the rest; both of one composition."""
        ...

    def to_json(self) -> Any:  # noqa: ANN401
        """Return everything as plain JSON values."""
        ...


M = TypeVar("M", bound=Matter)


@dataclass(frozen=True, slots=True, eq=False)
class Firing:
    """What one portion saw in a furnace under one gas."""

    seconds: Floats
    """Times from the start, s, shape n, increasing."""
    celsius: Floats
    """True sample temperature, degrees Celsius, shape n."""
    gas: str
    crucible: str
    """Crucible material, such as `Al2O3`."""


@dataclass(frozen=True, slots=True)
class ScanProgram:
    """One diffractometer measurement program."""

    name: str
    seconds: float
    start_degrees: float
    end_degrees: float


@dataclass(frozen=True, slots=True)
class Measurement:
    """A finished scan as the detector gave it."""

    start_degrees: float
    end_degrees: float
    counts: tuple[int, ...]
    """Counts at equal steps of scattering angle from start to end."""
    seconds_per_point: float
    wavelengths: tuple[float, float] = (1.540598, 1.544426)
    """Cu K-alpha1 and K-alpha2, angstrom.

    Source:
        Hölzer et al., Phys. Rev. A 56 (1997) 4554, as written by Empyrean-class
        instruments in their files.
    """
    alpha_ratio: float = 0.5
    radius_millimetres: float = 145.0
    divergence_degrees: float = 0.25


@dataclass(frozen=True, slots=True)
class Physics(Generic[M]):
    """The laws of the simulated world."""

    fresh: Callable[[Mapping[Reagent, float]], M]
    """Powder from grams of each reagent, merely poured together."""
    join: Callable[[M, M], M]
    """Two portions in one container."""
    mix: Callable[[M, float, float], M]
    """Mixed at a speed in rpm for some seconds."""
    grind: Callable[[M, float, float], M]
    """Ground at a speed in rpm for some seconds."""
    dry: Callable[[M, float, float], M]
    """Dried at degrees Celsius for some seconds."""
    fire: Callable[[M, Firing, np.random.Generator], M]
    diffract: Callable[[M | None, ScanProgram, np.random.Generator], Measurement]
    """The scan of a filled holder, or of an empty one."""
    load: Callable[[Any], M]
    """The inverse of `Matter.to_json`."""
    stuck: Callable[[M], float] = lambda _: 0.0
    """Share that sticks to its vessel, beyond what clings of any powder, 0 to 1."""
