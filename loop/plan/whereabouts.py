"""Where containers stand, folded from the moves that were recorded."""

from dataclasses import dataclass, field

from campaigns.lifecycle import Payload, TaskFailed, TaskFinished, TaskStarted
from instruments.quantities import Slot


@dataclass
class Whereabouts:
    """A running fold over intents and outcomes; feed it each once, oldest first.

    A move whose outcome is not known leaves its container in doubt.
    """

    _at: dict[str, Slot | None] = field(default_factory=dict)
    """Container to its slot, None while in doubt."""
    _moves: dict[str, TaskStarted] = field(default_factory=dict)
    """Move to its latest intent."""

    def take(self, payload: Payload) -> None:
        """Fold one payload in; those that move no container change nothing."""
        match payload:
            case TaskStarted() if "container" in payload.commanded:
                self._moves[payload.task] = payload
                self._at[str(payload.commanded["container"])] = None
            case TaskFinished() if payload.task in self._moves:
                self._settle(payload.task, "to")
            case TaskFailed() if payload.task in self._moves:
                if payload.outcome in ("not-started", "refused"):
                    self._settle(payload.task, "from")
            case _:
                pass

    def _settle(self, task: str, end: str) -> None:
        commanded = self._moves[task].commanded
        label = str(commanded["container"])
        # A person who places a container is not told where it comes from.
        self._at[label] = Slot.parse(str(commanded[end])) if end in commanded else None

    def stands_at(self, label: str, slot: Slot) -> bool:
        """Tell whether a container surely stands at a slot; unmoved, it does."""
        return self._at.get(label, slot) == slot
