"""Crucible facts are complete and are found where they apply."""

import pytest

from campaigns.materials.crucibles import attacks, crucibles
from campaigns.materials.elements import ATOMIC_WEIGHTS


def test_every_material_has_a_limit_and_a_source():
    for crucible in crucibles().values():
        assert 500 < crucible.max_celsius < 2500
        assert crucible.source


@pytest.mark.parametrize("material", ["Al2O3", "MgO", "ZrO2", "SiO2", "Pt"])
def test_every_attack_names_elements_and_a_source(material):
    for attack in attacks(material, ATOMIC_WEIGHTS, 3000):
        assert attack.elements <= ATOMIC_WEIGHTS.keys()
        assert attack.source
        assert attack.above_celsius < crucibles()[material].max_celsius


@pytest.mark.parametrize(
    ("material", "elements", "celsius", "severities"),
    [
        ("SiO2", "Ba Ti O", 900, ["refuse"]),
        ("SiO2", "Ba Ti O", 700, []),
        ("Al2O3", "Y Ba Cu O", 950, []),
        ("Al2O3", "Y Ba Cu O", 1000, ["warn"]),
        ("Al2O3", "Ba Ti O", 1150, []),
        ("Al2O3", "Li Co O", 850, ["warn"]),
        ("MgO", "Y Ba Cu O", 1000, []),
    ],
)
def test_known_pairs(material, elements, celsius, severities):
    found = attacks(material, elements.split(), celsius)
    assert [attack.severity for attack in found] == severities
