"""Hauschild SpeedMixer DAC 400 (smart) over its serial frames.

A request is `EOT address STX cc vvvvv ETX ENQ` with address 0x20 to read and 0x21 to
write, `cc` a two-digit code and `vvvvv` a five-digit value; the reply is
`STX cc v... ETX`. A reply with code 00 is a refusal, its value the reason.

Source: frame and codes as in the public A-Lab driver (alab_control,
speedmixer_hauschild_smart_dac400), which runs one of these mixers.
"""

import asyncio
import re

from instruments.commands import Identity, query
from instruments.errors import FaultError, NoAnswerError, RefusedError
from instruments.labspec import MixerSpec
from instruments.limits import check_mix
from instruments.transport import Transport, line

READ, WRITE = 0x20, 0x21
START, STOP, RAMP_UP, RAMP_DOWN, SPEED, READY, RUNNING, ERROR = (
    11, 12, 14, 15, 16, 18, 19, 20,
)  # fmt: skip
RAMP_SECONDS = 10
"""Acceleration and braking ramp; the mixer takes 5 to 30."""
REFUSALS = {1: "not in remote program", 2: "unknown code", 3: "still running"}
REPLY = re.compile(rb"\x02(?P<code>\d{2})(?P<value>\d{1,8})\x03")
REPLY_TIMEOUT_SECONDS = 3.0
POLL_SECONDS = 0.5
START_TIMEOUT_SECONDS = 30.0
STOP_TIMEOUT_SECONDS = 60.0


def frame(address: int, code: int, value: int = 0) -> bytes:
    """Return the bytes of a request."""
    return b"\x04%c\x02%02d%05d\x03\x05" % (address, code, value)


class HauschildMixer:
    """A DAC 400 under remote control."""

    def __init__(self, transport: Transport, spec: MixerSpec) -> None:
        self.name = transport.name
        self._spec = spec
        self._transport = transport
        self._identity = Identity(self.name, self._answers, expected=spec.identity)

    async def identify(self) -> str:
        """Return `DAC400` if a mixer answers; it has no serial number to read."""
        return await self._identity.check(lambda: self._transport.connection)

    async def close(self) -> None:
        """Close the port."""
        await self._transport.close()

    async def mix(self, *, rpm: float, seconds: float) -> None:
        """Run once at a speed for a time and wait until it stands still.

        Args:
            rpm: Speed, rounded to whole revolutions per minute.
            seconds: Time from the start of turning to the stop command, s.

        Raises:
            LimitExceededError: If the speed or time is outside the limits.
            RefusedError: If the mixer is not ready or declines.
            FaultError: If it reports an error.
            NoAnswerError: If contact was lost: ask `is_running`, and `stop` it.
        """
        check_mix(self.name, self._spec, rpm=rpm, seconds=seconds)
        await self.identify()
        await self._check_idle()
        await self._set(SPEED, round(rpm))
        await self._set(RAMP_UP, RAMP_SECONDS)
        await self._set(RAMP_DOWN, RAMP_SECONDS)
        try:
            await self._act(START)
            await self._wait_until(is_running=True, within=START_TIMEOUT_SECONDS)
            await self._watch(seconds)
        finally:
            # Whatever went wrong or cancelled us, it must not be left turning.
            await self.stop()

    async def is_running(self) -> bool:
        """Tell whether it turns.

        Raises:
            FaultError: If it reports an error.
            NoAnswerError: If there is no valid answer.
        """
        error = await self._read(ERROR)
        if error:
            raise FaultError(self.name, f"reports error {error}")
        return await self._turns()

    async def stop(self) -> None:
        """Stop at once and wait until it stands still.

        Stopping twice does no harm, so it is repeated until confirmed.

        Raises:
            NoAnswerError: If it does not confirm, or does not come to rest.
        """
        await query(lambda: self._act(STOP, urgent=True))
        await self._wait_until(is_running=False, within=STOP_TIMEOUT_SECONDS)

    async def _turns(self) -> bool:
        return await self._read(RUNNING) == 1

    async def _answers(self) -> str:
        await self._exchange(READ, READY)
        return "DAC400"

    async def _check_idle(self) -> None:
        if await self.is_running():
            raise RefusedError(self.name, "is running already", code="3")
        if await self._read(READY) != 1:
            raise RefusedError(
                self.name, "is not ready: close the lid, set remote", code="ready"
            )

    async def _watch(self, seconds: float) -> None:
        """Wait, and see that it goes on turning."""
        now = asyncio.get_running_loop().time
        until = now() + seconds
        while (left := until - now()) > 0:
            await asyncio.sleep(min(left, 10 * POLL_SECONDS))
            if now() < until and not await self.is_running():
                raise FaultError(self.name, f"stopped {until - now():.0f} s early")

    async def _wait_until(self, *, is_running: bool, within: float) -> None:
        now = asyncio.get_running_loop().time
        until = now() + within
        while await self._turns() != is_running:
            if now() >= until:
                wanted = "start" if is_running else "come to rest"
                raise NoAnswerError(self.name, f"does not {wanted} in {within:g} s")
            await asyncio.sleep(POLL_SECONDS)

    async def _set(self, code: int, value: int) -> None:
        """Write a setting until it reads back the same."""
        for _ in range(3):
            await query(lambda: self._exchange(WRITE, code, value))
            if await self._read(code) == value:
                return
        raise RefusedError(self.name, f"setting {code} does not keep {value}")

    async def _act(self, code: int, *, urgent: bool = False) -> None:
        """Send an action once; it confirms with 1."""
        answer = await self._exchange(WRITE, code, 1, urgent=urgent)
        if answer != 1:
            raise RefusedError(self.name, f"action {code} answered {answer}")

    async def _read(self, code: int) -> int:
        """Read a value; nothing guards its digits, so two readings must agree."""
        before = await query(lambda: self._exchange(READ, code))
        for _ in range(5):
            value = await query(lambda: self._exchange(READ, code))
            if value == before:
                return value
            before = value
        raise NoAnswerError(self.name, f"value {code} reads differently each time")

    async def _exchange(
        self, address: int, code: int, value: int = 0, *, urgent: bool = False
    ) -> int:
        raw = await self._transport.exchange(
            frame(address, code, value), line(b"\x03"), REPLY_TIMEOUT_SECONDS,
            urgent=urgent,
        )  # fmt: skip
        found = REPLY.fullmatch(raw)
        if found is None:
            raise NoAnswerError(self.name, f"damaged answer {raw!r}")
        answer = int(found["value"])
        if found["code"] == b"00":
            reason = REFUSALS.get(answer, f"reason {answer}")
            raise RefusedError(
                self.name, f"code {code:02d}: {reason}", code=str(answer)
            )
        if int(found["code"]) != code:
            raise NoAnswerError(self.name, f"answers {raw!r} to code {code:02d}")
        return answer
