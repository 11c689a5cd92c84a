"""Crystallite size and microstrain from a phase's own share of the line width."""

import numpy as np

from campaigns.results import Crystallites
from loop.analyse.profile import Broadening, Instrument, widths
from loop.analyse.shapes import Shape

_SCHERRER = 0.94
"""For the full width at half maximum of cubes. Source: Langford & Wilson, J. Appl.
Cryst. 11 (1978) 102."""
_LEAST_SHARE = 0.1
"""Share of the optics' width below which a broadening is not told from none: about the
error of a width where counts are ample."""
_STRAIN_AT_DEGREES = 60.0


def size_and_strain(shape: Shape, instrument: Instrument) -> Crystallites | None:
    """Return size and strain of a fitted phase; `None` without a calibrated instrument.

    The optics' Lorentzian widths stand in the instrument and add to the phase's, so
    that the phase's own are what is left after subtracting them; the Gaussian part is
    taken to be the optics' alone, and must have been kept at its calibrated value in
    the fit.

    Args:
        shape: As fitted with `instrument`'s widths.
        instrument: As calibrated on a standard.

    Source:
        Size: Scherrer (1918), L = K lambda / (beta cos theta); strain: Stokes & Wilson,
        Proc. Phys. Soc. 56 (1944) 174, epsilon = beta / (4 tan theta); Lorentzian
        widths add: Klug & Alexander, X-Ray Diffraction Procedures, 2nd ed. (1974)
        section 9-2.
    """
    if not instrument.is_calibrated:
        return None
    optics, _ = widths(
        np.array([0.0, _STRAIN_AT_DEGREES]), Broadening(0.0, 0.0), instrument
    )
    size_limit, strain_limit = _LEAST_SHARE * optics
    strain_limit /= np.tan(np.radians(_STRAIN_AT_DEGREES) / 2.0)
    wavelength = instrument.wavelengths[0] / 10.0
    size, strain = shape.broadening.size_degrees, shape.broadening.strain_degrees
    return Crystallites(
        size_nanometres=(
            _SCHERRER * wavelength / float(np.radians(size))
            if size > size_limit
            else None
        ),
        strain=float(np.radians(strain)) / 4.0 if strain > strain_limit else None,
        largest_nanometres=_SCHERRER * wavelength / float(np.radians(size_limit)),
    )
