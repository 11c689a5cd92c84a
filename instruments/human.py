"""The operator: a person who is asked, over a line or at this terminal.

Each request is one line of JSON with an `id`, each answer one line of JSON with the
same `id`; the other keys are those of `HumanTask` and `HumanAnswer`.
"""

import asyncio
import itertools
import json
import math
import sys
from typing import Any

from instruments.commands import query
from instruments.labspec import OperatorSpec
from instruments.quantities import HumanAnswer, HumanTask, Slot
from instruments.transport import Transport, line

ANSWER_TIMEOUT_SECONDS = 7 * 86400.0
"""A week: people have weekends; nothing else waits for them."""
ANSWER_KEYS = {"id", "is_done", "person", "mass_grams", "location", "note"}


class HumanOperator:
    """A person behind a transport."""

    def __init__(self, transport: Transport, spec: OperatorSpec) -> None:
        self.name = transport.name
        self._spec = spec
        self._transport = transport
        self._numbers = itertools.count(1)

    async def identify(self) -> str:
        """Return the name; a person is not asked who they are."""
        return self.name

    async def close(self) -> None:
        """Close the line."""
        await self._transport.close()

    async def ask(self, task: HumanTask) -> HumanAnswer:
        """Show the request and wait for the answer.

        Asked again after a lost line only if the task has a key, by which the person
        knows what was done already.

        Raises:
            NoAnswerError: If the line was lost, or nobody answers within a week.
        """
        if task.key:
            return await query(lambda: self._ask_once(task.key, task))
        return await self._ask_once(f"{self.name}-{next(self._numbers)}", task)

    async def _ask_once(self, key: str, task: HumanTask) -> HumanAnswer:
        now = asyncio.get_running_loop().time
        until = now() + ANSWER_TIMEOUT_SECONDS
        async with self._transport.turn() as wire:
            await wire.settle()
            await wire.send(encode(key, task))
            while True:
                raw = await wire.receive(line(b"\n"), max(0.0, until - now()))
                answer = decode(key, raw)
                if isinstance(answer, HumanAnswer):
                    return answer
                # Whoever typed it hears what is wrong, and the question stays open.
                if answer:
                    await wire.send(_line({"id": key, "error": answer}))


def encode(key: str, task: HumanTask) -> bytes:
    """Return the request line for a task."""
    return _line(
        {"id": key, "kind": task.kind, "source": task.source,
         "destination": task.destination, "text": task.text}
    )  # fmt: skip


def decode(key: str, raw: bytes) -> HumanAnswer | str:
    """Return the answer a line holds, or what is wrong with it.

    What is no answer to `key` at all, such as a late answer to an earlier request, is
    the empty text.
    """
    try:
        data = json.loads(raw)
    except ValueError:
        return "not a line of JSON"
    if not isinstance(data, dict) or data.get("id") != key:
        return ""
    unknown = sorted(set(data) - ANSWER_KEYS)
    if unknown:
        return f"unknown keys {', '.join(unknown)}"
    return _answer_of(data)


def _answer_of(data: dict[str, Any]) -> HumanAnswer | str:
    if not isinstance(data.get("is_done"), bool):
        return "is_done must be true or false"
    person, note = data.get("person"), data.get("note", "")
    if not isinstance(person, str) or not person.strip() or not isinstance(note, str):
        return "person must say who answers, note is text"
    mass = data.get("mass_grams")
    if mass is not None and not _is_mass(mass):
        return "mass_grams must be a number of grams, 0 or more"
    location = data.get("location") or ""
    try:
        location = str(Slot.parse(location)) if location else ""
    except (ValueError, AttributeError):
        return f"location {location!r} must be a slot, place/index"
    return HumanAnswer(
        is_done=data["is_done"],
        person=person.strip(),
        mass_grams=None if mass is None else float(mass),
        location=location,
        note=note,
    )


def _is_mass(value: object) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and math.isfinite(float(str(value))) and float(str(value)) >= 0


def _line(data: dict[str, object]) -> bytes:
    return json.dumps(data, ensure_ascii=False).encode() + b"\n"


class ConsolePort:
    """The terminal as a port: shows request lines, and turns typing into answers."""

    def __init__(self) -> None:
        self._answers: asyncio.Queue[bytes] = asyncio.Queue()
        self._asking: set[asyncio.Task[None]] = set()
        self._request: dict[str, str] = {}

    @classmethod
    def open(cls, url: str) -> "ConsolePort":
        """Open the terminal for `console://`.

        Raises:
            OSError: If there is no terminal to ask at.
        """
        if not sys.stdin.isatty():
            raise OSError(f"{url}: standard input is not a terminal")
        return cls()

    async def write(self, data: bytes) -> None:
        """Show a request and start asking; after an error line, ask again."""
        message = json.loads(data)
        if "error" in message:
            sys.stdout.write(f"  {message['error']}\n")
        else:
            self._request = message
        task = asyncio.create_task(self._ask(self._request))
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)

    async def read(self, n: int = 4096) -> bytes:
        """Wait for the person's next answer line."""
        return await self._answers.get()

    async def close(self) -> None:
        """Stop asking."""
        for task in self._asking:
            task.cancel()

    async def _ask(self, request: dict[str, str]) -> None:
        sys.stdout.write(f"\n[{request['kind']}] {request['text']}\n")
        done = await _typed("Done? (y/n) ")
        answer: dict[str, object] = {
            "id": request["id"],
            "is_done": done.lower().startswith("y"),
            "person": await _typed("Your name: ") or "unnamed",
        }
        if request["kind"] == "check":
            answer["location"] = await _typed("Where does it stand (place/index)? ")
        elif request["kind"] != "place":
            mass = await _typed("Mass moved in grams (empty if not weighed): ")
            answer["mass_grams"] = _number(mass)
        answer["note"] = await _typed("Note: ")
        await self._answers.put(_line(answer))


def _number(text: str) -> float | str | None:
    """Return a typed number; text that is none is left for `decode` to refuse."""
    try:
        return float(text) if text else None
    except ValueError:
        return text


async def _typed(question: str) -> str:
    return (await asyncio.to_thread(input, question)).strip()
