"""Alembic's entry: migrates the connection `archive.store.database` hands over, or the archive named by -x url=…"""

from __future__ import annotations

import os

from alembic import context
from sqlalchemy import Connection

from archive.settings import DEFAULT_LOCATION, Settings
from archive.store.database import open_engine
from archive.store.schema import Base


def migrate(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()


handed_over = context.config.attributes.get("connection")
if handed_over is not None:
    migrate(handed_over)
else:
    place = context.get_x_argument(as_dictionary=True).get("url") or os.environ.get(
        "COLDFRAME_ARCHIVE", DEFAULT_LOCATION
    )
    with open_engine(Settings(place)).begin() as opened:
        migrate(opened)
