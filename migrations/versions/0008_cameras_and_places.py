"""camera, and image gains camera_id, latitude_e5 and longitude_e5: with what, and where.

They are NULL in the rows of older versions, whose checksums stay as they are.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from archive.store.checksum import crc32
from archive.store.types import Bytes, Time

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
ALL_BITS = 2**32 - 1
PAGE = 4096
TEXT, NUMBER = sa.Text(), sa.BigInteger()
OLD = {
    "codec_id": NUMBER,
    "sha256": Bytes(),
    "clip_code": Bytes(),
    "color_code": Bytes(),
    "width": NUMBER,
    "height": NUMBER,
    "format": TEXT,
    "file_bytes": NUMBER,
    "flags": NUMBER,
    "taken_at": Time(),
    "archived_at": Time(),
    "seed_index": NUMBER,
}
NEW = {"camera_id": NUMBER, "latitude_e5": NUMBER, "longitude_e5": NUMBER}


def upgrade() -> None:
    op.create_table(
        "camera",
        sa.Column("id", INTEGER, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("crc32", INTEGER, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_camera")),
        sa.UniqueConstraint("name", name=op.f("uq_camera_name")),
    )
    # Of a constraint beside the column, SQLite would copy the table.
    integer = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    reference = "CONSTRAINT fk_image_camera_id_camera REFERENCES camera (id)"
    op.execute(f"ALTER TABLE image ADD COLUMN camera_id {integer} {reference}")
    for name in ("latitude_e5", "longitude_e5"):
        op.add_column("image", sa.Column(name, sa.Integer(), nullable=True))


def downgrade() -> None:
    _old_checksums()
    for name in reversed(NEW):
        op.drop_column("image", name)
    op.drop_table("camera")


def _old_checksums() -> None:
    """Rows with a camera or a place get the checksum without; what is damaged stays damaged."""
    columns = {"id": NUMBER, "crc32": NUMBER, **OLD, **NEW}
    table = sa.table("image", *(sa.column(name, kind) for name, kind in columns.items()))
    is_known = sa.or_(*(table.c[name].is_not(None) for name in NEW))
    rows = sa.select(table).where(is_known).order_by(table.c.id).limit(PAGE)
    change = table.update().where(table.c.id == sa.bindparam("row"))
    change = change.values(crc32=sa.bindparam("new"))
    connection = op.get_bind()
    page = connection.execute(rows).all()
    while page:
        connection.execute(change, [{"row": row.id, "new": _old_checksum(row)} for row in page])
        page = connection.execute(rows.where(table.c.id > page[-1].id)).all()


def _old_checksum(row: sa.Row[tuple[object, ...]]) -> int:
    values: list[object] = list(row[2:])
    old = crc32(values[: len(OLD)])
    while values[-1] is None:
        values.pop()
    return old if row.crc32 == crc32(values) else ~old & ALL_BITS
