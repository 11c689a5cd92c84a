"""Plates lying flat, as the simulated diffractometer sees them."""

import numpy as np
import pytest

from instruments.quantities import Pattern
from loop.analyse.phases import identify
from simulators.diffraction import Crystallites, Instrument, Structures, measure
from tests.loop.analyse.synthetic import WAVELENGTHS, references

ENDS = ("YBa2Cu3O7", "YBa2Cu3O6")


@pytest.mark.parametrize("march", [0.5, 0.65, 0.8])
def test_plates_lying_flat_leave_nothing_unknown(march):
    angles = np.linspace(10.0, 80.0, 3501)
    plates = Crystallites(1600.0, 0.0003, march)
    counts = measure(
        dict(zip(ENDS, (0.94, 0.06), strict=True)),
        dict.fromkeys(ENDS, plates),
        instrument=Instrument.of_seed(7),
        two_theta=angles,
        seconds_per_point=27.0,
        rng=np.random.default_rng(1),
        structures=Structures.of_seed(7),
        particle_micrometres=3.0,
    )
    pattern = Pattern(angles, counts.astype(float), 27.0, WAVELENGTHS)
    found, _ = identify(pattern, references(*ENDS, "Y2BaCuO5", "CuO", "BaCO3", "Y2O3"))
    assert found.fractions.of("unknown") < 0.02
    assert found.gof < 4.0
    assert sum(found.fractions.of(end) for end in ENDS) > 0.97
