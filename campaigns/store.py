"""The campaign database: the one place that holds a database session.

Events are appended, never changed. Each carries the hash of the one before, and the
last hash is kept beside them, so that neither a change nor a cut goes unseen.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Literal, Self, TypeVar

from sqlalchemy import Engine, inspect
from sqlmodel import Session, col, select

from campaigns import blobs, chain, database, projection
from campaigns.earlier import EarlierCampaign
from campaigns.errors import StoreError
from campaigns.guesses import LiteratureGuesses
from campaigns.history import KINDS, history
from campaigns.lifecycle import Amended, CampaignOpened, Event, Payload, blob_of
from campaigns.pathways import LearnedPathways
from campaigns.results import History
from campaigns.spec import CampaignSpec
from campaigns.tables import DERIVED, BlobRow, EventRow, HostTimingRow, Table
from campaigns.transitions import Progress
from campaigns.upcasters import read_event
from instruments.labspec import LabSpec

Row = TypeVar("Row", bound=Table)


class Store:
    """A campaign database; any number of readers, one writer.

    The first write takes the writer's lock and keeps it until `close`.
    """

    def __init__(self, path: Path, engine: Engine) -> None:
        """Use `create` or `open` instead."""
        self.path = path
        self._engine = engine
        self._lock: database.WriterLock | None = None
        self._progress = Progress()
        self._attempts: dict[str, int] = {}
        self._head = chain.Head()

    @classmethod
    def create(
        cls,
        path: Path | str,
        spec: CampaignSpec,
        *,
        lab: LabSpec,
        mode: Literal["virtual", "emulated", "real"],
        proposer: str,
        lab_time: float,
        phases: Mapping[str, str] | None = None,
        versions: Mapping[str, str] | None = None,
        literature: LiteratureGuesses | None = None,
        earlier: Sequence[EarlierCampaign] = (),
        learned: LearnedPathways | None = None,
        seed: int | None = None,
        actor: str = "engine",
    ) -> Self:
        """Make a new database whose first event opens the campaign.

        Args:
            path: File to make.
            spec: What is wanted.
            lab: The lab it runs on.
            mode: `virtual`, `emulated` or `real`.
            proposer: Name of the proposer.
            lab_time: Seconds since 1970 UTC.
            phases: Rows of the phase table in use, with their hashes.
            versions: Software in use, with versions.
            literature: First guesses from a file of reactions.
            earlier: Results of earlier campaigns.
            learned: Expected pathways from a file of learned reactions.
            seed: Seed of all random numbers; the spec's if absent.
            actor: Who opens it.

        Raises:
            StoreError: If the file exists or cannot be made.
        """
        path = Path(path)
        opened = CampaignOpened(
            spec=spec.model_dump(mode="json", by_alias=True),
            spec_sha256=spec.sha256,
            lab=lab.model_dump(mode="json", by_alias=True),
            mode=mode,
            proposer=proposer,
            seed=spec.seed if seed is None else seed,
            phases=dict(phases or {}),
            versions=dict(versions or {}),
            literature=literature,
            earlier=tuple(earlier),
            learned=learned,
        )
        engine = database.create(path, is_flushed=mode != "virtual")
        store = cls(path, engine)
        store.append(opened, actor=actor, lab_time=lab_time)
        return store

    @classmethod
    def open(cls, path: Path | str) -> Self:
        """Open a database that exists, to read or to go on with.

        Raises:
            StoreError: If it is missing, damaged, something else, or newer.
        """
        path = Path(path)
        if not path.is_file():
            raise StoreError(f"{path}: no such campaign database")
        return cls(path, database.open_checked(path))

    def close(self) -> None:
        """Let the file and the writer's lock go."""
        self._engine.dispose()
        if self._lock:
            self._lock.release()
            self._lock = None

    def __enter__(self) -> Self:
        """Return the store itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        self.close()

    def lock(self) -> None:
        """Become the one writer now rather than at the first write.

        Raises:
            StoreError: If another process is writing.
        """
        if self._lock is None:
            self._lock = database.WriterLock(self.path)
            self._catch_up()

    def _catch_up(self) -> None:
        """Learn where the chain ends and what may follow."""
        self._progress = Progress.of(event.payload for event in self.events())
        self._attempts = {
            name: task.started.attempt for name, task in self._progress.tasks.items()
        }
        self._head = database.read_head(self._engine)

    def append(
        self, *payloads: Payload, actor: str, lab_time: float
    ) -> tuple[Event, ...]:
        """Add facts in one transaction, flushed to the disk once.

        Args:
            payloads: What happened, oldest first.
            actor: Who did it.
            lab_time: When, seconds since 1970 UTC.

        Raises:
            TransitionError: If one may not follow those before it.
            StoreError: If the database cannot be written, or a blob that a payload
                names is not there. In both cases nothing is written.
        """
        self.lock()
        progress = self._progress.copy()
        for payload in payloads:
            progress.advance(payload)
        self._require_blobs(payloads)
        links = chain.forge(payloads, after=self._head, actor=actor, lab_time=lab_time)
        if not links:
            return ()
        events = tuple(link.event for link in links)
        attempts = dict(self._attempts)
        changes = list(projection.changes(events, attempts=attempts))
        head = chain.Head(events[-1].sequence, links[-1].sha256)
        with database.translated(self.path), self._engine.begin() as connection:
            database.insert_rows(connection, EventRow, [link.row for link in links])
            database.apply(connection, changes)
            database.write_head(connection, head)
        self._progress, self._attempts, self._head = progress, attempts, head
        return events

    def _require_blobs(self, payloads: tuple[Payload, ...]) -> None:
        for payload in payloads:
            named = blob_of(payload)
            if named and not self.has_blob(named):
                raise StoreError(
                    f"{payload.kind}: names blob {named}, which is not stored; put "
                    f"the blob first"
                )

    def events(
        self, after: int = 0, *, kinds: tuple[str, ...] = ()
    ) -> tuple[Event, ...]:
        """Return the events after a sequence number, oldest first.

        Args:
            after: Sequence number of the last event not wanted.
            kinds: Only these kinds; all if empty.

        Raises:
            StoreError: If one cannot be read.
        """
        statement = select(EventRow.body).where(col(EventRow.sequence) > after)
        if kinds:
            statement = statement.where(col(EventRow.kind).in_(kinds))
        with database.translated(self.path), Session(self._engine) as session:
            bodies = session.exec(statement.order_by(col(EventRow.sequence))).all()
        return tuple(read_event(body) for body in bodies)

    @property
    def opened(self) -> CampaignOpened:
        """Return the event that opened the campaign.

        Raises:
            StoreError: If there is none.
        """
        for event in self.events(kinds=("campaign-opened",)):
            if isinstance(event.payload, CampaignOpened):
                return event.payload
        raise StoreError(f"{self.path}: the campaign was never opened")

    @property
    def spec(self) -> CampaignSpec:
        """Return what is wanted now."""
        return self.spec_at()

    def spec_at(self, *, until: int | None = None) -> CampaignSpec:
        """Return what was wanted at some point.

        Args:
            until: Sequence number of the last event that counts; all if absent.
        """
        document = self.opened.spec
        for event in self.events(kinds=("amended",)):
            is_past = until is None or event.sequence <= until
            if isinstance(event.payload, Amended) and is_past:
                document = event.payload.spec
        return CampaignSpec.model_validate(document)

    def history(self, *, until: int | None = None) -> History:
        """Return what a proposer may know.

        Args:
            until: Sequence number of the last event that counts, so that an old
                decision can be made again; all count if absent.
        """
        events = self.events(kinds=KINDS)
        return history(
            event for event in events if until is None or event.sequence <= until
        )

    def rows(self, table: type[Row]) -> list[Row]:
        """Return all rows of a table in the order of its primary key."""
        statement = select(table).order_by(*inspect(table).primary_key)
        with database.translated(self.path), Session(self._engine) as session:
            return list(session.exec(statement).all())

    def verify(self) -> None:
        """Walk the hash chain and every stored blob.

        Raises:
            StoreError: Naming the first event or blob that was tampered with.
        """
        chain.verify(self.rows(EventRow), head=database.read_head(self._engine))
        with Session(self._engine) as session:
            addresses = session.exec(select(BlobRow.sha256)).all()
        for sha256 in addresses:
            self.blob(sha256)

    def event_log_sha256(self) -> str:
        """Return one digest of all events: equal for two runs with equal logs."""
        return chain.log_sha256(row.body for row in self.rows(EventRow))

    def rebuild(self) -> None:
        """Make every derived table again from the events.

        Raises:
            StoreError: If the database cannot be read or written.
        """
        self.lock()
        changes = list(projection.changes(self.events(), attempts={}))
        with database.translated(self.path), self._engine.begin() as connection:
            database.clear(connection, DERIVED)
            database.apply(connection, changes)

    def put_blob(self, content: bytes) -> str:
        """Store bytes and return their address; storing them twice changes nothing.

        Raises:
            StoreError: If the database cannot be written.
        """
        self.lock()
        sha256 = blobs.address(content)
        if not self.has_blob(sha256):
            with database.translated(self.path), self._engine.begin() as connection:
                row = {"sha256": sha256, "data": content}
                database.insert_rows(connection, BlobRow, [row])
        return sha256

    def has_blob(self, sha256: str) -> bool:
        """Tell whether bytes of this address are stored."""
        with database.translated(self.path), Session(self._engine) as session:
            statement = select(BlobRow.sha256).where(BlobRow.sha256 == sha256)
            return session.exec(statement).first() is not None

    def blob(self, sha256: str) -> bytes:
        """Return stored bytes.

        Raises:
            StoreError: If there are none, or they no longer agree with their address.
        """
        with database.translated(self.path), Session(self._engine) as session:
            row = session.get(BlobRow, sha256)
        if row is None:
            raise StoreError(f"{self.path}: no blob {sha256}")
        if blobs.address(row.data) != sha256:
            raise StoreError(f"{self.path}: blob {sha256} was changed")
        return row.data

    def record_host_timing(self, name: str, seconds: float) -> None:
        """Note how long this computer took for something, s; outside the chain.

        Raises:
            StoreError: If the database cannot be written.
        """
        self.lock()
        row = {"sequence": self._head.sequence, "name": name, "seconds": seconds}
        with database.translated(self.path), self._engine.begin() as connection:
            database.insert_rows(connection, HostTimingRow, [row])

    def backup(self, target: Path) -> None:
        """Copy the whole database to a file, replacing an older copy at once.

        Raises:
            StoreError: If the copy cannot be written; an older one is then untouched.
        """
        database.copy(self.path, target)
