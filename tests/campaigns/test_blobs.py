"""Arrays in and out of bytes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from campaigns import blobs
from campaigns.errors import StoreError
from campaigns.fit import Fit
from instruments.quantities import Pattern, Trace

FLOATS = arrays(np.float64, st.integers(0, 20), elements=st.floats(width=64))
NAMES = st.text(max_size=8)


def alike(a, b) -> bool:
    return np.array_equal(a, b, equal_nan=True) and a.dtype == b.dtype


@given(seconds=FLOATS, set_celsius=FLOATS, measured=FLOATS)
def test_traces_read_back(seconds, set_celsius, measured):
    content = blobs.encode_trace(Trace(seconds, set_celsius, measured))
    back = blobs.decode_trace(content)
    assert alike(back.seconds, seconds)
    assert alike(back.set_celsius, set_celsius)
    assert alike(back.measured_celsius, measured)
    assert blobs.encode_trace(back) == content


@given(two_theta=FLOATS, counts=FLOATS, label=NAMES, ratio=st.floats(0, 1))
def test_patterns_read_back(two_theta, counts, label, ratio):
    pattern = Pattern(
        two_theta, counts, 1.5, (1.54056, 1.54439), alpha_ratio=ratio, sample_id=label
    )
    back = blobs.decode_pattern(blobs.encode_pattern(pattern))
    assert alike(back.two_theta, two_theta)
    assert alike(back.counts, counts)
    assert (back.wavelengths, back.alpha_ratio) == ((1.54056, 1.54439), ratio)
    assert (back.sample_id, back.radius_millimetres) == (label, 145.0)


@given(curve=FLOATS, phases=st.dictionaries(NAMES, FLOATS, max_size=3))
def test_fits_read_back(curve, phases):
    fit = Fit(curve, curve + 1, curve + 2, curve + 3, phases, dict(phases))
    back = blobs.decode_fit(blobs.encode_fit(fit))
    assert alike(back.calculated, fit.calculated)
    assert list(back.phases) == list(phases)
    assert all(alike(back.phases[name], phases[name]) for name in phases)
    assert all(alike(back.ticks[name], phases[name]) for name in phases)


def test_content_is_plain_and_has_one_address():
    trace = Trace(*(np.array([1.0, 2.0]) for _ in range(3)))
    content = blobs.encode_trace(trace)
    assert content.startswith(b'athanor-arrays 1 trace\n{"arrays": [["seconds", "<f8"')
    assert blobs.address(content) == blobs.address(blobs.encode_trace(trace))


def test_integers_and_views_are_stored_as_float64():
    column = np.arange(12).reshape(4, 3)[:, 1]
    back = blobs.decode_trace(blobs.encode_trace(Trace(column, column, column)))
    assert back.seconds.tolist() == [1.0, 4.0, 7.0, 10.0]
    assert back.seconds.flags.writeable


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "stored fit: found ''"),
        (b"athanor-arrays 1 trace\n{}\n", "stored fit: found 'athanor-arrays 1 trace'"),
        (b"athanor-arrays 1 fit\n{", "header is damaged"),
    ],
)
def test_other_bytes_are_refused(content, message):
    with pytest.raises(StoreError, match=message):
        blobs.decode_fit(content)


def test_cut_bytes_are_refused():
    content = blobs.encode_trace(Trace(*(np.ones(5) for _ in range(3))))
    with pytest.raises(StoreError, match="ends within measured_celsius"):
        blobs.decode_trace(content[:-1])
