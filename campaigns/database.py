"""The SQLite file under the store: opening, layout version and the writer's lock.

Write-ahead logging lets readers go on beside one writer. On a lab that moves anything,
every commit is flushed to the disk (`synchronous=FULL`): an intent outlives a power cut
before its effect is asked for. A dry run is not (`NORMAL`): it loses nothing when its
process is killed, and after a power cut it lacks the last events, never some between.
Source of the settings: SQLite documentation, "Write-Ahead Logging" and "Pragma
statements".
"""

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    bindparam,
    delete,
    event,
    inspect,
    update,
)
from sqlalchemy import Table as SqlTable
from sqlalchemy import Update as SqlUpdate
from sqlalchemy.exc import DatabaseError
from sqlmodel import Session, col, create_engine, select

from campaigns.chain import Head
from campaigns.errors import StoreError
from campaigns.projection import Change, Insert, Update
from campaigns.tables import MetaRow, Table

APPLICATION = "athanor-campaign"
LAYOUT_VERSION = 1
"""Version of the tables; raised when a column changes."""
BUSY_SECONDS = 5.0
"""How long a statement waits for a checkpoint of the other side to end."""


def connect(path: Path, *, is_flushed: bool = True) -> Engine:
    """Return an engine over a file that exists, without looking into it.

    Args:
        path: The file.
        is_flushed: Each commit waits until it is on the disk.

    Raises:
        StoreError: If the file was not closed and stands where nobody may write.
    """
    location = f"{path.absolute().as_uri()}?{_access(path)}"

    def configure(connection: Any, _record: object) -> None:  # noqa: ANN401
        # Transactions are begun below, so that several reads see one state.
        connection.isolation_level = None
        connection.execute(f"PRAGMA synchronous={'FULL' if is_flushed else 'NORMAL'}")

    engine = create_engine(
        "sqlite://",
        creator=lambda: sqlite3.connect(
            location, uri=True, timeout=BUSY_SECONDS, check_same_thread=False
        ),
    )
    event.listen(engine, "connect", configure)
    event.listen(engine, "begin", _begin)
    return engine


def _access(path: Path) -> str:
    """Return how SQLite may open the file, as URI parameters."""
    if os.access(path, os.W_OK) and os.access(path.parent, os.W_OK):
        # SQLite itself must never make an empty file of a mistyped name.
        return "mode=rw"
    log = path.with_name(path.name + "-wal")
    if log.exists() and log.stat().st_size:
        raise StoreError(
            f"{path}: its last events are in {log.name} and cannot be read where "
            f"nobody may write; copy both into a folder of your own"
        )
    return "mode=ro&immutable=1"


def _begin(connection: Any) -> None:  # noqa: ANN401
    connection.exec_driver_sql("BEGIN")


def create(path: Path, *, is_flushed: bool) -> Engine:
    """Make a new, empty database and return an engine over it.

    Args:
        path: File to make.
        is_flushed: Each commit, now and later, waits until it is on the disk.

    Raises:
        StoreError: If the file exists or cannot be made.
    """
    try:
        path.open("xb").close()
    except FileExistsError as error:
        raise StoreError(
            f"{path}: the file exists; resume it, or choose another name"
        ) from error
    except OSError as error:
        raise StoreError(f"{path}: cannot be made: {error.strerror}") from error
    engine = connect(path, is_flushed=is_flushed)
    with translated(path):
        _use_write_ahead_log(engine)
        with engine.begin() as connection:
            Table.metadata.create_all(connection)
            meta = {
                "application": APPLICATION,
                "layout": str(LAYOUT_VERSION),
                "flush": "yes" if is_flushed else "no",
                "head_sequence": "",
                "head_sha256": "",
            }
            rows = [{"key": key, "value": value} for key, value in meta.items()]
            insert_rows(connection, MetaRow, rows)
            write_head(connection, Head())
    return engine


def _use_write_ahead_log(engine: Engine) -> None:
    raw = engine.raw_connection()
    try:
        raw.cursor().execute("PRAGMA journal_mode=WAL")
    finally:
        raw.close()


def open_checked(path: Path) -> Engine:
    """Return an engine over a whole campaign database of a layout read here.

    Raises:
        StoreError: If it is something else, damaged, or of another layout.
    """
    engine = connect(path)
    try:
        meta = _checked(engine, path)
    except StoreError:
        engine.dispose()
        raise
    if meta["flush"] == "yes":
        return engine
    engine.dispose()
    return connect(path, is_flushed=False)


def _checked(engine: Engine, path: Path) -> dict[str, str]:
    """Return the facts about a database after looking through it.

    Raises:
        StoreError: If it is something else, damaged, or of another layout.
    """
    try:
        with engine.connect() as connection:
            answer = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
        if answer != "ok":
            raise StoreError(f"{path}: the database is damaged: {answer}")
        if not inspect(engine).has_table(str(MetaRow.__tablename__)):
            raise StoreError(f"{path}: this is not a campaign database")
        meta = read_meta(engine)
    except DatabaseError as error:
        raise StoreError(
            f"{path}: not a whole campaign database ({error.orig}); restore the copy "
            f"made before, or look for its -wal file"
        ) from error
    if meta.get("application") != APPLICATION:
        raise StoreError(f"{path}: this is not a campaign database")
    if int(meta["layout"]) != LAYOUT_VERSION:
        raise StoreError(
            f"{path}: the database has layout {meta['layout']}; this software reads "
            f"layout {LAYOUT_VERSION}: use another version of Athanor"
        )
    return meta


def read_meta(engine: Engine) -> dict[str, str]:
    """Return the facts about the file itself."""
    with Session(engine) as session:
        rows = session.exec(select(MetaRow).order_by(col(MetaRow.key))).all()
        return {row.key: row.value for row in rows}


def read_head(engine: Engine) -> Head:
    """Return where the chain of events ends."""
    meta = read_meta(engine)
    return Head(int(meta["head_sequence"]), meta["head_sha256"])


def write_head(connection: Connection, head: Head) -> None:
    """Note where the chain of events ends."""
    values = {"head_sequence": str(head.sequence), "head_sha256": head.sha256}
    rows = [{"key_key": key, "value": value} for key, value in values.items()]
    connection.execute(_update(MetaRow, ("key",), ("value",)), rows)


def apply(connection: Connection, changes: Iterable[Change]) -> None:
    """Carry changes of derived tables out, one statement for all rows of a table.

    A change to a row that is new in the same batch is made before it is written;
    tables do not depend on each other, so their order does not matter.
    """
    fresh: dict[type[Table], dict[tuple[object, ...], dict[str, Any]]] = {}
    later: list[Update] = []
    for change in changes:
        rows = fresh.setdefault(change.table, {})
        if isinstance(change, Insert):
            rows[_key(change.table, change.values)] = change.values
        elif (key := _key(change.table, change.key)) in rows:
            rows[key].update(change.values)
        else:
            later.append(change)
    for table, rows in fresh.items():
        if rows:
            insert_rows(connection, table, list(rows.values()))
    for change in later:
        statement = _update(change.table, tuple(change.key), tuple(change.values))
        where = {f"key_{name}": value for name, value in change.key.items()}
        connection.execute(statement, [where | change.values])


def insert_rows(
    connection: Connection, table: type[Table], rows: list[dict[str, Any]]
) -> None:
    """Add rows to a table."""
    connection.execute(_stored(table).insert(), rows)


@cache
def _update(
    table: type[Table], key: tuple[str, ...], columns: tuple[str, ...]
) -> SqlUpdate:
    """Return an UPDATE with parameters `key_NAME` and `NAME`; made once, used often."""
    stored = _stored(table)
    matches = [stored.c[name] == bindparam(f"key_{name}") for name in key]
    return update(stored).where(*matches).values({n: bindparam(n) for n in columns})


def _stored(table: type[Table]) -> SqlTable:
    """Return the plain table: rows go in several times faster than as objects."""
    return Table.metadata.tables[str(table.__tablename__)]


def _key(table: type[Table], values: dict[str, Any]) -> tuple[object, ...]:
    return tuple(values[column.name] for column in _stored(table).primary_key)


def clear(connection: Connection, tables: Iterable[type[Table]]) -> None:
    """Delete all rows of some tables."""
    for table in tables:
        connection.execute(delete(_stored(table)))


class WriterLock:
    """At most one writer to a database, among all processes of one computer.

    It is an exclusive transaction on a side file, which the operating system ends
    with its process, however that dies: SQLite brings the file locks of every
    platform along.
    """

    def __init__(self, path: Path) -> None:
        """Take the lock of the database at `path`.

        Raises:
            StoreError: If another writer has it.
        """
        side = path.with_name(path.name + ".lock")
        try:
            self._connection = sqlite3.connect(side, timeout=0, isolation_level=None)
        except sqlite3.Error as error:
            raise StoreError(f"{side}: cannot be opened: {error}") from error
        try:
            self._connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            self._connection.close()
            raise StoreError(
                f"{path}: another process is writing to this database; wait for it to "
                f"end, or stop it ({error})"
            ) from error

    def release(self) -> None:
        """Let the next writer in."""
        self._connection.close()


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn database errors into `StoreError`."""
    try:
        yield
    except DatabaseError as error:
        raise StoreError(f"{path}: {error.orig}; nothing was written") from error


def copy(path: Path, target: Path) -> None:
    """Copy a database that may be in use; see `Store.backup`.

    Source: SQLite documentation, "Online Backup API".
    """
    unfinished = target.with_name(f"{target.name}.unfinished")
    try:
        with (
            closing(sqlite3.connect(path)) as source,
            closing(sqlite3.connect(unfinished)) as destination,
        ):
            source.backup(destination)
        os.replace(unfinished, target)
    except (sqlite3.Error, OSError) as error:
        raise StoreError(f"{target}: no copy was written: {error}") from error
