"""Stability in a furnace gas agrees with the equilibria that the table was fixed by."""

import pytest

from campaigns.errors import MaterialError
from campaigns.materials.freeenergy import Energies
from campaigns.materials.phases import PhaseTable
from campaigns.materials.reactions import balance
from campaigns.materials.thermo import cited
from loop.knowledge.hull import Hull
from loop.knowledge.routes import Routes

SPECIES = cited()
TABLE = PhaseTable.load()


def hull(elements, celsius, atmosphere):
    return Hull.of(SPECIES, elements, celsius + 273.15, atmosphere)


def test_chalk_turns_to_lime_where_the_reaction_says_so():
    elements = {"Ca", "C", "O"}
    assert hull(elements, 860, "CO2").stability("CaCO3").is_stable
    hot = hull(elements, 920, "CO2")
    assert not hot.stability("CaCO3").is_stable
    assert hot.stability("CaO").is_stable
    assert hot.stability("CaCO3").products == {"CaO": 1.0}


def test_the_distance_is_the_free_energy_of_the_reaction():
    above = hull({"Ba", "Ti", "C", "O"}, 900, "CO2").stability("Ba2TiO4")
    forms = [SPECIES[name].formula for name in ("Ba2TiO4", "BaTiO3-cubic", "BaCO3")]
    reaction = balance([forms[1], forms[2]], [forms[0]])
    energy = Energies(SPECIES, {}).of(reaction, 1173.15, "CO2")
    assert above.mev_per_atom * 7 / energy.atoms == pytest.approx(
        energy.mev_per_atom, rel=1e-3
    )
    assert above.sigma_mev_per_atom * 7 / energy.atoms == pytest.approx(
        energy.sigma_mev_per_atom, rel=1e-3
    )


def test_a_stable_phase_lies_below_the_hull_of_the_others():
    titanate = hull({"Ca", "Ti", "O"}, 900, "air").stability("CaTiO3")
    assert titanate.is_stable
    assert titanate.mev_per_atom < -50
    assert set(titanate.products) == {"CaO", "TiO2-rutile"}


def test_oxygen_of_the_gas_decides_between_oxides_of_copper():
    elements = {"Cu", "O"}
    assert hull(elements, 1000, "air").stability("CuO").is_stable
    assert hull(elements, 1060, "air").stability("Cu2O").is_stable
    assert hull(elements, 1060, "O2").stability("CuO").is_stable


def test_an_element_without_an_oxide_is_named():
    with pytest.raises(MaterialError, match="carbonate or the like of Rh"):
        hull({"Ba", "Rh", "O"}, 900, "air")


def test_two_solids_meet_in_what_they_gain_most_by():
    meeting = hull({"Ba", "Ti", "C", "O"}, 900, "air").meeting("BaCO3", "TiO2-rutile")
    assert set(meeting.products) & {"BaTiO3-cubic", "Ba2TiO4"}
    assert meeting.reactants["BaCO3"] > 0
    nothing = hull({"Ba", "Ti", "C", "O"}, 25, "CO2").meeting("BaCO3", "TiO2-rutile")
    assert nothing.products == {}


def test_routes_balance_and_are_ranked():
    found = Routes(TABLE, SPECIES, 1173.15, "air").to("BaTiO3-cubic", most=4)
    energies = [route.energy.mev_per_atom for route in found]
    assert energies == sorted(energies)
    for route in found:
        assert route.reaction.imbalance == {}
        assert str(route.reaction.products[0].formula) == "BaTiO3"
        assert route.first is None or route.first.reaction.imbalance == {}
