"""Weighed mixtures of reagents, scanned by the simulated diffractometer.

What real reagent powders differ in is drawn for each phase of each mixture: grain and
crystallite size, strain, texture, a disordered share, cell and displacement parameters.
The draws are keyed by the mixture's number and use nothing else.
"""

import hashlib
from dataclasses import dataclass, replace

import numpy as np

from campaigns.materials.phases import PhaseTable
from instruments.quantities import Pattern
from loop.analyse.patterns import CU_K_ALPHA
from loop.analyse.references import Reference, from_phases
from simulators.diffraction import Crystallites, Instrument, Structures, measure

REAGENTS = (
    "Y2O3", "BaCO3", "CuO", "Cu2O", "TiO2-rutile", "TiO2-anatase", "SrCO3", "CaCO3",
    "Al2O3", "MgO", "SiO2", "ZrO2", "Li2CO3", "Bi2O3", "In2O3", "La(OH)3", "MnCO3",
    "NiO", "V2O5", "ZnO", "Co3O4", "MnO2", "Mn2O3", "Fe2O3", "Fe3O4", "MoO3", "TeO2",
    "CeO2", "BaTiO3", "YBa2Cu3O7", "LiCoO2", "MgAl2O4",
)  # fmt: skip
SECONDS = {"2min": 120.0, "8min": 480.0}
_START, _END, _STEP = 10.0, 100.0, 0.0435
_GASES = frozenset({"C", "H", "O"})
Weights = dict[str, float]


@dataclass(frozen=True)
class Mixture:
    """One weighed mixture and how its powders are."""

    number: int
    weights: Weights
    """Share of each crystalline phase, of all crystalline phases."""
    grains: dict[str, Crystallites]
    micrometres: dict[str, float]

    @property
    def elements(self) -> frozenset[str]:
        """Return the elements weighed in."""
        table = PhaseTable.load()
        return frozenset().union(*(table[name].elements for name in self.weights))

    def scan(self, program: str = "2min") -> Pattern:
        """Return its pattern on an instrument and in a filling of its own."""
        rng = stream(self.number, f"scan {program}")
        optics = Instrument.of_seed(1000 + self.number)
        optics = replace(optics, filling_millimetres=0.1)
        angles = np.arange(_START, _END, _STEP)
        seconds = optics.counting_seconds(
            SECONDS[program], span_degrees=_END - _START, step_degrees=_STEP
        )
        dosed = {
            name: share / (1.0 - self.grains[name].amorphous_share)
            for name, share in self.weights.items()
        }
        counts = measure(
            dosed,
            self.grains,
            instrument=optics,
            two_theta=angles,
            seconds_per_point=seconds,
            rng=rng,
            structures=Structures.of_seed(1000 + self.number),
            particle_micrometres=self.micrometres,
        )
        return Pattern(angles, counts.astype(np.float64), seconds, CU_K_ALPHA)


def stream(number: int, name: str) -> np.random.Generator:
    """Return random numbers for one purpose of one mixture."""
    digest = hashlib.blake2b(f"mixture\x1f{number}\x1f{name}".encode(), digest_size=16)
    key = int.from_bytes(digest.digest(), "big")
    return np.random.Generator(np.random.Philox(key=key))


def mixture(number: int) -> Mixture:
    """Return the weighed mixture of a number: two to four reagents, 5 wt% or more."""
    rng = stream(number, "weights")
    count = int(rng.integers(2, 5))
    names = [REAGENTS[i] for i in rng.choice(len(REAGENTS), count, replace=False)]
    shares = 0.05 + (1.0 - 0.05 * count) * rng.dirichlet(np.ones(count))
    return powders(number, dict(zip(names, map(float, shares), strict=True)))


def powders(number: int, weights: Weights) -> Mixture:
    """Return a mixture of given shares with powders drawn for its number.

    Grains have 2 µm as median with a factor of 2 either way (one sigma), crystallites
    100 nm with a factor of 1.8, strain 5e-4 with 1.6; up to 5 % of each powder is
    disordered, and those with a habit lie flat with March ratios of 0.6 to 1.

    Source:
        Sizes as suppliers state them for reagents; texture of loosely filled oxide
        powders after Dollase, J. Appl. Cryst. 19 (1986) 267. Assumed, not measured.
    """
    grains, micrometres = {}, {}
    for name in weights:
        rng = stream(number, f"powder {name}")
        micrometres[name] = float(2.0 * np.exp(np.log(2.0) * rng.normal()))
        grains[name] = Crystallites(
            crystallite_nanometres=float(100.0 * np.exp(np.log(1.8) * rng.normal())),
            microstrain=float(5e-4 * np.exp(np.log(1.6) * rng.normal())),
            march=float(rng.uniform(0.6, 1.0)),
            amorphous_share=float(rng.uniform(0.0, 0.05)),
        )
    return Mixture(number, weights, grains, micrometres)


def candidates(elements: frozenset[str]) -> tuple[Reference, ...]:
    """Return the phase table's rows of these elements with C, H and O."""
    table = PhaseTable.load()
    chosen = tuple(
        phase
        for phase in table.values()
        if phase.has_structure and phase.elements <= elements | _GASES
    )
    return from_phases(chosen, wavelength=CU_K_ALPHA[0])
