"""A Universal Robots controller: the dashboard server.

Source:
    Universal Robots, Dashboard Server e-Series: commands, answers and the greeting.
"""

import re
from collections.abc import Callable

from simulators.firmware.line import Line, take_lines
from simulators.state import Action
from simulators.world import World

REPLY_SECONDS = 0.05
LOADING_SECONDS = 0.5
UNLOCK_AFTER_SECONDS = 5.0
"""A protective stop can be unlocked only this long after it came."""
GREETING = "Connected: Universal Robots Dashboard Server"
STOPPING_SECONDS = 0.3


class UrArm:
    """Firmware of one arm; its programs carry a container between two slots."""

    def __init__(self, name: str, world: World) -> None:
        """Take the lab's arm `name`."""
        self.name, self.world = name, world
        self._spec = world.spec.arms[name]
        self._pattern = _program_pattern(self._spec.program)
        self._commands: dict[str, Callable[[], str]] = {
            "robotmode": lambda: f"Robotmode: {self._get('mode', 'RUNNING')}",
            "safetystatus": lambda: f"Safetystatus: {self._safety()}",
            "safetymode": lambda: f"Safetymode: {self._safety()}",
            "running": lambda: f"Program running: {str(self._is_playing()).lower()}",
            "programstate": self._program_state,
            "get loaded program": self._loaded,
            "is in remote control": lambda: "true",
            "play": self._play,
            "stop": self._stop,
            "pause": self._pause,
            "close popup": self._close_popup,
            "close safety popup": self._close_popup,
            "unlock protective stop": self._unlock,
            "power on": lambda: self._power("RUNNING", "Powering on"),
            "power off": lambda: self._power("POWER_OFF", "Powering off"),
            "brake release": lambda: self._power("RUNNING", "Brake releasing"),
            "polyscopeversion": lambda: "URSoftware 5.12.4.1101661 (Nov 22 2022)",
        }

    def opened(self, line: Line) -> None:
        """Greet as the server does."""
        line.send(GREETING.encode() + b"\n", REPLY_SECONDS)

    def received(self, line: Line, data: bytes) -> None:
        """Answer each line."""
        for raw in take_lines(line, data):
            text = raw.decode("utf-8", "replace").strip()
            fate = line.judge()
            if fate.is_ignored:
                continue
            command = self._commands.get(text.lower())
            if fate.is_refused and text.lower() in ("play", "stop", "pause"):
                answer, seconds = f"Failed to execute: {text}", REPLY_SECONDS
            elif command is not None:
                is_stopping = text.lower() == "stop" and self._is_playing()
                answer, seconds = command(), REPLY_SECONDS
                if is_stopping:
                    # The server answers once the arm stands still.
                    seconds += STOPPING_SECONDS
            elif text.lower().startswith("load "):
                answer, seconds = self._load(text[5:].strip()), LOADING_SECONDS
            elif text.lower() == "quit":
                line.send(b"Disconnected\n", REPLY_SECONDS)
                continue
            else:
                answer = f"could not understand: '{text}'"
                seconds = REPLY_SECONDS
            line.send(answer.encode() + b"\n", seconds)

    def _get(self, key: str, default: str = "") -> str:
        return str(self.world.memory(self.name).get(key, default))

    def _safety(self) -> str:
        return self._get("safety", "NORMAL")

    def _action(self) -> Action | None:
        return self.world.state.actions.get(self.name)

    def _is_playing(self) -> bool:
        return self._action() is not None

    def _program_state(self) -> str:
        state = "PLAYING" if self._is_playing() else "STOPPED"
        return f"{state} {self._get('program') or '<unnamed>'}".strip()

    def _loaded(self) -> str:
        program = self._get("program")
        return (
            f"Loaded program: /programs/{program}" if program else "No program loaded"
        )

    def _slots(self, program: str) -> tuple[str, str] | None:
        """Return the slots a program moves between; None if there is no such file."""
        found = self._pattern.fullmatch(program)
        if found is None:
            return None
        ends = []
        for end in ("source", "destination"):
            place, _, index = found[end].rpartition("_")
            slots = self.world.places.get(place, 0)
            is_gripper = place == f"{self.name}.gripper" and index == "1"
            if not is_gripper and not 1 <= int(index) <= slots:
                return None
            ends.append(f"{place}/{int(index)}")
        return ends[0], ends[1]

    def _load(self, path: str) -> str:
        program = path.removeprefix("/programs/")
        if self._is_playing():
            return f"Error while loading program: {path}"
        if self._slots(program) is None:
            return f"File not found: {path}"
        self.world.remember(self.name, program=program)
        return f"Loading program: /programs/{program}"

    def _play(self) -> str:
        slots = self._slots(self._get("program"))
        is_ready = self._safety() == "NORMAL" and self._get("mode", "RUNNING") == (
            "RUNNING"
        )
        if slots is None or not is_ready or self._is_playing():
            return "Failed to execute: play"
        seconds = self._spec.seconds_per_move
        self.world.begin(
            self.name, "move", seconds, source=slots[0], destination=slots[1],
            planned_seconds=seconds,
        )  # fmt: skip
        return "Starting program"

    def _stop(self) -> str:
        action = self._action()
        if action is not None and not action.values.get("is_stopped"):
            self.world.stop_within(self.name, STOPPING_SECONDS, is_stopped=True)
        return "Stopped"

    def _pause(self) -> str:
        """Refuse: this controller's programs here run through or are stopped."""
        return "Failed to execute: pause"

    def _close_popup(self) -> str:
        self.world.remember(self.name, popup="")
        return "closing popup"

    def _unlock(self) -> str:
        since = float(self.world.memory(self.name).get("stopped_at", 0.0))
        if self._safety() != "PROTECTIVE_STOP":
            return "Protective stop releasing"
        if self.world.now() < since + UNLOCK_AFTER_SECONDS:
            return "Cannot unlock protective stop until 5s after occurrence"
        self.world.remember(self.name, safety="NORMAL", popup="")
        return "Protective stop releasing"

    def _power(self, mode: str, answer: str) -> str:
        if mode == "POWER_OFF":
            self._stop()
        self.world.remember(self.name, mode=mode)
        return answer


def _program_pattern(template: str) -> re.Pattern[str]:
    """Turn a program name with `{source}` and `{destination}` into a pattern."""
    parts = re.split(r"\{(source|destination)\}", template)
    pieces = [
        f"(?P<{part}>.+_\\d+)" if i % 2 else re.escape(part)
        for i, part in enumerate(parts)
    ]
    return re.compile("".join(pieces))
