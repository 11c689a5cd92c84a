"""A Malvern Panalytical Aeris diffractometer: token language, belt and result files.

Source:
    Request and reply tokens, port 702 and one connection per message: as used by
    CederGroupHub/alab_control (MIT) against the instrument. Belt location 1 is the
    loading place; slot n of the lab is location n + 1.
"""

import re
from typing import Any

from instruments.clock import VIRTUAL_EPOCH_SECONDS, iso
from simulators.actions import scan_program
from simulators.firmware.line import Line
from simulators.firmware.xrdml import write_xrdml
from simulators.physics import Measurement
from simulators.state import Action
from simulators.world import World

REPLY_SECONDS = 0.2
WRITING_SECONDS = 3.0
"""Time from the end of a scan until the result file is whole, s."""
BELT_LOCATION = 1
END = re.compile(rb"(?:^|[@\r\n])END(?=[@\r\n]|$)")
Fields = dict[str, str]


class AerisDiffractometer:
    """Firmware of one diffractometer; its sample slots are `NAME/n`."""

    def __init__(self, name: str, world: World) -> None:
        """Take the lab's diffractometer `name`."""
        self.name, self.world = name, world
        self._waiting: dict[str, Line] = {}
        """Sample identifier to the connection that waits for MEASURED."""
        world.listeners[name] = self._measured

    def opened(self, line: Line) -> None:
        """Say nothing until asked."""

    def received(self, line: Line, data: bytes) -> None:
        """Answer each message up to END."""
        line.pending += data
        while found := END.search(line.pending):
            text = bytes(line.pending[: found.start()]).decode("utf-8", "replace")
            del line.pending[: found.end()]
            fate = line.judge()
            if fate.is_ignored:
                continue
            tokens, fields = _parse(text)
            if fate.is_refused:
                self._say(line, *tokens[:2], "STATUS=fatal", "ERROR=busy")
            else:
                self._command(line, tokens, fields)

    def _say(self, line: Line, *tokens: str, after: float = REPLY_SECONDS) -> None:
        line.send(("@" + "@".join([*tokens, "END"])).encode(), after)

    def _command(self, line: Line, tokens: list[str], fields: Fields) -> None:
        match tokens:
            case ["STATUS_REQUEST", *_]:
                self._status(line, fields, is_system="SYSTEM" in tokens)
            case ["SAMPLE", "ADD"]:
                self._add(line, fields)
            case ["SAMPLE", "MEASURE"]:
                self._measure(line, fields)
            case ["SAMPLE", "MOVE", *_]:
                self._move(line, fields)
            case ["SAMPLE", "REMOVE", *_]:
                self._remove(line, fields)
            case _:
                self._say(line, *tokens, "STATUS=fatal", "ERROR=unknown command")

    def _status(self, line: Line, fields: Fields, *, is_system: bool) -> None:
        if is_system:
            stamp = iso(VIRTUAL_EPOCH_SECONDS + self.world.now())
            text = stamp[:19].replace("-", ".").replace("T", " ")
            self._say(line, "STATUS", f"TIME_STAMP={text}", "SYSTEM=remote")
        elif "UNIT" in fields:
            is_ready = self.name not in self.world.state.actions
            ready = "yes" if is_ready else "no"
            self._say(line, "STATUS", f"UNIT={fields['UNIT']}", f"READY={ready}")
        elif (slot := self._slot(fields.get("LOCATION", ""))) is not None:
            state = "free" if self.world.at(slot) is None else "occupied"
            location = f"LOCATION={fields['LOCATION']}"
            self._say(line, "STATUS", location, f"STATE={state}")
        else:
            self._say(line, "STATUS", "STATUS=fatal", "ERROR=unknown location")

    def _slot(self, location: str) -> str | None:
        """Return the lab slot of a belt location `0,n`; None if there is none."""
        found = re.fullmatch(r"0,\s*(\d+)", location.strip())
        if found is None:
            return None
        number = int(found[1]) - BELT_LOCATION
        positions = self.world.spec.diffractometers[self.name].positions
        return f"{self.name}/{number}" if 1 <= number <= positions else None

    def _samples(self) -> dict[str, str]:
        """Return the samples in the instrument's list: identifier to slot.

        A sample whose holder was taken away is dropped: each location has a sensor.
        """
        listed = self.world.memory(self.name).get("samples", {})
        changed = self.world.state.changed
        return {
            sample_id: slot
            for sample_id, (slot, since) in listed.items()
            if changed.get(slot, 0.0) <= since
        }

    def _list(self, samples: dict[str, str]) -> None:
        now = self.world.now()
        values = {sample_id: [slot, now] for sample_id, slot in samples.items()}
        self.world.remember(self.name, samples=values)

    def _refuse(self, line: Line, verb: str, fields: Fields, error: str) -> None:
        sample = f"SAMPLE_ID={fields.get('SAMPLE_ID', '')}"
        self._say(line, "SAMPLE", verb, sample, "STATUS=fatal", f"ERROR={error}")

    def _accept(self, line: Line, verb: str, fields: Fields) -> None:
        sample = f"SAMPLE_ID={fields.get('SAMPLE_ID', '')}"
        self._say(line, "SAMPLE", verb, sample, "STATUS=normal")

    def _add(self, line: Line, fields: Fields) -> None:
        slot, samples = self._slot(fields.get("AT", "")), self._samples()
        sample_id = fields.get("SAMPLE_ID", "")
        programs = self.world.spec.diffractometers[self.name].programs
        if not sample_id or slot is None:
            self._refuse(line, "ADD", fields, "bad sample or location")
        elif fields.get("APPLICATION") not in programs:
            self._refuse(line, "ADD", fields, "unknown application")
        elif slot in samples.values() or sample_id in samples:
            self._refuse(line, "ADD", fields, "location or sample in use")
        else:
            samples[sample_id] = slot
            self._list(samples)
            self._accept(line, "ADD", fields)

    def _measure(self, line: Line, fields: Fields) -> None:
        """Start a scan; MEASURED follows on the same connection when it ends."""
        sample_id, samples = fields.get("SAMPLE_ID", ""), self._samples()
        programs = self.world.spec.diffractometers[self.name].programs
        program = fields.get("APPLICATION", "")
        if sample_id not in samples:
            self._refuse(line, "MEASURE", fields, "unknown sample")
        elif program not in programs:
            self._refuse(line, "MEASURE", fields, "unknown application")
        elif self.name in self.world.state.actions:
            self._refuse(line, "MEASURE", fields, "busy")
        else:
            self._waiting[sample_id] = line
            seconds = scan_program(self.world, self.name, program).seconds
            self.world.begin(
                self.name, "scan", seconds, sample_id=sample_id, program=program,
                slot=samples[sample_id],
            )  # fmt: skip

    def _measured(self, action: Action) -> None:
        sample_id = action.values["sample_id"]
        line = self._waiting.pop(sample_id, None)
        status = self.world.memory(self.name)[f"status:{sample_id}"]
        if line is not None:
            sample = f"SAMPLE_ID={sample_id}"
            self._say(line, "SAMPLE", "MEASURED", sample, f"STATUS={status}")

    def _move(self, line: Line, fields: Fields) -> None:
        source = self._slot(fields.get("AT", ""))
        destination = self._slot(fields.get("TO", ""))
        holder = None if source is None else self.world.at(source)
        is_free = destination is not None and self.world.at(destination) is None
        if holder is None or not is_free or self.name in self.world.state.actions:
            self._refuse(line, "MOVE", fields, "cannot move")
            return
        samples = {
            key: str(destination) if slot == source else slot
            for key, slot in self._samples().items()
        }
        self.world.do("moved", container=holder.label, destination=destination)
        self._list(samples)
        self._accept(line, "MOVE", fields)

    def _remove(self, line: Line, fields: Fields) -> None:
        """Forget a sample, named or found by its location."""
        samples, slot = self._samples(), self._slot(fields.get("AT", ""))
        sample_id = fields.get("SAMPLE_ID", "")
        if not sample_id and slot is not None:
            sample_id = next((k for k, v in samples.items() if v == slot), "")
        action = self.world.state.actions.get(self.name)
        is_in_work = action is not None and action.values["sample_id"] == sample_id
        if sample_id not in samples or is_in_work:
            self._refuse(line, "REMOVE", fields, "unknown sample or in work")
            return
        del samples[sample_id]
        self._list(samples)
        self._accept(line, "REMOVE", fields)

    def file(self, file_name: str) -> bytes | None:
        """Return a result file as it now lies in the share; None if it does not.

        While the instrument writes it, only its first part is there.
        """
        sample_id = file_name.removesuffix(".xrdml")
        result: dict[str, Any] | None = self.world.memory(self.name).get(
            f"result:{sample_id}"
        )
        if result is None or not file_name.endswith(".xrdml"):
            return None
        values = {k: v for k, v in result.items() if k not in ("finished", "program")}
        values["wavelengths"] = tuple(values["wavelengths"])
        begun = float(result["finished"])
        stamp = iso(VIRTUAL_EPOCH_SECONDS + begun)
        whole = write_xrdml(Measurement(**values), sample_id=sample_id, stamp=stamp)
        share = min(1.0, max(0.0, (self.world.now() - begun) / WRITING_SECONDS))
        return whole[: int(share * len(whole))] if share < 1.0 else whole


def _parse(text: str) -> tuple[list[str], Fields]:
    """Split a message at `@` or newlines into bare words and `K=V` fields."""
    parts = [part.strip() for part in re.split(r"[@\r\n]+", text) if part.strip()]
    fields = dict(part.split("=", 1) for part in parts if "=" in part)
    return [part for part in parts if "=" not in part], fields
