"""tombstone: digests of files that were forgotten and are not to be archived again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

CRC32 = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "tombstone",
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("forgotten_at", sa.DateTime(), nullable=False),
        sa.Column("crc32", CRC32, nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_tombstone")),
    )


def downgrade() -> None:
    op.drop_table("tombstone")
