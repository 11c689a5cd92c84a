"""Which event may follow which, as tables.

Each table maps a state to what may happen in it and the state after. What is not
written down is refused, before anything is stored.
"""

from collections.abc import Mapping
from typing import get_args

from campaigns import lifecycle as facts
from campaigns.errors import TransitionError

Table = Mapping[str, Mapping[str, str]]

CAMPAIGN: Table = {
    "absent": {"campaign-opened": "running"},
    "running": {"anything": "running", "campaign-ended": "ended"},
    # Patterns may be analysed again at any time; nothing else follows.
    "ended": {"identified": "ended", "scored": "ended", "sample-ended": "ended"},
}

_LIVE_ENDS = {one: one for one in ("failed", "lost", "unusable", "held")}
SAMPLE: Table = {
    "absent": {"proposed": "proposed"},
    "proposed": {
        "dosed": "proposed", "portion-moved": "proposed", "fired": "proposed",
        "pattern-measured": "measured", **_LIVE_ENDS,
    },
    "measured": {
        "portion-moved": "measured", "fired": "measured",
        "pattern-measured": "measured", "identified": "identified",
        "longer-scan-asked": "waiting", **_LIVE_ENDS,
    },
    "identified": {
        "portion-moved": "identified", "pattern-measured": "identified",
        "identified": "identified", "longer-scan-asked": "waiting",
        "scored": "scored", **_LIVE_ENDS,
    },
    # It keeps what is known of it, and is scored once, from the scan that counts.
    "waiting": {
        "portion-moved": "waiting", "pattern-measured": "waiting",
        "identified": "waiting", "scored": "scored", **_LIVE_ENDS,
    },
    # A later analysis stands beside the first, so a score may be followed by another.
    "scored": {
        "portion-moved": "scored", "pattern-measured": "scored",
        "identified": "scored", "scored": "scored", "unusable": "unusable",
    },
    "unusable": {
        "portion-moved": "unusable", "pattern-measured": "unusable",
        "identified": "unusable", "scored": "scored", "unusable": "unusable",
        # A person who sees the powder knows why no pattern could be read.
        "failed": "failed",
    },
    # A held sample waits for a person, who may send it on from where it stood.
    "held": {
        "dosed": "held", "portion-moved": "held", "fired": "held",
        "pattern-measured": "measured", "identified": "identified", **_LIVE_ENDS,
    },
    "failed": {"portion-moved": "failed"},
    "lost": {"portion-moved": "lost"},
}  # fmt: skip

_ALL_TASKS = frozenset(get_args(facts.TaskKind))
_CLEARING = frozenset(("move", "place", "transfer", "recover", "weigh"))
_SCANNING = _CLEARING | {"grind", "fill-holder", "scan"}
TASKS_OF_SAMPLE: Mapping[str, frozenset[str]] = {
    "proposed": _ALL_TASKS,
    "measured": _ALL_TASKS,
    "held": _ALL_TASKS,
    "identified": _SCANNING,
    "waiting": _SCANNING,
    "scored": _SCANNING,
    "unusable": _SCANNING,
    "failed": _CLEARING,
    "lost": _CLEARING,
}
"""Sample state to the tasks that may still start on it."""

TASK: Table = {
    "absent": {"started": "started"},
    "started": {
        "finished": "finished", "not-started": "not-started", "unknown": "unknown",
        "refused": "refused", "fault": "fault",
    },
    "not-started": {"started": "started"},
    # Somebody may find out later, by asking or by looking; until then nothing is
    # tried again, because it may have happened, or half happened.
    "unknown": {"finished": "finished", "not-started": "not-started"},
    "refused": {"finished": "finished", "not-started": "not-started"},
    "fault": {"finished": "finished", "not-started": "not-started"},
    "finished": {},
}  # fmt: skip

LOAD: Table = {
    "absent": {"proposed": "proposed"},
    "proposed": {"proposed": "proposed", "load-planned": "planned"},
    "planned": {"fired": "planned"},
}

FOUND = frozenset(("done", "not-started", "running", "unknown"))
"""What a resumed campaign may find of a task that is open or ended in doubt."""
DOUBTFUL = frozenset(("started", "unknown", "refused", "fault"))


def step(table: Table, state: str, happening: str, *, of: str) -> str:
    """Return the state after `happening`.

    Raises:
        TransitionError: If the table does not allow it in this state.
    """
    allowed = table.get(state, {})
    if happening not in allowed:
        listed = ", ".join(sorted(allowed)) or "nothing"
        raise TransitionError(
            f"{of} is {state}: {happening} may not follow; allowed: {listed}"
        )
    return allowed[happening]
