"""Mettler-Toledo balances over MT-SICS (level 0 and 1).

Source: Mettler-Toledo, MT-SICS reference manual (commands S, Z, I4; generic errors ES,
ET, EL). The protocol has no checksum: each line must match as a whole, with unit and
decimals, and a mass counts only when two readings agree.
"""

import math
import re

from instruments.commands import Identity, query
from instruments.errors import NoAnswerError, RefusedError
from instruments.labspec import BalanceSpec
from instruments.lines import LineConversation
from instruments.quantities import Mass
from instruments.transport import Transport

STABLE_TIMEOUT_SECONDS = 60.0
"""The balance itself gives up waiting for a stable mass after about 40 s."""
REPLY_TIMEOUT_SECONDS = 3.0
GENERIC_ERRORS = {
    "ES": "does not know the command", "ET": "received a damaged command",
    "EL": "cannot execute the command",
}  # fmt: skip
SERIAL_ANSWER = r'I4 A "(?P<serial>[^"]+)"'
MAX_READINGS = 6


class SicsConversation(LineConversation):
    """MT-SICS lines: CR LF, one command at a time, generic errors."""

    def __init__(self, transport: Transport) -> None:
        super().__init__(transport, ending=b"\r\n")
        self.name = transport.name
        self._is_in_step = True

    async def ask_sics(
        self, command: str, answer: str, timeout_seconds: float
    ) -> re.Match[str]:
        """Ask and return the match of the whole answer line.

        Raises:
            NoAnswerError: If there was no valid answer, or the command came damaged.
            RefusedError: If the instrument does not know or execute the command.
        """
        pattern = re.compile(rf"(?P<error>E[STL])|(?:{answer})")
        await self.get_in_step()
        self._is_in_step = False
        found = await self.ask(command, pattern, timeout_seconds)
        self._is_in_step = True
        self.raise_generic(command, found["error"])
        return found

    async def get_in_step(self) -> None:
        """After a missing answer, ask for something else and wait for that.

        Answers come in the order of the questions, so that once the serial number has
        come, no late mass can be taken for a new one.

        Raises:
            NoAnswerError: If the serial number does not come either.
        """
        if not self._is_in_step:
            pattern = re.compile(SERIAL_ANSWER)
            await query(lambda: self.ask("I4", pattern, REPLY_TIMEOUT_SECONDS))
            self._is_in_step = True

    def raise_generic(self, command: str, error: str | None) -> None:
        """Raise what a generic error line means; None means there is none."""
        if error == "ET":
            raise NoAnswerError(self.name, f"`{command}`: {GENERIC_ERRORS[error]}")
        if error:
            raise RefusedError(
                self.name, f"`{command}`: {GENERIC_ERRORS[error]}", code=error
            )

    async def serial_number(self) -> str:
        """Return the serial number (I4)."""
        found = await self.ask_sics("I4", SERIAL_ANSWER, REPLY_TIMEOUT_SECONDS)
        return found["serial"]


class SicsBalance:
    """A balance that speaks MT-SICS."""

    def __init__(self, transport: Transport, spec: BalanceSpec) -> None:
        self.name = transport.name
        self._spec = spec
        self._sics = SicsConversation(transport)
        self._transport = transport
        self._decimals = max(0, math.ceil(-math.log10(spec.readability_grams) - 1e-9))
        self._identity = Identity(
            self.name, self._sics.serial_number, expected=spec.identity
        )

    async def identify(self) -> str:
        """Return the serial number; reads only."""
        return await self._identity.check(lambda: self._transport.connection)

    async def close(self) -> None:
        """Close the port."""
        await self._transport.close()

    async def weigh(self) -> Mass:
        """Return a stable gross mass confirmed by two agreeing readings.

        Raises:
            RefusedError: If the pan does not settle, or is over- or underloaded.
            NoAnswerError: If no two readings agree, or there is no valid answer.
        """
        await self.identify()
        before = await query(self._read_stable)
        for _ in range(MAX_READINGS - 1):
            grams = await query(self._read_stable)
            # A flipped digit is a valid line: one reading alone proves nothing.
            if abs(grams - before) <= 2.001 * self._spec.readability_grams:
                return Mass(grams, self._spec.readability_grams)
            before = grams
        raise NoAnswerError(
            self.name, f"no two of {MAX_READINGS} readings agree; last {before:g} g"
        )

    async def zero(self) -> None:
        """Zero the empty pan and see that it then weighs nothing.

        Raises:
            RefusedError: If the balance cannot zero, or does not read zero after.
            NoAnswerError: If there is no valid answer.
        """
        await self.identify()
        found = await query(
            lambda: self._sics.ask_sics(
                "Z", r"Z (?P<status>[AI+-])", STABLE_TIMEOUT_SECONDS
            )
        )
        reasons = {"I": "pan does not settle", "+": "above the zero range",
                   "-": "below the zero range"}  # fmt: skip
        if found["status"] in reasons:
            reason = reasons[found["status"]]
            raise RefusedError(self.name, f"zero: {reason}", code=found["status"])
        mass = await self.weigh()
        if abs(mass.grams) > 2.001 * self._spec.readability_grams:
            raise RefusedError(self.name, f"reads {mass.grams:g} g after zeroing")

    async def _read_stable(self) -> float:
        """Ask once for a stable mass, g."""
        found = await self._sics.ask_sics(
            "S",
            r"S S +(?P<grams>-?\d+(?:\.\d+)?) +(?P<unit>\S+)|S (?P<status>[I+-])"
            r"|S S (?P<fault>Error .*)",
            STABLE_TIMEOUT_SECONDS,
        )
        reasons = {"I": "pan does not settle", "+": "overload", "-": "underload"}
        if found["status"]:
            raise RefusedError(
                self.name, reasons[found["status"]], code=found["status"]
            )
        if found["fault"]:
            raise RefusedError(self.name, found["fault"], code="S")
        return self._plausible(found["grams"], found["unit"])

    def _plausible(self, text: str, unit: str) -> float:
        decimals = len(text.partition(".")[2])
        grams = float(text)
        limit = 1.05 * self._spec.max_grams
        if unit != "g" or decimals != self._decimals or abs(grams) > limit:
            raise NoAnswerError(
                self.name,
                f"implausible answer `{text} {unit}`; expected grams with "
                f"{self._decimals} decimals up to {self._spec.max_grams:g}: check the "
                "unit at the balance and `readability_grams` in the lab file",
            )
        return grams
