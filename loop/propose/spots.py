"""Where in which furnace samples stood: a nuisance that results share.

No chamber is as hot everywhere as its thermocouple says. What a spot adds is learned as
an offset in kelvin (`means.RateMean`); new samples are foretold at the mean of the
spots of the furnace they are proposed for.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

OFFSET_KELVIN = 7.0
"""Standard deviation of an offset before any result: half of the 14 K by which a
furnace of uniformity class 5 may be off anywhere (SAE AMS2750), the widest class but
one; laboratory furnaces come with no survey."""


@dataclass(frozen=True)
class Spots:
    """The furnaces and slots whose offsets results can tell apart."""

    names: tuple[str, ...] = ()
    """Furnaces such as `box-a`, where there are several, and slots such as
    `box-a/3`."""
    furnace: str = ""
    """Where new samples are to be fired; empty where any furnace will do."""

    @staticmethod
    def of(known: Iterable[str], furnace: str) -> "Spots":
        """Return what can be told apart by samples that stood in some slots.

        What all samples of a campaign, or of a furnace, have in common is the onset's
        affair, or the furnace's.

        Args:
            known: Slots of samples with results; empty where the log does not say.
            furnace: Where new samples are to be fired.
        """
        slots = sorted({slot for slot in known if slot}, key=_in_order)
        furnaces = [_furnace(slot) for slot in slots]
        names = sorted(set(furnaces))
        told = [
            slot
            for slot, of in zip(slots, furnaces, strict=True)
            if furnaces.count(of) > 1
        ]
        return Spots((*(names if len(names) > 1 else ()), *told), furnace)

    def numbers(self, slots: Sequence[str]) -> NDArray[np.float64]:
        """Return where the names of some slots stand, from 1, shape n.

        A slot without an offset of its own has its furnace's; 0 where nothing is known.
        """
        found = [self._number(slot) for slot in slots]
        return np.array(found, dtype=np.float64)

    @cached_property
    def here(self) -> float:
        """Return the number of new samples."""
        return float(self._number(self.furnace))

    @property
    def shares(self) -> list[list[float]]:
        """Return 1 where a number has a name's offset, `len(names) + 1` rows."""
        none = [0.0] * len(self.names)
        return [none] + [
            [float(n in (name, _furnace(name))) for n in self.names]
            for name in self.names
        ]

    def _number(self, slot: str) -> int:
        found = slot if slot in self.names else _furnace(slot)
        return self.names.index(found) + 1 if found in self.names else 0


def _furnace(slot: str) -> str:
    return slot.rpartition("/")[0]


def _in_order(slot: str) -> tuple[str, int, str]:
    furnace, _, place = slot.rpartition("/")
    return furnace, int(place) if place.isdecimal() else 0, place
