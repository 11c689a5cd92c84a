"""Each vendor's file gives its pattern; a broken one gives a clear error."""

import contextlib
import re
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loop.analyse import patterns
from loop.analyse.formats import SUFFIXES
from loop.analyse.profile import Instrument
from loop.errors import AnalysisError
from tests.loop.analyse import patternfiles as files

X = 10.0 + 0.02 * np.arange(400)
Y = np.random.Generator(np.random.Philox(key=3)).poisson(
    200 + 5000 * np.exp(-(((X - 14) / 0.1) ** 2))
).astype(float)  # fmt: skip
SEVERAL = [name for name in files.WRITERS if name not in (".xy", ".xye")]


def parse(content, kind, **options):
    return patterns.parse(content, kind.split()[0], name=f"a{kind}", **options)


@pytest.mark.parametrize("kind", files.WRITERS)
def test_counts_and_angles_come_back(kind):
    found = parse(files.WRITERS[kind](X, [Y]), kind)
    assert np.allclose(found.two_theta, X, atol=2e-5)
    assert np.allclose(found.counts, Y, rtol=1e-5)
    assert kind.split()[0] in SUFFIXES


@pytest.mark.parametrize("kind", SEVERAL)
def test_scans_of_one_range_are_summed(kind):
    found = parse(files.WRITERS[kind](X, [Y, 2 * Y]), kind)
    assert np.allclose(found.counts, 3 * Y, rtol=1e-5)
    one = parse(files.WRITERS[kind](X, [Y]), kind)
    assert found.seconds_per_point == pytest.approx(2 * one.seconds_per_point)
    assert np.allclose(
        parse(files.WRITERS[kind](X, [Y, 2 * Y]), kind, scan=2).counts, 2 * Y
    )


@pytest.mark.parametrize("kind", SEVERAL)
def test_scan_that_is_not_there(kind):
    with pytest.raises(AnalysisError, match="allowed: 1 to 2"):
        parse(files.WRITERS[kind](X, [Y, Y]), kind, scan=3)


def test_scans_of_different_ranges_are_not_summed(tmp_path):
    path = tmp_path / "a.ras"
    two = files.ras(X, [Y]) + files.ras(X + 10, [Y])
    path.write_bytes(two)
    with pytest.raises(AnalysisError, match=r"2 scans of different angles .*choose"):
        patterns.read(path)
    first, second = patterns.read_scans(path)
    assert second.two_theta[0] - first.two_theta[0] == pytest.approx(10.0)
    assert patterns.read(path, scan=2).two_theta[0] == pytest.approx(20.0)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (".xrdml", ((1.540598, 1.544426), 0.5, 240.0, 0.5, 2.0)),
        (".ras", ((1.540593, 1.544414), 0.5, 145.0, 1.25, 0.6)),
        (".rasx", ((1.788996, 1.792835), 0.5, 145.0, 1.0, 0.6)),
        (".brml", ((1.5406, 1.54439), 0.5, 280.0, 0.6, 0.5)),
        (".raw v2", ((1.5406, 1.5444), 0.5, 145.0, 1.0, 2.0)),
        (".raw v3", ((1.5406, 1.54439), 0.5, 217.5, 0.6, 2.0)),
        (".raw v4", ((1.5406, 1.54439), 0.5, 145.0, 1.0, 0.0)),
        # The mean of K-alpha stands for the doublet.
        (".cif", ((1.540598, 1.544426), 0.5, 145.0, 1.0, 0.0)),
    ],
)
def test_facts_of_the_file(kind, expected):
    found = parse(files.WRITERS[kind](X, [Y]), kind)
    wavelengths, ratio, radius, slit, seconds = expected
    assert found.wavelengths == pytest.approx(wavelengths)
    assert found.alpha_ratio == pytest.approx(ratio)
    assert found.radius_millimetres == pytest.approx(radius)
    assert found.divergence_degrees == pytest.approx(slit)
    assert found.seconds_per_point == pytest.approx(seconds, rel=1e-3)
    if kind != ".cif":
        assert found.sample_id in ("s1", "")


def test_what_the_file_does_not_say_is_the_instruments():
    own = Instrument(
        wavelengths=(1.789, 1.793), radius_millimetres=200.0, divergence_degrees=0.25
    )
    found = parse(files.xy(X, [Y]), ".xy", instrument=own)
    assert found.wavelengths == (1.789, 1.793)
    assert (found.radius_millimetres, found.divergence_degrees) == (200.0, 0.25)
    bare = parse(files.xrdml(X, [Y], optics=False), ".xrdml", instrument=own)
    assert bare.wavelengths == (1.540598, 1.544426)
    assert (bare.radius_millimetres, bare.divergence_degrees) == (200.0, 0.25)
    whole = parse(files.xrdml(X, [Y]), ".xrdml", instrument=own)
    assert (whole.radius_millimetres, whole.divergence_degrees) == (240.0, 0.5)


def test_rates_become_counts():
    rate = parse(files.xrdml(X, [Y / 2.0], unit="cps"), ".xrdml")
    assert np.allclose(rate.counts, Y, rtol=1e-5)
    rate = parse(files.ras(X, [Y / 0.6], unit="cps"), ".ras")
    assert np.allclose(rate.counts, Y, rtol=1e-4)
    # A unit that the values belie: the noise tells.
    belied = parse(files.ras(X, [Y / 7.3]), ".ras")
    assert belied.counts.sum() == pytest.approx(Y.sum(), rel=0.25)
    errors = parse(files.xye(X, [Y], scale=40.0), ".xye")
    assert np.allclose(errors.counts, Y, rtol=1e-4)


def test_older_xrdml_and_axes_of_alignment():
    old = files.xrdml(X, [Y], version="1.5")
    assert np.allclose(parse(old, ".xrdml").counts, Y)
    with pytest.raises(AnalysisError, match="no completed scan over 2 theta"):
        parse(files.xrdml(X, [Y], axis="Omega"), ".xrdml")
    with pytest.raises(AnalysisError, match="found scans over"):
        parse(files.ras(X, [Y], axis="Omega"), ".ras")
    with pytest.raises(AnalysisError, match="found scans over"):
        parse(files.rasx(X, [Y], axis="Omega"), ".rasx")
    with pytest.raises(AnalysisError, match="no scan over 2 theta"):
        parse(files.brml(X, [Y], axis="Phi"), ".brml")
    with pytest.raises(AnalysisError, match="no scan over 2 theta"):
        parse(files.raw3(X, [Y], kind=3), ".raw")
    with pytest.raises(AnalysisError, match="no scan over 2 theta"):
        parse(files.raw4(X, [Y], kind="Rocking Curve"), ".raw")


def test_layouts_of_one_format():
    for content, kind in [
        (files.brml(X, [Y], has_column=True), ".brml"),
        (files.raw3(X, [Y], varying=True, extra=0), ".raw"),
        (files.raw4(X, [Y], stride=4), ".raw"),
        (files.cif(X, [Y], has_range=True), ".cif"),
        (files.cif(X, [Y], item="_pd_proc_intensity_total"), ".cif"),
        (files.cif(X, [Y]).replace(b"_pd_meas_2", b"_pd_meas.2"), ".cif"),
        (files.xy(X, [Y]).replace(b".", b",").replace(b" ", b";"), ".csv"),
        (b"\xff\xfe" + files.xy(X, [Y]).decode().encode("utf-16-le"), ".txt"),
    ]:
        found = parse(content, kind)
        assert np.allclose(found.counts, Y, rtol=1e-5)
        assert np.allclose(found.two_theta, X, atol=2e-5)


def test_range_of_a_cif():
    ranged = files.cif(X, [Y], has_range=True)
    bare = re.sub(rb"_pd_meas_2theta_range_inc.*\n", b"", ranged)
    for content in (bare, ranged.replace(b"range_inc 0.020000", b"range_inc 0.02001")):
        assert np.allclose(parse(content, ".cif").two_theta, X, atol=2e-5)
    wrong = ranged.replace(b"range_inc 0.020000", b"range_inc 0.021")
    with pytest.raises(AnalysisError, match="apart, not"):
        parse(wrong, ".cif")
    few = files.cif(X, [Y], has_range=True, extra="_pd_meas_number_of_points 401\n")
    with pytest.raises(AnalysisError, match="400 points where 401 are announced"):
        parse(few, ".cif")


def test_wavelength_in_a_heading():
    head = b'*HW_XG_WAVE_LENGTH_ALPHA1 "1.788996"\n'
    assert parse(head + files.xy(X, [Y]), ".txt").wavelengths == (1.788996, 1.792835)
    head = b"K-Alpha1 wavelength,1.7889960\nAngle,Intensity\n"
    found = parse(head + files.xy(X, [Y]), ".csv")
    assert found.wavelengths == (1.788996, 1.792835)
    head = b"# wavelength = 0.4139090\n"
    found = parse(head + files.xy(X, [Y]), ".xy")
    assert (found.wavelengths, found.alpha_ratio) == ((0.413909, 0.413909), 0.0)


@pytest.mark.parametrize(
    ("content", "kind", "message"),
    [
        (files.brml(X, [Y], counters=2), ".brml", "2 counters"),
        (files.zipped({"a.txt": "x"}), ".brml", "no scan over 2 theta"),
        (files.zipped({"a.txt": "x"}), ".rasx", r"no Profile\*.txt"),
        (b"PK nothing", ".brml", "not a zip archive"),
        (b"FI\0\0 another maker", ".raw", "allowed: Bruker or Siemens"),
        (b"data_a\n_cell_length_a 4\n", ".cif", "no observed powder pattern"),
        (files.cif(X, [Y], item="_pd_proc_intensity_net"), ".cif", "without backg"),
        (
            files.cif(X, [Y], extra="_diffrn_radiation_probe neutron\n"),
            ".cif",
            "X-rays are expected",
        ),
        (files.ras(X, [Y], attenuation=0 * X), ".ras", "attenuation"),
        (b"*RAS_DATA_START", ".ras", "cut off"),
        (b"data_a\nloop_\ndata_b\n", ".cif", "not a CIF"),
        (b"RAW " + b"\xff" * 600, ".raw", "cut off"),
        (b"\0" * 5000, ".raw", "empty"),
    ],
)
def test_what_cannot_be_read(content, kind, message):
    with pytest.raises(AnalysisError, match=message):
        parse(content, kind)


SPOILT = {
    "ten points": (X[:10], Y[:10], "10 points"),
    "negative": (X, Y - 1e4, "negative"),
    "nothing": (X, np.zeros(400), "nothing to identify"),
    "nan": (X, np.where(X > 12, np.nan, Y), "number"),
}


@pytest.mark.parametrize("spoilt", SPOILT)
@pytest.mark.parametrize("kind", files.WRITERS)
def test_useless_patterns_of_each_format(kind, spoilt):
    x, y, message = SPOILT[spoilt]
    with pytest.raises(AnalysisError, match=message), np.errstate(invalid="ignore"):
        parse(files.WRITERS[kind](x, [y]), kind)


@pytest.mark.parametrize("kind", files.WRITERS)
def test_angles_that_do_not_rise(kind):
    with pytest.raises(AnalysisError, match=r"increas|no scan|2 theta|degrees"):
        parse(files.WRITERS[kind](X[::-1], [Y]), kind)


WHOLE = {name: write(X, [Y]) for name, write in files.WRITERS.items()}


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(WHOLE)), st.floats(0.0, 1.0))
def test_a_torn_file_gives_a_pattern_or_an_error(kind, share):
    content = WHOLE[kind][: int(share * len(WHOLE[kind]))]
    with contextlib.suppress(AnalysisError):
        patterns.check(parse(content, kind))


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(sorted(WHOLE)),
    st.lists(
        st.tuples(st.floats(0.0, 0.9999), st.integers(0, 255)), min_size=1, max_size=8
    ),
)
def test_a_damaged_file_gives_a_pattern_or_an_error(kind, changes):
    content = bytearray(WHOLE[kind])
    for place, byte in changes:
        content[int(place * len(content))] = byte
    with contextlib.suppress(AnalysisError):
        patterns.check(parse(bytes(content), kind))


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(SUFFIXES), st.binary(max_size=300))
def test_any_bytes(suffix, content):
    with pytest.raises(AnalysisError):
        patterns.parse(content, suffix, name="a")


@pytest.mark.parametrize(
    ("module", "kind", "options"),
    [
        *[("fairmat_readers_xrd", kind, {}) for kind in (".xrdml", ".rasx", ".brml")],
        *[
            ("geddes", kind, {})
            for kind in (".xrdml", ".ras", ".rasx", ".cif", ".raw v3", ".raw v4")
        ],
        ("geddes", ".brml", {"has_column": True}),
        ("geddes", ".raw v4", {"stride": 4}),
    ],
)
def test_another_reader_agrees(tmp_path, module, kind, options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        other = pytest.importorskip(module)
    path = tmp_path / f"a{kind.split()[0]}"
    path.write_bytes(files.WRITERS[kind](X, [Y], **options))
    ours = patterns.read(path)
    if module == "geddes":
        theirs = other.read(str(path))
        angle, intensity = np.array(theirs.x), np.array(theirs.y)
    else:
        theirs = other.read_file(str(path))
        angle, intensity = theirs["2Theta"].magnitude, theirs["intensity"].magnitude
    assert np.allclose(angle, ours.two_theta, atol=1e-4)
    assert np.allclose(intensity, ours.counts)
