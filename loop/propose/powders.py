"""What is known of the powders of a set: size, melting point, volatility.

Source:
    Tammann's rule: ions of a solid become mobile at a share of its melting point, about
    0.57 for salts (Tammann & Mansuri, Z. anorg. allg. Chem. 126 (1923) 119), so
    refractory powders react late. Growth through a product layer takes a time that goes
    with the square of the grain: Jander, Z. anorg. allg. Chem. 163 (1927) 1.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import log, nan

from campaigns.materials.formula import Formula


@dataclass(frozen=True)
class Powder:
    """What a reagent is once the furnace is as hot as a campaign has it at least."""

    is_whole: bool
    """Whether it is still the powder weighed in: neither molten nor fallen apart."""
    melting_celsius: float | None
    """Of the solid that it has become; None if not known."""
    is_volatile: bool
    """Whether that evaporates at the hottest that the campaign may go."""


def powder_descriptors(
    moles: Mapping[str, float],
    powders: Mapping[str, Powder],
    micrometres: Mapping[str, float],
) -> dict[str, float]:
    """Return what describes the powders of a set, by name; not a number if not known.

    Args:
        moles: Reagent formula to moles.
        powders: Reagent formula to what is known of it.
        micrometres: Reagent formula to typical particle size, µm.
    """
    used = {text: n for text, n in moles.items() if n > 0}
    known = [powders[text].melting_celsius for text in used if text in powders]
    melting = [celsius for celsius in known if celsius is not None]
    # One that falls apart before it melts does not melt first, but may be the last.
    is_told = len(melting) == len(used)
    return {
        "first to melt / °C": min(melting, default=nan),
        "last to melt / °C": max(melting, default=nan) if is_told else nan,
        "grain / ln µm": _grain(used, powders, micrometres),
        "volatile share": _volatile(used, powders),
    }


def _grain(
    moles: Mapping[str, float],
    powders: Mapping[str, Powder],
    micrometres: Mapping[str, float],
) -> float:
    """Return the mean logarithm of the sizes of powders that keep theirs."""
    sizes = [
        log(micrometres[text])
        for text in moles
        if text in micrometres and (text not in powders or powders[text].is_whole)
    ]
    return sum(sizes) / len(sizes) if sizes else nan


def _volatile(moles: Mapping[str, float], powders: Mapping[str, Powder]) -> float:
    """Return the mass share of reagents that evaporate, as far as is known."""
    masses = {text: n * Formula.parse(text).molar_mass for text, n in moles.items()}
    lost = sum(
        mass
        for text, mass in masses.items()
        if text in powders and powders[text].is_volatile
    )
    whole = sum(masses.values())
    return lost / whole if whole else 0.0
