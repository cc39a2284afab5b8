"""crc32 covers the whole row, not only its codes, and source, volume, codec and model have one.

A row whose old checksum does not match gets the complement of its new one: damage that there was
stays damage, until the row is restored from a copy.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

from archive.store.checksum import crc32
from archive.store.types import Bytes, Time

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

CRC32 = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
ALL_BITS = 2**32 - 1
PAGE = 4096
TEXT, NUMBER, JSON = sa.Text(), sa.BigInteger(), sa.JSON()
CHECKED: dict[str, dict[str, Any]] = {
    "model": {
        "name": TEXT,
        "encoder": TEXT,
        "pretrained": TEXT,
        "decoder": TEXT,
        "dimension": NUMBER,
        "weights_sha256": TEXT,
        "decoder_sha256": TEXT,
        "preprocessing": JSON,
    },
    "codec": {
        "model_id": NUMBER,
        "name": TEXT,
        "parameters": JSON,
        "state": Bytes,
        "state_sha256": TEXT,
        "created_at": Time,
    },
    "volume": {"marker": TEXT, "label": TEXT, "root": TEXT},
    "source": {
        "image_id": NUMBER,
        "volume_id": NUMBER,
        "path": TEXT,
        "size": NUMBER,
        "mtime_ns": NUMBER,
        "ctime_ns": NUMBER,
        "inode": NUMBER,
    },
}
IMAGE: dict[str, Any] = {
    "codec_id": NUMBER,
    "sha256": Bytes,
    "clip_code": Bytes,
    "color_code": Bytes,
    "width": NUMBER,
    "height": NUMBER,
    "format": TEXT,
    "file_bytes": NUMBER,
    "flags": NUMBER,
    "taken_at": Time,
    "archived_at": Time,
    "seed_index": NUMBER,
}


def upgrade() -> None:
    for name, columns in CHECKED.items():
        op.add_column(name, sa.Column("crc32", CRC32, nullable=False, server_default="0"))
        _update(name, columns, lambda row, new: new)
    _update("image", IMAGE, lambda row, new: new if row.crc32 == _codes_crc32(row) else ~new)


def downgrade() -> None:
    _update(
        "image",
        IMAGE,
        lambda row, new: _codes_crc32(row) if row.crc32 == new else ~_codes_crc32(row),
    )
    for name in CHECKED:
        op.drop_column(name, "crc32")


def _update(name: str, columns: Mapping[str, Any], checksum: Callable[[Any, int], int]) -> None:
    """Gives every row the checksum (row, checksum of the whole row) → …, modulo 2³²."""
    connection = op.get_bind()
    types = {"id": NUMBER, "crc32": NUMBER, **columns}
    table = sa.table(name, *(sa.column(key, kind) for key, kind in types.items()))
    rows = sa.select(table).order_by(table.c.id).limit(PAGE)
    change = table.update().where(table.c.id == sa.bindparam("row"))
    change = change.values(crc32=sa.bindparam("new"))
    page = connection.execute(rows).all()
    while page:
        values = [{"row": row.id, "new": checksum(row, crc32(row[2:])) & ALL_BITS} for row in page]
        connection.execute(change, values)
        page = connection.execute(rows.where(table.c.id > page[-1].id)).all()


def _codes_crc32(row: Any) -> int:
    return zlib.crc32(row.color_code, zlib.crc32(row.clip_code))
