"""What is refined of a phase besides its amount, and the curve it gives."""

from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from instruments.quantities import Floats
from loop.analyse import profile
from loop.analyse.profile import Broadening, Instrument
from loop.analyse.references import Cell, Reference, spacings

_EDGE_DEGREES = 2.0
Axis = Literal[0, 1, 2]


@dataclass(frozen=True, slots=True)
class Texture:
    """Preferred orientation about one reciprocal axis."""

    axis: Axis
    """0, 1, 2 for plate normals along a*, b*, c*."""
    log_ratio: float = 0.0
    """Natural logarithm of the March ratio; below 0 for plates lying flat."""


@dataclass(frozen=True, slots=True)
class Shape:
    """One phase as it stands in a fit."""

    reference: Reference
    stretch: tuple[float, ...] = ()
    """Relative change of each group of tied cell constants; none is undisturbed."""
    broadening: Broadening = field(default_factory=Broadening)
    texture: Texture | None = None

    @property
    def cell(self) -> Cell:
        """Return the refined cell, angstrom and degrees."""
        cell = list(self.reference.cell)
        for group, change in zip(self.reference.ties, self.stretch, strict=False):
            for index in group:
                cell[index] *= 1.0 + change
        return (cell[0], cell[1], cell[2], cell[3], cell[4], cell[5])

    @property
    def n_free(self) -> int:
        """Return the number of refined figures, the amount included."""
        return 3 + len(self.reference.ties) + (self.texture is not None)

    def positions(self, instrument: Instrument) -> Floats:
        """Return K-alpha1 positions as displaced, degrees; NaN out of reach."""
        at = profile.bragg_degrees(
            spacings(self.reference.hkl, self.cell), instrument.wavelengths[0]
        )
        shift = profile.displacement_degrees(at, instrument)
        return at + shift + instrument.zero_degrees

    def orientation(self) -> Floats:
        """Return the factor by which texture changes each line, one a reflection.

        Source:
            Dollase, J. Appl. Cryst. 19 (1986) 267.
        """
        reference = self.reference
        if self.texture is None:
            return np.ones(len(reference.hkl))
        r = np.exp(self.texture.log_ratio)
        cosine2 = reference.members[:, self.texture.axis]
        factor = (r**2 * cosine2 + (1.0 - cosine2) / r) ** -1.5
        mean: Floats = np.bincount(
            reference.member_line,
            weights=factor * reference.member_share,
            minlength=len(reference.hkl),
        ).astype(np.float64)
        return mean

    def curve(
        self, grid: Floats, instrument: Instrument, *, reach_degrees: float = 2.0
    ) -> Floats:
        """Return intensity for one unit of weight at each angle of `grid`."""
        at = self.positions(instrument)
        seen = (at > grid[0] - _EDGE_DEGREES) & (at < grid[-1] + _EDGE_DEGREES)
        at = at[seen]
        strength = (
            (self.reference.strength * self.orientation())[seen]
            * profile.lorentz_polarisation(at)
            * profile.overspill(at, instrument)
        )
        position, intensity = profile.lines(at, strength, instrument)
        fwhm, lorentz = profile.widths(position, self.broadening, instrument)
        return profile.curve(
            grid,
            position,
            intensity,
            fwhm=fwhm,
            lorentz=lorentz,
            reach_degrees=reach_degrees,
        )


@dataclass(frozen=True, slots=True)
class Row:
    """One refined figure: whose it is, its prior, bounds and difference step."""

    owner: int
    """Index of the phase, or what of the instrument: `MOUNT` or `OPTICS`."""
    centre: float
    sigma: float
    low: float
    high: float
    step: float


MOUNT, OPTICS = -1, -2
"""What moves all phases: how the specimen stands and how broad lines are, which must be
right to tell phases apart; and the finer optics, which only the last fit needs."""
_HELD = 1e-6
"""Standard deviation of a figure that is not refined."""
_DISPLACEMENT = Row(MOUNT, 0.0, 0.15, -0.6, 0.6, 1e-3)
_GAUSS = Row(
    MOUNT, float(np.log(0.12)), 0.5, float(np.log(0.03)), float(np.log(0.4)), 0.02
)
_ASYMMETRY = Row(OPTICS, 0.06, 0.04, 0.0, 0.2, 2e-3)
_BETA = Row(OPTICS, 0.004, 0.005, 0.0, 0.03, 5e-4)
_TUNGSTEN = Row(OPTICS, 0.0, 0.002, 0.0, 0.02, 5e-4)
_TRANSPARENCY = Row(OPTICS, 0.05, 0.05, 0.0, 0.6, 5e-3)
SHIFTS = {_DISPLACEMENT: (1.0, 0.0), _TRANSPARENCY: (0.0, 1.0)}
"""Figures that move all lines at one angle alike, as displacement and transparency."""


def rows(shapes: tuple[Shape, ...], instrument: Instrument) -> tuple[Row, ...]:
    """Return what is refined, in the order of `pack`.

    Args:
        shapes: The phases.
        instrument: Where it was calibrated, its widths are held: what is left of a
            line's width then is the powder's.
    """
    widths = (_GAUSS, _ASYMMETRY)
    if instrument.is_calibrated:
        widths = (
            _held(_GAUSS, float(np.log(instrument.gauss_degrees))),
            _held(_ASYMMETRY, instrument.asymmetry_degrees),
        )
    out = [_DISPLACEMENT, *widths, _BETA, _TUNGSTEN, _TRANSPARENCY]
    for index, shape in enumerate(shapes):
        limit = shape.reference.cell_limit
        stretch = Row(index, 0.0, limit / 3.0, -limit, limit, 2e-5)
        out += [stretch] * len(shape.reference.ties)
        size = (float(np.log(0.08)), 1.0, float(np.log(0.005)), float(np.log(2.0)))
        out += [Row(index, *size, 0.02), Row(index, 0.0, 0.3, 0.0, 2.0, 5e-3)]
        if shape.texture is not None:
            out.append(Row(index, 0.0, 0.3, -1.2, 1.2, 5e-3))
    return tuple(out)


def _held(row: Row, value: float) -> Row:
    """Return a figure that stays where it is."""
    return replace(row, centre=value, sigma=_HELD, low=value, high=value)


def pack(shapes: tuple[Shape, ...], instrument: Instrument) -> Floats:
    """Return the refined figures as one vector: instrument first, then each phase."""
    values = [
        instrument.displacement_millimetres,
        np.log(instrument.gauss_degrees),
        instrument.asymmetry_degrees,
        instrument.beta_ratio,
        instrument.tungsten_ratio,
        instrument.transparency_millimetres,
    ]
    for shape in shapes:
        values += [*(shape.stretch or (0.0,) * len(shape.reference.ties))]
        values += [np.log(shape.broadening.size_degrees)]
        values += [shape.broadening.strain_degrees]
        if shape.texture is not None:
            values.append(shape.texture.log_ratio)
    return np.array(values, dtype=np.float64)


def unpack(
    shapes: tuple[Shape, ...], instrument: Instrument, values: Floats
) -> tuple[tuple[Shape, ...], Instrument]:
    """Put a vector of refined figures back into phases and instrument."""
    left = iter(map(float, values))
    instrument = replace(
        instrument,
        displacement_millimetres=next(left),
        gauss_degrees=float(np.exp(next(left))),
        asymmetry_degrees=next(left),
        beta_ratio=next(left),
        tungsten_ratio=next(left),
        transparency_millimetres=next(left),
    )
    out = []
    for shape in shapes:
        stretch = tuple(next(left) for _ in shape.reference.ties)
        broadening = Broadening(float(np.exp(next(left))), next(left))
        texture = shape.texture and replace(shape.texture, log_ratio=next(left))
        out.append(Shape(shape.reference, stretch, broadening, texture))
    return tuple(out), instrument
