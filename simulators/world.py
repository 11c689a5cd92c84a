"""The simulated lab's one truth: what is where, what happened to it, what goes on.

Everything that changes is an effect in the journal (`simulators.journal`), so a killed
run can go on: `World.open` folds the effects and carries on with what was under way.
An action whose end has passed meanwhile is complete, as it would be on the bench; one
that has not ended yet goes on by itself; its random numbers are keyed, not drawn in
turn, so its outcome is the one it would have had.
"""

import asyncio
import dataclasses
import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from instruments.labspec import FurnaceSpec, LabSpec
from simulators import chance
from simulators.inventory import starting_containers
from simulators.journal import Effect, Journal
from simulators.physics import Matter, Physics, Reagent
from simulators.state import Action, Container, State, apply
from simulators.thermal import HEATING_MARGIN, Program, Segment, Thermal

VERSION = 2
"""Version of the journal's effects."""

Outcome = tuple[list[Effect], dict[str, Any]]
"""Physical effects of a finished action, and what the device remembers of it."""
Work = Callable[["World", Action, float], Awaitable[Outcome]]
"""Works out a finished action at a lab time, s."""


class World:
    """State, journal, clockwork and laws of one simulated lab."""

    def __init__(
        self,
        spec: LabSpec,
        reagents: Mapping[str, Reagent],
        *,
        physics: Physics[Any],
        work: Mapping[str, Work],
        journal: Journal,
        seed: int,
        is_perturbed: bool = True,
    ) -> None:
        """Build a new world or fold an old one.

        Args:
            spec: The lab.
            reagents: Slot of a rack of heads to the reagent in the head there.
            physics: Chemistry and diffraction.
            work: Action name to what it does when it ends.
            journal: Empty for a new world.
            seed: Hidden truth and every random number follow from it.
            is_perturbed: Whether the furnaces have hidden offsets.

        Raises:
            ValueError: If the journal belongs to another lab, seed or set of reagents.
        """
        self.spec, self.physics, self.seed = spec, physics, seed
        self.is_perturbed = is_perturbed
        self.reagents = {reagent.name: reagent for reagent in reagents.values()}
        self.state = State()
        self.places = spec.places()
        self.furnaces = {name: _thermal(item) for name, item in spec.furnaces.items()}
        self.listeners: dict[str, Callable[[Action], None]] = {}
        """Device to what is called once its action has ended."""
        self.on_failure: set[Callable[[BaseException], None]] = set()
        self._work = work
        self._journal = journal
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._locks = {name: asyncio.Lock() for name in spec.furnaces}
        self._is_started = False
        self._open(reagents)

    @classmethod
    def open(
        cls,
        path: Path | None,
        spec: LabSpec,
        reagents: Mapping[str, Reagent],
        *,
        physics: Physics[Any],
        work: Mapping[str, Work],
        seed: int,
        is_perturbed: bool = True,
    ) -> "World":
        """Open the world journaled at `path`, or begin one there; None: in memory.

        Raises:
            ValueError: If the journal is damaged or of another lab.
        """
        return cls(
            spec, reagents, physics=physics, work=work, journal=Journal(path),
            seed=seed, is_perturbed=is_perturbed,
        )  # fmt: skip

    @property
    def last_seconds(self) -> float:
        """Lab time of the last effect, s: a resumed run starts no earlier."""
        return self._journal.last_seconds

    @property
    def effects(self) -> tuple[Effect, ...]:
        """Every journaled effect, in order."""
        return tuple(self._journal)

    def _open(self, reagents: Mapping[str, Reagent]) -> None:
        header = self._header(reagents)
        if not self._journal.effects:
            containers = starting_containers(self.spec, reagents, seed=self.seed)
            self._journal.append({**header, "containers": containers})
        first = self._journal.effects[0]
        for key, value in header.items():
            if first.get(key) != value:
                raise ValueError(
                    f"world journal, {key}: found {first.get(key)!r}; allowed:"
                    f" {value!r} as given now; open it with the lab, reagents and"
                    " seed it was begun with"
                )
        for effect in self._journal:
            self._apply(effect)

    def _header(self, reagents: Mapping[str, Reagent]) -> Effect:
        # Sorted: the same lab may have been read from a file or from a database.
        lab = json.dumps(
            self.spec.model_dump(mode="json", by_alias=True), sort_keys=True
        )
        return {
            "t": 0.0,
            "kind": "opened",
            "version": VERSION,
            "seed": self.seed,
            "is_perturbed": self.is_perturbed,
            "lab_sha256": hashlib.sha256(lab.encode()).hexdigest(),
            "reagents": {
                slot: dataclasses.asdict(reagent) for slot, reagent in reagents.items()
            },
        }

    def now(self) -> float:
        """Return lab time, s."""
        return asyncio.get_running_loop().time()

    def chance(self, stream: str, sample: str, attempt: int = 0) -> np.random.Generator:
        """Return the random numbers of one attempt at one thing."""
        return chance.generator(self.seed, stream, sample, attempt)

    def memory(self, device: str) -> dict[str, Any]:
        """Return what a device remembers; read only."""
        return self.state.memory.get(device, {})

    def at(self, slot: str) -> Container | None:
        """Return the container at a slot."""
        label = self.state.slots.get(slot)
        return None if label is None else self.state.containers[label]

    def matter(self, container: Container) -> Matter | None:
        """Return all powder in a container as one portion; None if it is empty."""
        raw = {
            self.reagents[name]: grams
            for name, grams in container.raw.items()
            if grams > 0
        }
        worked: Matter | None = None
        if container.powder is not None:
            worked = self.physics.load(container.powder)
        if not raw:
            return worked
        fresh: Matter = self.physics.fresh(raw)
        if worked is not None:
            fresh = self.physics.join(worked, fresh)
        return fresh

    def furnace(self, name: str) -> Thermal:
        """Return a furnace as it is now."""
        thermal = self.furnaces[name]
        thermal.advance(self.now())
        return thermal

    def lock(self, furnace: str) -> asyncio.Lock:
        """Return the lock that keeps two hands out of one furnace."""
        return self._locks[furnace]

    def do(self, kind: str, *, at: float | None = None, **fields: Any) -> None:  # noqa: ANN401
        """Journal one effect and let it happen.

        Args:
            kind: What happens.
            at: Lab time, s; now if absent, and never before the last effect.
            fields: The effect's own values, plain JSON.
        """
        seconds = max(self.now() if at is None else at, self.last_seconds)
        self._apply(self._journal.append({"t": seconds, "kind": kind, **fields}))

    def remember(self, device: str, **values: Any) -> None:  # noqa: ANN401
        """Journal values that a device keeps."""
        self.do("memory", device=device, values=values)

    def _apply(self, effect: Effect) -> None:
        if effect["kind"] == "batch":
            for part in effect["effects"]:
                self._apply({"t": effect["t"], **part})
            return
        if effect["kind"] == "moved":
            self._watch(effect)
        apply(self.state, effect)
        if effect["kind"] == "moved":
            self._unwatch()
        if effect["kind"] == "heater":
            self._command(effect)

    def _watch(self, effect: Effect) -> None:
        place = effect["destination"].rpartition("/")[0]
        if place in self.furnaces and not self.furnaces[place].is_watched:
            thermal = self.furnaces[place]
            thermal.advance(effect["t"])
            thermal.is_watched = True
            thermal.advance(effect["t"])

    def _unwatch(self) -> None:
        occupied = {slot.rpartition("/")[0] for slot in self.state.slots}
        for name, thermal in self.furnaces.items():
            thermal.is_watched = thermal.is_watched and name in occupied

    def _command(self, effect: Effect) -> None:
        thermal = self.furnaces[effect["device"]]
        thermal.advance(effect["t"])
        if effect["command"] == "run":
            given = effect["program"]
            segments = tuple(Segment(*item) for item in given["segments"])
            thermal.run(Program(segments, given["holdback_celsius"], given["cycles"]))
        elif effect["command"] == "idle":
            thermal.idle_celsius = effect["celsius"]
            if thermal.status in ("reset", "complete"):
                thermal.setpoint = effect["celsius"]
        elif effect["command"] == "manual":
            thermal.manual(effect["percent"])
        elif effect["command"] == "hold":
            thermal.hold()
        else:
            thermal.reset()

    def start(self) -> None:
        """Let time run: what was under way when the journal ended goes on."""
        if self._is_started:
            return
        self._is_started = True
        for device in list(self.state.actions):
            self._arm(device)

    def begin(
        self,
        device: str,
        action: str,
        seconds: float | None,
        **values: Any,  # noqa: ANN401
    ) -> None:
        """Begin an action that ends by itself after `seconds`, or when stopped."""
        ends = None if seconds is None else self.now() + seconds
        self.do("begun", device=device, action=action, ends=ends, values=values)
        self._arm(device)

    def stop_within(self, device: str, seconds: float, **values: Any) -> None:  # noqa: ANN401
        """Let a device's action end early, `seconds` from now."""
        ends = self.now() + seconds
        self.do("stopping", device=device, ends=ends, values=values)
        self._arm(device)

    def _arm(self, device: str) -> None:
        if (timer := self._timers.pop(device, None)) is not None:
            timer.cancel()
        ends = self.state.actions[device].ends
        if self._is_started and ends is not None:
            loop = asyncio.get_running_loop()
            self._timers[device] = loop.call_at(ends, self._due, device)

    def _due(self, device: str) -> None:
        del self._timers[device]
        task = asyncio.get_running_loop().create_task(self._finish(device))
        self._tasks.add(task)
        task.add_done_callback(self._done)

    async def _finish(self, device: str) -> None:
        action = self.state.actions[device]
        seconds = max(self.last_seconds, action.ends or 0.0)
        effects, values = await self._work[action.name](self, action, seconds)
        # One line holds the effects and the end of the action: no kill can fall
        # between them and make the action happen twice.
        ended = {"kind": "ended", "device": device, "values": values}
        self.do("batch", at=seconds, effects=[*effects, ended])
        if (listener := self.listeners.get(device)) is not None:
            listener(action)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (failure := task.exception()) is not None:
            for report in tuple(self.on_failure):
                report(failure)

    async def close(self) -> None:
        """Stop the clockwork and close the journal; nothing physical happens."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._journal.close()


def _thermal(spec: FurnaceSpec) -> Thermal:
    heating = spec.max_ramp_celsius_per_minute * HEATING_MARGIN / 60.0
    return Thermal(max_heating=heating, cooling=spec.cooling)
