"""The pattern of a standard as a function of the diffractometer's figures."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import least_squares

from instruments.quantities import Floats, Pattern
from loop.analyse import profile
from loop.analyse.problem import Problem, prepare
from loop.analyse.profile import Broadening, Instrument
from loop.analyse.references import Reference, spacings
from loop.analyse.standards import Standard

_EDGE_DEGREES = 1.0
_SHARP = Broadening(0.0, 0.0)
_DEPTHS, _DEPTH_SHARES = np.polynomial.laguerre.laggauss(4)


_HEIGHTS = np.arange(-0.6, 0.61, 0.04)
_WIDTHS = np.array([0.06, 0.15, 0.4])
"""Displacements (mm) and Gaussian widths (degrees) tried out as starts."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """One fitted figure: its prior, its bounds, and how far the model errs of it."""

    name: str
    """Field of `Instrument`, or `packing`."""
    unit: str
    centre: float
    sigma: float
    low: float
    high: float
    model: float
    """Error that comes of the form of the line shapes, which counting does not show;
    found on simulated standards whose optics are modelled otherwise."""


UNKNOWNS = (
    Unknown("zero_degrees", "degrees", 0.0, 0.05, -0.5, 0.5, 0.008),
    Unknown("displacement_millimetres", "mm", 0.0, 0.15, -1.0, 1.0, 0.012),
    Unknown("gauss_degrees", "degrees", 0.06, 0.1, 0.005, 0.5, 0.008),
    Unknown("lorentz_degrees", "degrees", 0.02, 0.05, 0.0, 0.5, 0.003),
    Unknown("lorentz_tan_degrees", "degrees", 0.03, 0.05, 0.0, 0.5, 0.006),
    Unknown("asymmetry_degrees", "degrees", 0.03, 0.05, 0.0, 0.3, 0.01),
    Unknown("beta_ratio", "", 0.004, 0.005, 0.0, 0.05, 0.001),
    Unknown("tungsten_ratio", "", 0.001, 0.002, 0.0, 0.02, 0.001),
    Unknown("sample_millimetres", "mm", 13.0, 5.0, 2.0, 100.0, 0.3),
    Unknown("packing", "", 0.5, 0.15, 0.1, 1.0, 0.2),
)
"""All that a standard tells; packing is the volume share of solid in the powder, which
sets how deep the beam goes. Zero and displacement differ by how their shifts go with
the angle: not at all, and as the cosine of theta. Priors: alignment as in Cheary &
Coelho, J. Appl. Cryst. 25 (1992) 109; widths as of laboratory optics; the natural
width of copper's K-alpha1, 2.3 eV, is 0.033 degrees of tan theta."""
_DISPLACEMENT, _GAUSS = 1, 2


class StandardFit:
    """The problem of fitting one standard to one pattern."""

    def __init__(
        self, pattern: Pattern, standard: Standard, instrument: Instrument
    ) -> None:
        """Lay out background, weights and reflections.

        Args:
            pattern: On an even grid.
            standard: Its lines are fitted, its cell is not.
            instrument: Gives what is not fitted.
        """
        self.standard = standard
        # Depth is told by the packing, with the tail that it gives to lines.
        self.start = replace(instrument, transparency_millimetres=0.0)
        self.problem: Problem = prepare(pattern.two_theta, pattern.counts)
        self._reference: Reference = standard.reference(instrument.wavelengths[0])
        weighted = self.problem.background * self.problem.root[:, None]
        self._base, self._triangle = np.linalg.qr(weighted)
        self._target = self.problem.observed * self.problem.root

    def instrument(self, values: Floats) -> Instrument:
        """Return the instrument with the figures of `UNKNOWNS`."""
        named = dict(zip((u.name for u in UNKNOWNS), map(float, values), strict=True))
        named.pop("packing")
        return replace(self.start, **named)  # type: ignore[arg-type]

    def curve(self, values: Floats) -> Floats:
        """Return the standard's lines without scale, shape n.

        Source:
            Depths of penetration, exponentially distributed with a mean shift of
            sin 2theta / (2 mu R): Wilson, Mathematical Theory of X-ray Powder
            Diffractometry (1963).
        """
        there, grid = self.instrument(values), self.problem.grid
        _, at = self.reflections(values)
        seen = (at > grid[0] - _EDGE_DEGREES) & (at < grid[-1] + _EDGE_DEGREES)
        at = at[seen]
        strength = (
            self._reference.strength[seen]
            * profile.lorentz_polarisation(at)
            * profile.overspill(at, there)
        )
        at, strength = profile.lines(
            at, strength, there, asymmetric_below_degrees=180.0
        )
        # Attenuation is per cm, the radius in mm.
        depth = np.degrees(
            np.sin(np.radians(at))
            / (
                0.2
                * self._reference.attenuation
                * values[-1]
                * there.radius_millimetres
            )
        )
        at = (at[:, None] - depth[:, None] * _DEPTHS).ravel()
        strength = (strength[:, None] * _DEPTH_SHARES).ravel()
        fwhm, lorentz = profile.widths(at, _SHARP, there)
        return profile.curve(grid, at, strength, fwhm=fwhm, lorentz=lorentz)

    def _residual(self, values: Floats) -> tuple[Floats, float]:
        """Return weighted residuals with scale and background at their best, scale."""
        curve = self.curve(values) * self.problem.root
        free = curve - self._base @ (self._base.T @ curve)
        target = self._target - self._base @ (self._base.T @ self._target)
        scale = max(0.0, float(free @ target) / max(float(free @ free), 1e-300))
        residual: Floats = target - scale * free
        return residual, scale

    def _cost(self, values: Floats) -> Floats:
        residual, _ = self._residual(values)
        prior = [
            (v - u.centre) / u.sigma for v, u in zip(values, UNKNOWNS, strict=True)
        ]
        return np.concatenate([residual, prior])

    def placed(self) -> Floats:
        """Return starting values: where lines roughly are, and how wide."""
        values = np.array([unknown.centre for unknown in UNKNOWNS])
        values[_GAUSS] = _WIDTHS[1]
        for index, trials in ((_DISPLACEMENT, _HEIGHTS), (_GAUSS, _WIDTHS)):
            costs = []
            for trial in trials:
                values[index] = trial
                costs.append(float((self._residual(values)[0] ** 2).sum()))
            values[index] = trials[int(np.argmin(costs))]
        return values

    def parts(self, values: Floats) -> tuple[Floats, Floats]:
        """Return background and lines, counts, shape n each."""
        _, scale = self._residual(values)
        lines = self.curve(values) * scale
        rest = self._target - lines * self.problem.root
        smooth = np.linalg.solve(self._triangle, self._base.T @ rest)
        return self.problem.background @ smooth, lines

    def rest(self, values: Floats) -> float:
        """Return the share of intensity above background left unexplained."""
        background, lines = self.parts(values)
        net = self.problem.observed - background
        noise = np.sqrt(np.maximum(background + lines, 1.0))
        # Counting noise adds its mean, sqrt(2 / pi) sigma, to every deviation.
        deviation = np.maximum(np.abs(net - lines) - 0.8 * noise, 0.0).sum()
        return float(deviation / max(np.abs(net).sum() - 0.8 * noise.sum(), 1.0))

    def solve(self, *, with_zero: bool) -> tuple[Floats, Floats]:
        """Return fitted values and their covariance, shapes k and k x k."""
        start = self.placed()
        low = np.array([unknown.low for unknown in UNKNOWNS])
        high = np.array([unknown.high for unknown in UNKNOWNS])
        if not with_zero:
            low[0], high[0] = -1e-12, 1e-12
        found = least_squares(
            self._cost,
            np.clip(start, low + 1e-13, high - 1e-13),
            bounds=(low, high),
            x_scale=np.array([unknown.sigma for unknown in UNKNOWNS]),
            ftol=1e-6,
            xtol=1e-6,
            max_nfev=60,
        )
        n_free = len(self._target) - self._base.shape[1] - len(UNKNOWNS)
        excess = max(1.0, float((self._residual(found.x)[0] ** 2).sum()) / n_free)
        jacobian = np.asarray(found.jac, dtype=np.float64)
        values = np.asarray(found.x, dtype=np.float64)
        return values, np.linalg.inv(jacobian.T @ jacobian) * excess

    def reflections(self, values: Floats) -> tuple[Floats, Floats]:
        """Return Miller indices and K-alpha1 positions as displaced, degrees."""
        there = self.instrument(values)
        at = profile.bragg_degrees(
            spacings(self._reference.hkl, self.standard.cell), there.wavelengths[0]
        )
        shift = profile.displacement_degrees(at, there) + there.zero_degrees
        return self._reference.hkl, at + shift
