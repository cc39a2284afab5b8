"""detail and detail_schedule: which of all pictures that fit a row it was, and how that is read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "detail_schedule",
        sa.Column("id", INTEGER, nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("decoder_sha256", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("crc32", INTEGER, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_detail_schedule")),
    )
    op.create_table(
        "detail",
        sa.Column("image_id", INTEGER, nullable=False),
        sa.Column("schedule_id", INTEGER, nullable=False),
        sa.Column("code", sa.LargeBinary(), nullable=False),
        sa.Column("row_crc32", INTEGER, nullable=False),
        sa.Column("psnr_cdb", sa.SmallInteger(), nullable=True),
        sa.Column("similarity_milli", sa.SmallInteger(), nullable=True),
        sa.Column("crc32", INTEGER, nullable=False),
        sa.ForeignKeyConstraint(["image_id"], ["image.id"], name=op.f("fk_detail_image_id_image")),
        sa.ForeignKeyConstraint(
            ["schedule_id"],
            ["detail_schedule.id"],
            name=op.f("fk_detail_schedule_id_detail_schedule"),
        ),
        sa.PrimaryKeyConstraint("image_id", name=op.f("pk_detail")),
    )


def downgrade() -> None:
    op.drop_table("detail")
    op.drop_table("detail_schedule")
