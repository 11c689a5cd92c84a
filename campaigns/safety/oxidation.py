"""Oxidation states of a reagent, and the class that they put it in.

Everything follows from the composition, so that `Ba(NO3)2`, `BaN2O6` and a hydrate of
either are one thing. States of metals are usual ones; whatever charge is left over
falls to the anion formers, and names the class: nitrogen at +5 is a nitrate, carbon
below +4 an organic, oxygen above -2 a peroxide.

Source:
    Oxidising and reducing valencies, with C +4, H +1, O -2, N 0 and metals at the
    valence of their products: Jain, Adiga & Pai Verneker, Combust. Flame 40 (1981) 71.
"""

from dataclasses import dataclass
from functools import lru_cache

from campaigns.materials.formula import Formula

_FIXED = {
    1: "Li Na K Rb Cs Ag H",
    2: "Be Mg Ca Sr Ba Zn Cd",
    3: "B Al Ga In Sc Y La Nd Sm Gd Dy Ho Er Tm Lu",
    4: "Si Ge Zr Hf Th",
    -1: "F",
}
_RANGES = {
    "Ti": (3, 4), "V": (3, 5), "Cr": (2, 6), "Mn": (2, 7), "Fe": (2, 4), "Co": (2, 4),
    "Ni": (2, 4), "Cu": (1, 3), "Nb": (4, 5), "Mo": (4, 6), "Ru": (4, 8), "Rh": (3, 4),
    "Pd": (2, 4), "Sn": (2, 4), "Sb": (3, 5), "As": (3, 5), "Te": (4, 6), "Se": (4, 6),
    "Ce": (3, 4), "Pr": (3, 4), "Tb": (3, 4), "Eu": (2, 3), "Yb": (2, 3), "Ta": (4, 5),
    "W": (4, 6), "Re": (4, 7), "Os": (4, 8), "Ir": (3, 6), "Pt": (2, 4), "Au": (1, 3),
    "Hg": (1, 2), "Tl": (1, 3), "Pb": (2, 4), "Bi": (3, 5), "U": (4, 6), "Pa": (4, 5),
}  # fmt: skip
_USUAL = {
    "Ti": 4, "V": 5, "Cr": 3, "Mn": 2, "Fe": 3, "Co": 2, "Ni": 2, "Cu": 2, "Nb": 5,
    "Mo": 6, "Ru": 4, "Rh": 3, "Pd": 2, "Sn": 4, "Sb": 3, "As": 3, "Te": 4, "Se": 4,
    "Ce": 3, "Pr": 3, "Tb": 3, "Eu": 3, "Yb": 3, "Ta": 5, "W": 6, "Re": 7, "Os": 4,
    "Ir": 4, "Pt": 4, "Au": 3, "Hg": 2, "Tl": 1, "Pb": 2, "Bi": 3, "U": 6, "Pa": 5,
}  # fmt: skip
"""States of metals and semimetals in the compounds that laboratories sell."""
_ANIONS = {
    "Cl": (-1, 7), "Br": (-1, 7), "I": (-1, 7), "N": (-3, 5), "S": (-2, 6),
    "P": (-3, 5), "C": (-4, 4),
}  # fmt: skip
"""Elements that take up what charge is left, in this order, and their extremes."""
STRONG_VALENCE = {"Mn": 6, "Cr": 6, "Fe": 4, "Pb": 4, "Ag": 2, "Ni": 4}
"""States from which a metal counts as an oxidiser by itself. Source: permanganates,
chromates, ferrates and lead dioxide carry H271 or H272 in annex VI of Regulation (EC)
1272/2008; manganese dioxide does not."""
OXIDISERS = frozenset(("nitrate", "nitrite", "halate", "peroxide", "high-valent metal"))
FUELS = frozenset(
    ("organic", "carbon", "ammonium", "element", "hydride", "reduced anion", "azide")
)
SELF_CONTAINED = frozenset(("ammonium nitrate", "azide"))
"""Classes that hold oxidiser and fuel in one formula, or need neither."""


@dataclass(frozen=True, slots=True)
class Nature:
    """What a reagent is, as far as safety goes."""

    states: dict[str, float]
    """Element to mean oxidation state."""
    classes: frozenset[str]

    @property
    def is_oxidiser(self) -> bool:
        """Tell whether it oxidises."""
        return bool(self.classes & OXIDISERS)

    @property
    def is_fuel(self) -> bool:
        """Tell whether an oxidiser burns it."""
        return bool(self.classes & FUELS)


@lru_cache(maxsize=1024)
def nature(formula: Formula) -> Nature:
    """Return the oxidation states of a formula and the classes that follow."""
    states = _states(formula)
    return Nature(states, frozenset(_classes(formula, states)))


def _usual(element: str) -> float:
    if element in _USUAL:
        return float(_USUAL[element])
    for state, symbols in _FIXED.items():
        if element in symbols.split():
            return float(state)
    return 3.0  # the other rare earths


def _states(formula: Formula) -> dict[str, float]:
    amounts = {e: float(n) for e, n in formula.composition}
    if "O" not in amounts:
        return _without_oxygen(amounts)
    states = {e: _usual(e) for e in amounts if e not in _ANIONS}
    states["O"] = -2.0
    formers = [e for e in _ANIONS if e in amounts]
    # What is most usual first; metals may make up for it within their range.
    for guess in _guesses(formers):
        fitted = _fit_metals(amounts, states | guess)
        if fitted:
            return fitted
    return _left_over(amounts, states, formers)


def _guesses(formers: list[str]) -> list[dict[str, float]]:
    """Return the usual states of the anion formers, the most usual choice first."""
    halides = {e: -1.0 for e in formers if e in ("Cl", "Br", "I")}
    top = {e: float(_ANIONS[e][1]) for e in formers if e in ("S", "P", "C", "N")}
    guesses = [halides | top]
    if "N" in formers:
        guesses.append(halides | top | {"N": -3.0})
    return guesses


def _charge(amounts: dict[str, float], states: dict[str, float]) -> float:
    return sum(n * states[e] for e, n in amounts.items())


def _fit_metals(
    amounts: dict[str, float], states: dict[str, float]
) -> dict[str, float] | None:
    """Shift variable metals so that the charges cancel; None if they cannot."""
    excess = _charge(amounts, states)
    fitted = dict(states)
    for element, n in amounts.items():
        if element not in _RANGES or abs(excess) < 1e-6:
            continue
        low, high = _RANGES[element]
        wanted = fitted[element] - excess / n
        fitted[element] = min(max(wanted, low), high)
        excess = _charge(amounts, fitted)
    return fitted if abs(excess) < 1e-6 else None


def _left_over(
    amounts: dict[str, float], states: dict[str, float], formers: list[str]
) -> dict[str, float]:
    """Give the charge that is left to the anion formers in turn, then to oxygen."""
    found = states | _guesses(formers)[-1]
    for element in formers:
        low, high = _ANIONS[element]
        excess = _charge(amounts, found)
        wanted = found[element] - excess / amounts[element]
        found[element] = min(max(wanted, low), high)
    excess = _charge(amounts, found)
    found["O"] -= excess / amounts["O"]
    return found


def _without_oxygen(amounts: dict[str, float]) -> dict[str, float]:
    """Return states of salts, elements, hydrides, carbides ... without oxygen."""
    anions = {"F": -1, "Cl": -1, "Br": -1, "I": -1, "S": -2, "N": -3, "Se": -2}
    present = [e for e in anions if e in amounts]
    if not present or len(amounts) == 1:
        return dict.fromkeys(amounts, 0.0)
    states = {e: float(anions[e]) if e in present else _usual(e) for e in amounts}
    if fitted := _fit_metals(amounts, states):
        return fitted
    last = present[-1]
    states[last] -= _charge(amounts, states) / amounts[last]
    return states


def _classes(formula: Formula, states: dict[str, float]) -> set[str]:
    elements = formula.elements
    found = set[str]()
    if "O" in elements:
        found |= _oxidising(states)
        if "C" in elements:
            found.add("carbonate" if states["C"] > 4 - 1e-6 else "organic")
        if states["O"] > -2 + 1e-6 and not found & OXIDISERS:
            found.add("peroxide")
        if "S" in elements:
            found.add("sulphate" if states["S"] > 6 - 1e-6 else "reduced anion")
    else:
        found |= _oxygen_free(elements, states)
    if "N" in elements:
        found |= _nitrogenous(elements, states["N"])
    found |= {"halide" for e in ("F", "Cl", "Br", "I") if states.get(e, 0) < 0}
    if "H" in elements and "O" in elements and not found & {"organic"}:
        found.add("water")
    return found


def _oxidising(states: dict[str, float]) -> set[str]:
    found = {"halate" for e in ("Cl", "Br", "I") if states.get(e, -1) > 0}
    found |= {
        "high-valent metal"
        for element, least in STRONG_VALENCE.items()
        if states.get(element, 0) > least - 1e-6
    }
    return found


def _nitrogenous(elements: frozenset[str], state: float) -> set[str]:
    """Return the class that nitrogen gives: by its mean state."""
    if "O" in elements and state > 5 - 1e-6:
        return {"nitrate"}
    if state < -3 + 1e-6:
        return {"ammonium"} if "H" in elements else {"reduced anion"}
    if "O" not in elements:
        return {"azide"}
    # Between the two there is nitrite, or nitrate with its own ammonium or amine.
    return {"ammonium nitrate"} if "H" in elements else {"nitrite"}


def _oxygen_free(elements: frozenset[str], states: dict[str, float]) -> set[str]:
    halogens = elements & {"F", "Cl", "Br", "I"}
    if halogens:
        return set()
    if elements == {"C"}:
        return {"carbon"}
    if "H" in elements and "C" not in elements and "N" not in elements:
        return {"hydride"}
    if "C" in elements and "H" in elements:
        return {"organic"}
    if len(elements) == 1 or not elements & {"S", "N", "Se", "P", "C", "B"}:
        return {"element"}
    return set() if "N" in elements else {"reduced anion"}


def reducing_equivalents(formula: Formula) -> float:
    """Return moles of electrons that a mole gives up in burning; negative if it takes.

    Counts carbon to CO2, hydrogen to H2O, nitrogen to N2, sulphur to SO2, halogens to
    halides, and metals only where they begin as elements or in hydrides, or end a
    class of oxidisers: the small change of valence between oxides heats little.

    Source: the valencies of Jain, Adiga & Pai Verneker, Combust. Flame 40 (1981) 71.
    """
    known = nature(formula)
    burns = "O" not in formula.elements and known.is_fuel
    total = 0.0
    for element, n in formula.composition:
        now = known.states[element]
        total += float(n) * (_end(element, now, burns=burns) - now)
    return total


_ENDS = {"C": 4.0, "H": 1.0, "N": 0.0, "O": -2.0, "P": 5.0, "F": -1.0, "Cl": -1.0,
         "Br": -1.0, "I": -1.0}  # fmt: skip


def _end(element: str, now: float, *, burns: bool) -> float:
    """Return the oxidation state of an element after burning."""
    if element in _ENDS:
        return _ENDS[element]
    if element == "S":
        return max(4.0, now)  # sulphates stay, or leave as SO3
    is_strong = now > STRONG_VALENCE.get(element, 9) - 1e-6
    return _usual(element) if burns or is_strong else now
