"""Line shapes: widths, axial asymmetry, and lines laid on a grid of angles."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

STEP_DEGREES = 0.005
"""Grid on which lines are summed; a tenth of the narrowest width."""
MARGIN_DEGREES = 3.0
"""How far beyond a scan lines still reach into it."""
_N_WIDTHS = 14
_FOUR_LN2 = 4 * np.log(2)
_SCHERRER = 0.94
"""Scherrer constant for the full width of a spherical crystallite's line. Source:
Scherrer (1918); Langford & Wilson, J. Appl. Cryst. 11 (1978) 102."""


@dataclass(frozen=True)
class Widths:
    """Full widths at half maximum, degrees, shape n each."""

    gauss: Floats
    """Gaussian part."""
    lorentz: Floats
    """Lorentzian part."""

    @property
    def total(self) -> Floats:
        """Full width of the pseudo-Voigt.

        Source:
            Thompson, Cox & Hastings, J. Appl. Cryst. 20 (1987) 79.
        """
        g, h = self.gauss, self.lorentz
        fifth = g**5 + 2.69269 * g**4 * h + 2.42843 * g**3 * h**2
        fifth += 4.47163 * g**2 * h**3 + 0.07842 * g * h**4 + h**5
        return np.asarray(fifth**0.2)

    @property
    def lorentz_share(self) -> Floats:
        """Mixing parameter η of the pseudo-Voigt; source as for `total`."""
        q = self.lorentz / self.total
        return np.asarray(1.36603 * q - 0.47719 * q**2 + 0.11116 * q**3)


def broadened(
    theta: Floats,
    *,
    caglioti: tuple[float, float, float],
    lorentz_degrees: float,
    emission_width: float,
    wavelength_angstrom: float,
    crystallite_nanometres: float,
    microstrain: float,
) -> Widths:
    """Return the widths of lines at Bragg angles `theta` (radians, shape n).

    Args:
        theta: Bragg angles, radians.
        caglioti: U, V, W of the optics, degrees².
        lorentz_degrees: Lorentzian width of the optics times cosθ, degrees.
        emission_width: Full width of the emission line over its wavelength.
        wavelength_angstrom: Wavelength, Å.
        crystallite_nanometres: Mean size of the coherent domains, nm, above 0.
        microstrain: Root mean square strain.

    Source:
        Optics: Caglioti, Paoletti & Ricci, Nucl. Instrum. 3 (1958) 223. Size: Scherrer
        (1918). Strain and emission: Bragg's law differentiated, Δ2θ = 2 tanθ Δd/d;
        the strain is normally distributed, hence 2.355 standard deviations.
    """
    u, v, w = caglioti
    tangent = np.tan(theta)
    strain = np.degrees(2.3548 * 2 * microstrain * tangent)
    variance = np.maximum(u * tangent**2 + v * tangent + w, 1e-5) + strain**2
    size = _SCHERRER * wavelength_angstrom / (10 * crystallite_nanometres)
    lorentz = (lorentz_degrees + np.degrees(size)) / np.cos(theta)
    lorentz = lorentz + np.degrees(2 * emission_width * tangent)
    return Widths(np.sqrt(variance), lorentz)


def axial_shifts(
    two_theta: Floats, axial: float, *, n_nodes: int = 6
) -> tuple[Floats, Floats]:
    """Return where axial divergence puts parts of each line.

    Args:
        two_theta: Line positions, degrees, shape n.
        axial: Half height of sample and of detector slit over the radius.
        n_nodes: Parts per line.

    Returns:
        Positions, degrees, and shares, each of shape `n x n_nodes`; shares sum to 1.

    Source:
        Finger, Cox & Jephcoat, J. Appl. Cryst. 27 (1994) 892, with equal heights,
        integrated over the height h on the detector instead of over the angle, which
        removes the singularity at the peak.
    """
    nodes, weights = np.polynomial.legendre.leggauss(n_nodes)
    reach = 2 * axial
    h = reach * (nodes + 1) / 2
    cosine = np.cos(np.radians(two_theta))[:, None] * np.sqrt(1 + h * h)
    angle = np.arccos(np.clip(cosine, -1.0, 1.0))
    shares = weights * (reach - h) / (1 + h * h) / np.maximum(np.sin(angle), 1e-3)
    return np.degrees(angle), shares / shares.sum(axis=1, keepdims=True)


def lay(
    positions: Floats, areas: Floats, widths: Widths, *, grid: tuple[float, int]
) -> Floats:
    """Return lines summed on an even grid of angles.

    Each area is put on the grid by linear splitting, separately for a few widths,
    between whose profiles every line interpolates; each width is one convolution. The
    cost is that of a few transforms however many lines there are.

    Args:
        positions: Line positions, degrees, shape n.
        areas: Area of each line, shape n.
        widths: Widths of each line, shape n.
        grid: First angle, degrees, and number of points `STEP_DEGREES` apart.

    Returns:
        Area per degree, shape of the grid.

    Source:
        Fourier transforms of a Gaussian and a Lorentzian of unit area and full width
        w: exp(-(π w f)² / 4 ln2) and exp(-π w |f|).
    """
    first, n_points = grid
    place = (positions - first) / STEP_DEGREES
    inside = (place >= 0) & (place < n_points - 1)
    if not inside.any():
        return np.zeros(n_points)
    place, areas = place[inside], areas[inside]
    total, share = widths.total[inside], widths.lorentz_share[inside]
    low, high = total.min() * 0.999, total.max() * 1.001
    levels = np.geomspace(low, high, _N_WIDTHS)
    level = np.log(total / low) / np.log(high / low) * (_N_WIDTHS - 1)
    n_fft = 2 ** int(np.ceil(np.log2(2 * n_points)))
    # Cycles per degree: both kernels have a transform in closed form.
    frequency = np.fft.rfftfreq(n_fft, STEP_DEGREES)
    spectrum = np.zeros(n_fft // 2 + 1, dtype=complex)
    for index, width in enumerate(levels):
        near = areas * np.maximum(0.0, 1 - np.abs(level - index))
        if not near.any():
            continue
        gauss = np.fft.rfft(_split(place, near * (1 - share), n_points), n_fft)
        lorentz = np.fft.rfft(_split(place, near * share, n_points), n_fft)
        spectrum += gauss * np.exp(-((np.pi * width * frequency) ** 2) / _FOUR_LN2)
        spectrum += lorentz * np.exp(-np.pi * width * frequency)
    return np.fft.irfft(spectrum, n_fft)[:n_points] / STEP_DEGREES


def _split(place: Floats, areas: Floats, n_points: int) -> Floats:
    cell = place.astype(int)
    right = place - cell
    left_part = np.bincount(cell, weights=areas * (1 - right), minlength=n_points)
    right_part = np.bincount(cell + 1, weights=areas * right, minlength=n_points)
    return np.asarray(left_part + right_part, dtype=float)
