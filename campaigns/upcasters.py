"""Old events read by new code: one step a version, applied on reading only.

The stored text and its hash never change. A version n whose payloads differ from
n + 1 gets one function here that turns the parsed text of n into that of n + 1.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from campaigns.errors import StoreError
from campaigns.lifecycle import SCHEMA_VERSION, Event

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]
UPCASTERS: Mapping[int, Upcaster] = {}
"""Version to the step that leads to the next one."""


def upcast(
    event: dict[str, Any],
    *,
    upcasters: Mapping[int, Upcaster] = UPCASTERS,
    current: int = SCHEMA_VERSION,
) -> dict[str, Any]:
    """Return an event's parsed text as the current version would have written it.

    Raises:
        StoreError: If the event is newer than this software, or a step is missing.
    """
    version = event["schema_version"]
    if version > current:
        raise StoreError(
            f"event {event['sequence']} has schema version {version}; this software "
            f"reads up to {current}: use a newer Athanor"
        )
    while version < current:
        if version not in upcasters:
            raise StoreError(
                f"event {event['sequence']} has schema version {version} and nothing "
                f"here reads it: use the Athanor that wrote it"
            )
        event = upcasters[version](event)
        version += 1
        event = {**event, "schema_version": version}
    return event


class _Stamp(BaseModel):
    """The two fields that every version of the envelope has."""

    schema_version: int
    sequence: int


def read_event(body: str) -> Event:
    """Read an event from its stored text.

    Raises:
        StoreError: If the text is no event, or of a version that cannot be read.
    """
    try:
        if _Stamp.model_validate_json(body).schema_version == SCHEMA_VERSION:
            return Event.model_validate_json(body)
        return Event.model_validate(upcast(json.loads(body)))
    except ValidationError as error:
        raise StoreError(f"the stored text is not an event: {error}") from error
