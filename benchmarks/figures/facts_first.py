"""Facts 1 to 12: carbonates, barium titanate, copper oxides and YBa2Cu3O7-x."""

from itertools import pairwise

from figures.furnace_trials import (
    Check,
    carbon_dioxide,
    heat,
    powder,
    quench,
    reach,
    share,
)

from simulators.chemistry import Powder, grind

CUPRATE = {"Y2O3": 0.5, "BaCO3": 2.0, "CuO": 3.0}
PEROXIDE = {"Y2O3": 0.5, "BaO2": 2.0, "CuO": 3.0}
TITANATE = {"BaCO3": 1.0, "TiO2-rutile": 1.0}


def cuprate(fired: Powder) -> float:
    """Return the share of YBa2Cu3O7-x, 0 to 1."""
    return share(fired, "YBa2Cu3O7", "YBa2Cu3O6")


def titanate(fired: Powder) -> float:
    """Return the share of BaTiO3 of either form, 0 to 1."""
    return share(fired, "BaTiO3", "BaTiO3-cubic")


def oxygen(fired: Powder) -> float:
    """Return 7-x of YBa2Cu3O7-x."""
    full, empty = (fired.moles.get(f"YBa2Cu3O{n}", 0.0) for n in (7, 6))
    return 6.0 + full / (full + empty)


def calcite() -> list[Check]:
    """Fact 1: CaCO3 falls apart at 600-850 °C in air, later in its own gas."""
    start = powder({"CaCO3": 1}, grams=0.05)
    found = []
    for rate, last in ((5, 840), (10, 875)):
        left = {t: share(reach(start, t, rate, "air"), "CaCO3") for t in (600, 750)}
        end = share(reach(start, last, rate, "air"), "CaCO3")
        in_gas = share(reach(start, 875, rate, "CO2"), "CaCO3")
        found += [
            Check(f"CaCO3 left at 600 °C, {rate} K/min", left[600], 0.98),
            Check(f"CaCO3 left at 750 °C, {rate} K/min", left[750], high=0.90),
            Check(f"CaCO3 left at {last} °C, {rate} K/min", end, high=0.10),
            Check(f"CaCO3 left at 875 °C in CO2, {rate} K/min", in_gas, 0.98),
        ]
    return found


def witherite() -> list[Check]:
    """Fact 2: BaCO3 alone stands 1000 °C in air and 1340 °C in CO2."""
    start = powder({"BaCO3": 1})
    air, gas = heat(start, 1000, 4, "air"), heat(start, 1340, 1, "CO2")
    return [
        Check("BaCO3 left after 4 h at 1000 °C in air", share(air, "BaCO3"), 0.97),
        Check("BaCO3 left after 1 h at 1340 °C in CO2", share(gas, "BaCO3"), 0.99),
    ]


def titanate_path() -> list[Check]:
    """Fact 3: a little BaTiO3, then Ba2TiO4 over BaTiO3 in air."""
    first, later = heat(powder(TITANATE), 800, 1), heat(powder(TITANATE), 950, 2)
    rich, plain = share(later, "Ba2TiO4"), titanate(later)
    return [
        Check("BaTiO3 after 1 h at 800 °C", titanate(first), 0.002, 0.06),
        Check("Ba2TiO4 over BaTiO3 after 2 h at 950 °C", rich / plain, 1.2),
    ]


def titanate_in_gas() -> list[Check]:
    """Fact 4: in CO2 no Ba2TiO4 up to about 1100 °C."""
    found = []
    for celsius in (900, 1000, 1050):
        fired = heat(powder(TITANATE), celsius, 2, "CO2")
        rich = share(fired, "Ba2TiO4")
        found += [
            Check(f"BaTiO3 at {celsius} °C in CO2", titanate(fired), 0.1),
            Check(f"Ba2TiO4 at {celsius} °C in CO2", rich, high=0.02),
        ]
    return found


def titanate_pressure() -> list[Check]:
    """Fact 5: the rate falls with the pressure of CO2."""
    done = []
    for carbon in (4e-4, 0.03, 0.1, 0.2):
        with carbon_dioxide(carbon):
            done.append(heat(powder(TITANATE), 950, 2).released["CO2(g)"])
    steps = [later / earlier for earlier, later in pairwise(done)]
    return [
        Check("CO2 given off, each pressure over the last, largest", max(steps), 0, 1),
        Check("CO2 given off at 0.2 bar over that in air", done[-1] / done[0], 0, 0.8),
    ]


def titanate_pure() -> list[Check]:
    """Fact 6: BaTiO3 is pure after 1200 °C or regrinds, and tetragonal."""
    hot = heat(powder(TITANATE), 1200, 12)
    once = heat(powder(TITANATE), 1100, 4)
    twice = heat(grind(once, 1500, 600), 1100, 4)
    longer = heat(once, 1100, 4)
    cubic = share(hot, "BaTiO3-cubic") / share(hot, "BaTiO3")
    gained = titanate(longer) - titanate(once)
    reground = titanate(twice) - titanate(longer)
    return [
        Check("BaTiO3 after 12 h at 1200 °C", titanate(hot), 0.9),
        Check("cubic over tetragonal", cubic, 0, 0.05),
        Check("gain by 4 h more at 1100 °C", gained, 1e-6),
        Check("gain by a regrind besides", reground, 1e-6),
    ]


def cuprate_times() -> list[Check]:
    """Fact 7: at 940 °C the carbonate takes 12 h or more, the peroxide half an hour."""
    short, long = (
        heat(powder(CUPRATE), 940, hours, crucible="Al2O3") for hours in (4, 12)
    )
    early = heat(powder(CUPRATE), 880, 12)
    quick, done = (heat(powder(PEROXIDE), 940, hours) for hours in (0.5, 4))
    return [
        Check("YBa2Cu3O7-x from BaCO3, 940 °C, 4 h", cuprate(short), high=0.6),
        Check("YBa2Cu3O7-x from BaCO3, 940 °C, 12 h", cuprate(long), 0.6, 0.95),
        Check("Y2BaCuO5 on the way, 880 °C, 12 h", share(early, "Y2BaCuO5"), 0.1),
        Check("BaCuO2 on the way, 880 °C, 12 h", share(early, "BaCuO2"), 0.02),
        Check("YBa2Cu3O7-x from BaO2, 940 °C, 0.5 h", cuprate(quick), 0.8),
        Check("YBa2Cu3O7-x from BaO2, 940 °C, 4 h", cuprate(done), 0.9),
        Check("share molten on the way from BaO2", done.melted, 0.005),
    ]


def peroxide() -> list[Check]:
    """Fact 8: BaO2 + CuO from about 330 °C; YBa2Cu3O7-x above 750 °C."""
    pair = powder({"BaO2": 1, "CuO": 1})
    cold, warm = (share(heat(pair, t, 0.5), "BaCuO2") for t in (200, 360))
    below, above = (cuprate(heat(powder(PEROXIDE), t, 8)) for t in (725, 800))
    return [
        Check("BaCuO2 after 0.5 h at 200 °C", cold, high=0.05),
        Check("BaCuO2 after 0.5 h at 360 °C", warm, 0.5),
        Check("YBa2Cu3O7-x after 8 h at 725 °C", below, high=0.01),
        Check("YBa2Cu3O7-x after 8 h at 800 °C", above, 0.03),
    ]


def inert_gas() -> list[Check]:
    """Fact 9: in inert gas it falls apart above 725 °C; O2 raises the yield."""
    start = powder({"YBa2Cu3O6": 1})
    left = {t: cuprate(heat(start, t, 4, "N2", down=50)) for t in (700, 775)}
    found = [
        Check("YBa2Cu3O6 left after 4 h at 700 °C in N2", left[700], 0.98),
        Check("YBa2Cu3O6 left after 4 h at 775 °C in N2", left[775], high=0.97),
    ]
    for celsius in (800, 840):
        gained, plain = (
            cuprate(heat(powder(CUPRATE), celsius, 24, gas)) for gas in ("O2", "N2")
        )
        ratio = gained / max(plain, 1e-6)
        found.append(Check(f"yield in O2 over that in N2, {celsius} °C", ratio, 1.0))
    return found


def peritectic() -> list[Check]:
    """Fact 10: melts to Y2BaCuO5 and liquid at 993-1020 °C in air, lower at low pO2."""
    start = powder({"YBa2Cu3O7": 1})
    cold, hot = (heat(start, t, 1, down=1000).melted for t in (990, 1030))
    air, rich = (quench(start, 1022, 1, gas).melted for gas in ("air", "O2"))
    slow = heat(powder(PEROXIDE), 1050, 4, crucible="Al2O3")
    return [
        Check("molten share, 1 h at 990 °C in air", cold, high=0.01),
        Check("molten share, 1 h at 1030 °C in air", hot, 0.2),
        Check("molten share, 1 h at 1022 °C in air", air, 0.1),
        Check("molten share, 1 h at 1022 °C in O2", rich, high=0.01),
        Check("YBa2Cu3O7-x after 4 h at 1050 °C", cuprate(slow), high=0.5),
        Check("Y2BaCuO5 after 4 h at 1050 °C", share(slow, "Y2BaCuO5"), 0.1),
    ]


def breathing() -> list[Check]:
    """Fact 11: oxygen leaves above 400 °C; slow cooling in O2 restores O6.9."""
    start = powder({"YBa2Cu3O7": 1})
    warm, hot = (oxygen(reach(start, t, 10, "air")) for t in (300, 600))
    slow = oxygen(heat(start, 900, 1, "O2", down=1))
    inert = oxygen(heat(start, 900, 1, "N2", down=50))
    return [
        Check("7-x at 300 °C, 10 K/min in air", warm, 6.98),
        Check("7-x at 600 °C, 10 K/min in air", hot, high=6.65),
        Check("7-x cooled at 1 K/min in O2", slow, 6.9),
        Check("7-x cooled fast in N2", inert, high=6.1),
    ]


def tenorite() -> list[Check]:
    """Fact 12: CuO gives Cu2O at 1025-1030 °C in air, 1115 °C in O2."""
    start = powder({"CuO": 1}, grams=0.2)
    found = []
    for gas, below, above in (("air", 1022, 1040), ("O2", 1105, 1130)):
        cold, hot = (share(quench(start, t, 2, gas), "Cu2O") for t in (below, above))
        found += [
            Check(f"Cu2O after 2 h at {below} °C in {gas}", cold, high=0.01),
            Check(f"Cu2O after 2 h at {above} °C in {gas}", hot, 0.05),
        ]
    return found
