"""A Quantos powder doser with its sampler: QRA actions and QRD data.

Source:
    Mettler-Toledo, Quantos dosing module, reference manual of the MT-SICS command set:
    commands, answer letters, error codes, XML of head and sample data.
"""

import re
from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import escape

from simulators.actions import plan_dose
from simulators.firmware.line import Line, take_lines
from simulators.state import Action
from simulators.world import World

REPLY_SECONDS, STREAM_SECONDS = 0.03, 0.3
DOOR_SECONDS, PIN_SECONDS, SAMPLER_SECONDS = 3.0, 2.0, 5.0
STOP_SECONDS = 1.0
SERIAL_NUMBER = "B900000002"
NOT_MOUNTED, ANOTHER_JOB, NOT_SELECTED, NOT_ALLOWED = 1, 2, 4, 5
DOOR_CLOSED, DOOR_OPEN = 2, 3
DOSES_PER_HEAD = 999
SETTINGS: dict[str, tuple[str, float, float]] = {
    "1": ("tapping_before", 0, 1),
    "2": ("tapping_while", 0, 1),
    "3": ("tapping_intensity", 10, 100),
    "4": ("tapping_seconds", 1, 10),
    "5": ("target_mg", 0.10, 250000.0),
    "6": ("tolerance_percent", 0.1, 40.0),
    "7": ("tolerance_mode", 0, 1),
    "14": ("algorithm", 0, 1),
    "15": ("antistatic", 0, 1),
}
"""Index of `QRD 1 1 n` to its name and range."""
DEFAULTS: dict[str, Any] = {
    "door": DOOR_CLOSED, "pin": "unlocked", "position": 0, "target_mg": 0.0,
    "tolerance_percent": 5.0, "tolerance_mode": 0, "label": "", "user": "",
    "tapping_before": 0, "tapping_intensity": 50, "algorithm": 0,
}  # fmt: skip


class QuantosDoser:
    """Firmware of one doser: sampler slots `NAME/n`, mounted head `NAME.head/1`."""

    def __init__(self, name: str, world: World) -> None:
        """Take the lab's doser `name`."""
        self.name, self.world = name, world
        self._line: Line | None = None
        self._job_until = 0.0
        world.listeners[name] = self._dosed

    def opened(self, line: Line) -> None:
        """Remember where answers go: there is one serial line."""
        self._line = line

    def received(self, line: Line, data: bytes) -> None:
        """Answer each command line."""
        for raw in take_lines(line, data):
            fate = line.judge()
            words = raw.decode("ascii", "replace").split(maxsplit=4)
            if fate.is_ignored or not words:
                continue
            if fate.is_refused:
                self._say(f"{' '.join(words[:3])} I {ANOTHER_JOB}")
            else:
                self._command(words)

    def _command(self, words: list[str]) -> None:
        match words:
            case ["@"] | ["I4"]:
                self._say(f'I4 A "{SERIAL_NUMBER}"')
            case ["I2"]:
                self._say('I2 A "Quantos QB1 220.0000 g"')
            case ["QRA", "60" | "61" as group, number, *rest]:
                self._act(group, number, rest)
            case ["QRD", "1", "1", index, *rest]:
                self._set(index, rest)
            case ["QRD", "2", group, *rest]:
                self._tell(f"QRD 2 {group}", group, rest)
            case _:
                self._say("ES")

    def _say(self, text: str, after: float = REPLY_SECONDS) -> None:
        if self._line is not None:
            self._line.send(text.encode() + b"\r\n", after)

    def _get(self, key: str) -> Any:  # noqa: ANN401
        return self.world.memory(self.name).get(key, DEFAULTS.get(key))

    def _is_busy(self) -> bool:
        is_dosing = self.name in self.world.state.actions
        return is_dosing or self.world.now() < self._job_until

    def _act(self, group: str, number: str, rest: list[str]) -> None:
        """Carry out a QRA action: `B` when begun, then `A` or `I code`."""
        name = f"QRA {group} {number}"
        acts: dict[str, Callable[[str], None]] = {
            "QRA 61 1": self._dose,
            "QRA 61 4": self._stop,
            "QRA 60 2": lambda at: self._switch(at, "pin", rest, PIN_SECONDS,
                                                {"3": "unlocked", "4": "locked"}),
            "QRA 60 7": lambda at: self._switch(at, "door", rest, DOOR_SECONDS,
                                                {"2": DOOR_CLOSED, "3": DOOR_OPEN}),
            "QRA 60 8": lambda at: self._turn(at, rest),
        }  # fmt: skip
        if name not in acts:
            self._say(f"{name} L")
        elif name != "QRA 61 4" and self._is_busy():
            self._say(f"{name} I {ANOTHER_JOB}")
        else:
            acts[name](name)

    def _switch(
        self, name: str, key: str, rest: list[str], seconds: float,
        values: dict[str, Any],
    ) -> None:  # fmt: skip
        if len(rest) != 1 or rest[0] not in values:
            self._say(f"{name} L")
            return
        if key == "pin" and self.world.at(f"{self.name}.head/1") is None:
            self._say(f"{name} I {NOT_MOUNTED}")
            return
        is_moving = self._get(key) != values[rest[0]]
        self._job(name, seconds if is_moving else REPLY_SECONDS)
        self.world.remember(self.name, **{key: values[rest[0]]})

    def _turn(self, name: str, rest: list[str]) -> None:
        """Turn the sampler; 0 is home."""
        positions = self.world.spec.dosers[self.name].positions
        if len(rest) != 1 or not rest[0].isdigit() or int(rest[0]) > positions:
            self._say(f"{name} L")
            return
        self._job(name, SAMPLER_SECONDS)
        self.world.remember(self.name, position=int(rest[0]))

    def _job(self, name: str, seconds: float) -> None:
        self._job_until = self.world.now() + seconds
        self._say(f"{name} B")
        self._say(f"{name} A", seconds)

    def _dose(self, name: str) -> None:
        """Dose into the vial at the sampler's position."""
        if self._get("position") == 0 or self._get("target_mg") <= 0:
            self._say(f"{name} I {NOT_ALLOWED}")
            return
        if self.world.at(f"{self.name}.head/1") is None:
            self._say(f"{name} I {NOT_MOUNTED}")
            return
        self._say(f"{name} B")
        target, tolerance = self._get("target_mg"), self._get("tolerance_percent")
        values, seconds = plan_dose(
            self.world, self.name, target_grams=target / 1000.0,
            tolerance_percent=tolerance,
        )  # fmt: skip
        self.world.begin(
            self.name, "dose", seconds, **values, planned_seconds=seconds,
            target_mg=target, tolerance_percent=tolerance,
            label=self._get("label"), position=self._get("position"),
        )  # fmt: skip

    def _stop(self, name: str) -> None:
        action = self.world.state.actions.get(self.name)
        if action is not None and not action.values.get("is_stopped"):
            self.world.stop_within(self.name, STOP_SECONDS, is_stopped=True)
        self._say(f"{name} A")

    def _dosed(self, action: Action) -> None:
        del action
        code = self._get("last_code")
        self._say("QRA 61 1 A" if code is None else f"QRA 61 1 I {code}")

    def _set(self, index: str, rest: list[str]) -> None:
        """Set a dosing parameter."""
        name, value = f"QRD 1 1 {index}", " ".join(rest)
        if self._is_busy():
            self._say(f"{name} I {ANOTHER_JOB}")
        elif index in ("8", "13"):
            key = "label" if index == "8" else "user"
            text = value.strip('"')
            if not 1 <= len(text) <= 20:
                self._say(f"{name} L")
                return
            self.world.remember(self.name, **{key: text})
            self._say(f"{name} A")
        elif index == "9" and value == "0":
            self._say(f"{name} A")
        else:
            self._set_number(name, index, value)

    def _set_number(self, name: str, index: str, value: str) -> None:
        known = SETTINGS.get(index)
        if known is None or not re.fullmatch(r"\d+(\.\d{1,2})?", value):
            self._say(f"{name} L")
            return
        key, low, high = known
        if not low <= float(value) <= high:
            self._say(f"{name} L")
            return
        self.world.remember(self.name, **{key: float(value)})
        self._say(f"{name} A")

    def _tell(self, prefix: str, group: str, rest: list[str]) -> None:
        name = " ".join([prefix, *rest])
        match (group, rest):
            case ("3", ["7"]):
                is_moving = self.world.now() < self._job_until
                self._say(f"{name} {9 if is_moving else self._get('door')} A")
            case ("3", ["8"]):
                self._say(f"{name} {self._get('position')} A")
            case ("2", ["8"]):
                self._say(f"{name} 1 A")
            case ("2", ["9"]):
                self._say(f"{name} 0 A")
            case ("4", ["11"]):
                self._tell_head(name)
            case ("4", ["12"]):
                self._tell_sample(name)
            case _:
                self._say(f"{name} L")

    def _tell_head(self, name: str) -> None:
        head = self.world.at(f"{self.name}.head/1")
        if self._is_busy() or head is None:
            self._say(f"{name} I {ANOTHER_JOB if head else NOT_MOUNTED}")
            return
        ((substance, grams),) = head.raw.items()
        used = head.uses.get("dose", 0)
        stock = self.world.reagents[substance].stock_grams
        tags = {
            "Substance": substance,
            "Lot_ID": head.label,
            'Content Unit="mg"': f"{stock * 1000:.2f}",
            "Dose_limit": DOSES_PER_HEAD,
            "Dosing_counter": used,
            "Rem._dosages": DOSES_PER_HEAD - used,
            'Rem._quantity Unit="mg"': f"{grams * 1000:.2f}",
        }
        self._stream(name, "Dosing_head_data", tags)

    def _tell_sample(self, name: str) -> None:
        last = self._get("last")
        if self._is_busy():
            self._say(f"{name} I {ANOTHER_JOB}")
            return
        if last is None:
            self._say(f"{name} I {NOT_SELECTED}")
            return
        tags = {
            "Substance": last["substance"],
            "Sample_ID": last["label"],
            'Content Unit="mg"': f"{last['shown_grams'] * 1000:.2f}",
            'Target_quantity Unit="mg"': f"{last['target_mg']:.2f}",
            "Powder_dosing_mode": "Standard",
            "Tolerance_Mode": "+/-",
            'Tolerance Unit="%"': f"{last['tolerance_percent']:.1f}",
            "Validity": "valid" if last["is_valid"] else "invalid",
        }
        self._stream(name, "Sample_data", tags)

    def _stream(self, name: str, root: str, tags: dict[str, Any]) -> None:
        """Send `B`, the XML line by line as the printer port would, then `A`."""
        self._say(f"{name} B")
        lines = [f"<{tag}>{escape(str(value))}</{tag.split()[0]}>"
                 for tag, value in tags.items()]  # fmt: skip
        lines = ['<?xml version="1.0" encoding="UTF-8"?>', f"<{root}>", *lines]
        for text in [*lines, f"</{root}>", f"{name} A"]:
            self._say(text, STREAM_SECONDS)
