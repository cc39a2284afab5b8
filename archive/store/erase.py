"""Rows → nothing: every record of an image goes, and its bytes are overwritten.

SQLite overwrites what is deleted (`secure_delete`); VACUUM then copies what remains into a new
file, without what older versions or moved rows left in free pages, and the write-ahead log is cut
to nothing. PostgreSQL rewrites the tables; its own write-ahead log and backups are its
administrator's.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete

from archive.errors import ArchiveLocked
from archive.store import schema
from archive.store.cameras import delete_unused_cameras
from archive.store.database import Database, chunks

OF_AN_IMAGE = (schema.Detail, schema.Restoration, schema.Source)  # tables that refer to it
ERASED = (*OF_AN_IMAGE, schema.Image, schema.Camera)


def delete_images(connection: Connection, ids: Sequence[int]) -> None:
    """Deletes rows, and what refers to them."""
    for part in chunks(ids):
        for table in OF_AN_IMAGE:
            connection.execute(delete(table).where(table.image_id.in_(part)))
        connection.execute(delete(schema.Image).where(schema.Image.id.in_(part)))
    delete_unused_cameras(connection)


def overwrite(database: Database) -> None:
    """Leaves no byte of deleted rows in the database's files.

    Raises ArchiveLocked where another process is reading or writing all the time.
    """
    with database.outside_transactions() as connection:
        if database.settings.directory is None:
            tables = ", ".join(table.__tablename__ for table in ERASED)
            connection.exec_driver_sql(f"VACUUM (FULL, ANALYZE) {tables}")
            return
        connection.exec_driver_sql("VACUUM")
        checkpoint = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        [busy, *_] = checkpoint.one()
    if busy:
        raise ArchiveLocked(
            f"the rows are forgotten, but another process uses the archive at "
            f"{database.settings.shown} and their bytes are still in its write-ahead log; "
            "they go when that process ends"
        )
