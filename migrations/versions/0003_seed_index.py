"""image.choice becomes image.seed_index; image.fidelity, which was never written, is dropped."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# Plain SQL that SQLite (from 3.25) and PostgreSQL share. Alembic's batch mode would copy the table,
# and dropping the old copy would violate the foreign keys that point to it.


def upgrade() -> None:
    op.execute("ALTER TABLE image RENAME COLUMN choice TO seed_index")
    op.drop_column("image", "fidelity")


def downgrade() -> None:
    op.add_column("image", sa.Column("fidelity", sa.Double(), nullable=True))
    op.execute("ALTER TABLE image RENAME COLUMN seed_index TO choice")
