"""Universal Robots arm over its dashboard server (TCP 29999).

Source: Universal Robots, dashboard server manual, e-Series: one command a line, one
line of answer, a greeting when the connection opens. The arm is moved by programs that
were taught on it: one for each pair of slots.
"""

import asyncio
import re

from instruments.commands import Identity, query
from instruments.errors import FaultError, NoAnswerError, RefusedError
from instruments.labspec import ArmSpec, LabSpec
from instruments.limits import check_move
from instruments.lines import LineConversation
from instruments.quantities import ArmState, Slot
from instruments.transport import Transport

REPLY_TIMEOUT_SECONDS = 5.0
POLL_SECONDS = 1.0
START_TIMEOUT_SECONDS = 5.0
MOVE_TIMEOUT_FACTOR = 5.0
"""A move that takes this many times as long as planned is taken for stuck."""
SAFE = ("NORMAL", "REDUCED")


class UrArm:
    """A UR e-Series arm in remote control."""

    def __init__(self, transport: Transport, spec: ArmSpec, lab: LabSpec) -> None:
        self.name = transport.name
        self._spec = spec
        self._lab = lab
        self._transport = transport
        self._lines = LineConversation(transport, ending=b"\n")
        self._identity = Identity(self.name, self._version, expected=spec.identity)
        self._stops = 0

    async def identify(self) -> str:
        """Return the controller's software version; reads only."""
        return await self._identity.check(lambda: self._transport.connection)

    async def close(self) -> None:
        """Close the connection."""
        await self._transport.close()

    async def move(self, source: Slot, destination: Slot) -> None:
        """Carry whatever stands at `source` to the free slot `destination`.

        Raises:
            LimitExceededError: If a slot does not exist.
            RefusedError: If the arm is not ready, has no such program or declines.
            FaultError: If a safety stop ended the move.
            NoAnswerError: If contact was lost, the program was not seen to run, or
                `stop` was called: the container may be anywhere between the slots.
        """
        check_move(self.name, self._lab, source, destination)
        await self.identify()
        program = self.program_for(source, destination)
        await self._check_ready()
        await self._load(program)
        await self._play()
        await self._wait_for_end(program)

    def program_for(self, source: Slot, destination: Slot) -> str:
        """Return the file name of the program that makes a move."""
        return self._spec.program.format(
            source=str(source).replace("/", "_"),
            destination=str(destination).replace("/", "_"),
        )

    async def state(self) -> ArmState:
        """Read mode, safety and program.

        Raises:
            NoAnswerError: If there is no valid answer.
        """
        mode = await self._ask("robotmode", r"Robotmode: (?P<value>\w+)")
        safety = await self._safety()
        status, program = await self._program_state()
        return ArmState(
            is_ready=mode == "RUNNING" and safety in SAFE,
            is_moving=status == "PLAYING",
            program=program,
            detail=f"{mode}, {safety}, {status}",
        )

    async def stop(self) -> None:
        """Stop moving; stopping twice does no harm, so it is repeated if unanswered.

        Raises:
            NoAnswerError: If it does not confirm.
        """
        self._stops += 1
        await self._ask("stop", r"(?P<value>Stopped|Failed to execute: stop)")
        status, _ = await self._program_state()
        if status == "PLAYING":
            raise FaultError(self.name, "goes on moving after stop")

    async def _version(self) -> str:
        found = await self._lines.ask(
            "PolyscopeVersion", re.compile(r"(?P<value>.*\d+\.\d+.*)"),
            REPLY_TIMEOUT_SECONDS,
        )  # fmt: skip
        return found["value"].strip()

    async def _ask(self, command: str, answer: str) -> str:
        """Query; the answer's group `value` is returned."""
        pattern = re.compile(answer)
        found = await query(
            lambda: self._lines.ask(command, pattern, REPLY_TIMEOUT_SECONDS)
        )
        return found["value"]

    async def _safety(self) -> str:
        return await self._ask("safetystatus", r"Safetystatus: (?P<value>\w+)")

    async def _program_state(self) -> tuple[str, str]:
        """Return whether a program plays, and the name of the loaded one."""
        pattern = re.compile(
            r"(?P<status>STOPPED|PLAYING|PAUSED)(?: (?P<program>\S.*))?"
        )
        found = await query(
            lambda: self._lines.ask("programState", pattern, REPLY_TIMEOUT_SECONDS)
        )
        return found["status"], _file_name(found["program"] or "")

    async def _check_ready(self) -> None:
        state = await self.state()
        if not state.is_ready:
            raise RefusedError(self.name, f"is not ready: {state.detail}")
        if state.is_moving:
            raise RefusedError(self.name, f"is running {state.program}")
        remote = await self._ask("is in remote control", r"(?P<value>true|false)")
        if remote != "true":
            raise RefusedError(
                self.name, "is in local control: switch the teach pendant to remote"
            )

    async def _load(self, program: str) -> None:
        """Load a program and see that it is the one loaded."""
        answer = await self._ask(
            f"load {program}",
            r"(?P<value>Loading program: .*|File not found: .*|Error while loading.*)",
        )
        if not answer.startswith("Loading"):
            raise RefusedError(self.name, answer, code="load")
        loaded = await self._ask(
            "get loaded program", r"(?:Loaded program: )?(?P<value>\S.*)"
        )
        if _file_name(loaded) != program:
            raise RefusedError(self.name, f"has {loaded!r} loaded, not {program!r}")

    async def _play(self) -> None:
        """Start the loaded program, once."""
        found = await self._lines.ask(
            "play", re.compile(r"(?P<value>Starting program|Failed to execute: play)"),
            REPLY_TIMEOUT_SECONDS,
        )  # fmt: skip
        if found["value"] != "Starting program":
            raise RefusedError(self.name, "declines to play the program", code="play")

    async def _wait_for_end(self, program: str) -> None:
        now = asyncio.get_running_loop().time
        started, stops = now(), self._stops
        has_played = False
        while now() - started < MOVE_TIMEOUT_FACTOR * self._spec.seconds_per_move:
            await asyncio.sleep(POLL_SECONDS)
            safety = await self._safety()
            status, loaded = await self._program_state()
            if safety not in SAFE or status == "PAUSED":
                raise FaultError(self.name, f"{program}: {safety}, {status}")
            if loaded and loaded != program:
                raise FaultError(self.name, f"runs {loaded!r}, not {program!r}")
            if self._stops != stops:
                raise NoAnswerError(self.name, f"{program} was stopped on its way")
            has_played = has_played or status == "PLAYING"
            if status == "STOPPED" and has_played:
                return
            if not has_played and now() - started > START_TIMEOUT_SECONDS:
                raise NoAnswerError(self.name, f"{program} was not seen to run")
        raise NoAnswerError(self.name, f"{program} does not end")


def _file_name(path: str) -> str:
    """Return the last part of a controller path such as `/programs/a.urp`."""
    return path.strip().rpartition("/")[2]
