"""Patterns made by a few lines that share nothing with the analyser but structure."""

import numpy as np

from campaigns.materials.phases import PhaseTable
from campaigns.materials.scattering import reflections
from instruments.quantities import Pattern
from loop.analyse.references import from_phases

WAVELENGTHS = (1.540598, 1.544426)
TABLE = PhaseTable.load()


def references(*names, elements=None):
    """Candidates by name, or all phases within some elements."""
    rows = TABLE.within(elements) if elements else [TABLE[name] for name in names]
    return from_phases(tuple(rows), wavelength=WAVELENGTHS[0])


def line(x, fwhm, share=0.6):
    """A pseudo-Voigt line of unit area."""
    gauss = np.exp(-4 * np.log(2) * (x / fwhm) ** 2) * 0.9394372787 / fwhm
    cauchy = 2 / np.pi / fwhm / (1 + 4 * (x / fwhm) ** 2)
    return share * cauchy + (1 - share) * gauss


def make(
    weights,
    *,
    seed=1,
    peak=8000.0,
    background=300.0,
    shift_mm=0.05,
    fwhm=0.14,
    step=0.04,
    high=90.0,
    stretch=1.0,
    hump=0.0,
):
    """A pattern of a mixture of table phases with Poisson counts."""
    x = np.arange(15.0, high, step)
    y = np.zeros_like(x)
    for name, weight in weights.items():
        found = reflections(TABLE[name], WAVELENGTHS[0], 130.0)
        area = weight * found.multiplicity * found.f_squared / found.zmv
        for wavelength, ratio in zip(WAVELENGTHS, (1.0, 0.5), strict=True):
            sine = wavelength / (2 * found.d_angstrom * stretch)
            kept = sine < 1
            theta = np.arcsin(sine[kept])
            lp = (1 + np.cos(2 * theta) ** 2) / (np.sin(theta) ** 2 * np.cos(theta))
            at = np.degrees(2 * theta - 2 * shift_mm * np.cos(theta) / 145.0)
            strong = area[kept] * lp * ratio
            for centre, height in zip(at, strong, strict=True):
                if 10 < centre < high + 5 and height > 1e-4 * strong.max():
                    y += height * line(x - centre, fwhm)
    y *= peak / y.max()
    y += background * (1 + 4.0 / x) + hump * np.exp(-(((x - 28) / 6) ** 2))
    rng = np.random.Generator(np.random.Philox(key=seed))
    return Pattern(x, rng.poisson(y).astype(float), 1.0, WAVELENGTHS)
