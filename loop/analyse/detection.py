"""What a scan can show: counting errors of amounts, and limits of detection."""

import math
from collections.abc import Sequence

import numpy as np

from campaigns.fit import Fit
from campaigns.results import Identification
from instruments.quantities import Floats
from loop.analyse.profile import bragg_degrees, lorentz_polarisation
from loop.analyse.references import Reference, spacings

LIMIT_SIGMAS = 18.0
"""Counting errors from which the search takes a phase in, for it allows for errors of
line shapes that neighbouring points share. Source: set on BaCO3, CuO and Y2BaCuO5 in
simulated YBa2Cu3O7, found at 14 to 22 for counts that differ by a factor of 16."""
_LINE_DEGREES = 0.2
"""Full width over which a line's counts lie. Source: a bench-top instrument's lines."""


def counting_errors(fit: Fit) -> Floats:
    """Return the covariance of relative phase amounts by counting noise alone, k x k.

    Shapes and background's form are taken as known; amounts and the background's level
    and slope are not.

    Args:
        fit: A fit of `k` phases; a phase of 1 % relative error has 1e-4.

    Source:
        Cramer-Rao bound for Poisson counts: weights 1 / counts.
    """
    k = len(fit.phases)
    if k == 0:
        return np.zeros((0, 0))
    tilt = np.linspace(-1.0, 1.0, len(fit.two_theta))
    smooth = [fit.background, fit.background * tilt]
    columns = np.stack([*fit.phases.values(), *smooth], 1)
    weighted = columns / np.sqrt(np.maximum(fit.calculated, 1.0))[:, None]
    size = np.maximum(np.linalg.norm(weighted, axis=0), 1e-12)
    normal = (weighted / size).T @ (weighted / size)
    inverse = np.linalg.pinv(normal, rcond=1e-10, hermitian=True)
    covariance: Floats = (inverse / size[:, None] / size)[:k, :k]
    return covariance


def counting_variance(
    found: Identification, fit: Fit, target: tuple[str, ...]
) -> float:
    """Return the variance of the target's crystalline share by counting noise alone."""
    names = list(fit.phases)
    weights = np.array([found.fractions.of(name) for name in names])
    if weights.sum() <= 0.0:
        return 0.0
    weights = weights / weights.sum()
    is_target = np.array([float(name in target) for name in names])
    gradient = weights * (is_target - float(is_target @ weights))
    return max(0.0, float(gradient @ counting_errors(fit) @ gradient))


def limits_of_detection(
    found: Identification,
    fit: Fit,
    references: Sequence[Reference],
    *,
    wavelength: float,
) -> dict[str, float]:
    """Return the weight share, 0 to 1, from which a phase not in the fit would be seen.

    Its lines are weighed against the noise of what is calculated where they fall; how
    many counts a gram gives is known from the phases found.

    Args:
        found: The identification.
        fit: Its fit.
        references: All candidates, those in the fit among them.
        wavelength: K-alpha1, angstrom.

    Returns:
        One for each phase that has lines in range and is not in the fit; nothing where
        no phase was found.

    Source:
        Matched filter: an amplitude's sigma is (sum of squared signal over
        variance)**-1/2.
    """
    by_name = {reference.name: reference for reference in references}
    counts = weighed = 0.0
    for name, curve in fit.phases.items():
        _, strengths = _lines(by_name[name], fit, wavelength)
        counts += float(curve.sum())
        weighed += found.fractions.of(name) * float(strengths.sum())
    if counts <= 0.0 or weighed <= 0.0:
        return {}
    step = float(fit.two_theta[1] - fit.two_theta[0])
    window = np.ones(max(1, round(_LINE_DEGREES / step)))
    noise = np.convolve(np.maximum(fit.calculated, 1.0), window, "same")
    limits = {}
    for name, reference in by_name.items():
        angles, strengths = _lines(reference, fit, wavelength)
        signal = counts / weighed * strengths
        at = np.interp(angles, fit.two_theta, noise)
        information = float((signal**2 / at).sum())
        if name not in fit.phases and information > 0.0:
            limits[name] = min(1.0, LIMIT_SIGMAS / math.sqrt(information))
    return limits


def _lines(reference: Reference, fit: Fit, wavelength: float) -> tuple[Floats, Floats]:
    """Return a phase's angles within the scan, degrees, and intensities per gram."""
    d_angstrom = spacings(reference.hkl, reference.cell)
    reaches = d_angstrom > wavelength / 2.0
    angles = bragg_degrees(d_angstrom[reaches], wavelength)
    inside = (angles > fit.two_theta[0]) & (angles < fit.two_theta[-1])
    angles = angles[inside]
    strengths = reference.strength[reaches][inside]
    return angles, strengths * lorentz_polarisation(angles)
