"""Limits: what is inside passes, what is outside or no number does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.errors import LimitExceededError
from instruments.limits import (
    check_crucible,
    check_dose,
    check_mix,
    check_move,
    check_profile,
    check_scan,
)
from instruments.quantities import HeatingProfile, Segment, Slot
from tests.instruments.test_labfile import EXAMPLE, load_lab_file

LAB = load_lab_file(EXAMPLE)
DOSER = LAB.dosers["quantos-1"]
MIXER = LAB.mixers["dac-1"]
BOX = LAB.furnaces["box-a"]
AERIS = LAB.diffractometers["aeris-1"]
anything = st.floats(allow_nan=True, allow_infinity=True)


def refuses(check, *arguments, **keywords):
    try:
        check(*arguments, **keywords)
    except LimitExceededError:
        return True
    return False


@given(anything, st.integers(-5, 40))
def test_a_dose_passes_only_within_range_and_positions(grams, position):
    is_inside = 0.01 <= grams <= 10.0 and 1 <= position <= 30
    refused = refuses(check_dose, "q", DOSER, grams, position=position, label="a")
    assert refused != is_inside


@given(st.text(max_size=30))
def test_a_label_is_short_and_plain(label):
    plain = label.isascii() and label.replace(".", "").replace("-", "").replace("_", "")
    is_good = bool(label) and len(label) <= 20 and (not plain or plain.isalnum())
    is_good = is_good and label.isascii()
    assert refuses(check_dose, "q", DOSER, 1.0, position=1, label=label) != is_good


@given(anything, anything)
def test_a_mix_passes_only_within_range(rpm, seconds):
    is_inside = 1 <= rpm <= 2500 and 1 <= seconds <= 3600
    assert refuses(check_mix, "m", MIXER, rpm=rpm, seconds=seconds) != is_inside


@given(anything, anything, anything)
def test_no_profile_outside_the_furnace_passes(celsius, rate, seconds):
    profile = HeatingProfile(
        (
            Segment("ramp", celsius, celsius_per_minute=rate),
            Segment("hold", celsius, seconds=seconds),
        ),
        "O2",
    )
    is_inside = 0 <= celsius <= 1150 and 0.1 <= rate <= 10 and 6 <= seconds <= 3.6e6
    assert refuses(check_profile, "box-a", BOX, profile) != is_inside


def test_a_crucible_must_be_on_the_list():
    check_crucible("box-a", BOX, "Al2O3")
    with pytest.raises(LimitExceededError, match="no 'SiO2' crucibles; allowed: Al2O3"):
        check_crucible("box-a", BOX, "SiO2")


@pytest.mark.parametrize(
    ("source", "destination", "is_good"),
    [
        (Slot("vials", 1), Slot("quantos-1", 30), True),
        (Slot("heads", 2), Slot("quantos-1.head", 1), True),
        (Slot("vials", 1), Slot("quantos-1", 31), False),
        (Slot("vials", 0), Slot("quantos-1", 1), False),
        (Slot("shelf", 1), Slot("quantos-1", 1), False),
        (Slot("vials", 1), Slot("vials", 1), False),
    ],
)
def test_moves_stay_within_the_lab(source, destination, is_good):
    assert refuses(check_move, "arm", LAB, source, destination) != is_good


@pytest.mark.parametrize(
    ("sample_id", "position", "program", "is_good"),
    [
        ("s1", 5, "8min", True),
        ("s1", 6, "8min", False),
        ("s1", 0, "8min", False),
        ("s1", 1, "1min", False),
        ("s=1", 1, "8min", False),
        ("", 1, "8min", False),
    ],
)
def test_scans_stay_within_the_instrument(sample_id, position, program, is_good):
    refused = refuses(
        check_scan, "x", AERIS, sample_id, position=position, program=program
    )
    assert refused != is_good
