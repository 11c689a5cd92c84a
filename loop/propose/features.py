"""What chemistry says of a precursor set before anything is fired.

Everything is computed from formulas; thermochemistry enters through `Facts`, handed in
by whoever builds the proposer.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from campaigns.materials.formula import Formula
from loop.propose.columns import standardised
from loop.propose.powders import Powder, powder_descriptors

ALKALI = frozenset(["Li", "Na", "K", "Rb", "Cs"])
ALKALINE_EARTH = frozenset(["Ca", "Sr", "Ba"])
RARE_EARTH = frozenset(
    [
        "Sc",
        "Y",
        "La",
        "Ce",
        "Pr",
        "Nd",
        "Sm",
        "Eu",
        "Gd",
        "Tb",
        "Dy",
        "Ho",
        "Er",
        "Tm",
        "Yb",
        "Lu",
    ]
)
VALENCE_CHANGING = frozenset(
    ["V", "Cr", "Mn", "Fe", "Co", "Ni", "Cu", "Mo", "Ce", "Pr", "Tb", "Pb", "Bi"]
)
"""Cations whose oxides give off oxygen on heating to furnace temperatures.

Source: Greenwood & Earnshaw, Chemistry of the Elements (2nd ed., 1997).
"""
VOLATILE = frozenset(["H", "C", "N", "O", "F", "Cl", "Br", "I"])
"""Elements that name a salt, not a cation."""

OXIDE_FROM_CELSIUS: Mapping[tuple[str, str], float] = {
    ("carbonate", "transition"): 400.0,
    ("carbonate", "rare-earth"): 750.0,
    ("hydroxide", "transition"): 300.0,
    ("hydroxide", "rare-earth"): 500.0,
    ("hydroxide", "alkaline-earth"): 700.0,
    ("nitrate", "transition"): 400.0,
    ("nitrate", "rare-earth"): 600.0,
    ("nitrate", "alkaline-earth"): 650.0,
    ("peroxide", "transition"): 300.0,
    ("organic", "transition"): 400.0,
    ("organic", "rare-earth"): 750.0,
}
"""(salt, family) to where the salt has become the oxide in air, degrees Celsius,
rounded up to 50; pairs not listed persist (stable carbonates, barium peroxide).

Source: Stern, High Temperature Properties and Decomposition of Inorganic Salts
(CRC Press, 2001), typical onsets by family; single salts differ by 100 or so.
"""


class Facts(Protocol):
    """Cited facts about matter that the proposer may use."""

    def melting_celsius(self, formula: str) -> float | None:
        """Return where a compound melts or decomposes, None if not known."""

    def driving_force(
        self, precursors: "SetChemistry", kelvin: float, atmosphere: str
    ) -> tuple[float, float] | None:
        """Return free energy of the reaction to the target and its sigma, both
        kJ per mol of target (negative: it runs), None if not known.
        """  # noqa: D205

    def log_oxygen(self, atmosphere: str) -> float:
        """Return the logarithm of the oxygen pressure against air, 0 if not known."""

    def powder(self, formula: str, coldest: float, hottest: float) -> Powder | None:
        """Return what a reagent is in a furnace of some range, °C, None if not known.

        In air.
        """


class NothingKnown:
    """Facts of a lab without tables."""

    def melting_celsius(self, formula: str) -> float | None:
        """Return None."""
        return None

    def driving_force(
        self,
        precursors: "SetChemistry",
        kelvin: float,
        atmosphere: str,
    ) -> tuple[float, float] | None:
        """Return None."""
        return None

    def log_oxygen(self, atmosphere: str) -> float:
        """Return 0."""
        return 0.0

    def powder(self, formula: str, coldest: float, hottest: float) -> Powder | None:
        """Return None."""
        return None


@dataclass(frozen=True)
class SetChemistry:
    """A precursor set and its reaction to one mole of target."""

    label: str
    target: str
    """Formula of the target."""
    moles: dict[str, float]
    """Reagent formula to moles."""
    gases: dict[str, float] = field(default_factory=dict)
    """Gas formula to moles given off; negative is taken up."""
    powders: Mapping[str, Powder] = field(default_factory=dict)
    """Reagent formula to what is known of it as a powder."""
    micrometres: Mapping[str, float] = field(default_factory=dict)
    """Reagent formula to typical particle size, µm."""
    pathway: Mapping[str, float] = field(default_factory=dict)
    """What learned reactions lead to expect of it, by name; see `pathways`."""


def salt_of(formula: Formula) -> str:
    """Return the kind of salt: oxide, carbonate, hydroxide, nitrate, peroxide, ..."""
    n = {element: float(amount) for element, amount in formula.amounts.items()}
    carbon, nitrogen = n.get("C", 0.0), n.get("N", 0.0)
    # Water and hydroxide bring oxygen along: count what is left for the anion.
    oxygen = n.get("O", 0.0) - n.get("H", 0.0) / 2
    kinds = {
        "phosphate": n.get("P"),
        "sulfate": n.get("S"),
        "halide": {"F", "Cl", "Br", "I"} & n.keys(),
        # 3 O for each C, 2.5 in hydrogen carbonates, 2 in oxalates.
        "carbonate": carbon and oxygen >= 2.5 * carbon,
        "organic": carbon,
        "nitrate": nitrogen and oxygen >= 3 * nitrogen,
        "ammonium": nitrogen and "H" in n,
        "nitride": nitrogen,
        "hydroxide": "H" in n and "O" in n,
        "element": "O" not in n,
        "peroxide": _has_peroxide(formula),
    }
    return next((kind for kind, is_so in kinds.items() if is_so), "oxide")


def _has_peroxide(formula: Formula) -> bool:
    """Return whether oxygen exceeds what alkali and alkaline earths can bind."""
    cations = formula.elements - {"O"}
    if not cations <= ALKALI | ALKALINE_EARTH:
        return False
    bound = sum(
        float(n) * (0.5 if element in ALKALI else 1.0)
        for element, n in formula.amounts.items()
        if element != "O"
    )
    return float(formula.amount("O")) > bound + 1e-9


def family_of(formula: Formula) -> str:
    """Return the family of the most electropositive cation."""
    for name, members in (
        ("alkali", ALKALI),
        ("alkaline-earth", ALKALINE_EARTH),
        ("rare-earth", RARE_EARTH),
    ):
        if formula.elements & members:
            return name
    return "transition"


def source_at(text: str, celsius: float) -> str:
    """Return what a reagent has become by a temperature, as a name.

    `CuCO3` and `CuO` are both `Cu oxide` at 600 °C, `BaCO3` stays `Ba carbonate`.
    Compounds of several cations are told apart by their ratio: `BaCuO2` is another
    source than `Ba2Cu3O6`.

    Args:
        text: Reagent formula.
        celsius: Temperature of the first reaction, degrees Celsius.
    """
    formula = Formula.parse(text)
    salt = salt_of(formula)
    limit = OXIDE_FROM_CELSIUS.get((salt, family_of(formula)))
    if limit is not None and limit <= celsius:
        salt = "oxide"
    cations = sorted(formula.elements - VOLATILE)
    if len(cations) > 1:
        least = min(formula.amount(element) for element in cations)
        cations = [f"{el}{_ratio(formula.amount(el) / least)}" for el in cations]
    return f"{'-'.join(cations) or text} {salt}"


def _ratio(found: Fraction) -> str:
    """Return a ratio as a suffix, nothing for 1."""
    return "" if found == 1 else f"{float(found):.3g}"


def stable_carbonate(chemistry: SetChemistry) -> float:
    """Return CO2 held in carbonates that outlast the heating, mol per mol of cations.

    0 (none) to 1 (every cation brings one).
    """
    cations = cation_moles(chemistry)
    return carbonate_held(chemistry) / cations if cations else 0.0


def carbonate_held(chemistry: SetChemistry) -> float:
    """Return CO2 held in carbonates that outlast the heating, mol per mol of target."""
    held = 0.0
    for text, moles in chemistry.moles.items():
        formula = Formula.parse(text)
        is_stable = family_of(formula) in {"alkali", "alkaline-earth"}
        if is_stable and salt_of(formula) == "carbonate":
            held += moles * float(formula.amount("C"))
    return held


def cation_moles(chemistry: SetChemistry) -> float:
    """Return the cations that the reagents bring, mol per mol of target."""
    return sum(
        moles * float(n)
        for text, moles in chemistry.moles.items()
        for element, n in Formula.parse(text).amounts.items()
        if element not in VOLATILE
    )


def slowest_carbonate(texts: Iterable[str]) -> float:
    """Return the share of a cation's sources that are carbonates which outlast heating.

    It is that of the cation that has most of them: a compound forms no faster than the
    last of its cations comes free. Sources count alike, for where amounts are not told.

    Args:
        texts: Formulas of the reagents.
    """
    sources: dict[str, list[bool]] = {}
    for text in texts:
        formula = Formula.parse(text)
        is_stable = family_of(formula) in {"alkali", "alkaline-earth"}
        is_held = is_stable and salt_of(formula) == "carbonate"
        for element in formula.elements - VOLATILE:
            sources.setdefault(element, []).append(is_held)
    return max((sum(held) / len(held) for held in sources.values()), default=0.0)


def gas_share(chemistry: SetChemistry) -> float:
    """Return the mass given off as gas per gram of reagents, 0 to 1."""
    lost = sum(Formula.parse(gas).molar_mass * n for gas, n in chemistry.gases.items())
    weighed = sum(
        Formula.parse(text).molar_mass * n for text, n in chemistry.moles.items()
    )
    return max(0.0, lost / weighed) if weighed else 0.0


def descriptors(chemistry: SetChemistry) -> dict[str, float]:
    """Return what describes a set beside its sources, by name.

    Stable carbonate is CO2 in mol per mol of cations, gas share a mass share, oxygen
    uptake mol O2 per mol of target, precursors their number. What is not known is not
    a number.
    """
    return {
        "stable carbonate": stable_carbonate(chemistry),
        "gas share": gas_share(chemistry),
        "oxygen uptake": -chemistry.gases.get("O2", 0.0),
        "precursors": float(len(chemistry.moles)),
        **powder_descriptors(chemistry.moles, chemistry.powders, chemistry.micrometres),
    }


@dataclass(frozen=True)
class SetFeatures:
    """Descriptors of all sets of a campaign, for the kernel over sets."""

    labels: tuple[str, ...]
    sources: tuple[str, ...]
    """Names of the identity columns that tell sets apart."""
    descriptors: tuple[str, ...]
    """Names of the descriptor columns."""
    identity: NDArray[np.float64]
    """Shape n x len(sources): 1 where a set has that source, over the root of the
    sources a set has on average, so that two sets without a common one are about
    the root of 2 apart."""
    values: NDArray[np.float64]
    """Shape n x len(descriptors): mean 0, standard deviation 1 over the sets."""
    sluggishness: NDArray[np.float64]
    """Stable carbonate of each set, shape n, 0 to 1."""

    def row(self, label: str) -> int:
        """Return a set's row.

        Raises:
            KeyError: If the set is not in the campaign.
        """
        try:
            return self.labels.index(label)
        except ValueError:
            raise KeyError(label) from None


def set_features(sets: Sequence[SetChemistry], celsius: float) -> SetFeatures:
    """Return the descriptors of precursor sets.

    Args:
        sets: The campaign's sets.
        celsius: Lowest reaction temperature searched: by then `CuCO3` is `CuO`.
    """
    found = [sorted({source_at(t, celsius) for t in s.moles}) for s in sets]
    names = sorted({name for one in found for name in one})
    # A source that every set has says nothing.
    names = [n for n in names if not all(n in one for one in found)]
    hot = np.array([[float(n in one) for n in names] for one in found])
    norm = np.sqrt(max(1.0, float(hot.sum(axis=1).mean()))) if names else 1.0
    described = [{**descriptors(s), **s.pathway} for s in sets]
    columns = tuple(described[0]) if described else ()
    values = np.array([list(one.values()) for one in described])
    values = values.reshape(len(sets), len(columns))
    middle, spread = standardised(values)
    varies = spread > 1e-9
    # What is not known is taken to be as usual.
    values = np.nan_to_num((values - middle)[:, varies] / spread[varies])
    return SetFeatures(
        labels=tuple(s.label for s in sets),
        sources=tuple(names),
        descriptors=tuple(n for n, v in zip(columns, varies, strict=True) if v),
        identity=hot.reshape(len(sets), len(names)) / norm,
        values=values,
        sluggishness=np.array([stable_carbonate(s) for s in sets]),
    )
