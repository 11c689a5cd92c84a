"""The state of the simulated world, and how each journaled effect changes it.

Nothing else changes it: the live world appends an effect and applies what it has
written, a reopened world applies what it reads, so both come to the same state.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from simulators.journal import Effect


@dataclass
class Container:
    """A labelled container with what is in it; a dosing head is one too."""

    label: str
    kind: str
    tare_grams: float
    slot: str
    """Where it stands, place/index."""
    since: float = 0.0
    """When it came there, lab s."""
    raw: dict[str, float] = field(default_factory=dict)
    """Reagents poured in and not yet worked: name to grams."""
    powder: Any = None
    """Worked powder as chemistry's JSON; None if there is none."""
    powder_grams: float = 0.0
    heated_until: float = 0.0
    """Thermal history up to here, lab s, is already in the powder."""
    uses: dict[str, int] = field(default_factory=dict)
    """How often each thing was done to it: the attempt of its random numbers."""
    firings: int = 0
    """Furnace programs that heated it."""

    @property
    def content_grams(self) -> float:
        """Mass of everything in it, g."""
        return sum(self.raw.values()) + self.powder_grams


@dataclass
class Action:
    """Something an instrument or a person is in the middle of."""

    device: str
    name: str
    begun: float
    """Lab s."""
    ends: float | None
    """Lab s; None until it is stopped."""
    values: dict[str, Any]


@dataclass
class State:
    """Everything that is true of the world bar the furnaces' temperatures."""

    seconds: float = 0.0
    containers: dict[str, Container] = field(default_factory=dict)
    slots: dict[str, str] = field(default_factory=dict)
    """Occupied slot to container label."""
    changed: dict[str, float] = field(default_factory=dict)
    """Slot to when its occupant last changed, lab s."""
    memory: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Device to what it remembers without power or a host."""
    actions: dict[str, Action] = field(default_factory=dict)
    lost_grams: float = 0.0
    """Spilt or wiped off."""
    gas_grams: float = 0.0
    """Gone into gases less taken up from them."""

    def total_grams(self) -> float:
        """Return all matter ever stocked, g: it never changes."""
        inside = sum(item.content_grams for item in self.containers.values())
        return inside + self.lost_grams + self.gas_grams


def apply(state: State, effect: Effect) -> None:
    """Change the state as one effect says.

    Raises:
        KeyError: If the kind of effect is unknown: the journal is of a newer version.
    """
    state.seconds = effect["t"]
    _APPLY[effect["kind"]](state, effect)


def _count(container: Container, use: str) -> None:
    container.uses[use] = container.uses.get(use, 0) + 1


def _fill(container: Container, content: Effect) -> None:
    container.raw = dict(content["raw"])
    container.powder = content["powder"]
    container.powder_grams = content["grams"]


def _opened(state: State, effect: Effect) -> None:
    for item in effect["containers"]:
        container = Container(**item)
        state.containers[container.label] = container
        state.slots[container.slot] = container.label


def _memory(state: State, effect: Effect) -> None:
    state.memory.setdefault(effect["device"], {}).update(effect["values"])


def _begun(state: State, effect: Effect) -> None:
    state.actions[effect["device"]] = Action(
        effect["device"], effect["action"], effect["t"], effect["ends"],
        dict(effect["values"]),
    )  # fmt: skip


def _stopping(state: State, effect: Effect) -> None:
    action = state.actions[effect["device"]]
    action.ends = effect["ends"]
    action.values.update(effect["values"])


def _ended(state: State, effect: Effect) -> None:
    del state.actions[effect["device"]]
    _memory(state, effect)


def _dosed(state: State, effect: Effect) -> None:
    head = state.containers[effect["head"]]
    name, grams = effect["substance"], effect["grams"]
    head.raw[name] -= grams
    _count(head, "dose")
    if effect["container"] is None:
        state.lost_grams += grams
    else:
        vial = state.containers[effect["container"]]
        vial.raw[name] = vial.raw.get(name, 0.0) + grams
        _count(vial, "dose")


def _moved(state: State, effect: Effect) -> None:
    container = state.containers[effect["container"]]
    source, destination = container.slot, effect["destination"]
    state.slots.pop(source, None)
    state.slots[destination] = container.label
    state.changed[source] = state.changed[destination] = effect["t"]
    container.slot, container.since = destination, effect["t"]
    container.heated_until = effect["t"]


def _poured(state: State, effect: Effect) -> None:
    source = state.containers[effect["source"]]
    destination = state.containers[effect["destination"]]
    _fill(source, effect["left"])
    _fill(destination, effect["filled"])
    state.lost_grams += effect["spilt_grams"]
    for item in (source, destination):
        _count(item, "pour")
        state.changed[item.slot] = effect["t"]


def _worked(state: State, effect: Effect) -> None:
    """Powder mixed, ground or heated: other matter, perhaps other mass."""
    container = state.containers[effect["container"]]
    state.gas_grams += container.content_grams - effect["content"]["grams"]
    _fill(container, effect["content"])
    _count(container, effect["work"])
    if effect["work"] == "heat":
        container.heated_until = effect["until"]
        container.firings += effect["firings"]


def _fetched(state: State, effect: Effect) -> None:
    """A clean container comes out of the cupboard, outside the racks."""
    container = Container(**effect["container"], since=effect["t"])
    state.containers[container.label] = container
    state.slots[container.slot] = container.label


def _heater(state: State, effect: Effect) -> None:
    """Command a furnace controller: `simulators.world` keeps the temperatures."""


_APPLY: dict[str, Callable[[State, Effect], None]] = {
    "opened": _opened,
    "memory": _memory,
    "begun": _begun,
    "stopping": _stopping,
    "ended": _ended,
    "dosed": _dosed,
    "moved": _moved,
    "poured": _poured,
    "worked": _worked,
    "fetched": _fetched,
    "heater": _heater,
}
