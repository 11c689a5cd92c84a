"""The measured pattern: lines and background through the optics, then counted."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from campaigns.materials.xraytables import CU_KA1_ANGSTROM, CU_KB_ANGSTROM
from simulators.diffraction.absorption import depths, filled_share
from simulators.diffraction.crystals import Grains, Structures
from simulators.diffraction.diffuse import diffuse_rate, empty_rate
from simulators.diffraction.instrument import Instrument
from simulators.diffraction.profile import (
    MARGIN_DEGREES,
    STEP_DEGREES,
    Widths,
    axial_shifts,
    broadened,
    lay,
)
from simulators.diffraction.scatterers import Scatterer, Specimen, specimen

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_PARTICLE_MICROMETRES = 2.0


def measure(
    weights: Mapping[str, float],
    grains: Mapping[str, Grains],
    *,
    instrument: Instrument,
    two_theta: Floats,
    seconds_per_point: float,
    rng: np.random.Generator,
    structures: Structures | None = None,
    particle_micrometres: float | Mapping[str, float] = _PARTICLE_MICROMETRES,
) -> Integers:
    """Return the counts that the diffractometer reports.

    Args:
        weights: Mass of each phase or substance, any common unit; none for an empty
            holder. Names are rows of the phase table or formulas (`(l)` for a melt);
            the key `amorphous` is disordered matter of the others' composition.
        grains: Crystals by phase name; missing phases are well crystallised.
        instrument: The diffractometer's true state.
        two_theta: Scattering angles, degrees, shape n, rising, 2 to 160.
        seconds_per_point: Counting time at each angle, s, above 0.
        rng: Generator of this filling and this scan.
        structures: True structures; those cited by default.
        particle_micrometres: Diameter of the particles, of all or by phase, µm.

    Returns:
        Counts, shape n.

    Raises:
        ValueError: If angles or time are out of range, or a weight is negative.
        MaterialError: If a name is neither a phase nor a formula.
    """
    rate = expected_rate(
        weights,
        grains,
        instrument=instrument.filled(rng),
        two_theta=two_theta,
        structures=structures,
        particle_micrometres=particle_micrometres,
    )
    if not seconds_per_point > 0:
        message = f"counting time is {seconds_per_point:g} s; allowed: above 0"
        raise ValueError(message)
    return np.asarray(rng.poisson(rate * seconds_per_point), dtype=np.int64)


def expected_rate(
    weights: Mapping[str, float],
    grains: Mapping[str, Grains],
    *,
    instrument: Instrument,
    two_theta: Floats,
    structures: Structures | None = None,
    particle_micrometres: float | Mapping[str, float] = _PARTICLE_MICROMETRES,
) -> Floats:
    """Return counts per second without noise, shape n; arguments as for `measure`.

    Raises:
        ValueError: If angles are out of range or a weight is negative.
        MaterialError: If a name is neither a phase nor a formula.
    """
    angles = np.asarray(two_theta, dtype=float)
    if len(angles) < 2 or angles.min() < 2 or angles.max() > 160:
        message = "scattering angles must be two or more between 2 and 160 degrees"
        raise ValueError(message)
    theta = np.radians(angles / 2)
    if not any(weights.values()):
        return empty_rate(instrument, theta)
    mixture = specimen(
        weights,
        grains,
        structures=structures or Structures.cited(),
        particle_micrometres=particle_micrometres,
        two_theta_max=_reach(float(angles.max())),
    )
    rate = diffuse_rate(mixture, instrument, theta)
    return np.maximum(rate + _bragg_rate(mixture, instrument, angles), 0.0)


def _reach(two_theta: float) -> float:
    """Return the angle of Kα1 whose Kβ line still reaches into the scan, degrees."""
    last = np.sin(np.radians((two_theta + MARGIN_DEGREES) / 2))
    sine = min(float(last) * CU_KA1_ANGSTROM / CU_KB_ANGSTROM, 0.985)
    return float(np.ceil(2 * np.degrees(np.arcsin(sine))))


def _bragg_rate(mixture: Specimen, instrument: Instrument, angles: Floats) -> Floats:
    first = angles.min() - MARGIN_DEGREES
    span = angles.max() - angles.min() + 2 * MARGIN_DEGREES
    grid = (first, int(np.ceil(span / STEP_DEGREES)) + 1)
    total = np.zeros(grid[1])
    for scatterer in mixture.scatterers:
        positions, areas, widths = _lines(
            scatterer, mixture, instrument, limits=(first, first + span)
        )
        total += lay(positions, areas, widths, grid=grid)
    return np.interp(angles, first + np.arange(grid[1]) * STEP_DEGREES, total)


def _lines(
    scatterer: Scatterer,
    mixture: Specimen,
    instrument: Instrument,
    *,
    limits: tuple[float, float],
) -> tuple[Floats, Floats, Widths]:
    """Return positions (degrees), areas and widths of a phase's lines, shape n.

    Each line of each wavelength is split into parts by depth and axial divergence.
    """
    strengths = scatterer.oriented() * scatterer.strength * instrument.counts_scale
    bed_per_cm = mixture.mass_attenuation * mixture.density * instrument.packing
    positions, areas, gauss, lorentz = [], [], [], []
    for wavelength, share, natural in instrument.emission:
        sine = wavelength / (2 * scatterer.lines.d_angstrom)
        reach = np.sin(np.radians(np.clip(limits, 0.5, 170.0) / 2))
        chosen = (sine > reach[0]) & (sine < reach[1])
        if not chosen.any():
            continue
        theta = np.arcsin(sine[chosen])
        # Lines keep the structure factors of Kα1: f' of other lines differs little.
        area = strengths[chosen] * share * instrument.lorentz_polarisation(theta)
        area *= instrument.on_bed(theta)
        area *= filled_share(bed_per_cm, instrument.depth_millimetres, theta)
        places, parts = _displaced(theta, instrument, bed_per_cm)
        width = broadened(
            theta,
            caglioti=(
                instrument.u_degrees2,
                instrument.v_degrees2,
                instrument.w_degrees2,
            ),
            lorentz_degrees=instrument.lorentz_degrees,
            emission_width=natural,
            wavelength_angstrom=wavelength,
            crystallite_nanometres=scatterer.grains.crystallite_nanometres,
            microstrain=scatterer.grains.microstrain,
        )
        positions.append(places.ravel())
        areas.append((area[:, None] * parts).ravel())
        gauss.append(np.repeat(width.gauss, places.shape[1]))
        lorentz.append(np.repeat(width.lorentz, places.shape[1]))
    if not positions:
        none = np.empty(0)
        return none, none, Widths(none, none)
    joined = Widths(np.concatenate(gauss), np.concatenate(lorentz))
    return np.concatenate(positions), np.concatenate(areas), joined


def _displaced(
    theta: Floats, instrument: Instrument, bed_per_cm: float
) -> tuple[Floats, Floats]:
    """Return positions (degrees) and shares of a line's parts, `n x parts` each.

    Source:
        Height of the scattering layer shifts by 2 h cosθ / R: Wilson, Mathematical
        Theory of X-Ray Powder Diffractometry (1963); layers below the surface are
        what is called transparency.
    """
    z, depth_shares = depths(bed_per_cm, instrument.depth_millimetres, theta)
    height = instrument.displacement_millimetres - z
    shift = 2 * height * np.cos(theta)[:, None] / instrument.radius_millimetres
    two_theta = np.degrees(2 * theta[:, None] + shift)
    angles, shares = axial_shifts(two_theta.ravel(), instrument.axial)
    shape = (len(theta), -1)
    parts = shares * np.tile(depth_shares, len(theta))[:, None]
    return angles.reshape(shape) + instrument.zero_degrees, parts.reshape(shape)
