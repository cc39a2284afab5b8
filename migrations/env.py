"""Alembic's entry point.

Migrates the connection that `archive.store.database` passes, or the archive named by `-x url=…`.
"""

from __future__ import annotations

import os

from alembic import context
from sqlalchemy import Connection

from archive.settings import DEFAULT_LOCATION, Settings
from archive.store.engines import open_engine
from archive.store.schema import Base


def migrate(connection: Connection) -> None:
    """Runs the migrations that alembic's command asks for."""
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()


def location() -> str:
    """The archive to migrate from the command line."""
    arguments = context.get_x_argument(as_dictionary=True)
    return arguments.get("url") or os.environ.get("COLDFRAME_ARCHIVE", DEFAULT_LOCATION)


passed_connection = context.config.attributes.get("connection")
if passed_connection is not None:
    migrate(passed_connection)
else:
    with open_engine(Settings(location())).begin() as new_connection:
        migrate(new_connection)
