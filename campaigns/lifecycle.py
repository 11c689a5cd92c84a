"""The facts that a campaign records, and which may follow which.

An event is a frozen payload in an envelope (`Event`); the envelope's hash covers the
hash before it, so that no past fact can be changed unseen. Around every effect stand
two events: the intent (`TaskStarted`) and its outcome (`TaskFinished`, `TaskFailed`).
"""

import hashlib
import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from campaigns.earlier import EarlierCampaigns
from campaigns.guesses import OptionalGuesses
from campaigns.pathways import OptionalPathways
from campaigns.recipe import Recipe
from campaigns.results import (
    Hazard,
    Identification,
    Pin,
    Proposal,
    Score,
    Verdict,
    Veto,
)

SCHEMA_VERSION = 1
"""Version of the payloads below; older ones are read through upcasters."""

TaskKind = Literal[
    "dose", "mix", "grind", "dry", "fire", "scan", "weigh",
    "move", "place", "transfer", "fill-holder", "recover",
]  # fmt: skip
Values = dict[str, float | str]


class Frozen(BaseModel):
    """An immutable record that refuses unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class CampaignOpened(Frozen):
    """A campaign begins: what is wanted, on which lab, by which software."""

    kind: Literal["campaign-opened"] = "campaign-opened"
    spec: dict[str, Any]
    spec_sha256: str
    lab: dict[str, Any]
    mode: Literal["virtual", "emulated", "real"]
    proposer: str
    seed: int
    phases: dict[str, str]
    """Row of the phase table that the campaign may meet, to the row's sha256."""
    versions: dict[str, str]
    literature: OptionalGuesses = None
    """First guesses from a file of reactions."""
    earlier: EarlierCampaigns = ()
    learned: OptionalPathways = None
    """Expected pathways from a file of learned reactions."""


class Proposed(Frozen):
    """A sample is to be made."""

    kind: Literal["proposed"] = "proposed"
    sample: str
    proposal: Proposal
    recipe: Recipe
    seen: Annotated[int, Field(ge=0, exclude_if=lambda number: number == 0)] = 0
    """Number of the last event that the proposer knew of; in older records 0, which
    stands for the event before the load's first proposal."""


class LoadPlanned(Frozen):
    """Samples will be fired together."""

    kind: Literal["load-planned"] = "load-planned"
    load: int
    furnace: str
    samples: tuple[str, ...]
    seconds: float
    """Planned length from first dose to last scan, every longer one included, s."""


class HazardsJudged(Frozen):
    """The rules of safety were asked before something began."""

    kind: Literal["hazards-judged"] = "hazards-judged"
    load: int
    before: str
    """What was about to begin: a load such as `L001`, or a task."""
    samples: tuple[str, ...]
    hazards: tuple[Hazard, ...]
    """Worst first."""
    refused: dict[str, str]
    """Sample that may not take part, to the reason."""


class TaskStarted(Frozen):
    """An effect is about to happen: written before any byte is sent."""

    kind: Literal["task-started"] = "task-started"
    task: str
    """Stable identifier of the effect, such as `S0007/dose/BaCO3`."""
    action: TaskKind
    samples: tuple[str, ...]
    instrument: str
    attempt: Annotated[int, Field(ge=1)] = 1
    commanded: Values = {}


class TaskFinished(Frozen):
    """The effect happened."""

    kind: Literal["task-finished"] = "task-finished"
    task: str
    measured: Values = {}


class TaskFailed(Frozen):
    """The effect did not happen, or nobody knows."""

    kind: Literal["task-failed"] = "task-failed"
    task: str
    error: str
    outcome: Literal["not-started", "unknown", "refused", "fault"]


class Dosed(Frozen):
    """A precursor went into a vial: asked and weighed."""

    kind: Literal["dosed"] = "dosed"
    sample: str
    precursor: str
    label: str
    planned_grams: float
    commanded_grams: float
    measured_grams: float
    instrument: str


class PortionMoved(Frozen):
    """Powder, or its container, went from one place to another."""

    kind: Literal["portion-moved"] = "portion-moved"
    sample: str
    source: str
    """Container label, or a slot where the container itself was moved."""
    destination: str
    moved_by: str
    container: str = ""
    """Label of the container that was moved whole; empty where powder moved."""
    mass_in_grams: float | None = None
    """Powder that arrived, g; absent where nobody weighed."""
    mass_out_grams: float | None = None
    """Powder that left the source, g."""


class Fired(Frozen):
    """A firing as planned, commanded and measured."""

    kind: Literal["fired"] = "fired"
    load: int
    samples: tuple[str, ...]
    step: str
    furnace: str
    planned: Values
    commanded: Values
    measured: Values
    """`hold_celsius`, `hold_hours`, `peak_celsius`, `energy_kilowatt_hours`."""
    trace: str
    """sha256 of the stored trace."""


class PatternMeasured(Frozen):
    """A diffraction pattern was taken."""

    kind: Literal["pattern-measured"] = "pattern-measured"
    sample: str
    scan: str
    raw: str
    """sha256 of the instrument's own file."""
    suffix: str
    instrument: str
    program: str


class Identified(Frozen):
    """A pattern was analysed; a later analysis stands beside, never instead."""

    kind: Literal["identified"] = "identified"
    sample: str
    scan: str
    identification: Identification
    references: str = ""
    """sha256 over the candidates' rows of the phase table; empty in old events."""
    instrument: str = ""
    """sha256 of the instrument file; empty where the pattern's own facts were used."""


class LongerScanAsked(Frozen):
    """A first scan leaves open what a longer one would decide."""

    kind: Literal["longer-scan-asked"] = "longer-scan-asked"
    sample: str
    scan: str
    """The scan that was judged."""
    program: str
    """Of the longer scan."""
    reason: str


class Scored(Frozen):
    """A sample's objectives are known."""

    kind: Literal["scored"] = "scored"
    sample: str
    scan: str
    scores: dict[str, Score]
    measured: dict[str, float | str]
    """Parameters as carried out."""
    verdict: Verdict | None = None


class SampleEnded(Frozen):
    """A sample leaves the search without a score; see `results.Trial.status`."""

    kind: Literal["sample-ended"] = "sample-ended"
    sample: str
    status: Literal["failed", "lost", "unusable", "held"]
    reason: str
    by: Annotated[str, Field(exclude_if=lambda name: not name)] = ""
    """The person who says so; empty where the loop found it."""


class Pinned(Frozen):
    """A person wants a recipe made."""

    kind: Literal["pinned"] = "pinned"
    pin: Pin


class Vetoed(Frozen):
    """A person forbids recipes."""

    kind: Literal["vetoed"] = "vetoed"
    veto: Veto


class OrderWithdrawn(Frozen):
    """A person takes a pin or a veto back."""

    kind: Literal["order-withdrawn"] = "order-withdrawn"
    order: str
    by: str
    reason: str


class Amended(Frozen):
    """A person changes what is wanted from here on."""

    kind: Literal["amended"] = "amended"
    spec: dict[str, Any]
    spec_sha256: str
    changed: tuple[str, ...]
    """Tables of the campaign file that differ."""
    by: str
    reason: str


class Resumed(Frozen):
    """The campaign goes on after its process ended."""

    kind: Literal["resumed"] = "resumed"
    reason: str
    reconciled: dict[str, str]
    """Open task to what was found: `done`, `not-started`, `running`, `unknown`."""


class CampaignEnded(Frozen):
    """The campaign is over."""

    kind: Literal["campaign-ended"] = "campaign-ended"
    reason: str


Payload = Annotated[
    CampaignOpened | Proposed | LoadPlanned | HazardsJudged | TaskStarted
    | TaskFinished | TaskFailed | Dosed | PortionMoved | Fired | PatternMeasured
    | Identified | LongerScanAsked | Scored | SampleEnded | Pinned | Vetoed
    | OrderWithdrawn | Amended | Resumed | CampaignEnded,
    Field(discriminator="kind"),
]  # fmt: skip


class Event(Frozen):
    """A payload with its place in the chain."""

    schema_version: int = SCHEMA_VERSION
    sequence: Annotated[int, Field(ge=1)]
    lab_time: float
    """Seconds since 1970 UTC on a real lab; epoch plus loop time in a dry run."""
    actor: str
    """Who did it: `engine`, `executor`, `analyser`, or a person's name."""
    payload: Payload
    previous: str
    """Hash of the event before; 64 zeros for the first."""

    @property
    def sha256(self) -> str:
        """Return the hash that the next event carries."""
        return hashlib.sha256(self.canonical().encode()).hexdigest()

    def canonical(self) -> str:
        """Return the event as JSON with sorted keys: what is hashed.

        Raises:
            ValueError: If a number is not finite: JSON has no such number.
        """
        return json.dumps(
            self.model_dump(mode="json"),
            sort_keys=True,
            ensure_ascii=False,
            separators=(",", ":"),
            allow_nan=False,
        )


def blob_of(payload: Payload) -> str:
    """Return the sha256 of the stored bytes that a payload names; empty if none."""
    match payload:
        case Fired():
            return payload.trace
        case PatternMeasured():
            return payload.raw
        case Identified():
            return payload.identification.fit
        case _:
            return ""
