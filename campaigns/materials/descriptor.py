"""How the Gibbs energy of a solid falls with temperature, from its volume and masses.

Source:
    Bartel et al., Nat. Commun. 9 (2018) 4168, equations 4 and 6: a descriptor learned
    from 262 measured compounds. Not for gases; the error of about 50 meV/atom does not
    cancel in reactions that change an element's charge. Checked in the tests against
    pymatgen's `GibbsComputedStructureEntry`.
"""

from itertools import combinations
from math import log

from campaigns.errors import MaterialError
from campaigns.materials.elements import ATOMIC_WEIGHTS
from campaigns.materials.formula import Formula

JOULES_PER_EV = 96485.33212
"""J/mol in 1 eV per particle. Source: CODATA 2018."""


def reduced_mass(formula: Formula) -> float:
    """Return the mean reduced mass over pairs of elements, g/mol.

    Raises:
        MaterialError: If there is one element only: it has no pairs.
    """
    amounts = [(e, float(n)) for e, n in formula.composition]
    if len(amounts) < 2:
        raise MaterialError(
            f"{formula}: Bartel's descriptor is of compounds; an element has none"
        )
    total = 0.0
    for (first, n), (second, m) in combinations(amounts, 2):
        a, b = ATOMIC_WEIGHTS[first], ATOMIC_WEIGHTS[second]
        total += (n + m) * a * b / (a + b)
    return total / ((len(amounts) - 1) * sum(n for _, n in amounts))


def bartel_gibbs(mass: float, cubic_angstrom: float, kelvin: float) -> float:
    """Return G(T) less the enthalpy of formation at 298 K, J per mole of atoms.

    Args:
        mass: From `reduced_mass`, g/mol.
        cubic_angstrom: Volume of the cell by its atoms, Å³.
        kelvin: Temperature, 300 to 1800 K in the source.
    """
    slope = -2.48e-4 * log(cubic_angstrom) - 8.94e-5 * mass / cubic_angstrom
    return JOULES_PER_EV * (slope * kelvin + 0.181 * log(kelvin) - 0.882)
