"""Which furnaces fire a campaign's loads."""

import pytest

from campaigns.check import check
from campaigns.furnaces import firing_furnaces, idle_reason
from instruments.labfile import load_lab_file
from tests.campaigns.examples import ybco
from tests.shipped import FOLDER

LAB = load_lab_file(FOLDER / "lab-two-furnaces.toml")


def lab(**box_b):
    changed = LAB.furnaces["box-b"].model_copy(update=box_b)
    return LAB.model_copy(update={"furnaces": {**LAB.furnaces, "box-b": changed}})


def test_the_largest_comes_first_and_ovens_fire_nothing():
    assert firing_furnaces(ybco(), LAB) == ("box-a", "box-b")
    assert firing_furnaces(ybco(), lab(slots=12)) == ("box-b", "box-a")


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        ({"max_celsius": 500.0}, "temperature_celsius of "),
        ({"max_ramp_celsius_per_minute": 0.5}, "ramp_celsius_per_minute of "),
        ({"atmospheres": {"Ar": 1}}, "no air"),
        ({"crucibles": ("MgO",)}, "no Al2O3 crucible"),
    ],
)
def test_a_furnace_that_can_fire_nothing_is_left_cold_with_a_warning(limits, reason):
    changed = lab(**limits)
    assert firing_furnaces(ybco(), changed) == ("box-a",)
    assert reason in idle_reason(ybco(), changed.furnaces["box-b"])
    told = [w.text for w in check(ybco(), changed).warnings]
    assert any("box-b fires no load of this campaign" in text for text in told)


def test_racks_smaller_than_the_furnaces_together_are_warned_of():
    racks = {
        name: rack.model_copy(update={"slots": 10}) if rack.holds == "jar" else rack
        for name, rack in LAB.racks.items()
    }
    small = LAB.model_copy(update={"racks": racks})
    told = [w.text for w in check(ybco(), small).warnings]
    assert any("rack jars has 10 slots for furnaces of 12" in text for text in told)
