"""What is done to powder cold: mixing dry or wet, grinding, drying, what sticks."""

from collections.abc import Mapping
from dataclasses import replace
from math import exp

from simulators.chemistry.powder import Grains, Powder, molar_mass
from simulators.chemistry.substances import SUBSTANCES, WATER

MIXED_AFTER_TURNS = 6000.0
"""Turns of a planetary mixer that bring mixing to 63 % of the best.

Estimated: 10 min at 1000 rpm disperses micrometre powders well (maker's guidance)."""
GROUND_AFTER_TURNS = 8000.0
"""Turns that halve the way to the finest particle size. Estimated."""
FINEST_MICROMETRES = 1.0
"""Grinding limit of dry milling, um [Suryanarayana, Prog. Mater. Sci. 46 (2001) 1]."""
GRINDING_STRAIN = 0.0004
"""Strain added by a full regrind. Estimated from line broadening of ground oxides."""
SLURRY_SHARE = 0.15
"""Mass share of liquid above which a powder flows. Estimated."""
BEST_DRY, BEST_WET = 0.97, 0.995
"""Best mixing of powders and of slurries, which hold no agglomerates. Estimated."""
SOLUBLE_MICROMETRES = 30.0
"""Size of the crystals in which dissolved salts come back. Estimated."""
FILM_SHARE = 0.02
"""Share of a dried slurry that stays on the vessel as a film. Estimated: some 10 um of
dry matter on 20 cm2, of a gram."""
MELTED_SHARE = 0.3
"""Share of a sample once molten throughout that stays in its crucible. Estimated: what
melted must be chipped out."""


def mix(powder: Powder, rpm: float, seconds: float) -> Powder:
    """Return the powder mixed in its vial, as a slurry where there is liquid enough.

    Args:
        powder: What is handled; it stays as it is.
        rpm: Speed, turns a minute, >= 0.
        seconds: Time, s, >= 0.
    """
    share = 1.0 - exp(-rpm * seconds / 60.0 / MIXED_AFTER_TURNS)
    best = BEST_WET if is_slurry(powder) else BEST_DRY
    mixing = powder.mixing + max(0.0, best - powder.mixing) * share
    return replace(powder, mixing=mixing, film=powder.film * (1.0 - share))


def is_slurry(powder: Powder) -> bool:
    """Return whether there is liquid enough for the powder to flow."""
    liquid = powder.moles.get(WATER, 0.0) * molar_mass(WATER)
    return liquid > SLURRY_SHARE * powder.grams


def stuck(powder: Powder) -> float:
    """Return the share of a powder that sticks to its vessel beyond the usual, 0 to 1.

    What melted sticks until it is ground; what dried from a slurry until it is mixed.
    """
    return max(powder.film, MELTED_SHARE * powder.melted * powder.sintered)


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

    A slurry that dries leaves a film on its vessel, and the salts that had dissolved
    come back as coarse crystals where the last liquid was.

    Args:
        powder: What is handled; it stays as it is.
        celsius: Oven temperature, degrees Celsius.
        seconds: Time, s, >= 0.

    Source:
        First-order drying, a rate of 1e-3 per second at 100 degrees Celsius that
        follows the vapour pressure of water (40.7 kJ/mol). Estimated.
    """
    water = powder.moles.get(WATER, 0.0)
    if water == 0.0:
        return powder
    rate = 1e-3 * exp(-40.7e3 / 8.314 * (1 / (celsius + 273.15) - 1 / 373.15))
    left = water * exp(-rate * seconds)
    gone = powder.released.get("H2O(g)", 0.0) + water - left
    dried = replace(
        powder,
        moles={**powder.moles, WATER: left},
        released={**powder.released, "H2O(g)": gone},
        grains={**powder.grains, WATER: Grains(amorphous_share=1.0)},
    )
    if is_slurry(powder) and not is_slurry(dried):
        return _segregated(dried)
    return dried


def _segregated(powder: Powder) -> Powder:
    """Return a powder whose dissolved salts have crystallised apart."""
    grains = dict(powder.grains)
    salts = 0.0
    for name in powder.moles:
        if name in SUBSTANCES and SUBSTANCES[name].soluble:
            size = max(SOLUBLE_MICROMETRES, grains[name].micrometres)
            grains[name] = replace(grains[name], micrometres=size)
            salts += powder.moles[name] * molar_mass(name)
    share = salts / powder.grams
    return replace(
        powder, grains=grains, mixing=powder.mixing * (1.0 - 0.5 * share),
        film=FILM_SHARE,
    )  # fmt: skip


def _finer(micrometres: float, effect: float) -> float:
    return micrometres - 0.6 * effect * max(0.0, micrometres - FINEST_MICROMETRES)


def _thinned(layers: Mapping[str, float], effect: float) -> dict[str, float]:
    return {pair: thickness * (1.0 - effect) for pair, thickness in layers.items()}
