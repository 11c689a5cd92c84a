"""What the review pages show, as plain data: no HTML and no database in here."""

from dataclasses import dataclass, field

from campaigns.fit import Fit
from campaigns.labels import Quantity
from campaigns.recipe import Parameters
from campaigns.results import DecisionRecord, Score, Verdict
from instruments.quantities import Pattern, Trace


@dataclass(frozen=True, slots=True)
class ObjectiveView:
    """One objective."""

    label: str
    """Key of scores."""
    quantity: Quantity
    goal: str
    """`maximize` or `minimize`."""
    threshold: float | None


@dataclass(frozen=True, slots=True)
class ResultRow:
    """One scored sample in a table."""

    sample: str
    load: int
    parameters: Parameters
    """As measured."""
    scores: dict[str, Score]
    flags: tuple[str, ...]
    is_pareto: bool
    role: str
    verdict: str = ""
    """`made`, `not made` or `withheld`; empty for old records."""


@dataclass(frozen=True, slots=True)
class ProgressView:
    """How far the campaign had come after each experiment, from 1 to n."""

    first: ObjectiveView
    scores: tuple[Score | None, ...]
    """First objective of each experiment, None without a score; length n."""
    samples: tuple[str, ...]
    best_so_far: tuple[float, ...]
    """Of the first objective; NaN before the first score."""
    hypervolume_so_far: tuple[float, ...]
    hypervolume: Quantity
    load_starts: tuple[int, ...]
    """Number of the first experiment of each load."""


@dataclass(frozen=True, slots=True)
class ThreeView:
    """One value as planned, commanded and measured, each as text."""

    quantity: Quantity
    planned: str
    commanded: str
    measured: str
    difference: str = ""
    """Measured less planned, where both are numbers."""


@dataclass(frozen=True, slots=True)
class StageView:
    """A stage of making a sample with its values."""

    name: str
    firing: str
    """Identifier of the firing; empty for the dosing."""
    rows: tuple[ThreeView, ...]


@dataclass(frozen=True, slots=True)
class PortionView:
    """Something that happened to the powder of a sample."""

    lab_time: str
    what: str
    by: str
    grams: float | None
    """Mass read or arrived, g; None where nobody weighed."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class FractionView:
    """A phase's weight share with its standard deviation."""

    phase: str
    mean: float
    sd: float
    alternatives: tuple[str, ...]
    """Look-alikes that fit nearly as well."""
    cell: tuple[float, float, float] | None = None
    """Refined cell edges a, b, c, angstrom."""
    composition: str = ""
    """By the campaign's cell-to-composition map, such as `O 6.90 per formula`."""


@dataclass(frozen=True, slots=True)
class PatternView:
    """A scan with what was found in it."""

    scan: str
    instrument: str
    program: str
    raw: str
    """sha256 of the instrument's file."""
    analyses: int
    """How many times it was analysed; the latest is shown."""
    is_counted: bool = True
    """Whether the sample's score rests on it."""
    asked: str = ""
    """Why a longer scan was asked for after it; empty if none was."""
    rwp: float | None = None
    gof: float | None = None
    is_usable: bool = True
    quality: tuple[str, ...] = ()
    fractions: tuple[FractionView, ...] = ()
    hypotheses: tuple[tuple[str, float, float], ...] = ()
    """Sets of phases that were compared, with probability and Rwp."""
    fit: Fit | None = field(default=None, repr=False)
    observed: Pattern | None = field(default=None, repr=False)
    """The instrument's counts where there is no fit."""


@dataclass(frozen=True, slots=True)
class SampleView:
    """A sample from proposal to score."""

    sample: str
    load: int
    role: str
    status: str
    reason: str
    """Why it ended without a score; empty if it did not."""
    reaction: str
    expected_grams: float
    """Target if the reaction runs to completion, g."""
    steps: tuple[str, ...]
    """The recipe in words."""
    why: str
    """Why it was proposed."""
    planned: Parameters
    measured: Parameters
    decision: DecisionRecord
    stages: tuple[StageView, ...]
    """Doses and firings as planned, commanded and measured."""
    powder: tuple[PortionView, ...]
    carried: int
    """How often its containers were carried from place to place."""
    scores: dict[str, Score]
    patterns: tuple[PatternView, ...]
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class FiringView:
    """A firing as planned, commanded and measured."""

    anchor: str
    """Identifier within the page."""
    name: str
    load: int
    samples: tuple[str, ...]
    furnace: str
    rows: tuple[ThreeView, ...]
    trace: Trace = field(repr=False)


@dataclass(frozen=True, slots=True)
class LoadView:
    """What the model believed when it proposed a load."""

    load: int
    furnace: str
    samples: tuple[str, ...]
    shown: str
    """The sample whose decision is shown."""
    why: str
    decision: DecisionRecord
    parameters: Parameters
    results: tuple[tuple[str, Parameters, dict[str, Score]], ...]
    """What the load then gave: sample, measured parameters, scores."""


@dataclass(frozen=True, slots=True)
class BarView:
    """One attempt at a task, on the timeline of its instrument."""

    task: str
    action: str
    instrument: str
    samples: tuple[str, ...]
    start_hours: float
    """Since the campaign's first event, h."""
    hours: float
    status: str


@dataclass(frozen=True, slots=True)
class InstrumentView:
    """What one instrument is and how much it did."""

    name: str
    role: str
    driver: str
    identity: str
    url: str
    tasks: int
    not_done: int
    """Attempts that failed or whose outcome is unknown."""
    busy_hours: float
    busy_share: float
    """Of the campaign's lab time."""


@dataclass(frozen=True, slots=True)
class IncidentView:
    """Something that did not go as planned."""

    lab_time: str
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class DosingView:
    """How well a precursor was dosed; errors are measured less planned, %."""

    precursor: str
    doses: int
    mean_percent: float
    sd_percent: float
    """NaN for one dose."""
    worst_percent: float
    worst_sample: str


@dataclass(frozen=True, slots=True)
class StockView:
    """What is left of a precursor, g."""

    precursor: str
    lot: str
    initial_grams: float
    used_grams: float
    left_grams: float


@dataclass(frozen=True, slots=True)
class ProvenanceView:
    """What the results rest on."""

    rows: tuple[tuple[str, str], ...]
    versions: tuple[tuple[str, str], ...]
    phases: tuple[tuple[str, str], ...]
    """Row of the phase table, sha256."""
    event_log_sha256: str
    spec_json: str
    timings: tuple[tuple[str, int, float], ...]
    """What this computer did, how often, and in how many seconds altogether."""


@dataclass(frozen=True, slots=True)
class HazardView:
    """One finding of the rules of safety."""

    rule: str
    outcome: str
    """`refused`, `warned`, or why the campaign file accepts it."""
    about: str
    step: str
    """Heating meant; empty where it is none."""
    found: str
    limit: str
    before: tuple[str, ...]
    """Loads and tasks before which it was found."""
    samples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WarningView:
    """What a reader should know before trusting a sample."""

    sample: str
    status: str
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReportView:
    """A whole report."""

    title: str
    target: str
    facts: tuple[tuple[str, str], ...]
    notice: str
    """What must be known before all else; empty if nothing."""
    summary: tuple[tuple[str, tuple[str, ...]], ...]
    """The result in sentences, under headings."""
    warnings: tuple[WarningView, ...]
    objectives: tuple[ObjectiveView, ...]
    parameters: tuple[str, ...]
    """Keys of the parameters that differ between samples."""
    fixed: tuple[str, ...]
    """Parameters that are equal for all samples, with their value, in words."""
    best: tuple[ResultRow, ...]
    results: tuple[ResultRow, ...]
    """All scored samples in the order of proposal."""
    progress: ProgressView | None
    """None before the first score."""
    loads: tuple[LoadView, ...]
    samples: tuple[SampleView, ...]
    firings: tuple[FiringView, ...]
    timeline: tuple[BarView, ...]
    instruments: tuple[InstrumentView, ...]
    incidents: tuple[IncidentView, ...]
    hazards: tuple[HazardView, ...]
    """What the rules of safety found, the gravest first."""
    refused: tuple[tuple[str, str], ...]
    """Samples that they kept out, with the reason."""
    is_judged: bool
    """Whether the rules were asked at all."""
    dosing: tuple[DosingView, ...]
    stock: tuple[StockView, ...]
    provenance: ProvenanceView
