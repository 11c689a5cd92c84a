"""Tables of the campaign database: storage only, nothing is validated here.

`EventRow` is the truth. Every table under it is derived from the events, in the same
transaction, and can be rebuilt from them; blobs and host timings stand outside the
hash chain. Maps and lists are kept as JSON text with sorted keys, so that equal
events give equal rows.
"""

from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class Table(SQLModel, registry=registry()):
    """Parent of all tables here, apart from any other SQLModel in the process."""


class MetaRow(Table, table=True):
    """What the file is, in which layout, and where the chain ends."""

    __tablename__ = "meta"
    key: str = Field(primary_key=True)
    value: str


class EventRow(Table, table=True):
    """One event: the text that is hashed, its hash, and columns to find it by."""

    __tablename__ = "event"
    sequence: int = Field(primary_key=True)
    kind: str = Field(index=True)
    lab_time: float
    actor: str
    body: str
    """Canonical JSON of the event."""
    sha256: str


class BlobRow(Table, table=True):
    """Bytes found by the sha256 of their content."""

    __tablename__ = "blob"
    sha256: str = Field(primary_key=True)
    data: bytes


class HostTimingRow(Table, table=True):
    """Seconds that this computer took: differs between runs, so never hashed."""

    __tablename__ = "host_timing"
    id: int | None = Field(default=None, primary_key=True)
    sequence: int
    """Last event when it was taken."""
    name: str
    seconds: float


class SampleRow(Table, table=True):
    """A sample: what was proposed and how far it came."""

    __tablename__ = "sample"
    sample: str = Field(primary_key=True)
    sequence: int
    load: int
    role: str
    status: str
    """`pending`, `scored`, `failed`, `unusable` or `held`."""
    reason: str = ""
    planned: str
    measured: str = "{}"
    recipe: str
    reaction: str
    expected_grams: float


class ProposalRow(Table, table=True):
    """Why a sample was proposed."""

    __tablename__ = "proposal"
    sample: str = Field(primary_key=True)
    method: str
    reason: str
    acquisition: float | None
    mean: str
    sd: str
    seed: int
    history_sha256: str


class LoadRow(Table, table=True):
    """Samples fired together."""

    __tablename__ = "load"
    load: int = Field(primary_key=True)
    furnace: str
    samples: str
    seconds: float
    lab_time: float


class TaskRow(Table, table=True):
    """One attempt at one task."""

    __tablename__ = "task"
    task: str = Field(primary_key=True)
    attempt: int = Field(primary_key=True)
    action: str
    samples: str
    instrument: str
    status: str
    """`started`, `finished`, `not-started`, `unknown`, `refused` or `fault`."""
    started: float
    ended: float | None = None
    error: str = ""
    commanded: str
    measured: str = "{}"


class DoseRow(Table, table=True):
    """A precursor dosed: planned, commanded and weighed, g."""

    __tablename__ = "dose"
    sequence: int = Field(primary_key=True)
    lab_time: float
    sample: str = Field(index=True)
    precursor: str
    label: str
    planned_grams: float
    commanded_grams: float
    measured_grams: float
    instrument: str


class PortionRow(Table, table=True):
    """Powder or its container moved; masses in g."""

    __tablename__ = "portion"
    sequence: int = Field(primary_key=True)
    lab_time: float
    sample: str = Field(index=True)
    source: str
    destination: str
    moved_by: str
    container: str
    mass_in_grams: float | None
    mass_out_grams: float | None


class FiringRow(Table, table=True):
    """A firing as planned, commanded and measured."""

    __tablename__ = "firing"
    sequence: int = Field(primary_key=True)
    lab_time: float
    load: int
    samples: str
    step: str
    furnace: str
    planned: str
    commanded: str
    measured: str
    trace: str


class PatternRow(Table, table=True):
    """A measured pattern and the file it came in."""

    __tablename__ = "pattern"
    sequence: int = Field(primary_key=True)
    lab_time: float
    sample: str = Field(index=True)
    scan: str
    raw: str
    suffix: str
    instrument: str
    program: str


class IdentificationRow(Table, table=True):
    """One analysis of one pattern."""

    __tablename__ = "identification"
    sequence: int = Field(primary_key=True)
    sample: str = Field(index=True)
    scan: str
    rwp: float
    gof: float
    is_usable: bool
    quality: str
    fit: str


class FractionRow(Table, table=True):
    """Weight fraction of one phase in one analysis, 0 to 1, with its sd."""

    __tablename__ = "fraction"
    sequence: int = Field(primary_key=True)
    phase: str = Field(primary_key=True)
    sample: str = Field(index=True)
    scan: str
    mean: float
    sd: float


class ScoreRow(Table, table=True):
    """One objective's value of one sample."""

    __tablename__ = "score"
    sequence: int = Field(primary_key=True)
    objective: str = Field(primary_key=True)
    sample: str = Field(index=True)
    scan: str
    mean: float
    variance: float
    flags: str


DERIVED: tuple[type[Table], ...] = (
    SampleRow, ProposalRow, LoadRow, TaskRow, DoseRow, PortionRow, FiringRow,
    PatternRow, IdentificationRow, FractionRow, ScoreRow,
)  # fmt: skip
"""Every table that `Store.rebuild` can make again from the events."""
