"""Fit a diffractometer's errors and line shapes to the pattern of a standard."""

from dataclasses import dataclass, replace

import numpy as np

from instruments.quantities import Floats, Pattern
from loop.analyse import profile
from loop.analyse.lineshifts import LineShift, line_shifts
from loop.analyse.patterns import rebin
from loop.analyse.profile import Instrument
from loop.analyse.references import spacings
from loop.analyse.standardfit import UNKNOWNS, StandardFit
from loop.analyse.standards import STANDARDS, Standard
from loop.errors import AnalysisError

_STEP_DEGREES = 0.015
TOLD_APART = 0.98
"""Correlation above which zero and displacement are not told apart: errors of the model
then move the one against the other by 0.02 degrees and more, as they do in scans that
end below 80 degrees."""
_LARGEST_REST = 0.2
"""Share of the intensity above background that a standard may leave unexplained; the
shapes of lines leave 0.05, a foreign pattern 0.9."""
_LARGEST_FIRST_REST = 0.7
"""The same before anything is fitted but the displacement."""
_LARGEST_SHIFT_DEGREES = 0.04
_LARGEST_FOREIGN = 0.02
"""Height of a foreign line over the standard's strongest."""
_LARGEST_LORENTZ_DEGREES = 0.12
"""Lorentzian width that optics do not reach and crystals of 70 nm do."""
_LEAST_COUNTS = 1000.0
_FEWEST_LINES = 4


@dataclass(frozen=True, slots=True)
class Fitted:
    """A figure as fitted."""

    name: str
    unit: str
    value: float
    sigma: float
    is_told: bool
    """Whether the pattern said more than was assumed of it."""


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """What a standard's pattern says of the instrument."""

    standard: Standard
    instrument: Instrument
    """Displacement at 0: that one is of the standard's own mount."""
    fitted: tuple[Fitted, ...]
    lines: tuple[LineShift, ...]
    correlation: float
    """Between zero and displacement, -1 to 1."""
    rwp: float
    """Weighted profile residual, counting weights, 0 to 1."""
    rest: float
    """Share of the intensity above background that is not explained."""
    notes: tuple[str, ...]

    def value(self, name: str) -> Fitted:
        """Return one figure by name."""
        return next(item for item in self.fitted if item.name == name)


def calibrate(
    pattern: Pattern,
    *,
    standard: Standard | None = None,
    instrument: Instrument | None = None,
    name: str = "pattern",
) -> Calibration:
    """Fit zero, displacement, widths, asymmetry and sample length to a standard.

    Args:
        pattern: Measured on one of `STANDARDS`, well crystallised and pure.
        standard: Which one; by default the one that fits best.
        instrument: Gives what is not fitted; by default what the pattern's file says.
        name: What to call the pattern in messages.

    Raises:
        AnalysisError: If the range holds too few lines, or the pattern is not that of
            the standard.
    """
    start = instrument or Instrument.of(pattern)
    chosen = (standard,) if standard else tuple(STANDARDS.values())
    even = rebin(pattern, step_degrees=_STEP_DEGREES)
    fits = [
        StandardFit(even, item, start)
        for item in chosen
        if standard is not None or _n_lines(even, item, start) >= _FEWEST_LINES
    ]
    if not fits or _n_lines(even, fits[0].standard, start) < _FEWEST_LINES:
        raise AnalysisError(
            f"{name}: {even.two_theta[0]:.1f} to {even.two_theta[-1]:.1f} degrees "
            f"holds fewer than {_FEWEST_LINES} lines of the standard; measure 20 to 120"
        )
    rests = [fit.rest(fit.placed()) for fit in fits]
    best = fits[int(np.argmin(rests))]
    if min(rests) > _LARGEST_FIRST_REST:
        _refuse_other(best, name, rest=min(rests), shifts=())
    return _calibration(best, name)


def _n_lines(pattern: Pattern, standard: Standard, instrument: Instrument) -> int:
    first = instrument.wavelengths[0]
    reference = standard.reference(first)
    at = profile.bragg_degrees(spacings(reference.hkl, standard.cell), first)
    low, high = pattern.two_theta[0] + 0.5, pattern.two_theta[-1] - 0.5
    return int(((at > low) & (at < high)).sum())


def _calibration(fit: StandardFit, name: str) -> Calibration:
    """Fit, judge and report."""
    _refuse_weak(fit, name)
    notes = []
    values, covariance = fit.solve(with_zero=True)
    correlation = float(covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1]))
    is_zero_told = abs(correlation) <= TOLD_APART
    if not is_zero_told:
        values, covariance = fit.solve(with_zero=False)
        notes.append(
            "zero and displacement shift the lines of this range alike: the zero is "
            "kept at 0; measure to 100 degrees or more to tell them apart"
        )
    background, lines = fit.parts(values)
    observed = fit.problem.observed
    shifts = line_shifts(
        fit.problem.grid,
        observed,
        background=background,
        calculated=lines,
        reflections=fit.reflections(values),
    )
    rest = fit.rest(values)
    fitted = _fitted(fit, values, covariance, is_zero_told=is_zero_told)
    residual = observed - background - lines
    weight = 1.0 / np.maximum(observed, 1.0)
    rwp = np.sqrt((weight * residual**2).sum() / (weight * observed**2).sum())
    _refuse_other(fit, name, rest=rest, shifts=shifts)
    _refuse_impure(fit, name, background=background, lines=lines)
    _refuse_broad(fit, name, values)
    return Calibration(
        standard=fit.standard,
        instrument=_told(fit.start, fitted, notes),
        fitted=fitted,
        lines=shifts,
        correlation=correlation,
        rwp=float(rwp),
        rest=rest,
        notes=tuple(notes),
    )


def _fitted(
    fit: StandardFit, values: Floats, covariance: Floats, *, is_zero_told: bool
) -> tuple[Fitted, ...]:
    """Return the figures with their errors; those not told as they were assumed."""
    found = []
    for unknown, value, sigma in zip(
        UNKNOWNS, values, np.sqrt(np.diag(covariance)), strict=True
    ):
        total = float(np.hypot(sigma, unknown.model))
        is_told = bool(sigma < 0.5 * unknown.sigma)
        item = Fitted(unknown.name, unknown.unit, float(value), total, is_told)
        if item.name == "zero_degrees" and not is_zero_told:
            item = replace(item, value=0.0, sigma=unknown.sigma, is_told=False)
        if item.name == "sample_millimetres" and not is_told:
            item = replace(item, value=fit.start.sample_millimetres)
        found.append(item)
    return tuple(found)


def _told(
    start: Instrument, fitted: tuple[Fitted, ...], notes: list[str]
) -> Instrument:
    """Return the instrument with what the pattern told, the rest as before."""
    changes = {item.name: item.value for item in fitted if item.name != "packing"}
    changes["displacement_millimetres"] = 0.0
    length = next(item for item in fitted if item.name == "sample_millimetres")
    if not length.is_told:
        notes.append(
            "the beam stays on the sample in this range: the sample length is kept; a "
            "standard with lines at lower angles tells it"
        )
    return replace(start, **changes, is_calibrated=True)  # type: ignore[arg-type]


def _refuse_weak(fit: StandardFit, name: str) -> None:
    observed = fit.problem.observed
    height = float(observed.max() - np.percentile(observed, 20))
    if height < _LEAST_COUNTS:
        raise AnalysisError(
            f"{name}: the strongest line has {height:.0f} counts above background; "
            f"allowed: {_LEAST_COUNTS:.0f} or more; measure longer"
        )


def _refuse_other(
    fit: StandardFit, name: str, *, rest: float, shifts: tuple[LineShift, ...]
) -> None:
    worst = max((abs(line.shift_degrees) for line in shifts), default=np.inf)
    if rest <= _LARGEST_REST and worst <= _LARGEST_SHIFT_DEGREES:
        return
    found = (
        f"{100 * min(rest, 1.0):.0f} % of the intensity is not explained by it"
        if rest > _LARGEST_REST
        else f"lines lie up to {worst:.3f} degrees off"
    )
    raise AnalysisError(
        f"{name}: not a pattern of {fit.standard.name}: {found}; allowed: "
        f"{', '.join(STANDARDS)}; measure a standard, or name it by --standard",
        residual=rest,
    )


def _refuse_impure(
    fit: StandardFit, name: str, *, background: Floats, lines: Floats
) -> None:
    """Refuse a line where the standard has none."""
    observed, grid = fit.problem.observed, fit.problem.grid
    excess = observed - background - lines
    # Under the standard's own lines an excess is of their shape.
    is_own = lines > 0.01 * lines.max()
    own = np.convolve(is_own, np.ones(2 * round(0.5 / (grid[1] - grid[0])) + 1), "same")
    excess = np.where(own > 0.0, 0.0, excess)
    at = int(np.argmax(excess))
    is_seen = excess[at] > 6.0 * np.sqrt(background[at] + lines[at] + 1.0)
    if is_seen and excess[at] > _LARGEST_FOREIGN * lines.max():
        raise AnalysisError(
            f"{name}: a line at {grid[at]:.2f} degrees, "
            f"{100 * excess[at] / lines.max():.0f} % of the strongest, is not of "
            f"{fit.standard.name}; allowed: {100 * _LARGEST_FOREIGN:.0f} %; measure "
            "the standard without admixture"
        )


def _refuse_broad(fit: StandardFit, name: str, values: Floats) -> None:
    lorentz = fit.instrument(values).lorentz_degrees
    if lorentz > _LARGEST_LORENTZ_DEGREES:
        raise AnalysisError(
            f"{name}: lines of {fit.standard.name} are {lorentz:.2f} degrees wide, as "
            f"of small crystals; allowed: {_LARGEST_LORENTZ_DEGREES:g}; take a "
            "standard made for line shapes"
        )
