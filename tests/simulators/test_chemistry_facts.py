"""Facts about real powders that the unperturbed furnace must reproduce, as windows.

Numbers are those of `docs/explanation/simulated-furnace.md`. Facts 1, 3, 4, 6, 7, 8,
10 and 12 set constants; 2, 5, 9 and 11 are blind.
"""

import numpy as np
import pytest

from simulators.chemistry import Truth, fire, fresh, grind, mix
from simulators.chemistry.powder import molar_mass, substance_named

PLAIN = Truth.unperturbed()
CUPRATE = {"Y2O3": 0.5, "BaCO3": 2.0, "CuO": 3.0}
PEROXIDE = {"Y2O3": 0.5, "BaO2": 2.0, "CuO": 3.0}
TITANATE = {"BaCO3": 1.0, "TiO2-rutile": 1.0}


def powder(moles, grams=1.0, micrometres=2.0):
    masses = {k: n * molar_mass(substance_named(k)) for k, n in moles.items()}
    scale = grams / sum(masses.values())
    poured = fresh(
        {k: m * scale for k, m in masses.items()}, particle_micrometres=micrometres
    )
    return mix(poured, 1000, 600)


def heat(start, celsius, hours, gas="air", *, up=10.0, down=10.0, crucible="Pt"):
    """Ramp, hold and ramp down at so many K/min."""
    t1 = (celsius - 25.0) / up * 60.0
    t2 = t1 + 3600.0 * hours
    times = [0.0, t1, t2, t2 + (celsius - 25.0) / down * 60.0]
    rng = np.random.default_rng(1)
    program = [25.0, celsius, celsius, 25.0]
    return fire(start, times, program, gas, crucible, PLAIN, rng)


def reach(start, celsius, per_minute, gas):
    """Ramp to a temperature and look at once."""
    seconds = (celsius - 25.0) / per_minute * 60.0
    rng = np.random.default_rng(1)
    return fire(start, [0.0, seconds], [25.0, celsius], gas, "Pt", PLAIN, rng)


def quench(start, celsius, hours, gas):
    """Hold at a temperature and look while hot."""
    times = [0.0, 3600.0, 3600.0 * (1 + hours)]
    rng = np.random.default_rng(1)
    return fire(start, times, [25.0, celsius, celsius], gas, "Pt", PLAIN, rng)


def share(fired, *names):
    return sum(fired.weights().get(name, 0.0) for name in names)


def cuprate(fired):
    return share(fired, "YBa2Cu3O7", "YBa2Cu3O6")


def titanate(fired):
    return share(fired, "BaTiO3", "BaTiO3-cubic")


def oxygen(fired):
    full, empty = (fired.moles.get(f"YBa2Cu3O{n}", 0.0) for n in (7, 6))
    return 6.0 + full / (full + empty)


@pytest.mark.parametrize(("per_minute", "last"), [(5, 840), (10, 875)])
def test_fact_1_calcite_falls_apart_between_600_and_850_celsius(per_minute, last):
    calcite = powder({"CaCO3": 1}, grams=0.05)
    assert share(reach(calcite, 600, per_minute, "air"), "CaCO3") > 0.98
    assert share(reach(calcite, 750, per_minute, "air"), "CaCO3") < 0.90
    assert share(reach(calcite, last, per_minute, "air"), "CaCO3") < 0.10
    # Its own gas holds it together to the equilibrium.
    assert share(reach(calcite, 875, per_minute, "CO2"), "CaCO3") > 0.98


def test_fact_2_witherite_alone_hardly_falls_apart():
    witherite = powder({"BaCO3": 1})
    assert share(heat(witherite, 1000, 4, "air"), "BaCO3") > 0.97
    assert share(heat(witherite, 1340, 1, "CO2"), "BaCO3") > 0.99


def test_fact_3_titanate_comes_by_way_of_the_barium_rich_one():
    first = heat(powder(TITANATE), 800, 1)
    assert 0.002 < titanate(first) < 0.06
    later = heat(powder(TITANATE), 950, 2)
    assert share(later, "Ba2TiO4") > 1.2 * titanate(later)


@pytest.mark.parametrize("celsius", [900, 1000, 1050])
def test_fact_4_carbon_dioxide_keeps_the_barium_rich_titanate_away(celsius):
    fired = heat(powder(TITANATE), celsius, 2, "CO2")
    assert titanate(fired) > 0.1
    assert share(fired, "Ba2TiO4") < 0.02


def test_fact_5_carbon_dioxide_slows_the_reaction_down(monkeypatch):
    from simulators.chemistry import gases

    done = []
    for carbon in (4e-4, 0.03, 0.1, 0.2):
        air = {"O2(g)": 0.2, "CO2(g)": carbon, "H2O(g)": 1e-3}
        mixed = {**gases.BACKGROUNDS, "air": air}
        monkeypatch.setattr(gases, "BACKGROUNDS", mixed)
        done.append(heat(powder(TITANATE), 950, 2).released["CO2(g)"])
    assert done == sorted(done, reverse=True)
    assert done[-1] < 0.8 * done[0]


def test_fact_7_carbonate_takes_twelve_hours_at_940_celsius():
    short, long = (
        heat(powder(CUPRATE), 940, hours, crucible="Al2O3") for hours in (4, 12)
    )
    assert cuprate(short) < 0.6
    assert 0.6 < cuprate(long) < 0.95
    early = heat(powder(CUPRATE), 880, 12)
    assert share(early, "Y2BaCuO5") > 0.1
    assert share(early, "BaCuO2") > 0.02


def test_fact_7_peroxide_is_done_within_half_an_hour_by_way_of_a_melt():
    assert cuprate(heat(powder(PEROXIDE), 940, 0.5)) > 0.8
    done = heat(powder(PEROXIDE), 940, 4)
    assert cuprate(done) > 0.9
    assert done.melted > 0.005


def test_fact_12_tenorite_gives_up_oxygen_where_it_should():
    tenorite = powder({"CuO": 1}, grams=0.2)
    for gas, below, above in (("air", 1022, 1040), ("O2", 1105, 1130)):
        cold, hot = (quench(tenorite, t, 2, gas) for t in (below, above))
        assert share(cold, "Cu2O") < 0.01
        assert share(hot, "Cu2O") > 0.05


def test_fact_6_titanate_is_pure_and_tetragonal_after_1200_celsius_or_a_regrind():
    hot = heat(powder(TITANATE), 1200, 12)
    assert titanate(hot) > 0.9
    assert share(hot, "BaTiO3") > 20 * share(hot, "BaTiO3-cubic")
    once = heat(powder(TITANATE), 1100, 4)
    twice = heat(grind(once, 1500, 600), 1100, 4)
    thrice = heat(once, 1100, 4)
    assert titanate(twice) > titanate(thrice) > titanate(once)


def test_fact_8_peroxide_meets_tenorite_near_330_celsius():
    pair = {"BaO2": 1, "CuO": 1}
    assert share(heat(powder(pair), 200, 0.5), "BaCuO2") < 0.05
    assert share(heat(powder(pair), 360, 0.5), "BaCuO2") > 0.5
    assert cuprate(heat(powder(PEROXIDE), 725, 8)) < 0.01
    assert cuprate(heat(powder(PEROXIDE), 800, 8)) > 0.03


def test_fact_9_without_oxygen_the_cuprate_falls_apart_but_later_than_measured():
    # Measured: from 725 C, in fine powder. The model's own threshold is near 800 C.
    def left(celsius):
        return cuprate(heat(powder({"YBa2Cu3O6": 1}), celsius, 4, "N2", down=50))

    assert left(725) > 0.99
    assert left(900) < 0.8


def test_fact_10_cuprate_melts_to_green_phase_and_liquid_near_1010_celsius():
    start = powder({"YBa2Cu3O7": 1})
    cold, hot = (heat(start, t, 1, down=1000) for t in (990, 1030))
    assert cold.melted < 0.01
    assert hot.melted > 0.2
    slow = heat(powder(PEROXIDE), 1050, 4, crucible="Al2O3")
    assert cuprate(slow) < 0.5
    assert share(slow, "Y2BaCuO5") > 0.1


def test_fact_11_oxygen_leaves_above_400_celsius_and_slow_cooling_restores_it():
    start = powder({"YBa2Cu3O7": 1})
    assert oxygen(reach(start, 300, 10, "air")) > 6.98
    assert oxygen(reach(start, 600, 10, "air")) < 6.65
    assert oxygen(heat(start, 900, 1, "O2", down=1)) > 6.9
    assert oxygen(heat(start, 900, 1, "N2", down=50)) < 6.1


def test_at_650_celsius_hardly_any_cuprate_forms():
    for moles in (CUPRATE, PEROXIDE):
        assert cuprate(heat(powder(moles), 650, 12)) < 0.03
