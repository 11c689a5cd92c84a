"""The recorder: one way into the store, with the ledger and the watchers kept up."""

from collections.abc import Callable
from dataclasses import dataclass, field

from campaigns.ledger import Ledger
from campaigns.lifecycle import Event, Payload
from campaigns.store import Store

Watcher = Callable[[Event], None]
"""Sees every event once it is safe on the disk."""


@dataclass
class Recorder:
    """Appends events and tells those who follow them."""

    store: Store
    ledger: Ledger = field(default_factory=Ledger)
    watchers: list[Watcher] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Take in what the database already holds."""
        self.ledger.take(self.store.events())

    def append(self, *payloads: Payload, actor: str, lab_time: float) -> None:
        """Append payloads in one transaction.

        Raises:
            TransitionError: If one may not follow those before it.
            StoreError: If the database cannot be written.
        """
        events = self.store.append(*payloads, actor=actor, lab_time=lab_time)
        self.ledger.take(events)
        for event in events:
            for watcher in self.watchers:
                watcher(event)

    def put_blob(self, content: bytes) -> str:
        """Keep bytes beside the events; return their sha256."""
        return self.store.put_blob(content)
