"""source gains ctime_ns and inode: a file whose content changed under the same size and mtime."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INT64 = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# NULL in the rows of older versions: unknown, so their files are read once more.


def upgrade() -> None:
    op.add_column("source", sa.Column("ctime_ns", INT64, nullable=True))
    op.add_column("source", sa.Column("inode", INT64, nullable=True))


def downgrade() -> None:
    op.drop_column("source", "inode")
    op.drop_column("source", "ctime_ns")
