"""What the furnace needs to know of each substance beside its energy."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Substance:
    """One condensed substance of the simulated furnace."""

    name: str
    """As in the phase table; melts end in `(l)`."""
    melts_kelvin: float
    """Where it melts, congruently, incongruently or with its product, whichever is
    lowest; sets how mobile its ions are."""
    turns_kelvin: float
    """Where it turns over by itself at 1e-3 per second far from equilibrium."""
    reacts: bool = True
    """Whether it reacts with other solids; reagents that fall apart first do not."""
    amorphous: float = 0.0
    """Share of it that gives no Bragg peaks when fresh, 0 to 1."""


# Melting temperatures are handbook values (CRC Handbook of Chemistry and Physics) but
# for the cuprates, whose incongruent melting in air is from Aselage & Keefer, J. Mater.
# Res. 3 (1988) 1279; TiO2 counts as 1750 K [calibrated: facts 3 and 6], between its own
# 2130 K and its eutectic with BaTiO3 (1595 K; Rase & Roy, J. Am. Ceram. Soc. 38 (1955)
# 102). Turn-over temperatures are the middles of the steps seen in
# thermogravimetry at 5-10 K/min; where none is known, 0.8 of the melting temperature.
_ROWS = (
    # yttrium
    Substance("Y2O3", 2712, 2300),
    Substance("Y2(CO3)3-3H2O", 900, 420, reacts=False, amorphous=0.9),
    Substance("Y2(CO3)3", 900, 720, reacts=False, amorphous=1.0),
    Substance("Y2O2CO3", 1100, 880, reacts=False, amorphous=0.8),
    # barium
    Substance("BaO", 2246, 800),
    Substance("BaO2", 723, 900),
    Substance("BaCO3", 1653, 1250),
    Substance("Ba(NO3)2", 865, 920, reacts=False),
    # copper
    Substance("CuO", 1600, 1180),
    Substance("Cu2O", 1517, 800),
    Substance("Cu2(OH)2CO3", 900, 580, reacts=False),
    # cuprates
    Substance("Y2BaCuO5", 1543, 1400),
    Substance("Y2Cu2O5", 1395, 1300),
    Substance("BaCuO2", 1273, 1150),
    Substance("BaCu2O2", 1250, 900),
    Substance("YBa2Cu3O6", 1283, 1080),
    Substance("Ba3Cu5O7(l)", 1193, 900),
    # titanates and calcium
    Substance("TiO2-anatase", 1750, 1150),
    Substance("TiO2-rutile", 1750, 1800),
    Substance("BaTiO3", 1891, 1700),
    Substance("Ba2TiO4", 2133, 1250),
    Substance("CaO", 2886, 900),
    Substance("CaCO3", 1612, 1000),
    Substance("CaTiO3", 2243, 1900),
    # crucible
    Substance("Al2O3", 2327, 2300),
    Substance("BaAl2O4", 2103, 2000),
    Substance("YAlO3", 2150, 2000),
)
SUBSTANCES: Mapping[str, Substance] = MappingProxyType({s.name: s for s in _ROWS})

LUMPED: Mapping[str, str] = MappingProxyType(
    {"YBa2Cu3O7": "YBa2Cu3O6", "BaTiO3-cubic": "BaTiO3"}
)
"""Phases that react as another one; told apart again after each step."""

WATER = "H2O(l)"
"""Adsorbed water or mixing liquid; it reacts with nothing and evaporates."""

MELT = "Ba3Cu5O7(l)"
"""The one liquid of the Ba-Cu-O system."""

VARIABLE_OXYGEN = "YBa2Cu3O6"
FULL_OXYGEN = "YBa2Cu3O7"
