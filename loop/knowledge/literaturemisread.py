"""Precursors whose formulas were misread, put right where only one can be meant.

`Ba2CO3` stands in the file for BaCO3, `La(NO3)2` for La(NO3)3. Where the cation has one
valence and the anion is known, charge balance says what was written.
"""

from collections.abc import Mapping
from types import MappingProxyType

VALENCES: Mapping[str, int] = MappingProxyType(
    {
        **dict.fromkeys(("Li", "Na", "K", "Rb", "Cs"), 1),
        **dict.fromkeys(("Be", "Mg", "Ca", "Sr", "Ba", "Zn", "Cd"), 2),
        **dict.fromkeys(
            ("Al", "Sc", "Y", "La", "Nd", "Gd", "Dy", "Ho", "Er", "Tm", "Lu"), 3
        ),
        **dict.fromkeys(("Si", "Zr", "Hf"), 4),
        "Ta": 5,
    }
)
"""Cations that have one valence in the salts of a shelf.

Source: Greenwood & Earnshaw, Chemistry of the Elements (2nd ed., 1997); recalled, not
checked.
"""
_HALIDES = frozenset(["F", "Cl", "Br", "I"])
_TOLERANCE = 0.01


def put_right(amounts: Mapping[str, float]) -> dict[str, float] | None:
    """Return what a formula must have been, none if it may stand as it is.

    Oxides (peroxides too), carbonates, nitrates, hydroxides and halides of one cation
    of `VALENCES` are judged; all else stands.

    Args:
        amounts: Element to amount of a precursor.
    """
    cation, *others = sorted(amounts, key=lambda e: e not in VALENCES)
    if cation not in VALENCES or any(e in VALENCES for e in others):
        return None
    valence = VALENCES[cation]
    held = {e: amounts[e] / amounts[cation] for e in others}
    allowed = _allowed(held, valence)
    if not allowed or any(_alike(held, one) for one in allowed):
        return None
    return {cation: 1.0, **allowed[0]}


def _allowed(held: Mapping[str, float], valence: int) -> list[dict[str, float]]:
    """Return what one cation can hold of these elements, the usual first."""
    elements = frozenset(held)
    if elements == {"O"}:
        oxide, peroxide, superoxide = valence / 2, float(valence), 2.0 * valence
        rest = [peroxide, superoxide] if valence <= 2 else []
        return [{"O": n} for n in (oxide, *rest)]
    if elements == {"C", "O"} and _is(held["O"], 3 * held["C"]):
        return [{"C": valence / 2, "O": 1.5 * valence}]
    if elements == {"N", "O"} and _is(held["O"], 3 * held["N"]):
        return [{"N": float(valence), "O": 3.0 * valence}]
    if elements == {"O", "H"} and _is(held["O"], held["H"]):
        return [{"O": float(valence), "H": float(valence)}]
    if len(elements) == 1 and elements <= _HALIDES:
        return [{next(iter(elements)): float(valence)}]
    return []


def _alike(held: Mapping[str, float], other: Mapping[str, float]) -> bool:
    return all(_is(n, other[element]) for element, n in held.items())


def _is(found: float, wanted: float) -> bool:
    return abs(found - wanted) <= _TOLERANCE * wanted
