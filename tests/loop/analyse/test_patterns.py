"""Patterns are read, refused with a reason, and laid on an even grid."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruments.quantities import Pattern
from loop.analyse.patterns import check, counts_per_unit, read, rebin
from loop.errors import AnalysisError
from tests.loop.analyse.synthetic import make

GOOD = make({"ZnO": 1.0})


def text(angle, intensity, separator=" "):
    return "\n".join(
        f"{a:.5f}{separator}{i:.6g}" for a, i in zip(angle, intensity, strict=True)
    )


@pytest.mark.parametrize(
    ("name", "head", "separator"),
    [
        ("a.xy", "", " "),
        ("a.xye", "# made somewhere\n", "\t"),
        ("a.csv", "Angle,Intensity\n", ","),
        ("a.csv", "[Scan]\nStep,0.04\nAngle;Counts\n", ";"),
    ],
)
def test_columns(tmp_path, name, head, separator):
    path = tmp_path / name
    body = text(GOOD.two_theta, GOOD.counts, separator)
    if "Step,0.04" in head:
        head = head.replace("Step,0.04\n", "Step size\n")
    path.write_text(head + body)
    found = read(path)
    assert np.allclose(found.two_theta, GOOD.two_theta, atol=1e-4)
    assert np.allclose(found.counts, GOOD.counts)
    assert found.wavelengths == (1.540598, 1.544426)


def test_rates_are_turned_back_into_counts(tmp_path):
    path = tmp_path / "rate.xy"
    path.write_text(text(GOOD.two_theta, GOOD.counts / 25.0))
    assert read(path).counts.sum() == pytest.approx(GOOD.counts.sum(), rel=0.15)
    assert counts_per_unit(GOOD.counts) == 1.0
    assert counts_per_unit(np.zeros(200)) == 1.0


def broken(**changes):
    return replace(GOOD, **changes)


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        (broken(two_theta=GOOD.two_theta[:10], counts=GOOD.counts[:10]), "10 points"),
        (broken(two_theta=GOOD.two_theta[::-1]), "does not increase"),
        (broken(counts=-GOOD.counts), "negative"),
        (broken(counts=GOOD.counts * np.nan), "not numbers"),
        (broken(counts=GOOD.counts[:-1]), "one count for each angle"),
        (broken(counts=np.ones_like(GOOD.counts)), "nothing to identify"),
        (broken(two_theta=GOOD.two_theta / 100.0 + 1), "nothing to identify"),
        (broken(two_theta=GOOD.two_theta + 120.0), "between 0 and 180"),
    ],
)
def test_impossible_patterns(pattern, message):
    with pytest.raises(AnalysisError, match=message):
        check(pattern, name="p")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.xy", b"", "empty"),
        ("a.xy", b"only words\n", "no line of two numbers"),
        ("a.xy", b"\xff\x00\x01", "not a text file"),
        ("a.xy", b"10 5\n10.1 6\n10.2", "line 3"),
        ("a.raw", b"RAW1.01", "cut off"),
        ("a.uxd", b"_2THETA", "allowed: .xrdml"),
        ("a.xrdml", b"<xrdMeasurements", "a.xrdml"),
        ("a.xy", b"10 5\n10.1 6\n10.2 7", "3 points"),
    ],
)
def test_files_that_cannot_be_read(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(AnalysisError, match=message):
        read(path)
    with pytest.raises(AnalysisError, match="cannot be read"):
        read(tmp_path / "missing.xy")


def test_fine_scans_are_summed():
    x = 10.0 + 0.01 * np.arange(8000)
    fine = Pattern(x, np.full(8000, 7.0), 1.0, (1.54, 1.544))
    found = rebin(fine)
    assert len(found.counts) == 2000
    assert (found.counts == 28.0).all()
    assert found.two_theta[0] == pytest.approx(10.015)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(0.01, 0.2), min_size=150, max_size=400))
def test_uneven_scans_keep_their_counts(steps):
    x = 10.0 + np.cumsum(steps)
    counts = 100.0 + 10.0 * np.sin(x)
    found = rebin(Pattern(x, counts, 1.0, (1.54, 1.544)))
    assert np.ptp(np.diff(found.two_theta)) < 1e-6
    assert found.counts.sum() == pytest.approx(counts.sum(), rel=0.03)
