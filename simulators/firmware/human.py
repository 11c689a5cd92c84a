"""The screen in front of a person: one JSON object per line each way.

Request `{"id", "kind", "source", "destination", "text", "key"}`, answer `{"id",
"is_done", "person", "mass_grams", "location", "note"}`. A request with the key (or,
without one, the id) and the content of an earlier one is answered as that one was, and
nothing is done twice; a `check` is always looked at afresh.
"""

import json
import math
from collections import deque
from typing import Any

from simulators.firmware.line import Line, take_lines
from simulators.state import Action
from simulators.world import World

GLANCE_SECONDS = 2.0
"""Time to repeat an earlier answer, s."""
LOOKING_SHARE = 0.25
"""Length of a look around compared with a task."""
SPREAD = 0.2
"""Relative spread of the length of a task."""


class HumanScreen:
    """One person; does one thing at a time, in the order asked."""

    def __init__(self, name: str, world: World) -> None:
        """Take the lab's operator `name`."""
        self.name, self.world = name, world
        self._queue: deque[tuple[Line, dict[str, Any]]] = deque()
        self._waiting: dict[str, list[tuple[Line, str]]] = {}
        world.listeners[name] = self._finished

    def opened(self, line: Line) -> None:
        """Say nothing."""

    def received(self, line: Line, data: bytes) -> None:
        """Take up each request."""
        for text in take_lines(line, data):
            if line.judge().is_ignored or not text.strip():
                continue
            try:
                request = json.loads(text)
                request = {
                    name: str(request.get(name, ""))
                    for name in ("id", "kind", "source", "destination", "text", "key")
                }
            except (ValueError, AttributeError):
                # A person cannot read it either, and nobody can be told.
                continue
            request["key"] = _identity(request)
            if line.fate.is_refused:
                self._say(line, request["id"], {"is_done": False, "note": "not now"})
            else:
                self._ask(line, request)

    def _ask(self, line: Line, request: dict[str, Any]) -> None:
        key = request["key"]
        known = self.world.memory(self.name).get(f"answer:{key}")
        if known is not None and request["kind"] != "check":
            self._say(line, request["id"], known, GLANCE_SECONDS)
            return
        is_under_way = key in self._waiting or self._busy_with() == key
        self._waiting.setdefault(key, []).append((line, request["id"]))
        if is_under_way:
            return
        self._queue.append((line, request))
        self._next()

    def _busy_with(self) -> str | None:
        action = self.world.state.actions.get(self.name)
        return None if action is None else str(action.values["request"]["key"])

    def _next(self) -> None:
        if not self._queue or self.name in self.world.state.actions:
            return
        _, request = self._queue.popleft()
        seconds = self.world.spec.operators[self.name].seconds_per_task
        if request["kind"] == "check":
            seconds *= LOOKING_SHARE
        rng = self.world.chance("person", request["key"])
        seconds *= math.exp(SPREAD * float(rng.normal()))
        self.world.begin(self.name, "task", seconds, request=request)

    def _finished(self, action: Action) -> None:
        key = action.values["request"]["key"]
        said = self.world.memory(self.name)[f"answer:{key}"]
        for line, request_id in self._waiting.pop(key, []):
            self._say(line, request_id, said)
        self._next()

    def _say(
        self, line: Line, request_id: str, said: dict[str, Any], after: float = 0.0
    ) -> None:
        blank = {"is_done": False, "person": self.name, "mass_grams": None,
                 "location": "", "note": ""}  # fmt: skip
        answer = {"id": request_id} | blank | said
        text = json.dumps(answer, ensure_ascii=False) + "\n"
        line.send(text.encode(), after)


def _identity(request: dict[str, str]) -> str:
    """Return what makes two requests one and the same to a person."""
    parts = [request[name] for name in ("kind", "source", "destination")]
    return " ".join([request["key"] or request["id"], *parts])
