"""Where a line falls, how strong and how broad it is, on one diffractometer."""

from dataclasses import dataclass

import numpy as np

from instruments.quantities import Floats, Pattern
from loop.analyse.anodes import beta_of

_GAUSS = 4.0 * np.log(2.0)
_SIMPSON_SHIFTS = np.array([0.0, 0.25, 1.0])
_SIMPSON_WEIGHTS = np.array([1.0, 4.0, 1.0]) / 6.0
_ASYMMETRIC_BELOW_DEGREES = 50.0
_TUNGSTEN_ANGSTROM = 1.47635
"""W L-alpha1. Source: Bearden, Rev. Mod. Phys. 39 (1967) 78."""
_WEAK_SHARE, _WEAK_REACH_DEGREES = 0.03, 0.6


@dataclass(frozen=True, slots=True)
class Instrument:
    """What the diffractometer does to every line, the same for all phases."""

    wavelengths: tuple[float, float] = (1.540598, 1.544426)
    """K-alpha1 and K-alpha2, angstrom."""
    alpha_ratio: float = 0.5
    radius_millimetres: float = 145.0
    divergence_degrees: float = 1.0
    sample_millimetres: float = 13.0
    """Length of powder along the beam, mm."""
    gauss_degrees: float = 0.12
    """Gaussian full width at half maximum, degrees, constant over the range; refined
    from here."""
    asymmetry_degrees: float = 0.06
    """Axial divergence: reach of the low-angle tail where cot(2 theta) is 1; refined
    from here."""
    displacement_millimetres: float = 0.0
    """How far the specimen stands below the goniometer axis; refined from here."""
    beta_ratio: float = 0.0
    """Intensity of residual K-beta over K-alpha1; refined from here."""
    tungsten_ratio: float = 0.0
    """Intensity of W L-alpha1, from an aged anode, over K-alpha1; refined from here."""
    transparency_millimetres: float = 0.0
    """Depth over which the powder lets X-rays through, 1 / mu; refined from here."""
    zero_degrees: float = 0.0
    """Error of the scattering angle, the same at all angles, degrees; calibrated, not
    refined."""
    lorentz_degrees: float = 0.0
    """Lorentzian width of the optics at theta = 0, degrees; varies as 1/cos theta."""
    lorentz_tan_degrees: float = 0.0
    """Lorentzian width of the tube's lines, degrees; varies as tan theta."""
    is_calibrated: bool = False
    """Whether widths were found on a line-profile standard; else what is refined as a
    phase's broadening holds the optics' too."""

    @classmethod
    def of(cls, pattern: Pattern) -> "Instrument":
        """Take what the pattern's file says; the rest stays at its default."""
        return cls(
            wavelengths=pattern.wavelengths,
            alpha_ratio=pattern.alpha_ratio,
            radius_millimetres=pattern.radius_millimetres,
            divergence_degrees=pattern.divergence_degrees,
        )


def bragg_degrees(d_angstrom: Floats, wavelength: float) -> Floats:
    """Return 2 theta of each spacing, degrees; NaN where it cannot diffract."""
    with np.errstate(invalid="ignore"):
        angles: Floats = 2.0 * np.degrees(np.arcsin(wavelength / (2.0 * d_angstrom)))
    return angles


def lorentz_polarisation(two_theta: Floats) -> Floats:
    """Return the Lorentz-polarisation factor without a monochromator.

    Source:
        Pecharsky & Zavalij, Fundamentals of Powder Diffraction, 2nd ed. (2009),
        section 8.6.4: (1 + cos^2 2theta) / (sin^2 theta cos theta).
    """
    theta = np.radians(two_theta) / 2.0
    factor: Floats = (1.0 + np.cos(2.0 * theta) ** 2) / (
        np.sin(theta) ** 2 * np.cos(theta)
    )
    return factor


def overspill(two_theta: Floats, instrument: Instrument) -> Floats:
    """Return the share of the beam that falls on the powder, 0 to 1.

    The footprint of a fixed slit is R delta / sin theta long.

    Source:
        Geometry; Pecharsky & Zavalij (2009), section 3.5.3.
    """
    footprint = (
        instrument.radius_millimetres
        * np.radians(instrument.divergence_degrees)
        / np.sin(np.radians(two_theta) / 2.0)
    )
    share: Floats = np.minimum(1.0, instrument.sample_millimetres / footprint)
    return share


def displacement_degrees(two_theta: Floats, instrument: Instrument) -> Floats:
    """Return the line shift by a specimen off the axis and by its depth, degrees.

    Args:
        two_theta: Undisturbed angles, degrees.
        instrument: Gives displacement (mm, positive below the axis), transparency (mm)
            and radius (mm).

    Source:
        Wilson, Mathematical Theory of X-ray Powder Diffractometry (1963):
        delta(2 theta) = -2 s cos(theta) / R and -sin(2 theta) / (2 mu R), in radians.
    """
    theta = np.radians(two_theta) / 2.0
    below = 2.0 * instrument.displacement_millimetres * np.cos(theta)
    within = instrument.transparency_millimetres * np.sin(2.0 * theta) / 2.0
    shift: Floats = -np.degrees((below + within) / instrument.radius_millimetres)
    return shift


@dataclass(frozen=True, slots=True)
class Broadening:
    """A phase's own share of the line width."""

    size_degrees: float = 0.08
    """Lorentzian width K lambda / L at theta = 0, degrees; varies as 1/cos theta."""
    strain_degrees: float = 0.0
    """Lorentzian width 4 epsilon, degrees; varies as tan theta."""


def widths(
    two_theta: Floats, broadening: Broadening, instrument: Instrument
) -> tuple[Floats, Floats]:
    """Return each line's full width at half maximum (degrees) and Lorentz share.

    Source:
        Thompson, Cox & Hastings, J. Appl. Cryst. 20 (1987) 79, for the mixing; size
        and strain terms after Scherrer and Stokes & Wilson (1944).
    """
    theta = np.radians(two_theta) / 2.0
    g = instrument.gauss_degrees
    size = broadening.size_degrees + instrument.lorentz_degrees
    strain = broadening.strain_degrees + instrument.lorentz_tan_degrees
    lo = size / np.cos(theta) + strain * np.tan(theta)
    # The sum of g^5, 2.69269 g^4 lo, 2.42843 g^3 lo^2, 4.47163 g^2 lo^3, 0.07842 g lo^4
    # and lo^5, bracketed to spare powers.
    inner = 2.42843 * g**3 + lo * (4.47163 * g**2 + lo * (0.07842 * g + lo))
    fwhm = (g**5 + lo * (2.69269 * g**4 + lo * inner)) ** 0.2
    ratio = lo / fwhm
    return fwhm, ratio * (1.36603 - ratio * (0.47719 - ratio * 0.11116))


def shifted(grid: Floats, curves: Floats, shift: Floats) -> Floats:
    """Return curves moved by a smooth shift, by linear interpolation.

    Args:
        grid: Even angles, degrees, shape `n`.
        curves: One curve a column, shape `n x k`.
        shift: How far each angle moves up, degrees, shape `n`.
    """
    step = grid[1] - grid[0]
    at = np.clip((grid - shift - grid[0]) / step, 0.0, len(grid) - 1.001)
    index = at.astype(np.int64)
    part = (at - index)[:, None]
    moved: Floats = curves[index] * (1.0 - part) + curves[index + 1] * part
    return moved


def lines(
    alpha1_degrees: Floats,
    strength: Floats,
    instrument: Instrument,
    *,
    asymmetric_below_degrees: float = _ASYMMETRIC_BELOW_DEGREES,
) -> tuple[Floats, Floats]:
    """Split reflections into the lines of the tube's spectrum and axial tail.

    Args:
        alpha1_degrees: K-alpha1 positions, degrees, shape `n`.
        strength: Intensities for all of K-alpha1, shape `n`.
        instrument: Gives wavelengths, ratios and asymmetry.
        asymmetric_below_degrees: Lines above have no tail, which saves time.

    Returns:
        Positions (degrees) and intensities of all lines, shape `m >= n`.

    Source:
        Howard, J. Appl. Cryst. 15 (1982) 615: axial divergence as a Simpson sum of
        lines displaced by A cot 2theta.
    """
    sine = np.sin(np.radians(alpha1_degrees) / 2.0)
    first, second = instrument.wavelengths
    spectrum = [(second / first, instrument.alpha_ratio)]
    beta = beta_of(first)
    if instrument.beta_ratio > 0.0 and beta is not None:
        spectrum.append((beta / first, instrument.beta_ratio))
    if instrument.tungsten_ratio > 0.0:
        spectrum.append((_TUNGSTEN_ANGSTROM / first, instrument.tungsten_ratio))
    at, height = [alpha1_degrees], [strength]
    for stretch, ratio in spectrum:
        seen = sine * stretch < 1.0
        at.append(2.0 * np.degrees(np.arcsin(sine[seen] * stretch)))
        height.append(strength[seen] * ratio)
    position, intensity = np.concatenate(at), np.concatenate(height)
    low = position < asymmetric_below_degrees
    reach = instrument.asymmetry_degrees / np.tan(np.radians(position[low]))
    return (
        np.concatenate(
            [
                position[~low],
                (position[low, None] - reach[:, None] * _SIMPSON_SHIFTS).ravel(),
            ]
        ),
        np.concatenate(
            [intensity[~low], (intensity[low, None] * _SIMPSON_WEIGHTS).ravel()]
        ),
    )


def curve(
    grid: Floats,
    position: Floats,
    intensity: Floats,
    *,
    fwhm: Floats,
    lorentz: Floats,
    reach_degrees: float = 2.0,
) -> Floats:
    """Add up pseudo-Voigt lines of unit area on an even grid.

    Args:
        grid: Angles with one step, degrees, shape `n`.
        position: Line positions, degrees, shape `m`.
        intensity: Line areas, shape `m`.
        fwhm: Full widths at half maximum, degrees, shape `m`.
        lorentz: Lorentzian shares, 0 to 1, shape `m`.
        reach_degrees: Lines are cut this far from their centres; weak ones, of which
            low symmetry gives hundreds, at 4 widths.

    Returns:
        Intensity per degree at each angle, shape `n`.
    """
    if len(position) == 0:
        return np.zeros_like(grid)
    near = min(reach_degrees, max(_WEAK_REACH_DEGREES, 4.0 * float(fwhm.mean())))
    is_weak = intensity < _WEAK_SHARE * intensity.max()
    total = np.zeros_like(grid)
    for chosen, reach in ((~is_weak, reach_degrees), (is_weak, near)):
        total += _lay(
            grid,
            position[chosen],
            intensity[chosen],
            fwhm=fwhm[chosen],
            lorentz=lorentz[chosen],
            reach_degrees=reach,
        )
    return total


def _lay(
    grid: Floats,
    position: Floats,
    intensity: Floats,
    *,
    fwhm: Floats,
    lorentz: Floats,
    reach_degrees: float,
) -> Floats:
    n, step = len(grid), float(grid[1] - grid[0])
    half = int(reach_degrees / step)
    offset = np.arange(-half, half + 1)
    centre = np.rint((position - grid[0]) / step)
    seen = np.abs(centre - n / 2) < n / 2 + half
    centre, position, intensity = centre[seen], position[seen], intensity[seen]
    fwhm, lorentz = fwhm[seen], lorentz[seen]
    apart = (grid[0] - position + centre * step) / fwhm
    u = apart[:, None] + offset * (step / fwhm)[:, None]
    u *= u
    gauss = intensity * (1.0 - lorentz) * np.sqrt(_GAUSS / np.pi) / fwhm
    cauchy = intensity * lorentz * 2.0 / np.pi / fwhm
    # Beyond 4 widths a Gaussian is nothing, and its exponential is the dear part.
    core = min(half, int(4.0 * float(fwhm.max(initial=0.0)) / step) + 1)
    inner = slice(half - core, half + core + 1)
    bell = np.exp(u[:, inner] * -_GAUSS)
    bell *= gauss[:, None]
    u *= 4.0
    u += 1.0
    values = np.divide(cauchy[:, None], u, out=u)
    values[:, inner] += bell
    margin = 2 * half + 1
    index = centre.astype(np.int64)[:, None] + (offset + margin)
    total = np.bincount(index.ravel(), weights=values.ravel(), minlength=n + 2 * margin)
    inside: Floats = total[margin : margin + n].astype(np.float64)
    return inside
