"""The 22 facts about real powders that the unperturbed furnace should reproduce.

Each is scored by small firings whose figures must lie in windows. Eight facts set
constants of the furnace; the other fourteen are blind. `docs/explanation/
simulated-furnace.md` says where each is from and why those that are missed are missed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from figures import facts_first as first
from figures import facts_second as second
from figures.bars import Bar
from figures.furnace_trials import Check

USED = frozenset({1, 3, 4, 6, 7, 8, 10, 12})
"""Facts that set constants of the furnace or energies of its phases."""
USED_BAR, BLIND_BAR = 8, 11
"""Facts of either kind that must hold."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact and how it is scored."""

    number: int
    score: Callable[[], list[Check]]
    source: str

    @property
    def claim(self) -> str:
        """Return what is claimed, in one line."""
        text = (self.score.__doc__ or "").strip()
        return text.partition(": ")[2]

    @property
    def is_blind(self) -> bool:
        """Return whether it sets no constant."""
        return self.number not in USED


FACTS = (
    Fact(1, first.calcite, "JANAF (equilibrium); thermogravimetry, common knowledge"),
    Fact(2, first.witherite, "Lander, J. Am. Chem. Soc. 73 (1951) 5893"),
    Fact(3, first.titanate_path, "J. Am. Ceram. Soc. 42 (1959) 212"),
    Fact(4, first.titanate_in_gas, "J. Am. Ceram. Soc. 42 (1959) 212"),
    Fact(5, first.titanate_pressure, "Beauger et al., J. Mater. Sci. 18 (1983) 3041"),
    Fact(6, first.titanate_pure, "common knowledge"),
    Fact(7, first.cuprate_times, "Miura et al., Adv. Mater. (2021) 2100312"),
    Fact(8, first.peroxide, "Thermochim. Acta 249 (1995) 295"),
    Fact(9, first.inert_gas, "J. Mater. Res. (1994) 0275"),
    Fact(10, first.peritectic, "Aselage & Keefer, J. Mater. Res. 3 (1988) 1279"),
    Fact(11, first.breathing, "Thermochim. Acta 255 (1995) 177"),
    Fact(12, first.tenorite, "Roberts & Smyth, J. Am. Chem. Soc. 43 (1921) 1061"),
    Fact(13, second.cobalt, "thermogravimetry, common knowledge"),
    Fact(14, second.manganese, "Trans. Jpn. Inst. Met. 22 (1981) 253"),
    Fact(15, second.cobaltate, "Antolini, Mater. Res. Bull. 32 (1997) 9"),
    Fact(16, second.lithium_loss, "Antolini, Int. J. Inorg. Mater. 3 (2001) 721"),
    Fact(17, second.lithium_excess, "CRC Handbook; common practice"),
    Fact(18, second.ammonium_phosphate, "J. Jpn. Dent. Mater. 4 (1985) no. 6"),
    Fact(19, second.calcium_phosphate, "thermogravimetry, common knowledge"),
    Fact(20, second.vapours, "CRC Handbook; Thermochim. Acta 573 (2013) 95"),
    Fact(21, second.driving_force, "Szymanski et al., Science Advances (2024)"),
    Fact(22, second.spinels, "Zhang et al., Metall. Mater. Trans. A 27 (1996) 2978"),
)


def scored(facts: tuple[Fact, ...] = FACTS) -> Mapping[int, list[Check]]:
    """Score facts; number to its figures."""
    return {fact.number: fact.score() for fact in facts}


def holds(checks: list[Check]) -> bool:
    """Return whether every figure of a fact lies in its window."""
    return all(check.holds for check in checks)


def bars(*, quick: bool) -> list[Bar]:
    """Score all facts, print their figures, and return the two counts with bars.

    Args:
        quick: Makes no difference: all facts together take about a quarter minute.
    """
    del quick
    results = scored()
    for fact in FACTS:
        kind = "blind" if fact.is_blind else "used"
        verdict = "holds" if holds(results[fact.number]) else "MISSED"
        print(f"  {fact.number:2d} {kind:5s} {verdict:6s} {fact.claim} [{fact.source}]")
        for check in results[fact.number]:
            print(f"        {check}")
    used, blind = (
        sum(holds(results[f.number]) for f in FACTS if f.is_blind is is_blind)
        for is_blind in (False, True)
    )
    return [
        Bar("facts that set constants and hold, of 8", used, bar=USED_BAR),
        Bar("blind facts that hold, of 14", blind, bar=BLIND_BAR),
    ]
