"""Engines, transactions and migrations: SQLite and PostgreSQL behind one door.

SQLite runs in WAL mode, so that readers never wait, with full synchronisation, so that a committed row survives a power
cut. A writing transaction takes its lock at once (BEGIN IMMEDIATE): two writers queue up instead of failing half-way.
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

WRITING = "coldframe_writing"  # execution option of a connection that will write
CHUNK = 500  # values in one IN (…)
T = TypeVar("T")


class Database:
    """An engine with two kinds of transaction. Raises NoArchive, ArchiveLocked or ColdframeError, not the driver's."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.engine = open_engine(settings)

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state of the rows."""
        with translated(self.settings), self.engine.begin() as connection:
            yield connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that commits as a whole or not at all."""
        with translated(self.settings), self.engine.connect() as connection:
            writer = connection.execution_options(**{WRITING: True})
            with writer.begin():
                yield writer

    def migrate(self) -> None:
        """Creates the tables, or brings them up to date."""
        from alembic import command

        if self.settings.directory is not None:
            self.settings.directory.mkdir(parents=True, exist_ok=True)
        with self.writing() as connection:
            command.upgrade(alembic_config(connection), "head")

    def check_revision(self) -> None:
        """Raises NoArchive where there is none, ColdframeError where the tables are of another version."""
        from alembic.script import ScriptDirectory

        place = self.settings.location
        with self.reading() as connection:
            if not inspect(connection).has_table("alembic_version"):
                raise NoArchive(f"there is no archive at {place}; make one with `coldframe init`")
            revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        head = ScriptDirectory.from_config(alembic_config(None)).get_current_head()
        if revision != head:
            raise ColdframeError(
                f"the archive at {place} has tables of version {revision}, this coldframe wants {head}; "
                "run `coldframe init` with the newer of the two versions"
            )

    def bytes_on_disk(self) -> int:
        """SQLite: the files. PostgreSQL: our tables with their indexes."""
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
        self.engine.dispose()


def open_engine(settings: Settings) -> Engine:
    """The engine of an archive, its connections set up. Raises UsageError for a URL no driver is installed for."""
    try:
        engine = create_engine(settings.database_url)
    except (NoSuchModuleError, ValueError) as error:
        raise UsageError(
            f"{settings.location} is no database URL that coldframe knows; use postgresql://…"
        ) from error
    except ModuleNotFoundError as error:
        raise UsageError(
            f"{error.name} is missing for {settings.location}; run `pip install 'coldframe[postgres]'`"
        ) from error
    if engine.dialect.name == "sqlite":
        event.listen(
            engine,
            "connect",
            lambda connection, _: _set_up_sqlite(connection, settings.lock_seconds),
        )
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up_sqlite(connection: Any, lock_seconds: float) -> None:
    connection.isolation_level = (
        None  # transactions begin where _begin_sqlite says, not where the driver guesses
    )
    waiting = f"busy_timeout = {int(1000 * lock_seconds)}"
    for pragma in (waiting, "journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    writing = connection.get_execution_options().get(WRITING, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


@contextlib.contextmanager
def translated(settings: Settings) -> Iterator[None]:
    """The driver's errors end here, as sentences."""
    directory = settings.directory
    if directory is not None and directory.exists() and not directory.is_dir():
        raise UsageError(f"{settings.location} is a file; an archive is a directory")
    try:
        yield
    except OperationalError as error:
        told = str(error.orig).strip()
        if "locked" in told or "lock timeout" in told:
            raise ArchiveLocked(
                f"the archive at {settings.location} is being written by another process; wait for it and run again"
            ) from error
        raise NoArchive(
            f"the archive at {settings.location} cannot be opened: {' '.join(told.split())}"
        ) from error
    except (DatabaseError, DBAPIError) as error:
        raise ColdframeError(
            f"the database at {settings.location} refused: {error.orig}"
        ) from error


def alembic_config(connection: Connection | None) -> Any:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(files("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """Slices short enough for one statement."""
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
    """Inserts rows; where the key stands already, `renew` is overwritten and `also` computed, or nothing is done."""
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
