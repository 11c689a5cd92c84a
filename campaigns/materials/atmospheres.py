"""Furnace gases as the pressures that drive a reaction."""

from collections.abc import Mapping
from types import MappingProxyType

PRESSURES: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "air": {"O2": 0.2095, "CO2": 4.2e-4, "N2": 0.781},
        "O2": {"O2": 1.0},
        "CO2": {"CO2": 1.0},
        "N2": {"N2": 1.0},
        "Ar": {},
    }
)
"""Partial pressures in bar; dry air as of the U.S. Standard Atmosphere (1976), CO2 as
measured at Mauna Loa in 2022."""
TRACE = 1e-5
"""Pressure of a gas that an atmosphere is not made of, bar: impurities of bottled gas
and what the powder itself gives off."""


def pressure_bar(gas: str, atmosphere: str) -> float:
    """Return the pressure of a gas, such as `CO2`, in a furnace gas, bar.

    Raises:
        KeyError: If the atmosphere is not one of `PRESSURES`.
    """
    return PRESSURES[atmosphere].get(gas, TRACE)
