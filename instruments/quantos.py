"""Mettler-Toledo Quantos powder doser: QRA actions and QRD data over MT-SICS lines.

Source: Mettler-Toledo, Quantos command set. An action answers `... B` (started), then
`... A` (done) or `... I code`; `L` is a bad parameter. The manual's own example drops
the last number of a reply (`QRD 1 1 A` after `QRD 1 1 5 mg`), so a reply may repeat the
command in full or in part.
"""

import asyncio
import re

from instruments.commands import Identity, query
from instruments.errors import FaultError, NoAnswerError, RefusedError
from instruments.labspec import DoserSpec
from instruments.limits import check_dose
from instruments.mtsics import (
    MAX_READINGS,
    REPLY_TIMEOUT_SECONDS,
    SicsConversation,
)
from instruments.quantities import Dose
from instruments.transport import Transport

DOSE_TIMEOUT_SECONDS = 600.0
MOVE_TIMEOUT_SECONDS = 60.0
DATA_TIMEOUT_SECONDS = 30.0
STOP_TIMEOUT_SECONDS = 10.0
BUSY_POLL_SECONDS = 5.0
CODES = {
    "1": "not mounted", "2": "another job is running", "3": "timeout",
    "4": "not selected", "5": "not allowed now", "6": "weight unstable",
    "7": "powder flow error", "8": "stopped externally", "9": "safe position error",
    "10": "head not allowed", "11": "head limit reached", "12": "head expired",
    "13": "sampler blocked",
}  # fmt: skip
BUSY = "2"
NOT_MOUNTED = "1"
NOTHING_SELECTED = "4"
DOOR_CLOSED, DOOR_OPEN, DOOR_RUNNING = "2", "3", "9"
LABEL_TAGS = ("sampleid", "doseid", "samplename", "sample", "id")
"""Names, letters only, under which the result may carry the label of QRD 1 1 8."""


class QuantosDoser:
    """A Quantos with an autosampler."""

    def __init__(self, transport: Transport, spec: DoserSpec) -> None:
        self.name = transport.name
        self._spec = spec
        self._transport = transport
        self._sics = SicsConversation(transport)
        self._identity = Identity(
            self.name, self._sics.serial_number, expected=spec.identity
        )

    async def identify(self) -> str:
        """Return the serial number; reads only."""
        return await self._identity.check(lambda: self._transport.connection)

    async def close(self) -> None:
        """Close the port."""
        await self._transport.close()

    async def dose(
        self, substance: str, grams: float, *, position: int, label: str
    ) -> Dose:
        """Dose once; `label` (at most 20 characters) marks this attempt for ever.

        Raises:
            LimitExceededError: If the mass, position or label is outside the limits.
            RefusedError: If another substance is mounted, or the doser declines.
            NoAnswerError: If contact was lost: ask `last_dose` what happened.
        """
        check_dose(self.name, self._spec, grams, position=position, label=label)
        await self.identify()
        mounted = await self.mounted()
        if mounted != substance:
            raise RefusedError(
                self.name, f"the head mounted is {mounted}, not {substance}",
                code="substance",
            )  # fmt: skip
        await self._close_door()
        await self._action(f"QRA 60 8 {position}", MOVE_TIMEOUT_SECONDS)
        await self._set("QRD 1 1 5", f"{1000.0 * grams:.2f}")
        await self._set("QRD 1 1 6", f"{self._spec.tolerance_percent:.1f}")
        await self._set("QRD 1 1 8", label)
        await self._check_position(position)
        await self._action("QRA 60 2 4", MOVE_TIMEOUT_SECONDS)
        try:
            await self._action("QRA 61 1", DOSE_TIMEOUT_SECONDS)
        except RefusedError:
            await self._release_head()
            raise
        return await self._finished(substance, grams, label)

    async def _finished(self, substance: str, grams: float, label: str) -> Dose:
        dose = await self.last_dose()
        if dose is None or dose.label != label or dose.substance != substance:
            raise NoAnswerError(self.name, f"dosed, but reports {dose} for {label!r}")
        if abs(dose.requested_grams - grams) > 1.1e-5:
            raise FaultError(
                self.name,
                f"asked for {grams:g} g, it aimed at {dose.requested_grams:g} g",
            )
        return dose

    async def last_dose(self) -> Dose | None:
        """Return the latest finished dose and its label; resolves a lost answer.

        Waits while a dose is running, and leaves the head unlocked, as a dose does.

        Raises:
            RefusedError: If the doser declines to tell.
            NoAnswerError: If there is no valid answer, or a dose runs without end.
        """
        for _ in range(int(DOSE_TIMEOUT_SECONDS / BUSY_POLL_SECONDS)):
            try:
                fields = await self._agreed_data("QRD 2 4 12")
            except RefusedError as refused:
                if refused.code == NOTHING_SELECTED:
                    return None
                if refused.code != BUSY:
                    raise
                await asyncio.sleep(BUSY_POLL_SECONDS)
            else:
                await self._release_head()
                return self._dose_of(fields)
        raise NoAnswerError(self.name, "a dose runs without end")

    def _dose_of(self, fields: dict[str, str]) -> Dose | None:
        if not fields.get("content"):
            return None
        label = next((fields[tag] for tag in LABEL_TAGS if tag in fields), "")
        try:
            return Dose(
                label=label,
                substance=fields.get("substance", ""),
                requested_grams=float(fields["targetquantity"]) / 1000.0,
                measured_grams=float(fields["content"]) / 1000.0,
            )
        except (KeyError, ValueError) as bad:
            raise NoAnswerError(self.name, f"unreadable result {fields}") from bad

    async def mounted(self) -> str | None:
        """Return the substance of the mounted dosing head, None without a head.

        Raises:
            RefusedError: If the doser declines to tell.
            NoAnswerError: If there is no valid answer.
        """
        try:
            fields = await self._agreed_data("QRD 2 4 11")
        except RefusedError as refused:
            if refused.code == NOT_MOUNTED:
                return None
            raise
        substance = fields.get("substance", "")
        if not substance:
            raise NoAnswerError(self.name, f"head data without substance: {fields}")
        return substance

    async def stop(self) -> None:
        """Stop dosing at once, past a dose that is waiting for its end.

        Raises:
            NoAnswerError: If the doser does not confirm.
            RefusedError: If it declines.
        """
        if await self._transport.notify(self._sics.encode("QRA 61 4")):
            # The dose under way hears that it was stopped and gives up its turn.
            try:
                async with asyncio.timeout(STOP_TIMEOUT_SECONDS):
                    async with self._transport.turn(urgent=True):
                        return
            except TimeoutError as late:
                raise NoAnswerError(self.name, "does not confirm the stop") from late
        await query(lambda: self._action("QRA 61 4", STOP_TIMEOUT_SECONDS))

    async def _action(self, command: str, timeout_seconds: float) -> None:
        """Start an action, once, and wait until it is done."""
        async with self._transport.turn() as wire:
            await wire.settle()
            await self._sics.send(wire, command)
            now = asyncio.get_running_loop().time
            until = now() + timeout_seconds
            started = False
            while True:
                # A doser that is silent from the start need not be waited for long.
                left = until - now() if started else REPLY_TIMEOUT_SECONDS
                found = await self._sics.wait_for(wire, _reply(command), left)
                self._sics.raise_generic(command, found["error"])
                self._raise_refusal(command, found)
                if found["status"] == "A":
                    return
                started = True

    async def _set(self, command: str, value: str) -> None:
        """Set a parameter; repeated if the answer is lost."""
        text = f"{command} {value}"

        async def ask() -> None:
            found = await self._sics.ask(text, _reply(text), REPLY_TIMEOUT_SECONDS)
            self._sics.raise_generic(text, found["error"])
            self._raise_refusal(text, found)

        await query(ask)

    async def _value(self, command: str) -> str:
        """Read one value, such as a door position."""
        found = await self._sics.ask_sics(
            command, rf"{command} (?P<value>\d+) A|{command} (?P<bad>[IL].*)",
            REPLY_TIMEOUT_SECONDS,
        )  # fmt: skip
        if found["bad"]:
            raise RefusedError(self.name, f"`{command}`: {found['bad']}")
        return found["value"]

    async def _release_head(self) -> None:
        """Unlock the head pin, so that the head can be taken out."""
        try:
            await self._action("QRA 60 2 3", MOVE_TIMEOUT_SECONDS)
        except RefusedError as refused:
            if refused.code != NOT_MOUNTED:
                raise

    async def _agreed_data(self, command: str) -> dict[str, str]:
        """Read a data set until two readings agree: nothing else guards its digits."""
        before = await query(lambda: self._data(command))
        for _ in range(MAX_READINGS - 1):
            fields = await query(lambda: self._data(command))
            if fields == before:
                return fields
            before = fields
        raise NoAnswerError(self.name, f"`{command}` answers differently each time")

    async def _data(self, command: str) -> dict[str, str]:
        """Read a data set: `B`, lines of XML, `A`.

        The tags are not always well-formed XML (dots, spaces), so they are read one by
        one, keyed by their letters in lower case.
        """
        lines: list[str] = []
        anything = re.compile(r"(?P<line>.*)")
        async with self._transport.turn() as wire:
            await wire.settle()
            await self._sics.send(wire, command)
            while True:
                heard = await self._sics.wait_for(wire, anything, DATA_TIMEOUT_SECONDS)
                found = _reply(command).fullmatch(heard["line"])
                if found is None:
                    lines.append(heard["line"])
                    continue
                self._sics.raise_generic(command, found["error"])
                self._raise_refusal(command, found)
                if found["status"] == "A":
                    return _tags("\n".join(lines))
                lines.clear()

    async def _close_door(self) -> None:
        """Close the front door and see it closed."""
        door = await query(lambda: self._value("QRD 2 3 7"))
        if door != DOOR_CLOSED:
            await self._action("QRA 60 7 2", MOVE_TIMEOUT_SECONDS)
            door = await query(lambda: self._value("QRD 2 3 7"))
        if door != DOOR_CLOSED:
            raise RefusedError(self.name, f"the door is not closed ({door})", code=door)

    async def _check_position(self, position: int) -> None:
        found = await query(lambda: self._value("QRD 2 3 8"))
        if int(found) != position:
            raise RefusedError(
                self.name, f"the sampler stands at {found}, not {position}", code=found
            )

    def _raise_refusal(self, command: str, found: re.Match[str]) -> None:
        if found["status"] == "L":
            raise RefusedError(self.name, f"`{command}`: bad parameter", code="L")
        if found["status"] == "I":
            code = found["code"] or ""
            reason = CODES.get(code, "not possible")
            raise RefusedError(self.name, f"`{command}`: {reason}", code=code)


def _reply(command: str) -> re.Pattern[str]:
    """Match the answers to a command, which they repeat in full or in part."""
    words = [re.escape(word) for word in command.split()]
    head = " ".join(words[:3]) + "".join(f"(?: {word}" for word in words[3:])
    head += ")?" * len(words[3:])
    return re.compile(
        rf"(?P<error>E[STL])|{head} (?P<status>[ABIL])(?: (?P<code>\d+))?"
    )


def _tags(text: str) -> dict[str, str]:
    """Return the content of each innermost tag, by the letters of its name."""
    found = re.findall(r"<([A-Za-z][^<>/]*)>([^<>]*)</([^<>]*)>", text)
    return {
        _letters(re.split(r"\s+\w+\s*=", opening)[0]): content.strip()
        for opening, content, _ in found
    }


def _letters(tag: str) -> str:
    return re.sub(r"[^a-z]", "", tag.lower())
