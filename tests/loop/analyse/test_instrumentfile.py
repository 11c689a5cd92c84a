"""Instrument files are read, written, and refused with every fault."""

from dataclasses import asdict, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.quantities import Pattern
from loop.analyse.instrumentfile import (
    InstrumentFile,
    Made,
    for_pattern,
    load_instrument,
    write_instrument,
)
from loop.analyse.profile import Instrument
from loop.errors import AnalysisError, InstrumentFileError

SOME = Instrument(
    wavelengths=(1.788996, 1.792835),
    alpha_ratio=0.51,
    beta_ratio=0.004,
    tungsten_ratio=0.001,
    transparency_millimetres=0.03,
    radius_millimetres=240.0,
    divergence_degrees=0.5,
    sample_millimetres=16.0,
    gauss_degrees=0.04,
    asymmetry_degrees=0.03,
    displacement_millimetres=0.02,
    zero_degrees=-0.013,
    lorentz_degrees=0.02,
    lorentz_tan_degrees=0.033,
    is_calibrated=True,
)


def test_all_of_an_instrument_comes_back(tmp_path):
    path = tmp_path / "i.toml"
    made = Made(
        standard='LaB6 "660c"',
        pattern="a\\b.xrdml",
        pattern_sha256="0" * 64,
        rwp=0.07,
        sigma={"zero_degrees": 0.008},
    )
    write_instrument(path, InstrumentFile.of(SOME, calibration=made))
    assert load_instrument(path) == SOME
    own, other = asdict(SOME), asdict(Instrument())
    assert all(own[key] != other[key] for key in own), "a field is not tested"


def test_what_is_not_given_is_the_default(tmp_path):
    path = tmp_path / "i.toml"
    path.write_text("version = 1\n[geometry]\nradius_millimetres = 200\n")
    assert load_instrument(path) == replace(Instrument(), radius_millimetres=200.0)


@given(st.floats(0.001, 1.0), st.floats(-1.0, 1.0), st.booleans())
def test_numbers_survive_writing(width, zero, is_calibrated):
    given_ = replace(
        Instrument(), gauss_degrees=width, zero_degrees=zero,
        is_calibrated=is_calibrated,
    )  # fmt: skip
    import tomllib

    text = InstrumentFile.of(given_).text()
    back = InstrumentFile.model_validate(tomllib.loads(text)).instrument
    assert back.gauss_degrees == pytest.approx(width, abs=1e-7)
    assert back.zero_degrees == pytest.approx(zero, abs=1e-7)
    assert back.is_calibrated is is_calibrated


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "version: found .*must be given"),
        ("version = 2", "version: found 2; allowed: input should be 1"),
        ("version = 1\nradius = 3", "radius: found 3; not a key"),
        ("version = 1\n[geometry]\nradius_millimetres = -5", "radius_millimetres: f"),
        ("version = 1\n[profile]\ngauss_degrees = nan", "gauss_degrees: found nan"),
        ("version = 1\n[profile]\ngauss_degrees = 'x'", "gauss_degrees: found 'x'"),
        ("version = 1\n[geometry", "not TOML"),
    ],
)
def test_faults(tmp_path, text, message):
    path = tmp_path / "i.toml"
    path.write_text(text)
    with pytest.raises(InstrumentFileError, match=message):
        load_instrument(path)
    with pytest.raises(InstrumentFileError, match=str(path)):
        load_instrument(path)


def test_files_that_cannot_be_opened(tmp_path):
    with pytest.raises(InstrumentFileError, match="cannot be read"):
        load_instrument(tmp_path / "none.toml")
    (tmp_path / "b.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(InstrumentFileError, match="UTF-8"):
        load_instrument(tmp_path / "b.toml")
    with pytest.raises(InstrumentFileError, match="cannot be written"):
        write_instrument(tmp_path / "no" / "i.toml", InstrumentFile.of(SOME))


def test_instrument_for_one_pattern():
    x = np.arange(10.0, 20.0, 0.02)
    pattern = Pattern(
        x, x, 1.0, SOME.wavelengths, radius_millimetres=240.0, divergence_degrees=0.25
    )
    found = for_pattern(SOME, pattern, name="a")
    assert found == replace(SOME, divergence_degrees=0.25, alpha_ratio=0.5)
    with pytest.raises(AnalysisError, match="radius of 145 mm"):
        for_pattern(SOME, replace(pattern, radius_millimetres=145.0), name="a")
    with pytest.raises(AnalysisError, match="calibrate it with this tube"):
        for_pattern(SOME, replace(pattern, wavelengths=(1.54, 1.544)), name="a")
