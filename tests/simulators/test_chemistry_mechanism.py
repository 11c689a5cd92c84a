"""What the furnace's parts do: melts, vapours, walls, gases, sizes, handling."""

import time

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns.errors import MaterialError
from simulators.chemistry import (
    Truth,
    dry,
    fire,
    fresh,
    grind,
    join,
    mix,
    network,
    pruning,
    stuck,
    substances,
)
from simulators.chemistry.constants import laws_of
from simulators.chemistry.enumeration import Compositions, enumerated
from simulators.chemistry.gases import Evolution, conductance, film_pressures
from simulators.chemistry.powder import fresh_grains, molar_mass, substance_named
from simulators.diffraction import Instrument, Structures, measure

PLAIN = Truth.unperturbed()


def powder(moles, micrometres=2.0):
    masses = {k: n * molar_mass(substance_named(k)) for k, n in moles.items()}
    whole = sum(masses.values())
    grams = {k: m / whole for k, m in masses.items()}
    return mix(fresh(grams, particle_micrometres=micrometres), 1000, 600)


def bake(start, celsius, hours, gas="air", crucible="Pt", *, rate=10.0, seed=0):
    up = (celsius - 25.0) / rate * 60.0
    times = [0, up, up + 3600 * hours, 2 * up + 3600 * hours]
    program = [25, celsius, celsius, 25]
    rng = np.random.default_rng(seed)
    return fire(start, times, program, gas, crucible, PLAIN, rng)


def hold(start, celsius, hours, gas="air", crucible="Pt"):
    """Ramp, hold, and look while hot."""
    times, program = [0, 3600, 3600 * (1 + hours)], [25, celsius, celsius]
    rng = np.random.default_rng(0)
    return fire(start, times, program, gas, crucible, PLAIN, rng)


def share(fired, *names):
    return sum(fired.weights().get(name, 0.0) for name in names)


def test_a_salt_melts_at_its_melting_point_and_freezes_again():
    carbonate = powder({"Li2CO3": 1})
    assert share(hold(carbonate, 705, 1), "Li2CO3(l)") < 0.01
    assert share(hold(carbonate, 740, 1), "Li2CO3(l)") > 0.95
    cold = bake(carbonate, 740, 1)
    assert cold.melted > 0.95
    assert share(cold, "Li2CO3") > 0.95
    assert cold.amorphous_share < 0.01


def test_a_glass_former_stays_glass():
    acid = bake(powder({"NH4H2PO4": 1}), 500, 2)
    assert share(acid, "HPO3(l)") > 0.9
    assert acid.amorphous_share > 0.9


def test_vapour_leaves_as_its_pressure_and_the_crucible_allow():
    oxide = powder({"TeO2": 1})
    hot = hold(oxide, 750, 5)
    lost = hot.released["TeO2(g)"] - hold(oxide, 750, 0).released["TeO2(g)"]
    # The pressure of pure TeO2, times what the crucible's mouth lets out.
    laws = laws_of(network.network(frozenset(oxide.moles), "Pt"), PLAIN)
    melt, vapour = (
        PLAIN.grid((name,))[int((1023.15 - 292) / 4)][0]
        for name in ("TeO2(l)", "TeO2(g)")
    )
    pressure = np.exp((melt - vapour) / (8.314 * 1023.15))
    mouth = conductance(1023.15, PLAIN.kinetics.conductance_metres)
    assert laws.network.gases[-1] == "TeO2(g)"
    assert lost == pytest.approx(pressure * mouth * 5 * 3600, rel=0.15)
    assert hot.balance()["Te"] == pytest.approx(oxide.elements()["Te"], rel=1e-12)


def test_film_holds_up_a_vapour_that_its_source_makes_by_the_square():
    # 1 steam -> 2 vapour: p^2 = K p(steam); almost all of it stays behind the film.
    evolution = Evolution(
        rates=np.array([1e-4]),
        log_k=np.array([23.0]),
        gas_change=np.array([[-1.0], [2.0]]),
        sharpness=np.array([1.0]),
        vapour=np.array([1]),
    )
    pressures, shares = film_pressures(
        np.array([0.01, 1e-16]),
        np.array([0.01, 1e-16]),
        least=np.array([1e-9, 1e-16]),
        evolution=evolution,
        conductance=1e-5,
    )
    assert pressures[1] == pytest.approx(np.sqrt(np.exp(-23.0) * 0.01), rel=0.02)
    assert 2e-4 * shares[0] == pytest.approx(1e-5 * pressures[1], rel=1e-6)


def test_burnt_lime_takes_up_steam_and_carbon_dioxide_as_it_cools():
    lime = powder({"CaO": 1})
    assert share(hold(lime, 950, 1), "CaO") > 0.999
    slow = bake(lime, 950, 1, rate=2.0)
    assert share(slow, "CaCO3", "Ca(OH)2") > 0.01
    assert slow.released["CO2(g)"] < 0
    dry_gas = bake(lime, 950, 1, "Ar", rate=2.0)
    assert share(dry_gas, "CaCO3", "Ca(OH)2") < 0.001


def test_oxides_of_cobalt_give_oxygen_up_and_take_it_back():
    spinel = powder({"Co3O4": 1})
    assert share(hold(spinel, 1000, 2), "CoO") > 0.95
    assert share(bake(spinel, 1000, 2, rate=3.0), "Co3O4") > 0.9
    assert share(bake(spinel, 1000, 2, "N2", rate=30.0), "CoO") > 0.9


def test_anatase_turns_to_rutile_and_not_back():
    assert share(bake(powder({"TiO2-anatase": 1}), 1000, 4), "TiO2-rutile") > 0.99
    assert share(bake(powder({"TiO2-rutile": 1}), 1000, 4), "TiO2-rutile") > 0.999


@pytest.mark.parametrize(
    ("reagent", "crucible", "product"),
    [
        ("Li2CO3", "Al2O3", "LiAlO2"),
        ("BaCO3", "ZrO2", "BaZrO3"),
        ("BaCO3", "Al2O3", "BaAl2O4"),
    ],
)
def test_a_wall_gives_what_it_reacts_to_and_is_counted(reagent, crucible, product):
    start = powder({reagent: 1})
    fired = bake(start, 1100, 6, crucible=crucible)
    assert 0 < share(fired, product) < 0.05
    wall = fired.taken_from_crucible[crucible]
    metal = "Zr" if crucible == "ZrO2" else "Al"
    taken = wall * (2 if crucible == "Al2O3" else 1)
    assert fired.elements()[metal] == pytest.approx(taken, rel=1e-9)
    assert product not in bake(start, 1100, 6, crucible="Pt").moles


def test_a_crucible_is_not_the_powder_of_the_same_name():
    spinel = powder({"MgO": 1, "Al2O3": 1})
    in_alumina, in_platinum = (
        bake(spinel, 1200, 6, crucible=name) for name in ("Al2O3", "Pt")
    )
    assert share(in_alumina, "MgAl2O4") == pytest.approx(
        share(in_platinum, "MgAl2O4"), rel=0.02
    )
    assert in_alumina.taken_from_crucible["Al2O3"] < 1e-5


def test_the_coarser_of_two_reagents_slows_their_reaction():
    titanate = {"BaCO3": 1, "TiO2-rutile": 1}
    fine = bake(powder(titanate), 950, 2)
    coarse = bake(powder(titanate, {"TiO2-rutile": 10.0}), 950, 2)
    assert coarse.released["CO2(g)"] < 0.6 * fine.released["CO2(g)"]
    kept = fresh({"BaCO3": 1.0, "TiO2": 1.0}, particle_micrometres={"TiO2": 10.0})
    assert kept.grains["TiO2-anatase"].micrometres == 10.0
    assert kept.grains["BaCO3"].micrometres == 2.0
    both = join(kept, fresh({"TiO2": 1.0}, particle_micrometres=4.0))
    assert both.grains["TiO2-anatase"].micrometres == pytest.approx(7.0)


def test_pruning_changes_no_result(monkeypatch):
    start = powder({"Y2O3": 0.5, "BaO2": 2, "CuO": 3})
    pruned = bake(start, 900, 2)
    network._network.cache_clear()
    monkeypatch.setattr(
        network, "driven", lambda candidates: np.arange(candidates.change.shape[1])
    )
    whole = bake(start, 900, 2)
    network._network.cache_clear()
    assert pruned.weights() == pytest.approx(whole.weights(), abs=1e-6)


def test_reactions_balance_and_leave_out_what_is_never_driven():
    names = ("Li2CO3", "Li2O", "Co3O4", "LiCoO2", "LiOH(g)")
    found = list(enumerated(Compositions(names, n_vapours=1, wall=-1)))
    assert sum(len(part.reactants) for part in found) > 5
    wide = network.network(frozenset({"Li2CO3", "Co3O4", "MnO2", "NiO"}), "Al2O3")
    made = {wide.species[i] for i in wide.products.ravel() if i < len(wide.species)}
    assert {"LiCoO2", "Li2MnO3", "LiAlO2"} <= made
    assert "MnO2" not in {
        wide.species[g[0]]
        for g, start in zip(wide.groups, wide.starts, strict=True)
        if len(g) == 1 and wide.change[wide.species.index("Mn2O3"), start] < 0
    }


def test_a_network_of_many_substances_is_there_within_seconds():
    network._network.cache_clear()
    start = time.process_time()
    phases = {"Li2CO3", "Co3O4", "MnO2", "NiO", "TiO2-anatase", "NH4H2PO4"}
    wide = network.network(frozenset(phases), "Al2O3")
    assert len(wide.species) > 35
    assert time.process_time() - start < 10.0
    assert pruning.KELVINS.max() < 2000.0


def test_wet_mixing_is_better_and_drying_sets_salts_apart():
    reagents = {"Na2CO3": 1.0, "MoO3": 2.0}
    plain = mix(fresh(reagents), 1000, 1800)
    wet = mix(fresh({**reagents, "H2O": 3.0}), 1000, 1800)
    assert wet.mixing > plain.mixing
    dried = dry(wet, 110, 6 * 3600)
    assert dried.mixing < wet.mixing
    assert dried.grains["Na2CO3"].micrometres == 30.0
    assert dried.grains["MoO3"].micrometres == 2.0
    assert 0.01 < stuck(dried) < 0.05
    assert stuck(mix(dried, 1000, 3600)) < 0.001
    assert dried.balance() == pytest.approx(wet.elements())


def test_what_melted_sticks_until_it_is_ground():
    molten = bake(powder({"Na2CO3": 1, "MoO3": 1}), 800, 2)
    assert stuck(molten) > 0.1
    assert stuck(grind(molten, 1500, 1800)) < 0.5 * stuck(molten)
    assert stuck(bake(powder({"MgO": 1, "Al2O3": 1}), 900, 2)) == 0.0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[substance.NaCl]\nmelts_kelvin=1\nturns_kelvin=1\nsource=''", "no thermoch"),
        ("[substance.BaO]\nmelts_kelvin=1\nsource=''", "BaO: .*turns_kelvin"),
        ("[wall]\nMgO = 'Mg2O'", "name Mg2O, which has no row"),
    ],
)
def test_faulty_rows_are_named(text, message):
    with pytest.raises(MaterialError, match=message):
        substances.read_rows([text])


def test_a_row_may_not_be_there_twice():
    row = "[substance.BaO]\nmelts_kelvin=1\nturns_kelvin=1\nsource=''"
    with pytest.raises(MaterialError, match="BaO is there twice"):
        substances.read_rows([row, row])


def test_every_substance_can_lie_in_the_diffractometer():
    names = [*substances.SUBSTANCES, *substances.VARIANTS]
    counts = measure(
        dict.fromkeys(names, 1.0 / len(names)),
        {name: fresh_grains(name) for name in names},
        instrument=Instrument(),
        two_theta=np.linspace(10, 80, 351),
        seconds_per_point=1.0,
        rng=np.random.default_rng(0),
        structures=Structures.cited(),
    )
    assert counts.min() >= 0


SYSTEMS = (
    ("Y2O3", "BaCO3", "BaO2", "CuO", "Cu2O", "Ba(NO3)2"),
    ("Li2CO3", "LiOH-H2O", "Co3O4", "MnO2", "NiO"),
    ("Na2CO3", "MoO3", "TeO2"),
    ("NH4H2PO4", "CaCO3", "CaHPO4", "NiO"),
    ("MgO", "Al2O3", "ZnO", "SiO2", "Mg(OH)2"),
)


def unbalanced(seed):
    """Return the largest relative error of any element after a random firing."""
    rng = np.random.default_rng(seed)
    system = SYSTEMS[rng.integers(len(SYSTEMS))]
    some = rng.choice(system, rng.integers(1, 4), replace=False)
    start = mix(fresh({str(n): float(rng.uniform(0.01, 2)) for n in some}), 1000, 300)
    fired = fire(
        start, [0, 1800, 1800 + 3600 * rng.uniform(0.1, 3)],
        [25, *[rng.uniform(100, 1300)] * 2], str(rng.choice(["air", "N2", "CO2"])),
        str(rng.choice(["Al2O3", "ZrO2", "MgO", "Pt"])), Truth.of_seed(seed % 7), rng,
    )  # fmt: skip
    dosed, inside = start.elements(), fired.elements()
    return max(
        abs(n - dosed.get(e, 0.0)) / max(dosed.get(e, 0.0), inside.get(e, 0.0), 1e-6)
        for e, n in fired.balance().items()
    )


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 10**6))
def test_elements_balance_in_every_system(seed):
    assert unbalanced(seed) < 1e-9


@pytest.mark.slow
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 10**6))
def test_elements_balance_in_hundreds_of_recipes(seed):
    assert unbalanced(seed) < 1e-9
