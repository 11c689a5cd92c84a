"""Connect a lab: from its lab file to instruments that are known and answer."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from instruments.aeris import AerisDiffractometer, Fetcher, fetch_from_folder
from instruments.clock import Clock
from instruments.errors import InstrumentError, RefusedError
from instruments.eurotherm import EurothermFurnace
from instruments.hauschild import HauschildMixer
from instruments.human import ConsolePort, HumanOperator
from instruments.labspec import LabSpec
from instruments.mtsics import SicsBalance
from instruments.ports import Opener, Port
from instruments.protocols import Lab
from instruments.quantos import QuantosDoser
from instruments.recording import Frame, RecordingPort
from instruments.transport import Transport, open_transport
from instruments.ur import UrArm


class Driver(Protocol):
    """What every driver has beside its verbs."""

    name: str

    async def identify(self) -> str:
        """Return who answers; reads only."""
        ...

    async def close(self) -> None:
        """Close its port."""
        ...


@dataclass(frozen=True, slots=True)
class CheckRow:
    """One line of the report on a lab."""

    instrument: str
    driver: str
    url: str
    is_ok: bool
    detail: str
    """Who answered and its state, or what is wrong."""


class Wiring:
    """Makes transports for the instruments of one lab."""

    def __init__(
        self,
        openers: Mapping[str, Opener],
        clock: Clock,
        record: Callable[[Frame], None] | None,
    ) -> None:
        self._openers = {"console": ConsolePort.open, **openers}
        self._clock = clock
        self._record = record

    def transport(self, name: str, url: str, *, per_message: bool = False) -> Transport:
        """Return the transport to an instrument; nothing is opened yet."""
        return open_transport(
            url, self._openers, name=name, per_message=per_message,
            wrap=self._recorder(name),
        )  # fmt: skip

    def _recorder(self, name: str) -> Callable[[Port], Port] | None:
        record = self._record
        if record is None:
            return None
        return lambda port: RecordingPort(port, name, record, self._clock.now)


@asynccontextmanager
async def connect(
    spec: LabSpec,
    *,
    openers: Mapping[str, Opener],
    clock: Clock,
    fetchers: Mapping[str, Fetcher] | None = None,
    record: Callable[[Frame], None] | None = None,
) -> AsyncIterator[Lab]:
    """Yield the connected lab; every instrument has said who it is.

    Connecting only reads: a furnace that runs a program goes on running it.

    Args:
        spec: The lab.
        openers: `{scheme: opener}` for URLs beyond serial:// and tcp://.
        clock: Gives the lab time of recorded frames.
        fetchers: `{scheme: fetcher}` for `results` that are not folders.
        record: Called with every frame on every wire.

    Raises:
        InstrumentError: If an instrument does not answer, or another one does; the
            notes name all others that failed.
    """
    lab, drivers = _build(spec, Wiring(openers, clock, record), fetchers or {})
    try:
        failed = [
            result
            for result in await asyncio.gather(
                *(driver.identify() for driver in drivers), return_exceptions=True
            )
            if isinstance(result, BaseException)
        ]
        if failed:
            for other in failed[1:]:
                failed[0].add_note(f"also: {other}")
            raise failed[0]
        yield lab
    finally:
        await asyncio.gather(*(driver.close() for driver in drivers))


async def check(
    spec: LabSpec,
    *,
    openers: Mapping[str, Opener],
    clock: Clock,
    fetchers: Mapping[str, Fetcher] | None = None,
) -> tuple[CheckRow, ...]:
    """Ask every instrument who it is and how it is, reading only; never raises.

    Returns:
        One row per instrument, in the order of the lab file.
    """
    lab, drivers = _build(spec, Wiring(openers, clock, None), fetchers or {})
    try:
        rows = await asyncio.gather(*(_check_one(lab, driver) for driver in drivers))
    finally:
        await asyncio.gather(*(driver.close() for driver in drivers))
    return tuple(rows)


async def _check_one(lab: Lab, driver: Driver) -> CheckRow:
    kind, url = _described(lab.spec)[driver.name]
    try:
        detail = await driver.identify()
        if ask := _states(lab).get(driver.name):
            detail += f"; {await ask()}"
    except (InstrumentError, ValueError) as failed:
        return CheckRow(driver.name, kind, url, is_ok=False, detail=str(failed))
    return CheckRow(driver.name, kind, url, is_ok=True, detail=detail)


def _states(lab: Lab) -> dict[str, Callable[[], Awaitable[str]]]:
    """Return, by instrument, how to read its state in words."""

    async def furnace(name: str) -> str:
        state = await lab.furnaces[name].state()
        faults = f", faults: {', '.join(state.faults)}" if state.faults else ""
        return f"{state.measured_celsius:g} C, program {state.program}{faults}"

    async def doser(name: str) -> str:
        return f"head: {await lab.dosers[name].mounted() or 'none'}"

    async def mixer(name: str) -> str:
        return "running" if await lab.mixers[name].is_running() else "at rest"

    async def arm(name: str) -> str:
        return (await lab.arms[name].state()).detail

    return {
        **{name: partial(furnace, name) for name in lab.furnaces},
        **{name: partial(doser, name) for name in lab.dosers},
        **{name: partial(mixer, name) for name in lab.mixers},
        **{name: partial(arm, name) for name in lab.arms},
    }


def _described(spec: LabSpec) -> dict[str, tuple[str, str]]:
    """Return the driver and URL of each instrument."""
    groups = (
        spec.dosers, spec.balances, spec.mixers, spec.furnaces, spec.diffractometers,
        spec.arms, spec.operators,
    )  # fmt: skip
    return {
        name: (one.driver, one.url) for group in groups for name, one in group.items()
    }


def _build(
    spec: LabSpec, wiring: Wiring, fetchers: Mapping[str, Fetcher]
) -> tuple[Lab, list[Driver]]:
    """Return the lab and all its drivers, none of them connected yet."""
    to = wiring.transport
    dosers = {n: QuantosDoser(to(n, s.url), s) for n, s in spec.dosers.items()}
    balances = {n: SicsBalance(to(n, s.url), s) for n, s in spec.balances.items()}
    mixers = {n: HauschildMixer(to(n, s.url), s) for n, s in spec.mixers.items()}
    furnaces = {n: EurothermFurnace(to(n, s.url), s) for n, s in spec.furnaces.items()}
    diffractometers = {
        n: AerisDiffractometer(
            to(n, s.url, per_message=True), s, fetch=_fetcher(n, s.results, fetchers)
        )
        for n, s in spec.diffractometers.items()
    }
    arms = {n: UrArm(to(n, s.url), s, spec) for n, s in spec.arms.items()}
    operators = {n: HumanOperator(to(n, s.url), s) for n, s in spec.operators.items()}
    lab = Lab(
        spec=spec,
        dosers=dosers,
        balances=balances,
        mixers=mixers,
        furnaces=furnaces,
        diffractometers=diffractometers,
        arms=arms,
        operators=operators,
    )
    drivers: list[Driver] = [
        *dosers.values(), *balances.values(), *mixers.values(), *furnaces.values(),
        *diffractometers.values(), *arms.values(), *operators.values(),
    ]  # fmt: skip
    return lab, drivers


def _fetcher(name: str, results: str, fetchers: Mapping[str, Fetcher]) -> Fetcher:
    scheme, is_url, _ = results.partition("://")
    if not is_url:
        return fetch_from_folder
    if scheme not in fetchers:
        raise RefusedError(name, f"nothing here can read results from {results}")
    return fetchers[scheme]
