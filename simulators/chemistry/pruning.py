"""Leave out reactions that no furnace ever drives."""

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from campaigns.materials.thermo import GAS_CONSTANT, table
from simulators.chemistry.substances import VAPOURS, VARIANTS, oxygen_taken

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

KELVINS = np.arange(300.0, 1976.0, 75.0)
"""Temperatures at which reactions are tried."""
OXYGEN = (1e-6, 1e-3, 0.2, 1.0)
CARBON = (1e-7, 4e-4, 0.03, 1.0)
STEAM = (1e-6, 0.01, 0.5)
"""Pressures of O2, CO2 and H2O at which they are tried, bar."""
_OTHER, _VAPOUR = 1e-6, 1e-9
"""Pressure of other gases and of vapours, bar: so little that what gives them off is
tried. A vapour of 1e-9 bar takes some 1e-9 mol out of a crucible in a day."""
_MARGIN_JOULES = 4000.0
"""Driving forces of the wrong sign up to this are kept, J per cation mole: conditions
lie between those tried."""
_SIGMAS = 4.0


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Reactions before pruning; s species, g gases, r reactions."""

    species: tuple[str, ...]
    gases: tuple[str, ...]
    change: Floats
    """Moles of species per cation mole, shape s x r."""
    gas_change: Floats
    """Moles of gases given off per cation mole, shape g x r."""


def driven(candidates: Candidates) -> Ints:
    """Return indices of the reactions that some conditions drive, shape kept."""
    slack = _MARGIN_JOULES + _SIGMAS * _doubts(candidates)
    is_driven = np.zeros(len(slack), dtype=np.bool_)
    for kelvin in KELVINS:
        solids, gases = _energies(candidates, float(kelvin))
        for pressures in _gases(candidates.gases):
            local = gases + GAS_CONSTANT * kelvin * np.log(pressures)
            filled = _filled(candidates, solids, local, float(kelvin))
            energy = filled @ candidates.change + local @ candidates.gas_change
            is_driven |= energy < slack
    return np.flatnonzero(is_driven)


def _gases(names: tuple[str, ...]) -> list[Floats]:
    found = []
    for oxygen, carbon, steam in product(OXYGEN, CARBON, STEAM):
        pressures = np.array([_VAPOUR if n in VAPOURS else _OTHER for n in names])
        for name, p in (("O2(g)", oxygen), ("CO2(g)", carbon), ("H2O(g)", steam)):
            pressures[names.index(name)] = p
        found.append(pressures)
    return found


def _energies(candidates: Candidates, kelvin: float) -> tuple[Floats, Floats]:
    """Return the energies of species and gases at 1 bar, J/mol, shapes s and g."""
    rows = table()
    solids = np.array([rows[name].gibbs(kelvin) for name in candidates.species])
    return solids, np.array([rows[name].gibbs(kelvin) for name in candidates.gases])


def _filled(
    candidates: Candidates, solids: Floats, gases: Floats, kelvin: float
) -> Floats:
    """Return energies with oxygen sites filled as the gas asks, J/mol, shape s."""
    energies, oxygen = solids.copy(), gases[candidates.gases.index("O2(g)")]
    for full, variant in VARIANTS.items():
        if variant.is_filled and variant.of in candidates.species:
            at = candidates.species.index(variant.of)
            gained = table()[full].gibbs(kelvin) - oxygen_taken(variant) * oxygen
            gap = (energies[at] - gained) / (GAS_CONSTANT * kelvin)
            energies[at] -= GAS_CONSTANT * kelvin * np.logaddexp(0.0, gap)
    return energies


def _doubts(candidates: Candidates) -> Floats:
    """Return each reaction energy's standard deviation over worlds, J, shape r."""
    rows = table()
    shifts: dict[str, Floats] = {}
    order = {name: k for k, name in enumerate(rows)}
    for name, row in rows.items():
        own = np.zeros(len(order))
        own[order[name]] = row.sigma_invariant
        for other, n in row.follows:
            own += n * shifts[other]
        shifts[name] = own
    moved = np.array([shifts[name] for name in candidates.species])
    return np.asarray(np.sqrt(((moved.T @ candidates.change) ** 2).sum(axis=0)))
