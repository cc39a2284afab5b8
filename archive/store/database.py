"""Engines, transactions and migrations: SQLite and PostgreSQL behind one door.

SQLite runs in WAL mode, so that readers never wait, with full synchronization, so that a committed
row survives a power cut. A writing transaction takes its lock at once (BEGIN IMMEDIATE): two
writers queue up instead of failing halfway.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    create_engine,
    event,
    insert,
    inspect,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DatabaseError, DBAPIError, NoSuchModuleError, OperationalError

from archive.errors import ArchiveLocked, ColdframeError, NoArchive, UsageError
from archive.settings import DATABASE_NAME, Settings

WRITING = "coldframe_writing"  # execution option of a connection that writes
CHUNK = 500  # values in one IN (…)
T = TypeVar("T")


class Database:
    """An engine with two kinds of transaction.

    Whatever the driver raises becomes NoArchive, ArchiveLocked or ColdframeError.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.engine = open_engine(settings)
        self.closed = False

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one snapshot of the rows."""
        self._check_open()
        with translated_errors(self.settings), self.engine.begin() as connection:
            yield connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that commits as a whole or not at all."""
        self._check_open()
        with translated_errors(self.settings), self.engine.connect() as connection:
            writer = connection.execution_options(**{WRITING: True})
            with writer.begin():
                yield writer

    def migrate(self) -> None:
        """Creates the tables, or brings them up to date."""
        from alembic import command

        _refuse_file(self.settings)
        if self.settings.directory is not None:
            self.settings.directory.mkdir(parents=True, exist_ok=True)
        with self.writing() as connection:
            command.upgrade(alembic_config(connection), "head")

    def exists(self) -> bool:
        """Whether there are tables of any version."""
        _refuse_file(self.settings)
        directory = self.settings.directory
        if directory is not None and not (directory / DATABASE_NAME).is_file():
            return False
        with self.reading() as connection:
            return inspect(connection).has_table("alembic_version")

    def check_revision(self) -> None:
        """Raises NoArchive without tables, ColdframeError for tables of another version."""
        from alembic.script import ScriptDirectory

        location = self.settings.location
        if not self.exists():
            raise NoArchive(f"no archive at {location}; create one with `coldframe init`")
        with self.reading() as connection:
            revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        head = ScriptDirectory.from_config(alembic_config(None)).get_current_head()
        if revision != head:
            raise ColdframeError(
                f"the tables of the archive at {location} have version {revision}, this coldframe "
                f"needs {head}; run `coldframe init` with the newer of the two versions"
            )

    def bytes_on_disk(self) -> int:
        """SQLite: the database and its WAL. PostgreSQL: our tables with their indexes."""
        directory = self.settings.directory
        if directory is not None:
            return sum(path.stat().st_size for path in directory.glob(f"{DATABASE_NAME}*"))
        with self.reading() as connection:
            sizes = [
                f"pg_total_relation_size('{table}')"
                for table in inspect(connection).get_table_names()
            ]
            return int(connection.exec_driver_sql(f"SELECT {' + '.join(sizes)}").scalar_one())

    def close(self) -> None:
        """Closes all connections; transactions are refused from now on."""
        self.engine.dispose()
        self.closed = True

    def _check_open(self) -> None:
        if self.closed:
            raise UsageError(f"the archive at {self.settings.location} is closed; open it again")


def open_engine(settings: Settings) -> Engine:
    """The engine of an archive, its connections set up.

    Raises UsageError for a URL that is malformed or whose driver is not installed.
    """
    try:
        engine = create_engine(settings.database_url)
    except (NoSuchModuleError, ValueError) as error:
        raise UsageError(
            f"{settings.location} is not a database URL that coldframe knows; use postgresql://…"
        ) from error
    except ModuleNotFoundError as error:
        raise UsageError(
            f"{settings.location} needs {error.name}; run `pip install 'coldframe[postgres]'`"
        ) from error
    if engine.dialect.name == "sqlite":

        def set_up(connection: Any, _: Any) -> None:
            """Called by SQLAlchemy for each new connection."""
            _set_up_sqlite(connection, settings.lock_seconds)

        event.listen(engine, "connect", set_up)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up_sqlite(connection: Any, lock_seconds: float) -> None:
    # Transactions begin where _begin_sqlite says, not where the driver guesses.
    connection.isolation_level = None
    timeout = f"busy_timeout = {int(1000 * lock_seconds)}"
    for pragma in (timeout, "journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    writing = connection.get_execution_options().get(WRITING, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _refuse_file(settings: Settings) -> None:
    """Raises UsageError where the archive's directory is a file."""
    directory = settings.directory
    if directory is not None and directory.exists() and not directory.is_dir():
        raise UsageError(f"{settings.location} is a file; an archive is a directory")


@contextlib.contextmanager
def translated_errors(settings: Settings) -> Iterator[None]:
    """Turns the driver's errors into ours, each a sentence."""
    location = settings.location
    _refuse_file(settings)
    try:
        yield
    except OperationalError as error:
        message = " ".join(str(error.orig).split())
        if "locked" in message or "lock timeout" in message:
            raise ArchiveLocked(
                f"another process is writing to the archive at {location}; "
                "wait for it to finish and run again"
            ) from error
        raise NoArchive(f"the archive at {location} cannot be opened: {message}") from error
    except (DatabaseError, DBAPIError) as error:
        raise ColdframeError(f"the database at {location} refused: {error.orig}") from error


def alembic_config(connection: Connection | None) -> Any:
    """Alembic's configuration for the migrations of this package, run on `connection`."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(files("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """Slices of CHUNK values, short enough for one statement."""
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]


def insert_one(connection: Connection, table: Any, values: Mapping[str, Any]) -> int:
    """→ the id of the new row."""
    return int(connection.execute(insert(table).values(**values).returning(table.id)).scalar_one())


def upsert(
    connection: Connection,
    table: Any,
    values: Sequence[Mapping[str, Any]],
    *,
    key: Sequence[str],
    renew: Sequence[str],
    also: Mapping[str, ColumnElement[Any]] | None = None,
) -> None:
    """Inserts rows. Where the key exists, overwrites the columns `renew` and computes `also`.

    With neither, rows whose key exists are left as they are.
    """
    if not values:
        return
    dialect: Any = {"sqlite": sqlite, "postgresql": postgresql}[connection.dialect.name]
    statement = dialect.insert(table)
    changes = {name: statement.excluded[name] for name in renew} | dict(also or {})
    if changes:
        statement = statement.on_conflict_do_update(index_elements=key, set_=changes)
    else:
        statement = statement.on_conflict_do_nothing(index_elements=key)
    connection.execute(statement, values)
