"""Tabulated properties of atoms for X-rays: the one door to `xraydb`.

`xraydb` is imported on first use: it opens a database file, and most of the project
never needs it.
"""

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

CU_KA1_ANGSTROM = 1.540598
"""Cu Kα1. Source: Hölzer et al., Phys. Rev. A 56 (1997) 4554, as used by the Aeris."""
CU_KA2_ANGSTROM = 1.544426
"""Cu Kα2. Source: as for Kα1."""
CU_KB_ANGSTROM = 1.392250
"""Cu Kβ1,3. Source: Hölzer et al., Phys. Rev. A 56 (1997) 4554."""

HC_EV_ANGSTROM = 12398.41984
"""Planck constant times speed of light, eV Å. Source: CODATA 2018."""
DALTONS_PER_CUBIC_ANGSTROM = 1.66053907
"""Grams per cubic centimetre in one dalton per cubic ångström. Source: CODATA 2018."""
_S_STEP, _S_MAX = 0.001, 2.0
"""Grid (1/Å) on which form factors are tabulated; linear steps err below 1e-5."""


def mass_attenuation(
    masses: Mapping[str, float], wavelength_angstrom: float = CU_KA1_ANGSTROM
) -> float:
    """Return the total mass attenuation coefficient of a mixture, cm²/g.

    Args:
        masses: Mass of each element, any common unit, all at least 0.
        wavelength_angstrom: Wavelength, Å.

    Raises:
        ValueError: If the masses sum to 0.

    Source:
        Elam, Ravel & Sieber, Radiat. Phys. Chem. 63 (2002) 121 (via xraydb).
    """
    total = sum(masses.values())
    if total <= 0:
        message = "the masses of a mixture sum to 0; name at least one element"
        raise ValueError(message)
    energy_ev = HC_EV_ANGSTROM / wavelength_angstrom
    shares = ((symbol, mass / total) for symbol, mass in masses.items())
    return sum(share * _attenuation(symbol, energy_ev) for symbol, share in shares)


@lru_cache(maxsize=1024)
def _attenuation(symbol: str, energy_ev: float) -> float:
    import xraydb

    return float(xraydb.mu_elam("H" if symbol == "D" else symbol, energy_ev))


@lru_cache(maxsize=1024)
def anomalous(symbol: str, energy_ev: float) -> complex:
    """Return f' + i f'' of an element, electrons.

    Source:
        Chantler, J. Phys. Chem. Ref. Data 29 (2000) 597 (via xraydb).
    """
    import xraydb

    real = float(xraydb.f1_chantler(symbol, energy_ev))
    return complex(real, float(xraydb.f2_chantler(symbol, energy_ev)))


def form_factor(ion: str, s: Floats) -> Floats:
    """Return f0 of an atom or ion.

    Args:
        ion: Symbol as tabulated, such as `Ba` or `Ba2+`.
        s: sinθ/λ, any shape, 0 to 2 1/Å.

    Source:
        Waasmaier & Kirfel, Acta Cryst. A51 (1995) 416 (via xraydb).
    """
    grid, values = _form_factor_table(ion)
    return np.asarray(np.interp(s, grid, values))


@lru_cache(maxsize=256)
def _form_factor_table(ion: str) -> tuple[Floats, Floats]:
    import xraydb

    grid = np.arange(0.0, _S_MAX + _S_STEP, _S_STEP)
    return grid, np.asarray(xraydb.f0(ion, grid), dtype=float)


@lru_cache(maxsize=256)
def tabulated_ion(symbol: str, oxidation: float | None) -> str:
    """Return the tabulated ion of that charge, else the neutral atom."""
    if not oxidation:
        return symbol
    import xraydb

    name = f"{symbol}{abs(round(oxidation))}{'+' if oxidation > 0 else '-'}"
    return name if name in xraydb.f0_ions(symbol) else symbol


def element_of(ion: str) -> str:
    """Return the element of a tabulated ion."""
    return ion.rstrip("+-").rstrip("0123456789")
