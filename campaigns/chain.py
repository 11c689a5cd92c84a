"""The hash chain: events in the order in which they happened, each over the last."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from campaigns.errors import StoreError
from campaigns.lifecycle import Event, Payload
from campaigns.tables import EventRow
from campaigns.upcasters import read_event

ZERO = "0" * 64
"""What the first event carries as the hash before it."""


class Head(NamedTuple):
    """The end of a chain."""

    sequence: int = 0
    sha256: str = ZERO


class Link(NamedTuple):
    """An event with the text that is hashed, and its hash."""

    event: Event
    body: str
    sha256: str

    @property
    def row(self) -> dict[str, object]:
        """Return the event's row."""
        return {
            "sequence": self.event.sequence,
            "kind": self.event.payload.kind,
            "lab_time": self.event.lab_time,
            "actor": self.event.actor,
            "body": self.body,
            "sha256": self.sha256,
        }


def forge(
    payloads: Iterable[Payload], *, after: Head, actor: str, lab_time: float
) -> tuple[Link, ...]:
    """Return the links that go on from a head.

    Raises:
        StoreError: If a payload cannot be written as text that reads back the same
            (a number that is not finite, half a surrogate pair).
    """
    links = []
    head = after
    for payload in payloads:
        event = Event(
            sequence=head.sequence + 1,
            lab_time=lab_time,
            actor=actor,
            payload=payload,
            previous=head.sha256,
        )
        try:
            body = event.canonical()
            sha256 = _digest(body)
        except ValueError as error:
            raise StoreError(
                f"{payload.kind}: cannot be written as text: {error}"
            ) from error
        links.append(Link(event, body, sha256))
        head = Head(event.sequence, sha256)
    return tuple(links)


def verify(rows: Sequence[EventRow], *, head: Head) -> None:
    """Walk a whole chain.

    Args:
        rows: All events, oldest first.
        head: Where the chain should end.

    Raises:
        StoreError: At the first event that was changed, taken out or put in.
    """
    at = Head()
    for row in rows:
        name = f"event {row.sequence}"
        if row.sequence != at.sequence + 1:
            raise StoreError(f"event {at.sequence + 1} is missing: {name} follows")
        if _digest(row.body) != row.sha256:
            raise StoreError(f"{name} was changed: its text does not give its hash")
        event = read_event(row.body)
        if event.previous != at.sha256:
            raise StoreError(f"{name} does not carry the hash of the event before it")
        found = (row.kind, row.lab_time, row.actor, row.sequence)
        if found != (
            event.payload.kind,
            event.lab_time,
            event.actor,
            event.sequence,
        ):
            raise StoreError(f"{name} was changed: its columns differ from its text")
        at = Head(row.sequence, row.sha256)
    if at != head:
        raise StoreError(
            f"the chain ends at event {at.sequence}; event {head.sequence} was "
            f"the last written"
        )


def log_sha256(bodies: Iterable[str]) -> str:
    """Return the sha256 over all texts, one a line: equal logs, equal digest."""
    digest = hashlib.sha256()
    for body in bodies:
        digest.update(body.encode() + b"\n")
    return digest.hexdigest()


def _digest(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()
