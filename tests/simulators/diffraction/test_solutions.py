"""Oxygen content of the cuprate: one crystal between its two ends."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.materials.phases import PhaseTable
from simulators.diffraction.crystals import Crystallites, Structures
from simulators.diffraction.scatterers import specimen
from simulators.diffraction.solutions import POOR, RICH, dissolved

TABLE = PhaseTable.load()


def ends(amounts, share):
    """Return both ends of a solution by moles, as parts of a powder."""
    masses = {n: y * float(TABLE[n].formula.molar_mass) for n, y in amounts.items()}
    total = sum(masses.values())
    return {
        name: (share * mass / total, TABLE[name], Crystallites())
        for name, mass in masses.items()
    }


def parts(y, share=1.0):
    return ends({POOR: 1 - y, RICH: y}, share)


def titanates(x, share=1.0):
    return ends({"BaTiO3": 1 - x, "SrTiO3": x}, share)


@settings(deadline=None)
@given(st.floats(0.01, 0.99))
def test_one_crystal_holds_the_oxygen_of_both(y):
    ((share, phase, _),) = dissolved(parts(y, 0.6)).values()
    amounts = phase.structure().composition.get_el_amt_dict()
    assert share == pytest.approx(0.6)
    assert amounts["O"] / amounts["Y"] == pytest.approx(6 + y, abs=6e-4)
    assert amounts["Ba"] / amounts["Y"] == pytest.approx(2)
    assert 11.6757 < phase.cell[2] < 11.8194


def test_chains_order_from_a_third_on():
    ((_, low, _),) = dissolved(parts(0.2)).values()
    ((_, high, _),) = dissolved(parts(0.7)).values()
    assert low.cell[0] == low.cell[1]
    assert high.cell[1] - high.cell[0] > 0.02


def test_ends_and_other_phases_stay_as_they_are():
    whole = parts(0.3)
    for name in (POOR, RICH):
        assert dissolved({name: whole[name]}) == {name: whole[name]}
    copper = (0.2, TABLE["CuO"], Crystallites())
    assert dissolved({"CuO": copper, **whole})["CuO"] is copper


def test_a_mixture_of_both_scatters_as_one():
    weights = {POOR: 0.25, RICH: 0.25, "CuO": 0.5}
    built = specimen(
        weights,
        {},
        structures=Structures.cited(),
        particle_micrometres=1.0,
        two_theta_max=90.0,
    )
    assert len(built.scatterers) == 2
    assert sum(built.crystalline.values()) == pytest.approx(1.0)


@settings(deadline=None)
@given(st.floats(0.01, 0.99))
def test_barium_and_strontium_titanate_are_one_crystal(x):
    ((share, phase, _),) = dissolved(titanates(x, 0.6)).values()
    assert share == pytest.approx(0.6)
    held = {site.element: site.occupancy for site in phase.sites}
    assert held["Sr"] == pytest.approx(x, abs=1e-3)
    assert TABLE["SrTiO3"].cell[0] < phase.cell[0] < TABLE["BaTiO3-cubic"].cell[0]
    is_cubic = phase.cell[0] == pytest.approx(phase.cell[2])
    assert is_cubic == (round(1000 * x) >= 300)
