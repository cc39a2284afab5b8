"""Engines, their connections set up, and the driver's errors as sentences.

SQLite runs in WAL mode. Where its folder cannot be written, it is opened with `mode=ro`, or with
`immutable=1` if there is no write-ahead log: nothing is created beside a database on a burnt disc.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from archive.errors import (
    ArchiveLocked,
    ArchiveReadOnly,
    ColdframeError,
    DatabaseDamaged,
    DatabaseUnreachable,
    DiskFull,
    NoArchive,
    UsageError,
)
from archive.settings import Settings
from archive.store.types import json_loads, utf8

WRITING = "coldframe_writing"  # execution option of a connection that writes
ALONE = "coldframe_alone"  # of one whose statements are in no transaction
SQLITE_ERRORS = {  # the beginning of the driver's name of an error
    "SQLITE_BUSY": ArchiveLocked,
    "SQLITE_LOCKED": ArchiveLocked,
    "SQLITE_READONLY": ArchiveReadOnly,
    "SQLITE_FULL": DiskFull,
    "SQLITE_IOERR_WRITE": DiskFull,
    "SQLITE_IOERR_SHMSIZE": DiskFull,  # of the file that readers of a log share
    "SQLITE_CORRUPT": DatabaseDamaged,
    "SQLITE_NOTADB": DatabaseDamaged,
    "SQLITE_IOERR_SHORT_READ": DatabaseDamaged,
}
SQLSTATES = {  # PostgreSQL's, or their class
    "55P03": ArchiveLocked,
    "42501": ArchiveReadOnly,
    "25006": ArchiveReadOnly,
    "53100": DiskFull,
    "3D000": NoArchive,
    "28": DatabaseUnreachable,
    "08": DatabaseUnreachable,
    "57P": DatabaseUnreachable,
    "53300": DatabaseUnreachable,
    "XX001": DatabaseDamaged,
    "XX002": DatabaseDamaged,
}


def open_engine(settings: Settings) -> Engine:
    """The engine of an archive, its connections set up.

    Raises UsageError for a URL that is malformed or whose driver is not installed.
    """
    file = settings.database_file
    if file is not None:
        return _sqlite_engine(settings, file)
    if settings.location.lower().startswith("sqlite"):
        raise UsageError(
            f"{settings.shown} is a SQLite URL; name the folder of the archive instead, DIR for "
            "DIR/archive.db"
        )
    user = settings.location.partition("://")[2].partition("?")[0].rpartition("@")[0]
    if "@" in user or "/" in user:  # or parts of a password would be taken for the host
        raise UsageError(
            f"write %40 for '@' and %2F for '/' in user and password of {settings.shown}"
        )
    try:
        return create_engine(settings.database_url, pool_pre_ping=True)  # it may be restarted
    except (NoSuchModuleError, ArgumentError, ValueError):
        raise UsageError(
            f"{settings.shown} is not a database URL that coldframe knows; use postgresql://…"
        ) from None  # some versions of SQLAlchemy quote the URL, password and all
    except ModuleNotFoundError as error:
        raise UsageError(
            f"{settings.shown} needs {error.name}; run `pip install 'coldframe[postgres]'`"
        ) from error


def is_read_only(settings: Settings) -> bool:
    """Whether a SQLite archive lies where this user cannot write."""
    file = settings.database_file
    if file is None or not file.is_file():
        return False
    return not (os.access(file, os.W_OK) and os.access(file.parent, os.W_OK))


def _sqlite_engine(settings: Settings, file: Path) -> Engine:
    engine = create_engine(URL.create("sqlite", database=str(file)), json_deserializer=json_loads)

    def connect(_dialect: Any, _record: Any, _args: Any, _options: Any) -> Any:
        """Called by SQLAlchemy for each new connection; None: as SQLAlchemy would."""
        if not is_read_only(settings):
            return None
        uri = f"file:{quote(os.fsencode(file))}?{_read_only_mode(settings, file)}"
        return sqlite3.connect(uri, uri=True, check_same_thread=False)

    def set_up(connection: Any, _: Any) -> None:
        """Called by SQLAlchemy for each new connection."""
        _set_up_sqlite(connection, settings)

    event.listen(engine, "do_connect", connect)
    event.listen(engine, "connect", set_up)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _read_only_mode(settings: Settings, file: Path) -> str:
    log = Path(f"{file}-wal")
    if not log.exists() or log.stat().st_size == 0:
        return "mode=ro&immutable=1"
    if Path(f"{file}-shm").exists() or os.access(file.parent, os.W_OK):
        return "mode=ro"
    raise ArchiveReadOnly(
        f"the archive at {settings.shown} was not closed: its last rows are in {log.name}, which "
        "cannot be read on a read-only disk; copy the folder to a writable one"
    )


def _set_up_sqlite(connection: Any, settings: Settings) -> None:
    # Transactions begin where _begin_sqlite says, not where the driver guesses.
    connection.isolation_level = None
    connection.text_factory = utf8
    connection.execute(f"PRAGMA busy_timeout = {int(1000 * settings.lock_seconds)}")
    if is_read_only(settings):
        connection.execute("PRAGMA query_only = ON")
        return
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("PRAGMA secure_delete = ON")


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    if not options.get(ALONE):
        connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get(WRITING) else "BEGIN")


def refuse_file(settings: Settings) -> None:
    """Raises UsageError where the archive's directory is a file, or has no name."""
    if not settings.location.strip() or "\0" in settings.location:
        raise UsageError(f"{settings.location!r} is no place for an archive; name a directory")
    directory = settings.directory
    if directory is not None and directory.exists() and not directory.is_dir():
        raise UsageError(f"{settings.shown} is a file; an archive is a directory")


@contextlib.contextmanager
def translated_errors(settings: Settings) -> Iterator[None]:
    """Turns the driver's errors into ours, each a sentence."""
    refuse_file(settings)
    try:
        yield
    except DBAPIError as error:
        raise _translated(error, settings.shown) from error


def _translated(error: DBAPIError, location: str) -> ColdframeError:
    message = " ".join(str(error.orig).split())
    kind = _kind(error, message)
    sentences = {
        ArchiveLocked: f"another process is writing to the archive at {location}; wait for it to "
        "finish and run again",
        ArchiveReadOnly: f"the archive at {location} can only be read here: {message}",
        DiskFull: f"the disk of the archive at {location} is full ({message}); what was committed "
        "is safe, make room and run again",
        DatabaseDamaged: f"the database at {location} is damaged: {message}; run `coldframe "
        "verify`, or restore it from a copy",
        NoArchive: f"no archive at {location}: {message}; create the database first",
        DatabaseUnreachable: f"the database server of {location} cannot be used: {message}; what "
        "was committed is safe",
    }
    return kind(sentences.get(kind, f"the database at {location} refused: {message}"))


def _kind(error: DBAPIError, message: str) -> type[ColdframeError]:
    name = getattr(error.orig, "sqlite_errorname", None)
    if name is not None:
        return next((SQLITE_ERRORS[key] for key in SQLITE_ERRORS if name.startswith(key)), _OTHER)
    state = getattr(error.orig, "sqlstate", None)
    if state is not None:
        return next((SQLSTATES[key] for key in SQLSTATES if state.startswith(key)), _OTHER)
    if "FATAL" in message and 'database "' in message and "does not exist" in message:
        return NoArchive  # libpq reports a failed connection without a SQLSTATE
    known = isinstance(error.orig, sqlite3.Error)
    return _OTHER if known or "Operational" not in type(error).__name__ else DatabaseUnreachable


_OTHER = ColdframeError
