"""A small lab and stand-in laws of nature for tests of world and firmware."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from instruments.labspec import LabSpec
from simulators import clock
from simulators.faults import FaultPlan
from simulators.lab import SimulatedLab
from simulators.physics import (
    Firing,
    Matter,
    Measurement,
    Physics,
    Reagent,
    ScanProgram,
)


@dataclass(frozen=True)
class Dust:
    """Grams and a record of what was done to them."""

    grams: float
    peak_celsius: float = 0.0
    kelvin_seconds: float = 0.0
    n_mixed: int = 0
    n_ground: int = 0
    gases: tuple[str, ...] = ()

    def split(self, grams: float) -> tuple["Dust", "Dust"]:
        return replace(self, grams=grams), replace(self, grams=self.grams - grams)

    def to_json(self) -> Any:
        return asdict(self) | {"gases": list(self.gases)}


def load(data: Any) -> Dust:
    return Dust(**{**data, "gases": tuple(data["gases"])})


def fresh(portions: Mapping[Reagent, float]) -> Dust:
    return Dust(sum(portions.values()))


def join(a: Dust, b: Dust) -> Dust:
    return replace(a, grams=a.grams + b.grams)


def mix(dust: Dust, rpm: float, seconds: float) -> Dust:
    return replace(dust, n_mixed=dust.n_mixed + 1)


def grind(dust: Dust, rpm: float, seconds: float) -> Dust:
    return replace(dust, n_ground=dust.n_ground + 1)


def dry(dust: Dust, celsius: float, seconds: float) -> Dust:
    return replace(dust, grams=dust.grams * 0.99, peak_celsius=celsius)


def fire(dust: Dust, firing: Firing, rng: np.random.Generator) -> Dust:
    """Lose a tenth of the mass above 700 degrees; note the integral."""
    peak = float(firing.celsius.max())
    lost = 0.1 * (1 + 0.01 * float(rng.normal())) if peak > 700 else 0.0
    return replace(
        dust,
        grams=dust.grams * (1 - lost),
        peak_celsius=max(peak, dust.peak_celsius),
        kelvin_seconds=float(np.trapezoid(firing.celsius, firing.seconds)),
        gases=(*dust.gases, firing.gas),
    )


def diffract(
    matter: Matter | None, program: ScanProgram, rng: np.random.Generator
) -> Measurement:
    mean = 10.0 if matter is None else 100.0
    counts = tuple(int(n) for n in rng.poisson(mean, 71))
    return Measurement(
        program.start_degrees, program.end_degrees, counts, program.seconds / 71
    )


STAND_IN = Physics(
    fresh=fresh, join=join, mix=mix, grind=grind, dry=dry, fire=fire,
    diffract=diffract, load=load,
)  # fmt: skip

REAGENTS = {
    "heads/1": Reagent("Y2O3", "Y2O3", stock_grams=20.0),
    "heads/2": Reagent("BaCO3", "BaCO3", stock_grams=20.0),
    "heads/3": Reagent("CuO", "CuO", stock_grams=0.05),
}


def lab_spec(**furnace: Any) -> LabSpec:
    """Return a small lab with one instrument of each kind."""
    box = {
        "driver": "eurotherm-2400", "url": "sim://box-a", "unit": 1, "slots": 4,
        "max_celsius": 1150.0, "max_ramp_celsius_per_minute": 10.0,
        "atmospheres": {"air": 0, "O2": 1},
        "cooling": [(800.0, 15.0), (400.0, 6.0), (100.0, 2.0)],
        "open_below_celsius": 80.0, "cutout": "a second thermocouple",
    } | furnace  # fmt: skip
    oven = box | {"url": "sim://oven-1", "purpose": "dry", "max_celsius": 250.0}
    return LabSpec.model_validate(
        {
            "schema": 1,
            "name": "test lab",
            "dosers": {"doser-1": {
                "driver": "quantos", "url": "sim://doser-1", "positions": 10,
                "min_grams": 0.01, "max_grams": 10.0}},
            "balances": {"scale-1": {
                "driver": "mt-sics", "url": "sim://scale-1", "max_grams": 200.0,
                "readability_grams": 0.0001}},
            "mixers": {"dac-1": {
                "driver": "hauschild", "url": "sim://dac-1", "max_rpm": 2500.0}},
            "furnaces": {"box-a": box, "oven-1": oven},
            "diffractometers": {"aeris-1": {
                "driver": "aeris", "url": "sim://aeris-1", "results": "sim://aeris-1",
                "positions": 5, "programs": {"10-80_8min": 480.0},
                "default_program": "10-80_8min"}},
            "arms": {"ur-1": {"driver": "ur-dashboard", "url": "sim://ur-1"}},
            "operators": {"bench-1": {"driver": "human", "url": "sim://bench-1"}},
            "racks": {
                "vials": {"holds": "vial", "slots": 4},
                "crucibles": {"holds": "crucible", "slots": 4},
                "jars": {"holds": "jar", "slots": 2},
                "holders": {"holds": "holder", "slots": 2},
                "heads": {"holds": "head", "slots": 4},
            },
        }
    )  # fmt: skip


def simulated_lab(
    path: Path | None = None,
    *,
    seed: int = 1,
    faults: FaultPlan | None = None,
    perturbed: bool = True,
) -> SimulatedLab:
    """Return the small lab over stand-in physics."""
    return SimulatedLab(
        lab_spec(), REAGENTS, physics=STAND_IN, seed=seed, journal_path=path,
        faults=faults, perturbed=perturbed,
    )  # fmt: skip


class Terminal:
    """A bare peer on one port: sends bytes, collects answers."""

    def __init__(self, lab: SimulatedLab, name: str) -> None:
        self.port = lab.openers["sim"](f"sim://{name}")
        self.buffer = b""

    async def line(self) -> str:
        """Return the next line without CR LF."""
        while b"\n" not in self.buffer:
            self.buffer += await self.port.read()
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.decode().rstrip("\r")

    async def ask(self, text: str, ending: str = "\r\n") -> str:
        """Send a line and return the next one."""
        await self.port.write((text + ending).encode())
        return await self.line()

    async def exchange(self, data: bytes, n: int) -> bytes:
        """Send bytes and return the next n bytes."""
        await self.port.write(data)
        while len(self.buffer) < n:
            self.buffer += await self.port.read()
        answer, self.buffer = self.buffer[:n], self.buffer[n:]
        return answer


def in_lab(
    story: Callable[[SimulatedLab], Awaitable[Any]],
    lab: SimulatedLab | None = None,
    *,
    start_seconds: float = 0.0,
) -> Any:
    """Run a story in a lab in virtual time and close the lab."""

    async def main() -> Any:
        own = lab or simulated_lab()
        own.world.start()
        try:
            return await story(own)
        finally:
            await own.close()

    return clock.run(main(), start_seconds=start_seconds)
