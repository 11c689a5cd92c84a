"""What each kind of instrument can do; drivers, simulated or real, satisfy these.

Every verb that acts returns only once the action is confirmed complete. A verb that
acts is never resent by a driver: when contact is lost in the middle it raises
`NoAnswerError`, and the caller asks a query verb what happened.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from instruments.labspec import LabSpec
from instruments.quantities import (
    ArmState,
    Dose,
    FurnaceState,
    HeatingProfile,
    HumanAnswer,
    HumanTask,
    Mass,
    Scan,
    Slot,
)


class Doser(Protocol):
    """Doses powder from the mounted head into the vial at a sampler position."""

    async def dose(
        self, substance: str, grams: float, *, position: int, label: str
    ) -> Dose:
        """Dose once; `label` (at most 20 characters) marks this attempt for ever."""
        ...

    async def last_dose(self) -> Dose | None:
        """Return the latest finished dose and its label; resolves a lost answer."""
        ...

    async def mounted(self) -> str | None:
        """Return the substance of the mounted dosing head, None without a head."""
        ...

    async def stop(self) -> None:
        """Stop dosing at once."""
        ...


class Balance(Protocol):
    """Weighs what stands on its pan."""

    async def weigh(self) -> Mass:
        """Return a stable gross mass confirmed by two agreeing readings."""
        ...

    async def zero(self) -> None:
        """Zero the empty pan."""
        ...


class Mixer(Protocol):
    """Mixes or grinds what is clamped in it."""

    async def mix(self, *, rpm: float, seconds: float) -> None:
        """Run once at a speed for a time and wait until it stands still."""
        ...

    async def is_running(self) -> bool:
        """Tell whether it turns."""
        ...

    async def stop(self) -> None:
        """Stop at once."""
        ...


class Furnace(Protocol):
    """Runs a stored heating program on its own, with or without us."""

    async def start(self, profile: HeatingProfile) -> None:
        """Write, read back and start a program; returns as soon as it runs."""
        ...

    async def state(self) -> FurnaceState:
        """Read temperatures, program status and faults."""
        ...

    async def program(self) -> HeatingProfile:
        """Read back the stored program, so that a running one can be adopted."""
        ...

    async def cool_down(self) -> None:
        """Cancel: replace the program by a ramp-down that keeps the atmosphere."""
        ...

    async def stop(self) -> None:
        """Emergency: heaters off now."""
        ...


class Diffractometer(Protocol):
    """Scans the holder at a belt position."""

    async def scan(self, sample_id: str, *, position: int, program: str) -> Scan:
        """Measure once under a fresh `sample_id` and fetch the file."""
        ...

    async def result(self, sample_id: str) -> Scan | None:
        """Return an earlier scan if its file is there and whole."""
        ...


class Arm(Protocol):
    """Carries containers between slots."""

    async def move(self, source: Slot, destination: Slot) -> None:
        """Carry whatever stands at `source` to the free slot `destination`."""
        ...

    async def state(self) -> ArmState:
        """Read mode, safety and program."""
        ...

    async def stop(self) -> None:
        """Stop moving."""
        ...


class Operator(Protocol):
    """A person who is asked to act or to look."""

    async def ask(self, task: HumanTask) -> HumanAnswer:
        """Show the request and wait for the answer."""
        ...


@dataclass(frozen=True)
class Lab:
    """Every connected instrument by its name in the lab file."""

    spec: LabSpec
    dosers: Mapping[str, Doser]
    balances: Mapping[str, Balance]
    mixers: Mapping[str, Mixer]
    furnaces: Mapping[str, Furnace]
    diffractometers: Mapping[str, Diffractometer]
    arms: Mapping[str, Arm]
    operators: Mapping[str, Operator]
