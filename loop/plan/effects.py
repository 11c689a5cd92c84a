"""Effects: each happens once, whatever the process, the wire or the power does.

Around every effect the store gets an intent before the first byte and an outcome
after. When an intent has no outcome (a lost answer, a killed process, a fault) the
instrument is asked what happened before anything is sent again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from campaigns.lifecycle import (
    HazardsJudged,
    Payload,
    Resumed,
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
from loop.plan.whereabouts import Whereabouts

MOST_ATTEMPTS = 3
"""Attempts of one process at one effect; whoever resumes has seen to the cause."""
ASKING_PAUSES_SECONDS = (0.0, 60.0, 300.0)
"""Waits before each question to an instrument that does not answer, s."""


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
    """Samples cannot go on; carries the reason for their record."""

    def __init__(
        self,
        reason: str,
        *,
        samples: tuple[str, ...] = (),
        facts: tuple[Payload, ...] = (),
        refused: TaskKind | None = None,
    ) -> None:
        """Say why, which samples (none named: all of the task), and what happened.

        Args:
            reason: In words.
            samples: Who cannot go on.
            facts: What happened all the same.
            refused: What was refused, if something was.
        """
        super().__init__(reason)
        self.samples, self.facts, self.refused = samples, facts, refused


class UnknownOutcomeError(Exception):
    """Nobody can tell whether an effect happened."""


class HaltedError(Exception):
    """Nothing new may begin: the lab is being brought to rest."""


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
    unfinished: str = "no sign that it began"
    """What is recorded when `find` says that it has to be done (again)."""


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
        self.whereabouts = Whereabouts()
        self._journal = journal
        self._now = now
        self._started: dict[str, TaskStarted] = {}
        self._states: dict[str, str] = {}
        """Effect to `started`, `finished` or the outcome of its failure."""
        self._measured: dict[str, Values] = {}
        self._errors: dict[str, str] = {}
        self._judged: set[str] = set()
        self._under_way: dict[asyncio.Task[object], Effect] = {}
        self._is_halted = False
        for payload in payloads:
            self._remember(payload)

    def _remember(self, payload: Payload) -> None:
        self.whereabouts.take(payload)
        match payload:
            case HazardsJudged():
                self._judged.add(payload.before)
            case TaskStarted():
                self._started[payload.task] = payload
                self._states[payload.task] = "started"
            case TaskFinished():
                self._measured[payload.task] = payload.measured
                self._states[payload.task] = "finished"
            case TaskFailed():
                self._states[payload.task] = payload.outcome
                self._errors[payload.task] = payload.error
            case Resumed():
                self._states |= {
                    task: found
                    for task, found in payload.reconciled.items()
                    if found == "not-started" and self._states[task] != "started"
                }
            case _:
                pass

    def record(self, *payloads: Payload) -> None:
        """Append facts in one transaction."""
        self._journal.append(*payloads, actor="executor", lab_time=self._now())
        for payload in payloads:
            self._remember(payload)

    def keep(self, content: bytes) -> str:
        """Keep a file or an array beside the events and return its sha256."""
        return self._journal.put_blob(content)

    def state(self, name: str) -> str:
        """Return `absent`, `started`, `finished`, or the outcome of a failure."""
        return self._states.get(name, "absent")

    def measured(self, name: str) -> Values | None:
        """Return what a finished effect measured, None before it is finished."""
        return self._measured.get(name)

    def was_judged(self, before: str) -> bool:
        """Tell whether the safety of a load or task is on record."""
        return before in self._judged

    def commanded(self, name: str) -> Values | None:
        """Return what the latest attempt at an effect was told, None before any."""
        started = self._started.get(name)
        return started.commanded if started else None

    def halt(self) -> None:
        """Let nothing new begin; what is under way may end."""
        self._is_halted = True

    def under_way(self, task: asyncio.Task[object]) -> Effect | None:
        """Return the effect that an asyncio task is in the middle of."""
        return self._under_way.get(task)

    async def once(self, effect: Effect) -> Values:
        """Carry out an effect unless it is done, and return what it measured.

        Raises:
            HeldError: If it was refused, or its outcome cannot be known.
            FaultError: If an instrument reports a fault, or cannot be asked what
                became of the effect.
            HaltedError: If nothing new may begin.
        """
        if effect.name in self._measured:
            return self._measured[effect.name]
        if self._is_halted:
            raise HaltedError(effect.name)
        if (state := self.state(effect.name)) in ("refused", "unknown"):
            raise HeldError(
                self._errors[effect.name],
                samples=effect.samples,
                refused=effect.kind if state == "refused" else None,
            )
        with self._marked(effect):
            done = await self._done(effect)
        self.record(*done.facts, TaskFinished(task=effect.name, measured=done.measured))
        return done.measured

    async def _done(self, effect: Effect) -> Done:
        """Settle earlier attempts, then try until it is done."""
        started = self._started.get(effect.name)
        attempt = started.attempt if started else 0
        done = None
        if self.state(effect.name) in ("started", "fault"):
            done = await self._settle(effect, attempt)
        last = attempt + MOST_ATTEMPTS
        while done is None:
            attempt += 1
            if attempt > last:
                raise HeldError(
                    f"{effect.name}: not done after {MOST_ATTEMPTS} attempts",
                    samples=effect.samples,
                )
            done = await self._attempt(effect, attempt)
        return done

    @contextmanager
    def _marked(self, effect: Effect) -> Iterator[None]:
        """Note which asyncio task is in the middle of which effect."""
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError(f"{effect.name} runs outside asyncio")
        self._under_way[task] = effect
        try:
            yield
        finally:
            del self._under_way[task]

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
        except (HeldError, LimitExceededError, RefusedError) as error:
            raise self._held(effect, error, "refused") from error

    async def _settle(self, effect: Effect, attempt: int) -> Done | None:
        """Find out what became of an attempt whose outcome was not seen."""
        try:
            done = await self._ask(effect, attempt)
        except FaultError as error:
            self._fail(effect, error, "fault")
            raise
        except (HeldError, UnknownOutcomeError, InstrumentError) as error:
            raise self._held(effect, error, "unknown") from error
        if done is None:
            self._fail(effect, effect.unfinished, "not-started")
        return done

    async def _ask(self, effect: Effect, attempt: int) -> Done | None:
        """Ask patiently; an instrument that stays silent stops the lab.

        To hold the sample instead would hold the next one too, and the one after it,
        for a cable that somebody can plug in again.
        """
        silent: NoAnswerError | None = None
        for pause in ASKING_PAUSES_SECONDS:
            await asyncio.sleep(pause)
            try:
                return await effect.find(attempt)
            except NoAnswerError as error:
                silent = error
        raise FaultError(
            effect.instrument,
            f"nobody can tell what became of {effect.name} until contact is back: "
            f"{silent}",
        ) from silent

    def _held(self, effect: Effect, error: Exception, outcome: str) -> HeldError:
        """Record that an effect failed and return why its samples are held."""
        reason = f"{effect.name}: {error}"
        facts = error.facts if isinstance(error, HeldError) else ()
        self._fail(effect, reason, outcome, facts)
        refused = effect.kind if outcome == "refused" else None
        return HeldError(reason, samples=effect.samples, refused=refused)

    def _fail(
        self,
        effect: Effect,
        error: object,
        outcome: str,
        facts: tuple[Payload, ...] = (),
    ) -> None:
        if self.state(effect.name) == "fault" and outcome != "not-started":
            # It already has this outcome; only a finding may change that.
            return
        failed = TaskFailed.model_validate(
            {"task": effect.name, "error": str(error), "outcome": outcome}
        )
        self.record(*facts, failed)
