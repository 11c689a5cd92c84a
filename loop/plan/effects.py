"""Effects: each happens once, whatever the process, the wire or the power does.

Around every effect the store gets an intent before the first byte and an outcome
after. When an intent has no outcome (a lost answer, a killed process) the instrument
is asked what happened before anything is sent again.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from campaigns.lifecycle import (
    Payload,
    TaskFailed,
    TaskFinished,
    TaskKind,
    TaskStarted,
    Values,
)
from instruments.errors import (
    FaultError,
    InstrumentError,
    LimitExceededError,
    NoAnswerError,
    RefusedError,
)

MOST_ATTEMPTS = 3


class Journal(Protocol):
    """Where events are appended, each call one transaction; and blobs are kept."""

    def put_blob(self, content: bytes) -> str:
        """Keep bytes and return their sha256."""
        ...

    def append(self, *payloads: Payload, actor: str, lab_time: float) -> object:
        """Append the payloads as events."""
        ...


@dataclass(frozen=True, slots=True)
class Done:
    """What an effect measured, and the facts to record with it."""

    measured: Values
    facts: tuple[Payload, ...] = ()


class HeldError(Exception):
    """A sample cannot go on; carries the reason for its record."""


class UnknownOutcomeError(Exception):
    """Nobody can tell whether an effect happened."""


@dataclass(frozen=True, slots=True)
class Effect:
    """One thing to do once."""

    name: str
    kind: TaskKind
    samples: tuple[str, ...]
    instrument: str
    commanded: Values
    do: Callable[[int], Awaitable[Done]]
    """Carries it out; gets the number of the attempt, from 1."""
    find: Callable[[int], Awaitable[Done | None]]
    """Tells what became of an attempt: done, or surely not (None).

    Raises UnknownOutcomeError if neither can be shown."""


class Effects:
    """Carries out effects, each once in the life of the campaign."""

    def __init__(
        self,
        journal: Journal,
        now: Callable[[], float],
        *,
        payloads: Sequence[Payload] = (),
    ) -> None:
        """Start with what earlier processes recorded.

        Args:
            journal: Where intents and outcomes go.
            now: Lab time, s since 1970.
            payloads: Everything recorded of the campaign so far.
        """
        self._journal = journal
        self._now = now
        self._finished: dict[str, Values] = {}
        self._attempts: dict[str, int] = {}
        self._open: set[str] = set()
        for payload in payloads:
            self._remember(payload)

    def _remember(self, payload: Payload) -> None:
        if isinstance(payload, TaskStarted):
            self._attempts[payload.task] = payload.attempt
            self._open.add(payload.task)
        elif isinstance(payload, TaskFinished):
            self._finished[payload.task] = payload.measured
            self._open.discard(payload.task)
        elif isinstance(payload, TaskFailed):
            self._open.discard(payload.task)

    def record(self, *payloads: Payload) -> None:
        """Append facts in one transaction."""
        self._journal.append(*payloads, actor="executor", lab_time=self._now())
        for payload in payloads:
            self._remember(payload)

    def keep(self, content: bytes) -> str:
        """Keep a file or an array beside the events and return its sha256."""
        return self._journal.put_blob(content)

    def was_finished(self, name: str) -> bool:
        """Tell whether an effect of this name is already done."""
        return name in self._finished

    async def once(self, effect: Effect) -> Values:
        """Carry out an effect unless it is done, and return what it measured.

        Raises:
            HeldError: If it was refused, or its outcome cannot be known.
            FaultError: If the instrument reports a fault.
        """
        if effect.name in self._finished:
            return self._finished[effect.name]
        attempt = self._attempts.get(effect.name, 0)
        was_open = effect.name in self._open
        done = await self._settle(effect, attempt) if was_open else None
        while done is None:
            attempt += 1
            if attempt > MOST_ATTEMPTS:
                raise HeldError(
                    f"{effect.name}: not done after {MOST_ATTEMPTS} attempts"
                )
            done = await self._attempt(effect, attempt)
        self.record(*done.facts, TaskFinished(task=effect.name, measured=done.measured))
        return done.measured

    async def _attempt(self, effect: Effect, attempt: int) -> Done | None:
        self.record(
            TaskStarted(
                task=effect.name,
                action=effect.kind,
                samples=effect.samples,
                instrument=effect.instrument,
                attempt=attempt,
                commanded=effect.commanded,
            )
        )
        try:
            return await effect.do(attempt)
        except NoAnswerError:
            return await self._settle(effect, attempt)
        except FaultError as error:
            self._fail(effect, error, "fault")
            raise
        except (LimitExceededError, RefusedError) as error:
            self._fail(effect, error, "refused")
            raise HeldError(str(error)) from error

    async def _settle(self, effect: Effect, attempt: int) -> Done | None:
        """Ask what became of an attempt whose outcome was not seen."""
        try:
            done = await effect.find(attempt)
        except FaultError as error:
            self._fail(effect, error, "fault")
            raise
        except (UnknownOutcomeError, InstrumentError) as error:
            self._fail(effect, error, "unknown")
            raise HeldError(f"{effect.name}: nobody knows: {error}") from error
        if done is None:
            self._fail(effect, "no sign that it began", "not-started")
        return done

    def _fail(self, effect: Effect, error: object, outcome: str) -> None:
        self.record(
            TaskFailed.model_validate(
                {"task": effect.name, "error": str(error), "outcome": outcome}
            )
        )
