"""A simulated diffractometer's errors are found on simulated standards."""

from dataclasses import replace

import numpy as np
import pytest

from loop.analyse.calibration import calibrate
from loop.analyse.profile import Instrument
from loop.analyse.standards import STANDARDS, standard_of
from loop.errors import AnalysisError
from tests.loop.analyse.standardpatterns import measured
from tests.loop.analyse.synthetic import TABLE

AS_SIMULATED = {
    name: replace(standard, cell=tuple(TABLE[name].cell))
    for name, standard in STANDARDS.items()
}
"""The simulator's corundum has the table's cell, not the certified one."""


@pytest.mark.parametrize("name", STANDARDS)
@pytest.mark.parametrize(("zero", "height"), [(0.03, 0.05), (-0.02, -0.1), (0.0, 0.0)])
def test_errors_are_recovered_within_what_is_stated(name, zero, height):
    pattern = measured(
        {name: 1.0},
        zero_degrees=zero,
        displacement_millimetres=height,
        beta_share=0.006,
        seed=17,
    )
    found = calibrate(pattern, standard=AS_SIMULATED[name])
    truth = {
        "zero_degrees": zero,
        # Ours is positive below the axis, the simulator's above.
        "displacement_millimetres": -height,
        "lorentz_degrees": 0.02,
        "lorentz_tan_degrees": np.degrees(2 * 2.29 / 8047.8),
        "beta_ratio": 0.006,
    }
    for key, value in truth.items():
        item = found.value(key)
        assert abs(item.value - value) < 2.0 * item.sigma, key
        assert item.is_told
    gauss = found.value("gauss_degrees")
    assert abs(gauss.value - 0.04) < 2.5 * gauss.sigma
    assert max(abs(line.shift_degrees) for line in found.lines) < 0.008
    assert all(0.9 < line.ratio < 1.1 for line in found.lines if line.two_theta < 80)
    assert len(found.lines) >= 8
    assert found.instrument.is_calibrated
    assert found.instrument.displacement_millimetres == 0.0
    assert -1.0 < found.correlation < 1.0


def test_stated_errors_hold_over_instruments():
    """Scans to 100 degrees, steps of 0.0435: as the bench-top instrument measures."""
    inside = []
    for seed in range(6):
        rng = np.random.Generator(np.random.Philox(key=seed))
        zero, height = rng.normal(0.0, 0.02), rng.normal(0.0, 0.06)
        found = calibrate(
            measured(
                {"LaB6": 1.0},
                zero_degrees=zero,
                displacement_millimetres=height,
                axial=rng.uniform(0.015, 0.025),
                lorentz_degrees=rng.uniform(0.015, 0.03),
                seed=seed,
                low=10.0,
                high=100.0,
                step=0.0435,
                seconds=11.0,
            )
        )
        for key, value in [
            ("zero_degrees", zero),
            ("displacement_millimetres", -height),
        ]:
            item = found.value(key)
            inside.append(abs(item.value - value) / item.sigma)
    assert max(inside) < 2.5
    assert np.median(inside) < 1.2


def test_sample_length_is_told_where_the_beam_spills_over():
    spilt = measured(
        {"LaB6": 1.0}, holder_millimetres=10.0, beam_height_millimetres=3.0
    )
    found = calibrate(spilt)
    length = found.value("sample_millimetres")
    assert length.is_told
    assert length.value == pytest.approx(9.9, abs=0.4)
    assert found.instrument.sample_millimetres == length.value
    kept = calibrate(
        measured({"Si": 1.0}), instrument=Instrument(sample_millimetres=17.0)
    )
    assert kept.instrument.sample_millimetres == 17.0
    assert any("sample length is kept" in note for note in kept.notes)


@pytest.mark.parametrize("high", [45.0, 60.0, 70.0])
def test_zero_is_kept_where_it_cannot_be_told(high):
    found = calibrate(measured({"LaB6": 1.0}, low=20.0, high=high))
    assert abs(found.instrument.zero_degrees) < 1e-9
    assert "kept at 0" in found.notes[0]


def test_the_standard_is_recognised():
    for name in STANDARDS:
        assert calibrate(measured({name: 1.0}, high=90.0)).standard.name == name
    with pytest.raises(AnalysisError, match="allowed: LaB6, Si, Al2O3"):
        standard_of("CeO2")


@pytest.mark.parametrize(
    ("weights", "options", "message"),
    [
        ({"ZnO": 1.0}, {}, "not a pattern of"),
        ({"LaB6": 0.95, "Si": 0.05}, {}, "a line at 28.4"),
        ({"Si": 1.0}, {"nanometres": 20.0}, "small crystals"),
        ({"LaB6": 1.0}, {"seconds": 0.05}, "measure longer"),
        ({"LaB6": 1.0}, {"low": 20.0, "high": 35.0}, "fewer than 4 lines"),
    ],
)
def test_what_is_no_standard_is_refused(weights, options, message):
    with pytest.raises(AnalysisError, match=message):
        calibrate(measured(weights, **options), name="p.xy")


def test_another_standard_than_named_is_refused():
    with pytest.raises(AnalysisError, match="not a pattern of Si"):
        calibrate(measured({"LaB6": 1.0}), standard=STANDARDS["Si"])
