"""The reactions of a pair, ranked as a chemist asks for them."""

from collections.abc import Sequence
from dataclasses import dataclass

from campaigns.errors import MaterialError
from campaigns.materials.freeenergy import FreeEnergy
from campaigns.materials.reactions import Reaction
from loop.knowledge.pairwise import Chemistry
from loop.knowledge.pairwise_balance import Balanced, atoms_of, exact

_ZERO = 1e-9
_DIGITS = 9


@dataclass(frozen=True, slots=True)
class Ranked:
    """One reaction of a group at a temperature and gas."""

    reaction: Reaction
    energy: FreeEnergy
    is_on_hull: bool
    """Whether it is a corner of the hull along the join: nothing undercuts it."""
    lead_mev_per_atom: float
    """How much more driven than the next reaction to other products; negative for all
    but the first. From 60 on the first is what forms (Szymanski et al., Sci. Adv. 10
    (2024) eadp3309)."""


def ranked(
    chemistry: Chemistry, reactants: Sequence[str], kelvin: float, atmosphere: str
) -> tuple[Ranked, ...]:
    """Return the driven reactions of a group, the most driven per atom first.

    Args:
        chemistry: What is known of matter.
        reactants: One to three formulas; each must take part.
        kelvin: Temperature, 290 to 2000 K.
        atmosphere: Furnace gas, one of `atmospheres.PRESSURES`.

    Raises:
        MaterialError: If one has no energy.
    """
    names = [chemistry.name(text) for text in reactants]
    for name in names:
        if not chemistry.has_energy(name):
            raise MaterialError(
                f"{name} has no free energy: add a row to a file and give it with"
                " --energies"
            )
    found = []
    for balanced in chemistry.balanced(names):
        reaction = exact(balanced)
        if not chemistry.energies.missing(reaction):
            energy = chemistry.energies.of(reaction, kelvin, atmosphere)
            found.append((balanced, reaction, energy))
    found = [one for one in found if one[2].joules_per_mole < 0]
    found.sort(key=lambda one: (one[2].mev_per_atom, str(one[1])))
    energies = [energy.mev_per_atom for _, _, energy in found]
    corners = _corners(chemistry, [b for b, _, _ in found], energies)
    return tuple(
        Ranked(reaction, energy, i in corners, _lead(i, energies))
        for i, (_, reaction, energy) in enumerate(found)
    )


def on_hull(shares: Sequence[float], energies: Sequence[float]) -> frozenset[int]:
    """Return which points are corners of the lower convex hull over a join.

    Args:
        shares: Where each point lies, 0 to 1, the two ends being at energy 0.
        energies: Below 0, any unit.
    """
    points = sorted(
        (round(x, _DIGITS), y, i)
        for i, (x, y) in enumerate(zip(shares, energies, strict=True))
    )
    hull: list[tuple[float, float, int]] = [(0.0, 0.0, -1)]
    for x, y, i in [*points, (1.0, 0.0, -2)]:
        if x == hull[-1][0] and hull[-1][2] >= 0:
            continue  # as balanced, and less driven
        while len(hull) > 1 and not _turns_up(hull[-2], hull[-1], (x, y, i)):
            hull.pop()
        hull.append((x, y, i))
    return frozenset(i for _, _, i in hull if i >= 0)


def _turns_up(
    first: tuple[float, float, int],
    middle: tuple[float, float, int],
    last: tuple[float, float, int],
) -> bool:
    """Say whether the middle lies below the line from the first to the last."""
    rise, run = last[1] - first[1], last[0] - first[0]
    return (middle[1] - first[1]) * run < rise * (middle[0] - first[0]) - _ZERO


def _corners(
    chemistry: Chemistry, reactions: Sequence[Balanced], energies: Sequence[float]
) -> frozenset[int]:
    """Return which reactions are corners, per atom of reactants, oxygen left out.

    The most driven alone counts where there are not two reactants.
    """
    if not reactions or len(reactions[0].reactants) != 2:
        return frozenset([0] if reactions else [])
    atoms = [
        [-b.moles[name] * atoms_of(chemistry.formula(name)) for name in b.reactants]
        for b in reactions
    ]
    return on_hull(
        [first / (first + second) for first, second in atoms],
        [e / sum(each) for e, each in zip(energies, atoms, strict=True)],
    )


def _lead(at: int, energies: Sequence[float]) -> float:
    if len(energies) == 1:
        return -energies[0]
    return energies[1 if at == 0 else 0] - energies[at]
