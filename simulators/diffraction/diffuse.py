"""What lies under the lines: disorder, Compton, fluorescence, air and holder."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from campaigns.materials.elements import ATOMIC_WEIGHTS
from campaigns.materials.xraytables import (
    CU_KA1_ANGSTROM,
    DALTONS_PER_CUBIC_ANGSTROM,
    HC_EV_ANGSTROM,
    form_factor,
    mass_attenuation,
)
from simulators.diffraction.instrument import Instrument
from simulators.diffraction.scatterers import Specimen

Floats = NDArray[np.float64]

_FLUORESCENT = {
    "Ti": (4.511, 4.966, 0.214),
    "V": (4.952, 5.465, 0.243),
    "Cr": (5.415, 5.989, 0.275),
    "Mn": (5.899, 6.539, 0.308),
    "Fe": (6.404, 7.112, 0.340),
    "Co": (6.930, 7.709, 0.373),
    "Ni": (7.478, 8.333, 0.406),
    "Cu": (8.048, 8.979, 0.440),
    "Zn": (8.639, 9.659, 0.474),
}
"""Kα energy and K edge (keV) and K fluorescence yield of elements whose light a
detector set for copper may pass. Source: Bearden, Rev. Mod. Phys. 39 (1967) 78;
Krause, J. Phys. Chem. Ref. Data 8 (1979) 307."""
_WHITE_DECAY_KEV = 1.0
"""The filtered white beam beyond an edge falls by e within this. Set on measured
backgrounds of NiO and ZnO."""
_K_SHELL_SHARE = 0.88
"""Share of absorption just above the K edge that leaves a K hole: 1 - 1/jump with the
jump of 8 of these elements. Source: Elam, Ravel & Sieber (2002)."""
_THOMSON_CM2_PER_GRAM = 0.04785
"""Avogadro number times squared classical electron radius, cm² Da/g. CODATA 2018."""
_MEAN_B = 0.6
"""Å², for thermal diffuse scattering, which need not be exact."""
_FIRST_PEAK = (0.32, 0.035, 1.3)
_SECOND_PEAK = (0.56, 0.07, 0.35)
"""Position and width (1/Å) and height of the maxima of S(q) of a disordered oxide with
cations 3.1 Å apart. Source: Warren, X-Ray Diffraction (1969), chapter 10."""


def diffuse_rate(specimen: Specimen, instrument: Instrument, theta: Floats) -> Floats:
    """Return counts per second between the lines, shape n.

    Args:
        specimen: The mixture.
        instrument: The diffractometer.
        theta: Half the scattering angle, radians, shape n.
    """
    on_bed = instrument.on_bed(theta)
    scattered = _scattered(specimen, instrument, theta)
    scattered = scattered + _fluorescence(specimen, instrument)
    return scattered * on_bed + empty_rate(instrument, theta)


def empty_rate(instrument: Instrument, theta: Floats) -> Floats:
    """Return counts per second from air, dark counts and the uncovered holder.

    Args:
        instrument: The diffractometer.
        theta: Half the scattering angle, radians, shape n.

    Source:
        Shapes by eye from measured patterns: air falls by e in 14° of 2θ, an
        amorphous holder has one hump near 17°.
    """
    angle = np.degrees(2 * theta)
    air = instrument.air_per_second * np.exp(-(angle - 10) / 14.0)
    hump = instrument.holder_per_second * np.exp(-(((angle - 17) / 6.5) ** 2))
    return instrument.dark_per_second + air + hump * (1 - instrument.on_bed(theta))


def per_degree() -> float:
    """Return what turns |F|² per cell volume into area per degree.

    A crystal of volume V has 4π q² V dq reflections in a shell of its reciprocal space,
    q = 2 sinθ/λ; with the Lorentz factor this is the same at every angle. So diffuse
    and Bragg scattering share one scale.
    """
    return 16 * np.pi / CU_KA1_ANGSTROM**3 * np.pi / 180


def _scattered(specimen: Specimen, instrument: Instrument, theta: Floats) -> Floats:
    """Return thermal, disordered and Compton scattering, counts per second.

    Source:
        Thermal: f² (1 - exp(-2 B s²)), independent atoms; Compton: Z - f²/Z, both from
        James, The Optical Principles of the Diffraction of X-Rays (1948).
    """
    s = np.sin(theta) / CU_KA1_ANGSTROM
    thermal = -np.expm1(-2 * _MEAN_B * s * s)
    order = _structure_factor(2 * s)
    electrons = np.zeros_like(s)
    for symbol, share in specimen.elements.items():
        f = form_factor(symbol, s)
        charge = form_factor(symbol, np.zeros(1))[0]
        loose = specimen.disordered.get(symbol, 0.0)
        # White light is Bragg-scattered too, but each energy at its own angle.
        spread = (share - loose) * (thermal + instrument.white_share)
        elastic = (spread + loose * order) * f * f
        compton = share * np.maximum(charge - f * f / charge, 0.0)
        electrons += (elastic + compton) / ATOMIC_WEIGHTS[symbol]
    polarisation = instrument.lorentz_polarisation(theta)
    polarisation = polarisation * np.sin(theta) ** 2 * np.cos(theta)
    scale = instrument.counts_scale * per_degree() / DALTONS_PER_CUBIC_ANGSTROM
    return np.asarray(scale * polarisation * electrons / specimen.mass_attenuation)


def _structure_factor(q: Floats) -> Floats:
    value = -np.expm1(-((q / 0.3) ** 4))
    for place, width, height in (_FIRST_PEAK, _SECOND_PEAK):
        value = value + height * np.exp(-(((q - place) / width) ** 2) / 2)
    return np.asarray(value)


def _fluorescence(specimen: Specimen, instrument: Instrument) -> float:
    """Return counts per second of fluorescence, the same at all angles.

    Source:
        Isotropic emission of a thick flat sample, symmetrical geometry: Jenkins,
        X-Ray Fluorescence Spectrometry, 2nd ed. (1999) chapter 12.
    """
    elements: Mapping[str, float] = specimen.elements
    copper_kev = HC_EV_ANGSTROM / CU_KA1_ANGSTROM / 1e3
    rate = 0.0
    for symbol, (line_kev, edge_kev, fluorescent) in _FLUORESCENT.items():
        if elements.get(symbol, 0.0) <= 0:
            continue
        # Copper's own line excites edges below it, the white beam those above.
        exciting = max(copper_kev, edge_kev + 0.3)
        beam = 1.0
        if edge_kev > copper_kev:
            excess = edge_kev - _FLUORESCENT["Ni"][1]
            beam = instrument.white_share * float(np.exp(-excess / _WHITE_DECAY_KEV))
        incoming, outgoing = _angstrom(exciting), _angstrom(line_kev)
        absorbed = elements[symbol] * mass_attenuation({symbol: 1.0}, incoming)
        # A Bragg line crosses the sample twice with one attenuation coefficient.
        ways = mass_attenuation(elements, incoming)
        ways += mass_attenuation(elements, outgoing)
        emitted = beam * absorbed * _K_SHELL_SHARE * fluorescent / (4 * np.pi)
        rate += instrument.passes(line_kev) * 2 * emitted / ways
    scale = instrument.counts_scale * per_degree() / DALTONS_PER_CUBIC_ANGSTROM
    return float(rate / _THOMSON_CM2_PER_GRAM * scale)


def _angstrom(kev: float) -> float:
    return HC_EV_ANGSTROM / (kev * 1e3)
