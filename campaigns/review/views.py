"""What the review pages show, as plain data: no HTML and no database in here."""

from dataclasses import dataclass, field

from campaigns.fit import Fit
from campaigns.recipe import Parameters
from campaigns.results import DecisionRecord, Score
from campaigns.review.labels import Quantity
from instruments.quantities import Trace


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
    is_pareto: bool


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
    load_starts: tuple[int, ...]
    """Number of the first experiment of each load."""


@dataclass(frozen=True, slots=True)
class DoseView:
    """A precursor in a sample: planned, commanded and weighed, g."""

    precursor: str
    planned_grams: float
    commanded_grams: float | None
    measured_grams: float | None


@dataclass(frozen=True, slots=True)
class FractionView:
    """A phase's weight share with its standard deviation."""

    phase: str
    mean: float
    sd: float
    alternatives: tuple[str, ...]
    """Look-alikes that fit nearly as well."""


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
    rwp: float | None = None
    gof: float | None = None
    is_usable: bool = True
    quality: tuple[str, ...] = ()
    fractions: tuple[FractionView, ...] = ()
    fit: Fit | None = field(default=None, repr=False)


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
    steps: tuple[str, ...]
    """The recipe in words."""
    planned: Parameters
    measured: Parameters
    decision: DecisionRecord
    doses: tuple[DoseView, ...]
    lost_grams: float | None
    scores: dict[str, Score]
    patterns: tuple[PatternView, ...]


@dataclass(frozen=True, slots=True)
class FiringView:
    """A firing as planned, commanded and measured."""

    name: str
    load: int
    samples: tuple[str, ...]
    furnace: str
    rows: tuple[tuple[Quantity, str, str, str], ...]
    """Quantity with the three values as text."""
    trace: Trace = field(repr=False)


@dataclass(frozen=True, slots=True)
class LoadView:
    """What the model believed when it proposed a load."""

    load: int
    furnace: str
    samples: tuple[str, ...]
    shown: str
    """The sample whose decision is shown."""
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
    spec_json: str
    timings: tuple[tuple[str, int, float], ...]
    """What this computer did, how often, and in how many seconds altogether."""


@dataclass(frozen=True, slots=True)
class WarningView:
    """Something a reader should know before trusting a figure."""

    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class ReportView:
    """A whole report."""

    title: str
    target: str
    facts: tuple[tuple[str, str], ...]
    findings: tuple[str, ...]
    """The result in sentences."""
    warnings: tuple[WarningView, ...]
    objectives: tuple[ObjectiveView, ...]
    parameters: tuple[str, ...]
    """Keys of the parameters that differ between samples."""
    fixed: tuple[tuple[str, str], ...]
    """Name and value of parameters that are equal for all samples."""
    best: tuple[ResultRow, ...]
    results: tuple[ResultRow, ...]
    """All scored samples in the order of proposal."""
    progress: ProgressView | None
    """None before the first score."""
    loads: tuple[LoadView, ...]
    samples: tuple[SampleView, ...]
    firings: tuple[FiringView, ...]
    timeline: tuple[BarView, ...]
    stock: tuple[StockView, ...]
    provenance: ProvenanceView
