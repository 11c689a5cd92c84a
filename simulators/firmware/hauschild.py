"""A Hauschild DAC mixer: code frames, speed, ramps, start and stop.

Source:
    Frame `04 adr 02 cc vvvvv 03 05`, answer `02 cc vvvvv 03`, codes 09-20 and the
    error values of code 00: as used by CederGroupHub/alab_control (MIT) against the
    instrument.
"""

import re

from simulators.firmware.line import Line
from simulators.state import Action
from simulators.world import World

REPLY_SECONDS = 0.15
FRAME = re.compile(rb"\x04([\x20\x21])\x02(\d\d)(\d{5})\x03\x05")
HOMING_SECONDS = 8.0
MAX_RPM = 2500
NOT_REMOTE, BAD_CODE, STILL_RUNNING = 1, 2, 3
ACCELERATION, BRAKING, SPEED = 14, 15, 16
RANGES = {ACCELERATION: (5, 30), BRAKING: (5, 30), SPEED: (0, MAX_RPM)}
DEFAULTS = {ACCELERATION: 10, BRAKING: 10, SPEED: 0}


class HauschildMixer:
    """Firmware of one mixer; its clamp is the slot `NAME/1`."""

    def __init__(self, name: str, world: World) -> None:
        """Take the lab's mixer `name`."""
        self.name, self.world = name, world

    def opened(self, line: Line) -> None:
        """Say nothing: it is a serial line."""

    def received(self, line: Line, data: bytes) -> None:
        """Answer each whole frame; bytes that are no frame are skipped."""
        line.pending += data
        while found := FRAME.search(line.pending):
            mode, code, value = found.groups()
            del line.pending[: found.end()]
            fate = line.judge()
            if fate.is_ignored:
                continue
            if fate.is_refused:
                self._say(line, 0, NOT_REMOTE)
            elif mode == b"\x20":
                self._read(line, int(code))
            else:
                self._write(line, int(code), int(value))
        if len(line.pending) > 64:
            line.pending.clear()

    def _say(self, line: Line, code: int, value: int) -> None:
        line.send(b"\x02%02d%05d\x03" % (code, value), REPLY_SECONDS)

    def _setting(self, code: int) -> int:
        return int(self.world.memory(self.name).get(str(code), DEFAULTS[code]))

    def _action(self) -> Action | None:
        return self.world.state.actions.get(self.name)

    def _read(self, line: Line, code: int) -> None:
        if code in RANGES:
            self._say(line, code, self._setting(code))
        elif code == 18:
            self._say(line, code, int(self._action() is None))
        elif code == 19:
            self._say(line, code, int(self._action() is not None))
        elif code == 20:
            self._say(line, code, 0)
        else:
            self._say(line, 0, BAD_CODE)

    def _write(self, line: Line, code: int, value: int) -> None:
        is_running = self._action() is not None
        if code == 12:
            self._stop()
            self._say(line, code, 1)
        elif code not in (9, 11, *RANGES):
            self._say(line, 0, BAD_CODE)
        elif is_running:
            self._say(line, 0, STILL_RUNNING)
        elif code in RANGES:
            low, high = RANGES[code]
            if low <= value <= high:
                self.world.remember(self.name, **{str(code): value})
            # The value now held is the answer, so a refused one shows.
            self._say(line, code, self._setting(code))
        else:
            self._start(code)
            self._say(line, code, 1)

    def _start(self, code: int) -> None:
        is_homing = code == 9
        rpm = 0 if is_homing else self._setting(SPEED)
        seconds = HOMING_SECONDS if is_homing else None
        self.world.begin(self.name, "mix", seconds, rpm=rpm)

    def _stop(self) -> None:
        """Brake: the ramp runs down in the set time."""
        action = self._action()
        if action is not None and action.ends is None:
            self.world.stop_within(self.name, float(self._setting(BRAKING)))
