"""Sizes, melting points and volatility of a set's powders."""

from math import isnan, log

import numpy as np
import pytest

from campaigns.precursors import precursor_sets
from loop.propose.columns import standardised
from loop.propose.encoders import encoder
from loop.propose.facts import TabledFacts
from loop.propose.features import NothingKnown, descriptors
from loop.propose.powders import Powder, powder_descriptors
from loop.propose.space import search_space
from tests.loop.propose.oven import make_spec

FACTS = TabledFacts()


def described(facts, **changes):
    spec = make_spec(**changes)
    sets = precursor_sets(spec)
    space = search_space(spec, [found.label for found in sets])
    found = encoder(spec, space, sets, facts)
    told = {ends[0].label: descriptors(ends[0]) for ends in found.ends.chemistry}
    return found, told


def test_the_table_tells_what_reagents_become():
    # Malachite is CuO from 300 °C, which melts at 1326 °C.
    assert FACTS.powder("Cu2CO3(OH)2", 600.0, 900.0) == Powder(
        is_whole=False, melting_celsius=1326.0, is_volatile=False
    )
    assert FACTS.powder("Cu2CO3(OH)2", 200.0, 900.0).is_whole
    # A molten powder has no grains.
    assert not FACTS.powder("BaO2", 600.0, 700.0).is_whole
    assert FACTS.powder("BaCO3", 600.0, 900.0).is_whole
    assert FACTS.powder("MoO3", 500.0, 700.0).is_volatile
    assert not FACTS.powder("MoO3", 500.0, 600.0).is_volatile
    assert FACTS.powder("NaYbF4", 500.0, 600.0) is None


def test_a_set_is_described_as_far_as_its_powders_are_known():
    oxide = Powder(is_whole=True, melting_celsius=2000.0, is_volatile=False)
    salt = Powder(is_whole=False, melting_celsius=700.0, is_volatile=True)
    moles = {"Y2O3": 1.0, "Li2CO3": 1.0}
    both = powder_descriptors(
        moles, {"Y2O3": oxide, "Li2CO3": salt}, {"Y2O3": 4.0, "Li2CO3": 50.0}
    )
    assert both["first to melt / °C"] == 700.0
    assert both["last to melt / °C"] == 2000.0
    assert both["grain / ln µm"] == pytest.approx(log(4.0))
    assert 0.2 < both["volatile share"] < 0.3
    one = powder_descriptors(moles, {"Y2O3": oxide}, {})
    assert one["first to melt / °C"] == 2000.0
    assert isnan(one["last to melt / °C"])
    assert isnan(one["grain / ln µm"])


def test_what_is_not_known_is_taken_to_be_as_usual():
    values = np.array([[1.0, np.nan], [3.0, np.nan], [np.nan, np.nan]])
    mean, spread = standardised(values)
    assert mean.tolist() == [2.0, 0.0]
    assert spread.tolist() == [1.0, 0.0]
    found, _ = described(FACTS)
    assert not np.isnan(found.features.values).any()
    assert "first to melt / °C" in found.features.descriptors
    unknown, _ = described(NothingKnown())
    assert not {"first to melt / °C", "volatile share"} & set(
        unknown.features.descriptors
    )


def test_sizes_of_the_campaign_file_tell_grades_apart():
    coarse = {"formula": "CuO", "name": "coarse", "particle_micrometres": 50.0}
    fine = {"formula": "CuO", "name": "fine", "particle_micrometres": 0.5}
    found, told = described(FACTS, precursors=["Y2O3", "BaCO3", coarse, fine])
    sizes = {label: one["grain / ln µm"] for label, one in told.items()}
    assert sizes["Y2O3 + BaCO3 + coarse"] > sizes["Y2O3 + BaCO3 + fine"]
    rows = [found.features.row(label) for label in told]
    assert not np.allclose(*found.features.values[rows])


def test_a_decision_tells_what_is_known_and_no_more():
    found, _ = described(NothingKnown())
    point = {
        "precursors": "Y2O3 + BaCO3 + CuO",
        "fire.temperature_celsius": 900.0,
        "fire.atmosphere": "air",
    }
    told = found.described(point)
    assert told["grain / ln µm"] == pytest.approx(log(2.0))
    assert "last to melt / °C" not in told
