"""Facts 13 to 22: lithium, cobalt, manganese, phosphates, molybdates, spinels."""

from figures import first_products
from figures.furnace_trials import (
    Check,
    heat,
    lost,
    midpoint,
    powder,
    quench,
    reach,
    share,
)

from simulators.chemistry import Powder

COBALTATE = {"Li2CO3": 0.5, "Co3O4": 1 / 3}
TELLURITE = {"Na2CO3": 1.0, "MoO3": 3.0, "TeO2": 3.0}


def cobalt() -> list[Check]:
    """Fact 13: Co3O4 gives CoO at 900-960 °C in air and comes back on slow cooling."""
    start = powder({"Co3O4": 1}, grams=0.05)
    middle = midpoint(start, "Co3O4", low=800, high=1150, per_minute=5, gas="air")
    held = quench(start, 890, 4, "air")
    back = heat(start, 1000, 1, down=5)
    return [
        Check("middle of the step, 5 K/min, °C", middle, 900, 960),
        Check("CoO after 4 h at 890 °C", share(held, "CoO"), high=0.01),
        Check("Co3O4 after 1 h at 1000 °C and 5 K/min down", share(back, "Co3O4"), 0.9),
    ]


def manganese() -> list[Check]:
    """Fact 14: MnO2 gives Mn2O3 at 570 °C, Mn2O3 gives Mn3O4 at 990 °C on heating."""
    dioxide, oxide = (powder({n: 1}, grams=0.05) for n in ("MnO2", "Mn2O3"))
    first = midpoint(dioxide, "MnO2", low=400, high=900, per_minute=10, gas="air")
    second = midpoint(oxide, "Mn2O3", low=800, high=1300, per_minute=10, gas="air")
    return [
        Check("middle of MnO2 to Mn2O3, 10 K/min, °C", first, 540, 600),
        Check("middle of Mn2O3 to Mn3O4, 10 K/min, °C", second, 960, 1020),
    ]


def cobaltate() -> list[Check]:
    """Fact 15: LiCoO2 from carbonate and Co3O4 above 380 °C; practice 700-900 °C."""
    cold, warm = (heat(powder(COBALTATE), t, 5) for t in (330, 430))
    made = {t: heat(powder(COBALTATE), t, 12) for t in (700, 900)}
    return [
        Check("LiCoO2 after 5 h at 330 °C", share(cold, "LiCoO2"), high=0.02),
        Check("LiCoO2 after 5 h at 430 °C", share(warm, "LiCoO2"), 0.05),
        Check("LiCoO2 after 12 h at 700 °C", share(made[700], "LiCoO2"), 0.9),
        Check("LiCoO2 after 12 h at 900 °C", share(made[900], "LiCoO2"), 0.9),
    ]


def lithium_loss() -> list[Check]:
    """Fact 16: LiCoO2 loses lithium from 900 °C, 85 % in 5 h at 1300 °C."""
    start = powder({"LiCoO2": 1}, grams=0.05)
    gone = {t: lost(heat(start, t, 5), "Li") for t in (850, 1000, 1300)}
    return [
        Check("lithium lost in 5 h at 850 °C", gone[850], high=0.01),
        Check("lithium lost in 5 h at 1000 °C", gone[1000], 0.001, 0.2),
        Check("lithium lost in 5 h at 1300 °C", gone[1300], 0.7, 1.0),
    ]


def lithium_excess() -> list[Check]:
    """Fact 17: Li2CO3 melts at 723 °C; 3-10 % of lithium in excess is normal."""
    carbonate = powder({"Li2CO3": 1}, grams=0.2)
    cold, hot = (quench(carbonate, t, 0.5, "air").melted for t in (713, 733))
    plain = heat(powder(COBALTATE), 900, 12)
    more = heat(powder({**COBALTATE, "Li2CO3": 0.525}), 900, 12)
    oxide = (share(p, "Co3O4", "CoO") for p in (plain, more))
    without, with_excess = oxide
    return [
        Check("molten share at 713 °C", cold, high=0.01),
        Check("molten share at 733 °C", hot, 0.9),
        Check("LiCoO2 with 5 % excess, 900 °C, 12 h", share(more, "LiCoO2"), 0.9),
        Check("cobalt oxide less by it", without - with_excess, 1e-4),
    ]


def ammonium_phosphate() -> list[Check]:
    """Fact 18: NH4H2PO4 melts near 190 °C, gives off NH3 and H2O from 200 °C."""
    start = powder({"NH4H2PO4": 1}, grams=0.2)
    cold, hot = (quench(start, t, 0.2, "air").melted for t in (182, 198))
    whole = start.grams
    at = {t: reach(start, t, 10, "air").grams / whole for t in (190, 260)}
    baked = heat(start, 330, 4)
    ammonia = baked.released.get("NH3(g)", 0.0) / start.moles["NH4H2PO4"]
    return [
        Check("molten share at 182 °C", cold, high=0.05),
        Check("molten share at 198 °C", hot, 0.3),
        Check("mass left at 190 °C, 10 K/min", at[190], 0.99),
        Check("mass left at 260 °C, 10 K/min", at[260], 0.75, 0.98),
        Check("ammonia gone after 4 h at 330 °C", ammonia, 0.5),
    ]


def calcium_phosphate() -> list[Check]:
    """Fact 19: CaHPO4 gives Ca2P2O7 at 400-450 °C, Ca(OH)2 CaO at 400-500 °C."""
    found = []
    for phase, low, high in (("CaHPO4", 400, 450), ("Ca(OH)2", 400, 500)):
        start = powder({phase: 1}, grams=0.05)
        middle = midpoint(start, phase, low=200, high=800, per_minute=10, gas="air")
        found.append(Check(f"middle of {phase}, 10 K/min, °C", middle, low, high))
    done = reach(powder({"CaHPO4": 1}, grams=0.05), 550, 10, "air")
    return [*found, Check("Ca2P2O7 at 550 °C", share(done, "Ca2P2O7"), 0.9)]


def vapours() -> list[Check]:
    """Fact 20: MoO3 sublimes above 650-700 °C, TeO2 melts at 733 °C; both are lost."""
    oxide = powder({"MoO3": 1}, grams=0.5)
    gone = {t: lost(heat(oxide, t, 12), "Mo") for t in (600, 700)}
    tellurium = powder({"TeO2": 1}, grams=0.2)
    cold, hot = (quench(tellurium, t, 0.5, "air").melted for t in (723, 743))
    mixed = heat(powder(TELLURITE), 720, 24)
    return [
        Check("molybdenum lost in 12 h at 600 °C", gone[600], high=0.01),
        Check("molybdenum lost in 12 h at 700 °C", gone[700], 0.01),
        Check("molten share of TeO2 at 723 °C", cold, high=0.01),
        Check("molten share of TeO2 at 743 °C", hot, 0.9),
        Check("Mo lost from a tellurite, 24 h, 720 °C", lost(mixed, "Mo"), 1e-3),
        Check("Te lost from a tellurite, 24 h, 720 °C", lost(mixed, "Te"), 1e-3),
    ]


def driving_force() -> list[Check]:
    """Fact 21: the pair's largest driving force wins when 60 meV/atom ahead."""
    all_of_them = map(first_products.of, first_products.PAIRS)
    firsts = [found for found in all_of_them if found is not None]
    ahead = [found for found in firsts if found.lead >= 60.0]
    for found in firsts:
        print(f"      {found}")
    right = sum(found.is_leader for found in ahead)
    slow = first_products.slowing()
    return [
        Check("pairs whose best product is 60 meV/atom ahead", len(ahead), 5),
        Check("of these, formed what leads", right / max(len(ahead), 1), 0.8),
        Check("rate at 25 meV/atom over that at 100 meV/atom", slow, 0, 0.5),
    ]


def spinels() -> list[Check]:
    """Fact 22: MgO + Al2O3 1-10 % in hours at 1000 °C, parabolic; ZnO much faster."""

    def made(oxide: str, hours: float) -> Powder:
        return heat(powder({oxide: 1, "Al2O3": 1}, micrometres=1.0), 1000, hours)

    short, long = (share(made("MgO", h), "MgAl2O4") for h in (4, 16))
    zinc = share(made("ZnO", 4), "ZnAl2O4")
    return [
        Check("MgAl2O4 after 4 h at 1000 °C", short, 0.01, 0.10),
        Check("after 16 h over after 4 h", long / max(short, 1e-9), 1.6, 2.6),
        Check("ZnAl2O4 after 4 h at 1000 °C", zinc, 0.4),
    ]
