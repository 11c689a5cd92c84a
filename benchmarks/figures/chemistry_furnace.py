"""How fast the simulated furnace is, and how well it balances elements, as bars."""

import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
from figures.bars import Bar

from simulators.chemistry import Powder, Truth, fire, fresh, grind, mix
from simulators.chemistry.powder import molar_mass, substance_named

SYSTEMS = (
    ("Y2O3", "Y2(CO3)3-3H2O", "BaCO3", "BaO2", "BaO", "CuO", "Cu2O", "Ba(NO3)2"),
    ("BaCO3", "BaO2", "SrCO3", "CaCO3", "TiO2", "Ba(OH)2-8H2O", "Ca(OH)2"),
    ("Li2CO3", "LiOH-H2O", "Co3O4", "MnO2", "NiO", "TiO2", "MnCO3"),
    ("Na2CO3", "MoO3", "TeO2", "Na2MoO4"),
    ("NH4H2PO4", "(NH4)2HPO4", "CaCO3", "CaHPO4", "NiO", "Ca(OH)2"),
    ("MgO", "Al2O3", "ZnO", "SiO2", "Mg(OH)2", "Al(OH)3"),
)
"""Reagents that random recipes draw from, a system at a time."""
FIVE = {"Li2CO3": 1.05, "Co3O4": 0.2, "MnO2": 0.7, "NiO": 0.7}
"""The recipe that is timed: Li-Co-Mn-Ni-O, moles."""
CELSIUS, HOURS = 850.0, 12.0
RECIPES, QUICK_RECIPES = 1000, 20
BALANCED, QUICK_BALANCED = 10_000, 30
SECONDS_BAR, MINUTES_BAR, BALANCE_BAR = 0.3, 4.0, 1e-9
PROCESSES = 2


def timed_recipe(seed: int) -> float:
    """Return the CPU seconds that one 12 h programme of five elements takes."""
    grams = {n: x * molar_mass(substance_named(n)) for n, x in FIVE.items()}
    scale = 1.0 + 0.1 * (seed % 7) / 7.0
    whole = sum(grams.values()) / scale
    powder = mix(fresh({n: g / whole for n, g in grams.items()}), 1000, 600)
    celsius = CELSIUS + seed % 50
    ramp = (celsius - 25.0) / 5.0 * 60.0
    times = [0.0, ramp, ramp + 3600 * HOURS, 2 * ramp + 3600 * HOURS]
    start = time.process_time()
    fire(
        powder, times, [25.0, celsius, celsius, 25.0], "air", "Al2O3",
        Truth.of_seed(0), np.random.default_rng(seed),
    )  # fmt: skip
    return time.process_time() - start


def imbalance(seed: int) -> float:
    """Return the largest relative error of any element over one random recipe.

    One recipe draws reagents of one system, a world, gas, crucible and programme, and
    is fired; each fourth is ground and fired again. An element that was not dosed
    counts relative to what came in with the gas, or to 1e-6 mol.
    """
    rng = np.random.default_rng(seed)
    system = SYSTEMS[rng.integers(len(SYSTEMS))]
    some = rng.choice(system, rng.integers(1, min(5, len(system))), replace=False)
    grams = {str(name): float(rng.uniform(0.01, 2.0)) for name in some}
    sizes = {name: float(rng.uniform(0.5, 20.0)) for name in grams}
    dosed = mix(fresh(grams, particle_micrometres=sizes), 1000, 300)
    truth = Truth.of_seed(int(rng.integers(100)))
    gas = str(rng.choice(["air", "O2", "N2", "CO2"]))
    crucible = str(rng.choice(["Al2O3", "MgO", "ZrO2", "Pt", "SiO2"]))
    celsius, hours = float(rng.uniform(100, 1300)), float(rng.uniform(0.1, 12.0))
    ramp, down = (celsius - 25.0) / rng.uniform(5.0, 50.0) * 60.0, rng.uniform(60, 7200)
    times = [0.0, ramp, ramp + 3600 * hours, ramp + 3600 * hours + down]
    # One in three is cooled; the others are taken as they are when hot.
    last = 4 if seed % 3 == 0 else 3
    times, program = times[:last], [25.0, celsius, celsius, 25.0][:last]
    once = fire(dosed, times, program, gas, crucible, truth, rng)
    if seed % 4:
        return worst(dosed, once)
    twice = fire(grind(once, 1000, 300), times, program, "air", crucible, truth, rng)
    return max(worst(dosed, once), worst(dosed, twice))


def worst(dosed: Powder, fired: Powder) -> float:
    """Return the largest relative error of any element."""
    before, after, inside = dosed.elements(), fired.balance(), fired.elements()
    return max(
        abs(n - before.get(e, 0.0)) / max(before.get(e, 0.0), inside.get(e, 0.0), 1e-6)
        for e, n in after.items()
    )


def bars(*, quick: bool) -> list[Bar]:
    """Time recipes and balance elements; print details, return bars.

    Args:
        quick: Take fewer recipes; the time of 1,000 is then extrapolated.
    """
    timed_recipe(0)
    seconds = [timed_recipe(seed) for seed in range(20)]
    middle = float(np.median(seconds))
    print(
        f"  one recipe: {middle:.3f} s CPU, {min(seconds):.3f}-{max(seconds):.3f};"
        f" Li-Co-Mn-Ni-O, {HOURS:g} h at {CELSIUS:g} °C and above"
    )
    n = QUICK_RECIPES if quick else RECIPES
    start = time.perf_counter()
    spent = sum(_parallel(timed_recipe, n))
    wall = (time.perf_counter() - start) / 60.0
    minutes = spent / PROCESSES / 60.0 * RECIPES / n
    print(
        f"  {n} recipes on {PROCESSES} processes: {wall:.2f} min on the clock of a"
        f" shared machine, {spent:.0f} s CPU; {RECIPES} on two free cores:"
        f" {minutes:.2f} min"
    )
    n = QUICK_BALANCED if quick else BALANCED
    errors = np.array(_parallel(imbalance, n))
    print(
        f"  balance of {n} random recipes: median"
        f" {np.median(errors):.1e}, 99 % below {np.percentile(errors, 99):.1e},"
        f" worst {errors.max():.1e} (recipe {int(errors.argmax())})"
    )
    return [
        Bar("one recipe, median CPU", middle, "s", SECONDS_BAR, "min"),
        Bar("1,000 recipes on 2 free cores", minutes, "min", MINUTES_BAR, "min"),
        Bar("largest error of an element / 1e-9", errors.max() / BALANCE_BAR, "", 1.0,
            "min"),
    ]  # fmt: skip


def _parallel(work: object, n: int) -> list[float]:
    """Return what a function gives for 0 to n - 1, worked out side by side."""
    context = get_context("spawn")
    with ProcessPoolExecutor(PROCESSES, mp_context=context) as pool:
        results: Iterable[float] = pool.map(work, range(n), chunksize=10)  # type: ignore[arg-type]
        return list(results)


if __name__ == "__main__":
    for bar in bars(quick=False):
        print(bar)
