"""What is done to powder cold: mixing, grinding, drying."""

from collections.abc import Mapping
from dataclasses import replace
from math import exp

from simulators.chemistry.powder import Grains, Powder
from simulators.chemistry.substances import WATER

MIXED_AFTER_TURNS = 6000.0
"""Turns of a planetary mixer that bring mixing to 63 % of the best.

Estimated: 10 min at 1000 rpm disperses micrometre powders well (maker's guidance)."""
GROUND_AFTER_TURNS = 8000.0
"""Turns that halve the way to the finest particle size. Estimated."""
FINEST_MICROMETRES = 1.0
"""Grinding limit of dry milling, um [Suryanarayana, Prog. Mater. Sci. 46 (2001) 1]."""
GRINDING_STRAIN = 0.0004
"""Strain added by a full regrind. Estimated from line broadening of ground oxides."""


def mix(powder: Powder, rpm: float, seconds: float) -> Powder:
    """Return the powder mixed in its vial.

    Args:
        powder: What is handled; it stays as it is.
        rpm: Speed, turns a minute, >= 0.
        seconds: Time, s, >= 0.
    """
    share = 1.0 - exp(-rpm * seconds / 60.0 / MIXED_AFTER_TURNS)
    return replace(powder, mixing=powder.mixing + (0.97 - powder.mixing) * share)


def grind(powder: Powder, rpm: float, seconds: float) -> Powder:
    """Return the powder ground: contacts renewed, particles finer, sinter broken.

    Args:
        powder: What is handled; it stays as it is.
        rpm: Speed, turns a minute, >= 0.
        seconds: Time, s, >= 0.
    """
    turns = rpm * seconds / 60.0
    share = 1.0 - exp(-turns / GROUND_AFTER_TURNS)
    # A hard, once-molten lump resists; the harder, the more grinding it takes.
    effect = share * (1.0 - 0.5 * powder.sintered)
    grains = {
        name: replace(
            g,
            microstrain=g.microstrain + GRINDING_STRAIN * effect,
            micrometres=_finer(g.micrometres, effect),
        )
        for name, g in powder.grains.items()
    }
    return mix(
        replace(
            powder,
            layers=_thinned(powder.layers, effect),
            sintered=powder.sintered * (1.0 - share),
            grains=grains,
        ),
        rpm,
        seconds,
    )


def dry(powder: Powder, celsius: float, seconds: float) -> Powder:
    """Return the powder after an oven: adsorbed water gone, hydrates kept.

    Args:
        powder: What is handled; it stays as it is.
        celsius: Oven temperature, degrees Celsius.
        seconds: Time, s, >= 0.

    Source:
        First-order drying, a rate of 1e-3 per second at 100 degrees Celsius that
        follows the vapour pressure of water (40.7 kJ/mol). Estimated.
    """
    water = powder.moles.get(WATER, 0.0)
    rate = 1e-3 * exp(-40.7e3 / 8.314 * (1 / (celsius + 273.15) - 1 / 373.15))
    left = water * exp(-rate * seconds)
    if water == 0.0:
        return powder
    moles = {**powder.moles, WATER: left}
    gone = powder.released.get("H2O(g)", 0.0) + water - left
    return replace(
        powder,
        moles=moles,
        released={**powder.released, "H2O(g)": gone},
        grains={**powder.grains, WATER: Grains(amorphous_share=1.0)},
    )


def _finer(micrometres: float, effect: float) -> float:
    return micrometres - 0.6 * effect * max(0.0, micrometres - FINEST_MICROMETRES)


def _thinned(layers: Mapping[str, float], effect: float) -> dict[str, float]:
    return {pair: thickness * (1.0 - effect) for pair, thickness in layers.items()}
