"""What instruments are asked for and what they answer, with units in the names."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """A named position that holds one container, such as `box-a/3`."""

    place: str
    """Instrument or rack, as named in the lab file."""
    index: int = 1
    """Position within the place, from 1."""

    def __str__(self) -> str:
        """Write `place/index`."""
        return f"{self.place}/{self.index}"

    @classmethod
    def parse(cls, text: str) -> "Slot":
        """Read `place/index`.

        Raises:
            ValueError: If the text has no integer index of 1 or more.
        """
        place, _, index = text.rpartition("/")
        if not place or not index.isdigit() or int(index) < 1:
            raise ValueError(f"{text!r} is not a slot; write place/index")
        return cls(place, int(index))


@dataclass(frozen=True, slots=True)
class Mass:
    """A stable weighing."""

    grams: float
    readability_grams: float
    """Last displayed digit, g."""


@dataclass(frozen=True, slots=True)
class Dose:
    """One powder dose as asked and as weighed by the doser."""

    label: str
    """Caller's identifier, at most 20 characters; unique to one attempt."""
    substance: str
    requested_grams: float
    measured_grams: float


@dataclass(frozen=True, slots=True)
class Segment:
    """One part of a heating program: a ramp to a temperature, or a hold at it."""

    kind: Literal["ramp", "hold"]
    target_celsius: float
    celsius_per_minute: float = 0.0
    """Ramp rate, > 0 for a ramp and 0 for a hold."""
    seconds: float = 0.0
    """Length of a hold; 0 for a ramp."""


@dataclass(frozen=True, slots=True)
class HeatingProfile:
    """A whole firing: segments in order under one atmosphere."""

    segments: tuple[Segment, ...]
    atmosphere: str
    """Gas as named in the lab file, such as `air` or `O2`."""

    def seconds(self, start_celsius: float = 25.0) -> float:
        """Return the programmed length from a start temperature, s."""
        total, at = 0.0, start_celsius
        for segment in self.segments:
            if segment.kind == "ramp":
                total += abs(segment.target_celsius - at) / (
                    segment.celsius_per_minute / 60.0
                )
            else:
                total += segment.seconds
            at = segment.target_celsius
        return total

    @property
    def peak_celsius(self) -> float:
        """Return the highest programmed temperature, degrees Celsius."""
        return max(segment.target_celsius for segment in self.segments)


ProgramStatus = Literal["reset", "running", "hold", "holdback", "complete"]


@dataclass(frozen=True, slots=True)
class FurnaceState:
    """One reading of a furnace controller."""

    measured_celsius: float
    setpoint_celsius: float
    program: ProgramStatus
    seconds_left: float
    """Programmed time still to run, s; 0 when no program runs."""
    faults: tuple[str, ...] = ()
    """Controller faults, such as `sensor break`; empty when healthy."""


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """Temperature against time during one firing; arrays of one length n."""

    seconds: Floats
    """Lab time of each reading, s since 1970."""
    set_celsius: Floats
    measured_celsius: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """A measured powder diffraction pattern; arrays of one length n."""

    two_theta: Floats
    """Scattering angle, degrees, strictly increasing."""
    counts: Floats
    """Counts at each angle (not a rate), >= 0."""
    seconds_per_point: float
    """Counting time at each angle, s; 0 where the file does not say."""
    wavelengths: tuple[float, float]
    """K-alpha1 and K-alpha2, angstrom."""
    alpha_ratio: float = 0.5
    """Intensity of K-alpha2 over K-alpha1."""
    radius_millimetres: float = 145.0
    """Goniometer radius, mm."""
    divergence_degrees: float = 1.0
    """Fixed divergence slit, degrees."""
    sample_id: str = ""
    """As the file says; a label, never evidence."""


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """A diffractometer's answer: the pattern and the file it came in."""

    pattern: Pattern
    raw: bytes
    """The instrument's own file, untouched."""
    suffix: str
    """Its file name suffix, such as `.xrdml`."""


@dataclass(frozen=True, slots=True)
class ArmState:
    """One reading of a robot arm."""

    is_ready: bool
    """Powered, brakes off, no stop of any kind."""
    is_moving: bool
    program: str
    """Name of the loaded program, empty if none."""
    detail: str
    """Robot and safety mode as the controller words them."""


@dataclass(frozen=True, slots=True)
class HumanTask:
    """Something a person is asked to do, and which answer is expected."""

    kind: Literal["transfer", "fill-holder", "recover", "place", "check"]
    """`transfer`: pour `source` into `destination`; `fill-holder`: press powder
    from `source` into the XRD holder `destination`; `recover`: empty holder
    `source` back into `destination`; `place`: put container `source` at slot
    `destination`; `check`: say where container `source` is and what was done."""
    source: str
    """Container label."""
    destination: str
    """Container label, or a slot written place/index; empty for `check`."""
    text: str
    """The request in words, as shown to the person."""
    key: str = ""
    """Names the request for ever: asked again with the same key, a person who has
    already done it gives the earlier answer and does nothing."""


@dataclass(frozen=True, slots=True)
class HumanAnswer:
    """What the person did or saw."""

    is_done: bool
    person: str
    mass_grams: float | None = None
    """Mass moved, g, where the task moves powder and the person weighed it."""
    location: str = ""
    """For `check`: the slot where the container stands, place/index."""
    note: str = ""
