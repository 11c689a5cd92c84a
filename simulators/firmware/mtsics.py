"""An MT-SICS balance: settling, noise, busy, zero and tare.

Source:
    Mettler-Toledo, MT-SICS Interface Command reference manual (levels 0 and 1): line
    format, 10-character weight field, `S I`, `S +`, `S -`, `ES`, `EL`.
"""

import math

from simulators.firmware.line import Line, take_lines
from simulators.world import World

SETTLING_SECONDS = 0.25
"""Time constant with which the pan follows a change of load, s."""
STABLE_SECONDS = 4.0
"""Time after a change until the reading counts as stable, s."""
STABLE_TIMEOUT_SECONDS = 40.0
REPLY_SECONDS = 0.02
NOISE_DIGITS = 0.6
"""Standard deviation of a stable reading, in last digits."""
SERIAL_NUMBER = "B900000001"
COMMANDS = ("I0", "I1", "I2", "I3", "I4", "S", "SI", "Z", "ZI", "T", "TI", "TA",
            "TAC", "@")  # fmt: skip
INFORMATION = {
    "I0": "",
    "I1": 'A "01" "2.30" "2.22" "" ""',
    "I2": "",
    "I3": 'A "1.10 18.6.7.1361.772"',
    "I4": f'A "{SERIAL_NUMBER}"',
    "I10": "",
    "M28": "A 1 22.5",
}
"""Answers about itself; the empty ones are made when asked."""


class MtSicsBalance:
    """Firmware of one balance; its pan is the slot `NAME/1`."""

    def __init__(self, name: str, world: World) -> None:
        """Take the lab's balance `name`."""
        self.name, self.world = name, world
        self._spec = world.spec.balances[name]
        self._busy_until = 0.0

    def opened(self, line: Line) -> None:
        """Say nothing: it is a serial line."""

    def received(self, line: Line, data: bytes) -> None:
        """Answer each line; what comes while a command runs is lost."""
        for text in take_lines(line, data):
            fate = line.judge()
            if fate.is_ignored:
                continue
            if fate.is_refused:
                line.send(b"S I\r\n", REPLY_SECONDS)
                continue
            self._command(line, text.decode("ascii", "replace").strip())

    def _command(self, line: Line, text: str) -> None:
        now = self.world.now()
        if text == "@":
            self._busy_until = now
            line.send(f'I4 A "{SERIAL_NUMBER}"\r\n'.encode(), REPLY_SECONDS)
            return
        if now < self._busy_until:
            return
        word, _, rest = text.partition(" ")
        if word in ("S", "Z", "T"):
            self._when_stable(line, word)
        elif word in ("SI", "ZI", "TI"):
            self._at_once(line, word)
        else:
            self._say(line, self._reply(word, rest))

    def _reply(self, word: str, rest: str) -> str:
        """Answer what needs no weighing."""
        if word in INFORMATION:
            return f"{word} {self._information(word)}"
        if word == "TA" and not rest:
            return f"TA A {self._field(self._tare())} g"
        if word == "TAC":
            self.world.remember(self.name, tare=0.0)
            return "TAC A"
        return "ES"

    def _information(self, word: str) -> str:
        if word == "I0":
            listed = [f'B 0 "{name}"' for name in COMMANDS[:-1]]
            return "\r\nI0 ".join([*listed, f'A 0 "{COMMANDS[-1]}"'])
        if word == "I2":
            return f'A "XPR205 Excellence {self._spec.max_grams:.4f} g"'
        if word == "I10":
            return f'A "{self.name[:20]}"'
        return INFORMATION[word]

    def _say(self, line: Line, text: str, after: float = REPLY_SECONDS) -> None:
        line.send(text.encode() + b"\r\n", after)

    def _when_stable(self, line: Line, word: str) -> None:
        """Answer once the reading is stable, or `I` after the timeout."""
        now = self.world.now()
        ready = self._changed() + STABLE_SECONDS
        wait = max(ready - now, 0.3)
        if wait > STABLE_TIMEOUT_SECONDS:
            self._busy_until = now + STABLE_TIMEOUT_SECONDS
            self._say(line, f"{word} I", STABLE_TIMEOUT_SECONDS)
            return
        self._busy_until = now + wait
        line.send(self._weighed(word, now + wait, is_stable=True), wait)

    def _at_once(self, line: Line, word: str) -> None:
        now = self.world.now()
        is_stable = now >= self._changed() + STABLE_SECONDS
        line.send(self._weighed(word, now, is_stable=is_stable), REPLY_SECONDS)

    def _weighed(self, word: str, at: float, *, is_stable: bool) -> bytes:
        gross = self._gross(at)
        mark = "S" if is_stable else "D"
        if gross > self._spec.max_grams:
            return f"{word} +\r\n".encode()
        if gross < -1.0:
            return f"{word} -\r\n".encode()
        if word in ("Z", "ZI"):
            self.world.remember(self.name, zero=self._load(at), tare=0.0)
            return f"{word} {'A' if word == 'Z' else mark}\r\n".encode()
        if word in ("T", "TI"):
            self.world.remember(self.name, tare=gross)
            return f"{word} {mark} {self._field(gross)} g\r\n".encode()
        net = gross - self._tare()
        return f"{word[:1]} {mark} {self._field(net)} g\r\n".encode()

    def _field(self, grams: float) -> str:
        """Write a weight in ten characters, right-justified."""
        places = max(0, round(-math.log10(self._spec.readability_grams)))
        return f"{grams:10.{places}f}"

    def _tare(self) -> float:
        return float(self.world.memory(self.name).get("tare", 0.0))

    def _changed(self) -> float:
        return self.world.state.changed.get(f"{self.name}/1", -math.inf)

    def _load(self, at: float) -> float:
        """Return the load as the cell shows it at a lab time, g."""
        container = self.world.at(f"{self.name}/1")
        load = 0.0
        if container is not None:
            load = container.tare_grams + container.content_grams
        moving = math.exp(-max(0.0, at - self._changed()) / SETTLING_SECONDS)
        digit = self._spec.readability_grams
        draw = self.world.chance("balance", self.name, round(at * 1000))
        return load * (1.0 - moving) + NOISE_DIGITS * digit * float(draw.normal())

    def _gross(self, at: float) -> float:
        return self._load(at) - float(self.world.memory(self.name).get("zero", 0.0))
