"""Which product a pair of powders forms first, against the driving forces."""

from dataclasses import dataclass

import numpy as np
from figures.furnace_trials import PLAIN, powder, reach

from campaigns.materials.thermo import species_formula
from simulators.chemistry import Powder
from simulators.chemistry.constants import Laws, laws_of
from simulators.chemistry.gases import background
from simulators.chemistry.network import network
from simulators.chemistry.rates import driving_forces
from simulators.chemistry.substances import LUMPED, metals

JOULES_PER_MEV = 96.48533212
"""J/mol in 1 meV per particle (CODATA 2018)."""
PAIRS = (
    ("BaO2", "TiO2-rutile"), ("BaCO3", "TiO2-rutile"), ("CaO", "TiO2-rutile"),
    ("SrCO3", "TiO2-rutile"), ("Li2CO3", "TiO2-rutile"), ("Li2CO3", "Mn2O3"),
    ("Li2CO3", "Co3O4"), ("LiOH", "Co3O4"), ("LiOH", "Al2O3"), ("Li2CO3", "Al2O3"),
    ("BaO2", "CuO"), ("BaCO3", "CuO"), ("Y2O3", "CuO"), ("BaO2", "Al2O3"),
    ("Na2CO3", "MoO3"), ("Na2CO3", "TeO2"), ("TeO2", "MoO3"), ("CaO", "SiO2"),
    ("MgO", "SiO2"), ("ZnO", "SiO2"), ("ZnO", "Al2O3"), ("CaO", "Al2O3"),
    ("CaCO3", "NH4H2PO4"), ("NiO", "NH4H2PO4"), ("NiO", "TiO2-rutile"),
)  # fmt: skip
"""Pairs of reagents, one cation of each."""
_SEEN = 0.03
"""Share of the cations in new compounds of both that counts as the first product."""
_CELSIUS = np.arange(100.0, 1500.0, 25.0)
_PER_MINUTE = 10.0
_GAS = "air"


@dataclass(frozen=True, slots=True)
class First:
    """What a pair formed first."""

    pair: tuple[str, str]
    celsius: float
    made: str
    """The new compound of both that holds most cations."""
    leading: tuple[str, ...]
    """Products of the reaction with the largest driving force per atom."""
    force: float
    """That driving force, meV/atom."""
    lead: float
    """By how much it exceeds the best reaction with other products, meV/atom."""

    @property
    def is_leader(self) -> bool:
        """Return whether the leading reaction's product formed."""
        return self.made in self.leading

    def __str__(self) -> str:
        """Write the pair on one line."""
        verdict = "as led" if self.is_leader else f"led: {' + '.join(self.leading)}"
        return (
            f"{' + '.join(self.pair):28s} {self.celsius:5.0f} °C {self.made:14s} "
            f"{self.force:6.0f} ahead by {self.lead:4.0f} meV/atom; {verdict}"
        )


def of(pair: tuple[str, str]) -> First | None:
    """Return what a pair forms first on heating in air; none if nothing to 1475 °C."""
    start = powder({name: 1 / _cations(name) for name in pair})
    for celsius in _CELSIUS:
        shares = _new(reach(start, float(celsius), _PER_MINUTE, _GAS), pair)
        if sum(shares.values()) >= _SEEN:
            made = max(shares, key=lambda name: shares[name])
            made = LUMPED.get(made, made)
            return _judged(pair, float(celsius), made)
    return None


def _judged(pair: tuple[str, str], celsius: float, made: str) -> First:
    laws = _laws(pair)
    net = laws.network
    forces = _forces(laws, celsius)
    both = tuple(sorted(net.species.index(name) for name in pair))
    own = [j for j in range(len(forces)) if net.groups[net.group[j]] == both]
    products = {
        j: tuple(net.species[p] for p in net.products[j] if p < len(net.species))
        for j in own
    }
    best = max(own, key=lambda j: forces[j])
    others = [forces[j] for j in own if not set(products[j]) & set(products[best])]
    lead = forces[best] - max([*others, 0.0])
    return First(pair, celsius, made, products[best], forces[best], lead)


def slowing() -> float:
    """Return the rate of BaCO3 + TiO2 with 25 meV/atom over that with 100 meV/atom.

    At one temperature, so mobility is the same: the pressure of CO2 sets the force.
    The furnace's own law, without the product layer.
    """
    laws = _laws(("BaCO3", "TiO2-rutile"))
    thermal = 8.314462618 * (900.0 + 273.15)
    share = {}
    j = _reaction(laws, ("BaCO3", "TiO2-rutile"), "BaTiO3")
    for mev in (25.0, 100.0):
        joules = mev * JOULES_PER_MEV * laws.network.atoms[j]
        nuclei = np.exp(
            -((laws.truth.kinetics.nucleation / (mev * JOULES_PER_MEV)) ** 2)
            * 1200.0 / (900.0 + 273.15)
        )  # fmt: skip
        share[mev] = nuclei * (1.0 - np.exp(-joules / thermal))
    return float(share[25.0] / share[100.0])


def _reaction(laws: Laws, pair: tuple[str, str], product: str) -> int:
    net = laws.network
    both = tuple(sorted(net.species.index(name) for name in pair))
    at = net.species.index(product)
    return next(
        j
        for j in range(len(net.group))
        if net.groups[net.group[j]] == both and net.products[j][0] == at
    )


def _laws(pair: tuple[str, str]) -> Laws:
    return laws_of(network(frozenset(pair), "Pt"), PLAIN)


def _forces(laws: Laws, celsius: float) -> list[float]:
    """Return each reaction's driving force in furnace air, meV per atom of solid."""
    pressures = background(_GAS, laws.network.gases)
    local, _ = driving_forces(laws, celsius + 273.15, pressures)
    return [float(x) for x in -local / laws.atoms / JOULES_PER_MEV]


def _cations(name: str) -> float:
    formula = species_formula(name)
    return float(sum(formula.amount(e) for e in metals(name)))


def _new(fired: Powder, pair: tuple[str, str]) -> dict[str, float]:
    """Return shares of the cations in compounds that hold metals of both, 0 to 1."""
    first, second = (metals(name) for name in pair)
    cations = {n: m * _cations(n) for n, m in fired.moles.items() if m > 0}
    total = sum(cations.values())
    return {
        name: n / total
        for name, n in cations.items()
        if metals(name) & first and metals(name) & second
    }
