"""The true diffractometer: what it does to a beam, its errors included."""

import hashlib
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from campaigns.materials.xraytables import (
    CU_KA1_ANGSTROM,
    CU_KA2_ANGSTROM,
    CU_KB_ANGSTROM,
)

Floats = NDArray[np.float64]

W_LA_ANGSTROM = 1.47635
"""W Lα1 from tungsten deposited on an old anode. Source: Bearden, Rev. Mod. Phys. 39
(1967) 78."""

_OWN_STEP_DEGREES = 0.0435
"""Step at which a point gets all strips' time; source as for `counting_seconds`."""
_WINDOW_WIDTH_KEV = 0.25
"""Softness of the energy window: silicon strips resolve about 1.4 keV at copper.
Source: Kraft et al., J. Synchrotron Rad. 16 (2009) 368, for such detectors."""


@dataclass(frozen=True)
class Instrument:
    """A Bragg-Brentano diffractometer: copper tube, nickel filter, fixed slit.

    Optics are those of a small bench-top instrument with a strip detector. Intensity,
    air, white beam and energy window are set on measured patterns of one: see
    `docs/explanation/simulated-diffraction.md`.
    """

    radius_millimetres: float = 145.0
    """Goniometer radius, mm."""
    strip_degrees: float = 8.2
    """Angle that the strip detector sees at once, degrees."""
    divergence_degrees: float = 1.0
    """Angle of the fixed divergence slit, degrees."""
    beam_height_millimetres: float = 10.0
    """Axial length of the beam on the sample (mask), mm."""
    holder_millimetres: float = 16.0
    """Diameter of the round, spinning powder bed, mm."""
    depth_millimetres: float = 1.0
    """Depth of the powder bed, mm."""
    packing: float = 0.5
    """Volume share of solid in the powder bed, above 0 to 1."""
    zero_degrees: float = 0.0
    """Error of the scattering angle at all angles, degrees."""
    displacement_millimetres: float = 0.0
    """Mean height of the powder surface above the axis, mm; above shifts lines up."""
    filling_millimetres: float = 0.0
    """Standard deviation of that height from filling to filling, mm."""
    counts_scale: float = 5300.0
    """Counts per second of counting time for unit scattering; see `Scatterer`."""
    alpha2_share: float = 0.5
    """Kα2 over Kα1 intensity."""
    beta_share: float = 0.0
    """Kβ over Kα1 intensity left by the filter."""
    tungsten_share: float = 0.0
    """W Lα over Kα1 intensity."""
    monochromator_degrees: float = 0.0
    """2θ of a diffracted-beam monochromator, degrees; 0 for none."""
    u_degrees2: float = 0.0004
    """Caglioti U of the Gaussian width, degrees²."""
    v_degrees2: float = -0.0004
    """Caglioti V, degrees²."""
    w_degrees2: float = 0.0016
    """Caglioti W, degrees²."""
    lorentz_degrees: float = 0.02
    """Lorentzian width of the optics over cosθ, degrees."""
    axial: float = 0.02
    """Half height of sample and of detector over the radius, as Soller slits leave."""
    dark_per_second: float = 7.0
    """Counts per second with the shutter closed, and stray light."""
    air_per_second: float = 120.0
    """Counts per second from air at 2θ = 10°."""
    holder_per_second: float = 15.0
    """Peak counts per second of the holder's own hump when the beam misses the bed."""
    white_share: float = 0.35
    """White beam that the filter and the energy window leave, over Kα1."""
    window_kev: float = 5.9
    """Energy below which the detector rejects more than half of the photons, keV."""

    @classmethod
    def ideal(cls) -> "Instrument":
        """Return an instrument without misalignment, stray lines or stray light."""
        return cls(
            holder_millimetres=1e3,
            depth_millimetres=1e3,
            packing=1.0,
            dark_per_second=0.0,
            air_per_second=0.0,
            holder_per_second=0.0,
            white_share=0.0,
            window_kev=7.9,
        )

    @classmethod
    def of_seed(cls, seed: int) -> "Instrument":
        """Return one instrument of a kind, with errors that a user has to find.

        Args:
            seed: Any whole number; the same one gives the same instrument.

        Source:
            Spreads: Cheary & Coelho, J. Appl. Cryst. 25 (1992) 109, table 1, for
            alignment; displacement as in the measured patterns of the phase-ID
            benchmark (Fei et al., Chem. Mater. 38 (2026) 1364).
        """
        digest = hashlib.blake2b(f"diffractometer\x1f{seed}".encode(), digest_size=16)
        key = int.from_bytes(digest.digest(), "big")
        rng = np.random.Generator(np.random.Philox(key=key))
        return cls(
            holder_millimetres=float(rng.uniform(15.0, 17.0)),
            packing=float(rng.uniform(0.4, 0.6)),
            zero_degrees=float(rng.normal(0.0, 0.01)),
            displacement_millimetres=float(rng.normal(0.0, 0.04)),
            filling_millimetres=0.06,
            counts_scale=cls.counts_scale * float(rng.uniform(0.7, 1.3)),
            alpha2_share=float(rng.uniform(0.49, 0.52)),
            beta_share=float(rng.uniform(0.002, 0.012)),
            tungsten_share=float(rng.uniform(0.0, 0.002)),
            w_degrees2=cls.w_degrees2 * float(rng.uniform(0.8, 1.3)),
            lorentz_degrees=cls.lorentz_degrees * float(rng.uniform(0.8, 1.3)),
            axial=float(rng.uniform(0.015, 0.025)),
            air_per_second=cls.air_per_second * float(rng.uniform(0.6, 1.5)),
            holder_per_second=cls.holder_per_second * float(rng.uniform(0.5, 1.5)),
            white_share=cls.white_share * float(rng.uniform(0.7, 1.3)),
            window_kev=float(rng.uniform(5.7, 6.2)),
        )

    def filled(self, rng: np.random.Generator) -> "Instrument":
        """Return the instrument with the surface where this filling left it."""
        height = self.displacement_millimetres
        if self.filling_millimetres > 0:
            height += float(rng.normal(0.0, self.filling_millimetres))
        return replace(self, displacement_millimetres=height, filling_millimetres=0.0)

    def passes(self, kev: float) -> float:
        """Return the share of photons of an energy (keV) that the detector counts."""
        return float(1 / (1 + np.exp(-(kev - self.window_kev) / _WINDOW_WIDTH_KEV)))

    @property
    def emission(self) -> tuple[tuple[float, float, float], ...]:
        """(wavelength Å, intensity over Kα1, natural full width over wavelength).

        Source:
            Widths 2.29, 3.34 and 5.5 eV of Kα1, Kα2, Kβ: Hölzer et al., Phys. Rev. A
            56 (1997) 4554; 7.0 eV of W Lα1: Krause & Oliver, J. Phys. Chem. Ref. Data
            8 (1979) 329.
        """
        lines = (
            (CU_KA1_ANGSTROM, 1.0, 2.29 / 8047.8),
            (CU_KA2_ANGSTROM, self.alpha2_share, 3.34 / 8027.8),
            (CU_KB_ANGSTROM, self.beta_share, 5.5 / 8905.4),
            (W_LA_ANGSTROM, self.tungsten_share, 7.0 / 8397.6),
        )
        return tuple(line for line in lines if line[1] > 0)

    def counting_seconds(
        self, scan_seconds: float, *, span_degrees: float, step_degrees: float
    ) -> float:
        """Return how long each point of a scan is counted, s.

        A strip detector sees many angles at once, so that a point is counted much
        longer than its share of the scan; a finer step shares the strips among more
        points.

        Args:
            scan_seconds: Duration of the scan, s.
            span_degrees: Range of the scan, degrees.
            step_degrees: Step of the points, degrees.

        Source:
            Counting times of 10.97 s (0.0435° steps) and 12.5 s (0.0109°) that the
            files of 2 min and 8 min scans over 90° state: Fei et al. (2026).
        """
        strips = self.strip_degrees / span_degrees * step_degrees / _OWN_STEP_DEGREES
        return scan_seconds * strips

    def on_bed(self, theta: Floats) -> Floats:
        """Return the share of the beam that falls on the powder bed.

        Args:
            theta: Bragg angle, radians, any shape.

        Source:
            The footprint of a slit of δ is R δ / sinθ: Klug & Alexander, X-Ray
            Diffraction Procedures, 2nd ed. (1974) section 5-1; cut here by a disc.
        """
        length = self.radius_millimetres * np.radians(self.divergence_degrees)
        length = length / np.sin(np.maximum(theta, 1e-3))
        half = min(self.beam_height_millimetres, self.holder_millimetres) / 2
        axial = (np.arange(16) + 0.5) / 16 * half
        chords = np.sqrt(self.holder_millimetres**2 - 4 * axial**2)
        covered = np.minimum(1.0, chords / np.asarray(length)[..., None]).mean(axis=-1)
        return np.asarray(covered * 2 * half / self.beam_height_millimetres)

    def lorentz_polarisation(self, theta: Floats) -> Floats:
        """Return the Lorentz-polarisation factor of a powder line.

        Args:
            theta: Bragg angle, radians, any shape.

        Source:
            International Tables for Crystallography C (2006), table 6.2.1.1.
        """
        cosine = np.cos(np.radians(self.monochromator_degrees)) ** 2
        polarisation = (1 + cosine * np.cos(2 * theta) ** 2) / (1 + cosine)
        return np.asarray(polarisation / (np.sin(theta) ** 2 * np.cos(theta)))
