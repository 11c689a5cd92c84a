"""A whole simulated lab behind the URLs of a lab file."""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from instruments.labspec import LabSpec
from instruments.ports import Opener, Port
from simulators.actions import WORK
from simulators.faults import FaultPlan
from simulators.firmware.aeris import AerisDiffractometer
from simulators.firmware.eurotherm import EurothermController
from simulators.firmware.hauschild import HauschildMixer
from simulators.firmware.human import HumanScreen
from simulators.firmware.line import Firmware, Line
from simulators.firmware.mtsics import MtSicsBalance
from simulators.firmware.quantos import QuantosDoser
from simulators.firmware.ur import UrArm
from simulators.physics import Physics, Reagent
from simulators.world import World

T = TypeVar("T")
Fetcher = Callable[[str, str], Awaitable[bytes | None]]
"""Reads a file: folder URL and file name to its present bytes, None if absent."""


class SimulatedLab:
    """Firmware for every instrument of a lab file over one simulated world.

    Hand `openers` to `instruments.transport.open_transport` and `fetchers` to the
    diffractometer's driver. Lab time is the running loop's time. With a journal path
    an interrupted run goes on where it was; the loop must then start no earlier than
    `world.last_seconds`.
    """

    def __init__(
        self,
        spec: LabSpec,
        reagents: Mapping[str, Reagent],
        *,
        seed: int,
        physics: Physics[Any] | None = None,
        perturbed: bool = True,
        journal_path: Path | None = None,
        faults: FaultPlan | None = None,
    ) -> None:
        """Build the lab, or take up the one that a journal describes.

        Args:
            spec: The lab; every `sim://NAME` URL in it must name its instrument.
            reagents: Slot of a rack of heads to the reagent in the head there.
            seed: Hidden truth and every random number follow from it.
            physics: Chemistry and diffraction; those of the seed if absent.
            perturbed: Whether matter and furnaces depart from their tabulated values.
            journal_path: The world's own journal; None keeps it in memory.
            faults: Misbehaviour of instruments; none by default.

        Raises:
            ValueError: If the journal is damaged or of another lab.
        """
        if physics is None:
            from simulators.laws import laws

            physics = laws(seed, is_perturbed=perturbed)
        self.world = World.open(
            journal_path, spec, reagents, physics=physics, work=WORK, seed=seed,
            is_perturbed=perturbed,
        )  # fmt: skip
        self._faults = faults
        self._diffractometers = {
            name: AerisDiffractometer(name, self.world) for name in spec.diffractometers
        }
        self._firmware: dict[str, Firmware] = {
            **{name: QuantosDoser(name, self.world) for name in spec.dosers},
            **{name: MtSicsBalance(name, self.world) for name in spec.balances},
            **{name: HauschildMixer(name, self.world) for name in spec.mixers},
            **{name: EurothermController(name, self.world) for name in spec.furnaces},
            **self._diffractometers,
            **{name: UrArm(name, self.world) for name in spec.arms},
            **{name: HumanScreen(name, self.world) for name in spec.operators},
        }
        self.openers: dict[str, Opener] = {"sim": self.open_port}
        self.fetchers: dict[str, Fetcher] = {"sim": self.fetch}

    def open_port(self, url: str) -> Port:
        """Connect to the instrument that `sim://NAME` names.

        Raises:
            ValueError: If no instrument has that name.
        """
        self.world.start()
        return Line(self._find(url, self._firmware), self._faults)

    async def fetch(self, url: str, file_name: str) -> bytes | None:
        """Return a diffractometer's result file as it now lies in `sim://NAME`.

        Raises:
            ValueError: If no diffractometer has that name.
        """
        return self._find(url, self._diffractometers).file(file_name)

    def _find(self, url: str, known: Mapping[str, T]) -> T:
        name = urlsplit(url).netloc
        if name not in known:
            raise ValueError(
                f"{url!r}: found instrument {name!r}; allowed: "
                f"{', '.join(f'sim://{item}' for item in known)}"
            )
        return known[name]

    async def close(self) -> None:
        """Stop the lab's clockwork and close its journal."""
        await self.world.close()
