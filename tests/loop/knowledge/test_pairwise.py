"""Balanced reactions of pairs, and their ranking."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.errors import MaterialError
from campaigns.materials.atmospheres import pressure_bar
from campaigns.materials.thermo import GAS_CONSTANT
from loop.knowledge.pairwise import packaged
from loop.knowledge.pairwise_balance import exact
from loop.knowledge.pairwise_ranking import on_hull, ranked

CUPRATES = ("BaCO3", "BaO2", "CuO", "Cu2O", "Y2O3", "Y2Cu2O5", "BaCuO2", "Y2BaCuO5")
KELVIN = 1173.15


def test_every_reaction_balances_and_takes_up_oxygen_only():
    chemistry = packaged()
    n = 0
    for pair in combinations(CUPRATES, 2):
        for balanced in chemistry.balanced(pair):
            reaction = exact(balanced)
            assert reaction.imbalance == {}
            assert all(n > 0 for gas, n in balanced.gases.items() if gas != "O2")
            assert {str(t.formula) for t in reaction.reactants if not t.is_gas} == set(
                pair
            )
            n += 1
    assert n > 50


def test_barium_carbonate_with_titania_is_driven_to_both_titanates():
    rows = ranked(packaged(), ["BaCO3", "TiO2"], KELVIN, "air")
    found = {str(row.reaction): row for row in rows}
    meta = found["BaCO3 + TiO2 → BaTiO3 + CO2(g)"]
    ortho = found["2 BaCO3 + TiO2 → Ba2TiO4 + 2 CO2(g)"]
    assert rows[0] is meta
    assert meta.is_on_hull
    assert ortho.is_on_hull
    assert meta.lead_mev_per_atom > 0 > ortho.lead_mev_per_atom
    leads = [row.lead_mev_per_atom for row in rows]
    assert leads[0] == pytest.approx(-leads[1])


def test_carbon_dioxide_holds_carbonates_back():
    free, held = (
        ranked(packaged(), ["BaCO3", "CuO"], KELVIN, gas) for gas in ("air", "CO2")
    )
    assert free[0].energy.mev_per_atom < -50
    assert all(row.energy.mev_per_atom > -20 for row in held)
    assert "BaCuO2" not in str([row.reaction for row in held])


def test_a_formula_without_energy_is_refused():
    with pytest.raises(MaterialError, match="Tl2O3 has no free energy: add a row"):
        ranked(packaged(), ["Tl2O3", "CuO"], KELVIN, "air")


def test_oxygen_contents_of_one_phase_are_one_phase():
    states = packaged().states
    assert states["YBa2Cu3O7"] == states["YBa2Cu3O6"] == ("YBa2Cu3O6", "YBa2Cu3O7")
    assert "BaO2" not in states


@given(
    st.lists(
        st.tuples(st.floats(0.05, 0.95), st.floats(-9.0, -0.1)), min_size=1, max_size=8
    )
)
def test_no_mixture_undercuts_a_corner(points):
    shares, energies = zip(*points, strict=True)
    corners = on_hull(shares, energies)
    assert min(range(len(points)), key=lambda i: energies[i]) in corners or (
        min(energies[i] for i in corners) == min(energies)
    )
    xs = [0.0, *sorted(shares[i] for i in corners), 1.0]
    ys = [0.0, *(energies[i] for i in sorted(corners, key=lambda i: shares[i])), 0.0]
    for x, y in points:
        assert np.interp(x, xs, ys) <= y + 1e-6


@pytest.mark.parametrize(
    "pair", [("BaCO3", "TiO2"), ("Y2O3", "BaCuO2"), ("BaO2", "Y2Cu2O5")]
)
def test_corners_are_those_of_pymatgen(pair):
    """The same energies on pymatgen's grand-potential interface: the same products."""
    interface = pymatgen_interface(pair)
    theirs = {
        frozenset(
            str(c.reduced_formula)
            for c in kink[3].products
            if c.reduced_formula not in ("O2", "CO2")
        )
        for kink in interface.get_kinks()
        if 0 < kink[1] < 1
    }
    ours = {
        frozenset(reduced(t.formula) for t in row.reaction.products if not t.is_gas)
        for row in ranked(packaged(), pair, KELVIN, "air")
        if row.is_on_hull
    }
    assert ours == theirs


def reduced(formula):
    from pymatgen.core import Composition

    return Composition(str(formula)).reduced_formula


def pymatgen_interface(pair):
    """Return the interface of two solids, oxygen open, CO2 one more phase.

    pymatgen has no doubt: what decomposes by itself would react alone at the ends.
    """
    from pymatgen.analysis.interface_reactions import (
        GrandPotentialInterfacialReactivity,
    )
    from pymatgen.analysis.phase_diagram import (
        GrandPotentialPhaseDiagram,
        PhaseDiagram,
    )
    from pymatgen.core import Composition, Element
    from pymatgen.entries.computed_entries import ComputedEntry

    chemistry = packaged()
    known = chemistry.energies.species
    present = frozenset[str]().union(*(chemistry.formula(n).elements for n in pair))
    elements = present | {"O", "C"}

    def electronvolts(name):
        gas = name.removesuffix("(g)")
        joules = known[name].gibbs(KELVIN)
        if gas != name:
            joules += GAS_CONSTANT * KELVIN * np.log(pressure_bar(gas, "air"))
        return joules / 96485.33212

    names = [
        name
        for name, row in known.items()
        if row.formula.elements <= elements and not name.endswith(("(g)", "(l)"))
    ] + ["CO2(g)"]
    entries = [
        ComputedEntry(Composition(str(known[n].formula)), electronvolts(n))
        for n in names
    ]
    plain = [ComputedEntry(Composition(e), 0.0) for e in elements]
    oxygen = {Element("O"): electronvolts("O2(g)") / 2}
    return GrandPotentialInterfacialReactivity(
        *(Composition(name) for name in pair),
        GrandPotentialPhaseDiagram(entries, oxygen),
        pd_non_grand=PhaseDiagram(entries + plain),
        include_no_mixing_energy=True,
    )
