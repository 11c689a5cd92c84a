"""`athanor calibrate xrd` writes an instrument file or says why not."""

import pytest
from typer.testing import CliRunner

from loop.analyse.instrumentfile import load_instrument
from loop.cli.main import app
from loop.errors import AnalysisError, InstrumentFileError
from tests.loop.analyse import patternfiles
from tests.loop.analyse.standardpatterns import measured


def run(*arguments):
    return CliRunner().invoke(app, ["calibrate", "xrd", *map(str, arguments)])


def written(path, pattern):
    path.write_bytes(
        patternfiles.xrdml(pattern.two_theta, [pattern.counts], optics=False)
    )
    return path


def test_instrument_file_of_a_standard(tmp_path):
    pattern = written(
        tmp_path / "lab6.xrdml", measured({"LaB6": 1.0}, zero_degrees=0.03)
    )
    output = tmp_path / "mine.toml"
    result = run(pattern, "-o", output)
    assert result.exit_code == 0, result.output
    for expected in ("SRM 660c", "zero_degrees", "correlated by", "1 1 0", "wrote"):
        assert expected in result.output
    found = load_instrument(output)
    assert found.is_calibrated
    assert found.zero_degrees == pytest.approx(0.03, abs=0.015)
    assert "lab6.xrdml" in output.read_text()
    again = run(pattern, "-o", output)
    assert isinstance(again.exception, InstrumentFileError)
    assert "exists" in str(again.exception)


def test_a_pattern_that_is_no_standard(tmp_path):
    pattern = written(tmp_path / "zno.xrdml", measured({"ZnO": 1.0}))
    result = run(pattern, "-o", tmp_path / "mine.toml")
    assert isinstance(result.exception, AnalysisError)
    assert "not a pattern of" in str(result.exception)
    assert not (tmp_path / "mine.toml").exists()
    assert "allowed: LaB6" in str(run(pattern, "--standard", "x").exception)
