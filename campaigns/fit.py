"""The fitted pattern behind an identification: what a crystallographer looks at."""

from dataclasses import dataclass

from instruments.quantities import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """Observed and calculated intensities on one grid; arrays of one length n."""

    two_theta: Floats
    """Scattering angle, degrees, strictly increasing."""
    observed: Floats
    """Counts as measured."""
    calculated: Floats
    """Counts of the best hypothesis: background plus all phases."""
    background: Floats
    """Counts of the smooth background, amorphous hump included."""
    phases: dict[str, Floats]
    """Phase name to its own counts, background excluded."""
    ticks: dict[str, Floats]
    """Phase name to fitted K-alpha1 positions within the range, degrees; each its
    own length."""
