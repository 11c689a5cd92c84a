"""Diffraction files: real ones where they are, and every way to be wrong."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.xrdml import parse

FILES = sorted(
    (Path(__file__).parents[3] / "shared/bench/phase_id/patterns").glob("*.xrdml")
)

TEMPLATE = """<?xml version="1.0" encoding="utf-8"?>
<xrdMeasurements xmlns="http://www.xrdml.com/XRDMeasurement/{version}">
  <sample type="To be analyzed"><id>s001-1</id></sample>
  <xrdMeasurement measurementType="Scan" status="Completed">
    <usedWavelength intended="K-Alpha">
      <kAlpha1 unit="Angstrom">1.5405980</kAlpha1>
      <kAlpha2 unit="Angstrom">1.5444260</kAlpha2>
      <ratioKAlpha2KAlpha1>0.5</ratioKAlpha2KAlpha1>
    </usedWavelength>
    <incidentBeamPath>
      <radius unit="mm">145.00</radius>
      <divergenceSlit name="Divergence slit 1/2°"><height unit="mm">0.76</height>
      </divergenceSlit>
    </incidentBeamPath>
    <scan scanAxis="Gonio" status="Completed">
      <dataPoints>
        <positions axis="2Theta" unit="deg">
          <startPosition>10.0</startPosition><endPosition>12.0</endPosition>
        </positions>
        <positions axis="Omega" unit="deg">
          <startPosition>5.0</startPosition><endPosition>6.0</endPosition>
        </positions>
        <commonCountingTime unit="seconds">10.965</commonCountingTime>
        <counts unit="counts">3 1 4 1 5</counts>
      </dataPoints>
    </scan>
  </xrdMeasurement>
</xrdMeasurements>
"""


def text(version="2.3", *changes):
    found = TEMPLATE.format(version=version)
    for old, new in changes:
        assert old in found
        found = found.replace(old, new)
    return found.encode()


@pytest.mark.skipif(not FILES, reason="the benchmark patterns are not here")
def test_real_files_are_read_whole():
    for path in FILES:
        pattern = parse(path.read_bytes())
        assert len(pattern.counts) == len(pattern.two_theta)
        assert len(pattern.counts) in {2071, 8282}
        assert pattern.two_theta[0] == pytest.approx(10.02, abs=0.02)
        assert pattern.two_theta[-1] == pytest.approx(99.99, abs=0.01)
        assert pattern.counts.min() >= 0
        assert pattern.wavelengths == (1.540598, 1.544426)
        assert pattern.divergence_degrees == 1.0
        assert pattern.radius_millimetres == 145.0
        assert pattern.seconds_per_point in {10.965, 12.495}
        assert pattern.sample_id


@pytest.mark.parametrize("version", ["1.0", "1.5", "2.0", "2.3"])
def test_a_scan_is_read(version):
    pattern = parse(text(version))
    np.testing.assert_allclose(pattern.two_theta, [10.0, 10.5, 11.0, 11.5, 12.0])
    np.testing.assert_array_equal(pattern.counts, [3, 1, 4, 1, 5])
    assert pattern.seconds_per_point == 10.965
    assert pattern.divergence_degrees == 0.5
    assert pattern.sample_id == "s001-1"


COUNTS = '<counts unit="counts">3 1 4 1 5</counts>'
ENDS = "<startPosition>10.0</startPosition><endPosition>12.0</endPosition>"


def test_variants_of_the_schemas():
    old = text("1.0", (COUNTS, '<intensities unit="counts">3 1 4 1 5</intensities>'))
    assert parse(old).counts.sum() == 14
    rate = text("1.0", (COUNTS, '<intensities unit="cps">1 1 1 1 2</intensities>'))
    assert parse(rate).counts[-1] == pytest.approx(21.93)
    listed = text("2.3", (ENDS, "<listPositions>10 11 11.5 11.7 12</listPositions>"))
    assert parse(listed).two_theta[3] == 11.7
    factors = "<beamAttenuationFactors>1 1 1 1 7</beamAttenuationFactors>"
    assert parse(text("2.3", (COUNTS, factors + COUNTS))).counts[-1] == 35
    angle = (
        "<height unit=\"mm\">0.76</height>", '<angle unit="deg">0.25</angle>'
    )  # fmt: skip
    assert parse(text("2.3", angle)).divergence_degrees == 0.25
    time = ('<commonCountingTime unit="seconds">10.965</commonCountingTime>', "")
    assert parse(text("2.3", time)).seconds_per_point == 0.0


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("XRDMeasurement/2.3", "XRDMeasurement/3.0", "not xrdMeasurements 1.x or 2.x"),
        ('Scan" status="Completed"', 'Scan" status="Aborted"', "'Aborted'"),
        ('scanAxis="Gonio"', 'scanAxis="Omega"', "scan axis 'Omega'"),
        ("3 1 4 1 5", "3 1 x 1 5", "something not a number"),
        ("3 1 4 1 5", "3 1 nan 1 5", "not a finite number"),
        ("3 1 4 1 5", "3 1 -4 1 5", "negative counts"),
        ("3 1 4 1 5", "3", "1 points"),
        ('<counts unit="counts">', '<counts unit="mV">', "unit 'mV'"),
        (COUNTS, "", "no `counts` or `intensities`"),
        ('axis="2Theta"', 'axis="Chi"', "no 2Theta positions"),
        ('axis="2Theta" unit="deg"', 'axis="2Theta" unit="rad"', "'rad'"),
        ("<endPosition>12.0", "<endPosition>9.0", "not 5 increasing angles"),
        ("<endPosition>12.0</endPosition>", "", "not 5 increasing angles"),
        ("1.5405980", "15.405980", "absurd"),
        ('unit="Angstrom">1.5444260', 'unit="nm">0.15444260', "is in 'nm'"),
        ("<radius unit=\"mm\">145.00</radius>", "", "no `radius`"),
        ("Divergence slit 1/2°", "Programmable slit", "only fixed slits"),
        ("<scan scan", "<scan/><scan scan", "2 `scan`"),
        (">10.965<", ">10.965 11<", "holds 2 numbers"),
    ],
)  # fmt: skip
def test_files_that_are_not_such_scans_are_refused(old, new, message):
    with pytest.raises(ValueError, match=message):
        parse(text("2.3", (old, new)))


@given(st.integers(0, len(text()) - 3))
def test_a_cut_file_is_never_read(length):
    with pytest.raises(ValueError, match=r"cut off|not xrdMeasurements"):
        parse(text()[:length])
