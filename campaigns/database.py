"""The SQLite file under the store: opening, layout version and the writer's lock.

Write-ahead logging lets readers go on beside one writer. Every commit is flushed to
the disk (`synchronous=FULL`): an intent is on the disk before its effect is asked for.
Source of the settings: SQLite documentation, "Write-Ahead Logging" and "Pragma
statements".
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, delete, event, insert, update
from sqlalchemy import Table as SqlTable
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


def connect(path: Path) -> Engine:
    """Return an engine over a file that exists, without looking into it."""
    # mode=rw: SQLite itself must never make an empty file of a mistyped name.
    location = f"{path.absolute().as_uri()}?mode=rw"
    engine = create_engine(
        "sqlite://",
        creator=lambda: sqlite3.connect(
            location, uri=True, timeout=BUSY_SECONDS, check_same_thread=False
        ),
    )
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    return engine


def _configure(connection: Any, _record: object) -> None:  # noqa: ANN401
    # Transactions are begun below, so that several reads see one state.
    connection.isolation_level = None
    connection.execute("PRAGMA synchronous=FULL")


def _begin(connection: Any) -> None:  # noqa: ANN401
    connection.exec_driver_sql("BEGIN")


def create(path: Path) -> Engine:
    """Make a new, empty database and return an engine over it.

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
    engine = connect(path)
    with translated(path):
        _use_write_ahead_log(engine)
        with engine.begin() as connection:
            Table.metadata.create_all(connection)
            meta = {"application": APPLICATION, "layout": str(LAYOUT_VERSION)}
            rows = [{"key": key, "value": value} for key, value in meta.items()]
            connection.execute(insert(MetaRow), rows)
            write_head(connection, Head())
    return engine


def _use_write_ahead_log(engine: Engine) -> None:
    raw = engine.raw_connection()
    try:
        raw.cursor().execute("PRAGMA journal_mode=WAL")
    finally:
        raw.close()


def check(engine: Engine, path: Path) -> None:
    """Tell whether this is a whole campaign database of a layout read here.

    Raises:
        StoreError: If it is something else, damaged, or of another layout.
    """
    try:
        with engine.connect() as connection:
            answer = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
        if answer != "ok":
            raise StoreError(f"{path}: the database is damaged: {answer}")
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
    for key, value in (
        ("head_sequence", str(head.sequence)),
        ("head_sha256", head.sha256),
    ):
        connection.execute(delete(MetaRow).where(col(MetaRow.key) == key))
        connection.execute(insert(MetaRow), [{"key": key, "value": value}])


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
            connection.execute(insert(_stored(table)), list(rows.values()))
    for change in later:
        statement = update(_stored(change.table)).filter_by(**change.key)
        connection.execute(statement.values(**change.values))


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
