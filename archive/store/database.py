"""Transactions and migrations: SQLite and PostgreSQL behind one door.

SQLite's write-ahead log lets readers never wait, and full synchronization lets a committed row
survive a power cut. A writing transaction takes its lock at once (BEGIN IMMEDIATE): two
writers queue up instead of failing halfway.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from importlib.resources import files
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, insert, inspect, text

from archive.errors import ArchiveReadOnly, ColdframeError, DatabaseDamaged, NoArchive, UsageError
from archive.records import INT64_LIMIT
from archive.settings import DATABASE_NAME, Settings
from archive.store.engines import (
    ALONE,
    WRITING,
    is_read_only,
    open_engine,
    refuse_file,
    translated_errors,
)

INIT_LOCK = 0x636F6C64  # PostgreSQL's advisory lock of creating an archive or adding a codec
WRITERS_TURN = 0x636F6C65  # its advisory lock of who adds rows or details
BEFORE_ANY_ID = -INT64_LIMIT
CHUNK = 500  # values in one IN (…)
PAGE = 4096  # rows fetched at a time where all are read
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
        self.check_writable()
        with translated_errors(self.settings), self.engine.connect() as connection:
            writer = connection.execution_options(**{WRITING: True})
            with writer.begin():
                yield writer

    @contextlib.contextmanager
    def exclusive(self) -> Iterator[Connection]:
        """A writing transaction that no other one of this kind overlaps."""
        with self.writing() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": INIT_LOCK})
            yield connection

    @contextlib.contextmanager
    def outside_transactions(self) -> Iterator[Connection]:
        """A connection whose statements stand alone, such as VACUUM."""
        self._check_open()
        self.check_writable()
        is_sqlite = self.engine.dialect.name == "sqlite"
        option = {ALONE: True} if is_sqlite else {"isolation_level": "AUTOCOMMIT"}
        with translated_errors(self.settings), self.engine.connect() as connection:
            yield connection.execution_options(**option)

    @property
    def read_only(self) -> bool:
        """Whether rows can be read but not written."""
        if self.settings.directory is not None:
            return is_read_only(self.settings)
        query = "SELECT NOT has_table_privilege('image', 'INSERT') OR pg_is_in_recovery()"
        with self.reading() as connection:
            return bool(connection.exec_driver_sql(query).scalar())

    def integrity(self) -> list[str]:
        """What SQLite's own checks find; PostgreSQL checks its references itself."""
        if self.settings.directory is None:
            return []
        with self.reading() as connection:
            checked = connection.exec_driver_sql("PRAGMA integrity_check").scalars()
            lines = [line for result in checked for line in str(result).splitlines()]
            orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        problems = [line for line in lines if line != "ok"]
        return problems + [
            f"row {row} of table {table} refers to a row of {parent} that is missing"
            for table, row, parent, _ in orphans
        ]

    def take_turns(self, connection: Connection) -> None:
        """Rows that become visible have higher ids than all before them, also in PostgreSQL.

        The index reads on from the last id it has seen. Nor does a row go, or get other codes,
        while a detail is written for it. SQLite's writers take turns anyway.
        """
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": WRITERS_TURN})

    def migrate(self) -> None:
        """Creates the tables, or brings them up to date."""
        from alembic import command

        refuse_file(self.settings)
        if self.settings.directory is not None:
            self.settings.directory.mkdir(parents=True, exist_ok=True)
        if self.exists():
            self._revision()
        with self.exclusive() as connection:
            command.upgrade(alembic_config(connection), "head")

    def exists(self) -> bool:
        """Whether there are tables of any version."""
        refuse_file(self.settings)
        directory = self.settings.directory
        if directory is not None and not (directory / DATABASE_NAME).is_file():
            return False
        with self.reading() as connection:
            return inspect(connection).has_table("alembic_version")

    def check_revision(self) -> None:
        """Raises NoArchive without tables, ColdframeError for tables of another version,
        DatabaseDamaged for tables without one.
        """
        location = self.settings.shown
        if not self.exists():
            raise NoArchive(f"no archive at {location}; create one with `coldframe init`")
        revision = self._revision()
        head = head_revision()
        if revision != head:
            raise ColdframeError(
                f"the tables of the archive at {location} have version {revision}, this coldframe "
                f"needs {head}; run `coldframe init` with the newer of the two versions"
            )

    def _revision(self) -> str:
        with self.reading() as connection:
            revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        if not isinstance(revision, str) or not revision.isalnum():
            raise DatabaseDamaged(
                f"the archive at {self.settings.shown} does not say which version its tables "
                "have; restore the database from a copy"
            )
        return revision

    def bytes_on_disk(self) -> int:
        """SQLite: the database and its WAL. PostgreSQL: our tables with their indexes."""
        directory = self.settings.directory
        if directory is not None:
            files = (directory / name for name in (DATABASE_NAME, f"{DATABASE_NAME}-wal"))
            return sum(file.stat().st_size for file in files if file.exists())
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

    def check_writable(self) -> None:
        """Raises ArchiveReadOnly for a disk or a folder that can only be read."""
        if is_read_only(self.settings):
            raise ArchiveReadOnly(
                f"the archive at {self.settings.shown} is on a disk or in a folder that can only "
                "be read; it can be searched, listed, verified and restored from"
            )

    def _check_open(self) -> None:
        if self.closed:
            raise UsageError(f"the archive at {self.settings.shown} is closed; open it again")


def head_revision() -> str:
    """The newest migration, by the names of their files; importing alembic takes a quarter second.

    `0003_seed_index.py` → `0003`: each of them follows the one before.
    """
    names = (path.name for path in (files("migrations") / "versions").iterdir())
    return max(name.partition("_")[0] for name in names if name[0].isdigit())


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


def id_chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """`chunks` of those ids that a column can hold."""
    return chunks([row_id for row_id in ids if -INT64_LIMIT <= row_id < INT64_LIMIT])


def insert_one(connection: Connection, table: Any, values: Mapping[str, Any]) -> int:
    """→ the id of the new row."""
    return int(connection.execute(insert(table).values(**values).returning(table.id)).scalar_one())


def upsert(
    connection: Connection,
    table: Any,
    values: Sequence[Mapping[str, Any]],
    *,
    key: Sequence[str],
    renew: Sequence[str] = (),
    also: Mapping[str, ColumnElement[Any]] | None = None,
    returning: Any = None,
) -> Sequence[Any]:
    """Inserts rows. Where the key exists, overwrites the columns `renew` and computes `also`.

    With neither, rows whose key exists are left as they are. → the column `returning` of the rows
    that were written.
    """
    if not values:
        return []
    dialect: Any = import_module(f"sqlalchemy.dialects.{connection.dialect.name}")
    statement = dialect.insert(table)
    changes = {name: statement.excluded[name] for name in renew} | dict(also or {})
    if changes:
        statement = statement.on_conflict_do_update(index_elements=key, set_=changes)
    else:
        statement = statement.on_conflict_do_nothing(index_elements=key)
    if returning is None:
        connection.execute(statement, values)
        return []
    written = connection.execute(statement.returning(returning), values)
    return written.scalars().all()
