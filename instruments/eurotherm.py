"""Furnaces with a Eurotherm 2400 series controller, over Modbus RTU.

The controller runs a stored program by itself: with contact lost it goes on. Connecting
only reads; settings are written only where they differ, since they wear out its memory.

Source: Eurotherm, 2000 series communications handbook HA026230 (register numbers,
program status values, status bits).
"""

import asyncio
import contextlib

from instruments.commands import Identity
from instruments.errors import (
    FaultError,
    LimitExceededError,
    NoAnswerError,
    RefusedError,
)
from instruments.heating import (
    END,
    GENERAL,
    MAX_SEGMENTS,
    OUTPUTS,
    TYPE,
    ProgramSegment,
    profile_of,
    program_of,
    scaled,
    segment_address,
    unscaled,
)
from instruments.labspec import FurnaceSpec
from instruments.limits import check_profile
from instruments.modbus import ModbusMaster
from instruments.quantities import (
    FurnaceState,
    HeatingProfile,
    ProgramStatus,
    Segment,
)
from instruments.transport import Transport

MEASURED, OUTPUT, WORKING_OUTPUT, PROGRAM, STATUS, SEGMENT, TIME_LEFT, SUMMARY = (
    1, 3, 4, 22, 23, 56, 58, 75,
)  # fmt: skip
VERSION, SETPOINT_HIGH_LIMIT, INSTRUMENT_TYPE, AUTO_MANUAL, DECIMALS = (
    107, 111, 122, 273, 525,
)  # fmt: skip
RESET, RUN = 1, 2
STATUSES: dict[int, ProgramStatus] = {
    1: "reset", 2: "running", 4: "hold", 8: "holdback", 16: "complete",
}  # fmt: skip
FAULTS = {0: "alarm 1", 1: "alarm 2", 2: "alarm 3", 3: "alarm 4", 5: "sensor break",
          6: "loop break", 7: "heater fail"}  # fmt: skip
MANUAL_BIT = 4
MANUAL = 1
SECONDS_PER_TIME_LEFT = 6.0
"""Program time left counts tenths of a minute, as durations do."""
START_TIMEOUT_SECONDS = 5.0
POLL_SECONDS = 0.5
COOL_DOWN_CELSIUS_PER_MINUTE = 5.0
"""Gentle to tubes and crucibles; the furnace cools slower where it cannot follow."""
COOL_DOWN_MARGIN_CELSIUS = 10.0
"""How far below the opening temperature a cool-down program goes."""
PROGRAMS = 20
BLOCK = 6
"""Registers of a segment that have a meaning."""


class EurothermFurnace:
    """A furnace or oven behind a Eurotherm 2400."""

    def __init__(self, transport: Transport, spec: FurnaceSpec) -> None:
        self.name = transport.name
        self._spec = spec
        self._transport = transport
        self._master = ModbusMaster(
            transport, spec.unit, has_loopback=spec.has_loopback
        )
        self._identity = Identity(self.name, self._type, expected=spec.identity)

    async def identify(self) -> str:
        """Return the controller's type and version; reads only."""
        return await self._identity.check(lambda: self._transport.connection)

    async def close(self) -> None:
        """Close the port."""
        await self._transport.close()

    async def start(self, profile: HeatingProfile) -> None:
        """Write, read back and start a program; returns as soon as it runs.

        Raises:
            LimitExceededError: If the furnace must not or cannot run the profile.
            RefusedError: If a program runs, or the controller keeps other values.
            FaultError: If the controller reports a fault.
            NoAnswerError: If contact was lost: ask `state` whether it runs.
        """
        check_profile(self.name, self._spec, profile)
        try:
            program = program_of(profile, self._spec.atmospheres[profile.atmosphere])
        except ValueError as too_long:
            raise LimitExceededError(self.name, str(too_long)) from too_long
        await self.identify()
        await self._check_idle()
        await self._check_setpoint_limit(profile.peak_celsius)
        await self._store(1, program)
        await self._run(1)

    async def state(self) -> FurnaceState:
        """Read temperatures, program status and faults.

        Raises:
            NoAnswerError: If there is no valid answer.
            RefusedError: If the controller declines, or its status is unknown.
        """
        await self.identify()
        decimals = await self._decimals()
        measured, _, _, _, setpoint = await self._master.read(MEASURED, 5)
        status = await self._status()
        (left,) = await self._master.read(TIME_LEFT)
        (summary,) = await self._master.read(SUMMARY)
        is_running = status in {"running", "hold", "holdback"}
        return FurnaceState(
            measured_celsius=unscaled(measured, decimals),
            setpoint_celsius=unscaled(setpoint, decimals),
            program=status,
            seconds_left=left * SECONDS_PER_TIME_LEFT if is_running else 0.0,
            faults=faults_of(summary),
        )

    async def program(self) -> HeatingProfile:
        """Read back the stored program, so that a running one can be adopted.

        Raises:
            RefusedError: If it is not a program of ours, such as one with cycles.
            NoAnswerError: If there is no valid answer.
        """
        await self.identify()
        decimals = await self._decimals()
        (number,) = await self._master.read(PROGRAM)
        if not 1 <= number <= PROGRAMS:
            raise RefusedError(self.name, f"no program is selected ({number})")
        general = await self._master.read(segment_address(number, 0), 5)
        segments: list[list[int]] = []
        for index in range(1, MAX_SEGMENTS + 1):
            block = await self._master.read(segment_address(number, index), BLOCK)
            segments.append(block)
            if block[TYPE] == END:
                break
        try:
            return profile_of(general, segments, self._spec.atmospheres, decimals)
        except ValueError as foreign:
            raise RefusedError(
                self.name, f"the stored program {number} is not ours: {foreign}"
            ) from foreign

    async def cool_down(self) -> None:
        """Cancel: replace the program by a ramp-down that keeps the atmosphere.

        The ramp-down is stored in another program while the present one still runs, so
        that gas and heaters are off only for the moment of changing over. Without a
        program under way there is nothing to cancel.

        Raises:
            RefusedError: If the controller keeps other values or does not start it.
            NoAnswerError: If contact was lost: ask `state` and `program`.
        """
        await self.identify()
        if await self._status() in {"reset", "complete"}:
            return
        (number,) = await self._master.read(PROGRAM)
        (segment,) = await self._master.read(SEGMENT)
        at = segment_address(number, min(max(segment, 1), MAX_SEGMENTS))
        (outputs,) = await self._master.read(at + OUTPUTS)
        down = Segment(
            "ramp",
            max(self._spec.open_below_celsius - COOL_DOWN_MARGIN_CELSIUS, 0.0),
            min(COOL_DOWN_CELSIUS_PER_MINUTE, self._spec.max_ramp_celsius_per_minute),
        )
        spare = 2 if number == 1 else 1
        await self._store(spare, program_of(HeatingProfile((down,), ""), outputs))
        await self._master.write(STATUS, RESET)
        await self._run(spare)

    async def stop(self) -> None:
        """Emergency: heaters off now.

        Resetting twice does no harm, so it is repeated until the heaters are seen off.

        Raises:
            FaultError: If the controller still heats: cut the power.
            NoAnswerError: If it cannot be reached: cut the power.
        """
        # If its answer is lost, the write below repeats it until it reads back.
        with contextlib.suppress(NoAnswerError):
            await self._master.write_once(STATUS, RESET, urgent=True)
        await self._master.write(STATUS, RESET)
        if await self._heats():
            await self._master.write(AUTO_MANUAL, MANUAL)
            await self._master.write(OUTPUT, 0)
        if await self._heats():
            raise FaultError(self.name, "heats after a stop: cut the power")

    async def _heats(self) -> bool:
        (output,) = await self._master.read(WORKING_OUTPUT)
        return unscaled(output) > 0

    async def _type(self) -> str:
        try:
            (kind,) = await self._master.read(INSTRUMENT_TYPE)
            (version,) = await self._master.read(VERSION)
        except RefusedError:
            # Old controllers have no such registers; they still answer.
            return "Eurotherm 2400"
        return f"Eurotherm type {kind:04X} version {version:04X}"

    async def _decimals(self) -> int:
        (decimals,) = await self._master.read(DECIMALS)
        if decimals > 2:
            raise RefusedError(self.name, f"{decimals} decimals; 0 to 2 are possible")
        return decimals

    async def _status(self) -> ProgramStatus:
        (status,) = await self._master.read(STATUS)
        if status not in STATUSES:
            raise RefusedError(self.name, f"unknown program status {status}")
        return STATUSES[status]

    async def _check_idle(self) -> None:
        """See that nothing runs and nothing is wrong; reset a completed program."""
        (summary,) = await self._master.read(SUMMARY)
        if faults := faults_of(summary):
            raise FaultError(self.name, f"reports {', '.join(faults)}")
        if summary >> MANUAL_BIT & 1:
            raise RefusedError(
                self.name, "is in manual: set it to auto at the furnace", code="manual"
            )
        status = await self._status()
        if status == "complete":
            await self._master.write(STATUS, RESET)
        elif status != "reset":
            raise RefusedError(self.name, f"a program is in {status}", code=status)

    async def _check_setpoint_limit(self, peak_celsius: float) -> None:
        """Make the controller itself refuse what is above the furnace's limit."""
        decimals = await self._decimals()
        (limit,) = await self._master.read(SETPOINT_HIGH_LIMIT)
        if unscaled(limit, decimals) > self._spec.max_celsius:
            await self._master.write(
                SETPOINT_HIGH_LIMIT, scaled(self._spec.max_celsius, decimals)
            )
        elif unscaled(limit, decimals) < peak_celsius:
            raise RefusedError(
                self.name,
                f"its setpoint limit is {unscaled(limit, decimals):g} C, below the "
                f"{peak_celsius:g} C asked for",
            )

    async def _store(self, program: int, segments: tuple[ProgramSegment, ...]) -> None:
        """Write a program where it differs, and read all of it back."""
        decimals = await self._decimals()
        blocks = [GENERAL, *(segment.registers(decimals) for segment in segments)]
        for index, wanted in enumerate(blocks):
            address = segment_address(program, index)
            kept = await self._master.read(address, BLOCK)
            # The type comes first: it decides which other registers have a meaning.
            for offset in sorted(wanted):
                if kept[offset] != wanted[offset] or kept[TYPE] != wanted[TYPE]:
                    await self._master.write(address + offset, wanted[offset])
        for index, wanted in enumerate(blocks):
            kept = await self._master.read(segment_address(program, index), BLOCK)
            if any(kept[offset] != value for offset, value in wanted.items()):
                raise RefusedError(
                    self.name, f"program {program}, block {index} reads back {kept}, "
                    f"not {wanted}",
                )  # fmt: skip

    async def _run(self, program: int) -> None:
        """Start a stored program, once, and see it run."""
        (selected,) = await self._master.read(PROGRAM)
        if selected != program:
            await self._master.write(PROGRAM, program)
        lost: NoAnswerError | None = None
        try:
            await self._master.write_once(STATUS, RUN)
        except NoAnswerError as unanswered:
            lost = unanswered
        now = asyncio.get_running_loop().time
        until = now() + START_TIMEOUT_SECONDS
        while now() < until:
            if await self._status() in {"running", "holdback"}:
                return
            await asyncio.sleep(POLL_SECONDS)
        if lost is not None:
            raise lost
        raise RefusedError(self.name, "was told to run but does not", code="run")


def faults_of(summary: int) -> tuple[str, ...]:
    """Return the faults in the summary status register, in words."""
    return tuple(text for bit, text in FAULTS.items() if summary >> bit & 1)
