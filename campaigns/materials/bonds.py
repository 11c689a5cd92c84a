"""How cations bond to oxygen: charges, bond lengths, bond-valence parameters."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Cation:
    """What is usual of one element in oxides."""

    charges: tuple[int, ...]
    """Usual oxidation states."""
    bond: tuple[float, float]
    """Allowed shortest distance to oxygen, Å."""
    r0: float
    """Bond-valence parameter with oxygen, Å."""


CATIONS = {
    "H": Cation((1,), (0.85, 1.25), 0.95),
    "Li": Cation((1,), (1.80, 2.20), 1.466),
    "Na": Cation((1,), (2.20, 2.60), 1.803),
    "K": Cation((1,), (2.55, 3.00), 2.132),
    "Mg": Cation((2,), (1.88, 2.15), 1.693),
    "Al": Cation((3,), (1.63, 1.95), 1.651),
    "Si": Cation((4,), (1.57, 1.65), 1.624),
    "P": Cation((5,), (1.42, 1.60), 1.617),
    "Ca": Cation((2,), (2.12, 2.55), 1.967),
    "Ti": Cation((3, 4), (1.68, 2.02), 1.815),
    "V": Cation((3, 4, 5), (1.55, 2.05), 1.803),
    "Mn": Cation((2, 3, 4), (1.80, 2.25), 1.765),
    "Fe": Cation((2, 3), (1.82, 2.20), 1.745),
    "Co": Cation((2, 3), (1.85, 2.18), 1.696),
    "Ni": Cation((2, 3), (1.85, 2.12), 1.670),
    "Cu": Cation((1, 2), (1.78, 2.02), 1.650),
    "Zn": Cation((2,), (1.90, 2.15), 1.704),
    "Sr": Cation((2,), (2.40, 2.80), 2.118),
    "Y": Cation((3,), (2.12, 2.45), 2.014),
    "Zr": Cation((4,), (1.98, 2.25), 1.937),
    "Mo": Cation((4, 6), (1.65, 2.02), 1.907),
    "In": Cation((3,), (2.05, 2.25), 1.902),
    "Te": Cation((4, 6), (1.83, 2.02), 1.977),
    "Ba": Cation((2,), (2.48, 3.00), 2.290),
    "La": Cation((3,), (2.30, 2.65), 2.172),
    "Ce": Cation((3, 4), (2.25, 2.50), 2.028),
    "Bi": Cation((3,), (2.00, 2.35), 2.090),
    "C": Cation((4,), (1.24, 1.33), 1.390),
    "N": Cation((5, -3), (1.20, 1.28), 1.432),
}
"""Bond lengths: Shannon, Acta Cryst. A32 (1976) 751, sums of radii with margins for
distortion; C, N, Si, P, H: means of such groups, H up to the symmetric O-H-O bond.
Bond-valence parameters: Brese & O'Keeffe (1991), averaged over the listed charges.
Nitrogen is -3 in ammonium."""

CONTACTS = {
    frozenset("OH"): 0.85,
    frozenset("NH"): 0.95,
    frozenset("B"): 1.60,
    frozenset("O"): 1.45,
}
"""Shortest allowed distance, Å, by pair; O-O is that of a peroxide ion."""
CONTACT_ANGSTROM = 1.10
"""Shortest allowed distance of any other pair, Å."""
