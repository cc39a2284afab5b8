"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

RowId = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "model",
        sa.Column("id", RowId, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("encoder", sa.Text(), nullable=False),
        sa.Column("pretrained", sa.Text(), nullable=False),
        sa.Column("decoder", sa.Text(), nullable=False),
        sa.Column("dimension", sa.Integer(), nullable=False),
        sa.Column("weights_sha256", sa.String(length=64), nullable=False),
        sa.Column("decoder_sha256", sa.String(length=64), nullable=True),
        sa.Column("preprocessing", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model")),
        sa.UniqueConstraint("weights_sha256", name=op.f("uq_model_weights_sha256")),
    )
    op.create_table(
        "volume",
        sa.Column("id", RowId, nullable=False),
        sa.Column("marker", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("root", sa.Text(), nullable=False),
        sa.Column("last_seen", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_volume")),
        sa.UniqueConstraint("marker", name=op.f("uq_volume_marker")),
    )
    op.create_table(
        "codec",
        sa.Column("id", RowId, nullable=False),
        sa.Column("model_id", RowId, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.Column("state_sha256", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["model_id"], ["model.id"], name=op.f("fk_codec_model_id_model")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_codec")),
    )
    op.create_table(
        "skipped",
        sa.Column("id", RowId, nullable=False),
        sa.Column("volume_id", RowId, nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_attempt", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["volume_id"], ["volume.id"], name=op.f("fk_skipped_volume_id_volume")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_skipped")),
        sa.UniqueConstraint("volume_id", "path", name=op.f("uq_skipped_volume_id_path")),
    )
    op.create_table(
        "image",
        sa.Column("id", RowId, nullable=False),
        sa.Column("codec_id", RowId, nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("clip_code", sa.LargeBinary(), nullable=False),
        sa.Column("color_code", sa.LargeBinary(), nullable=False),
        sa.Column("crc32", RowId, nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("file_bytes", RowId, nullable=False),
        sa.Column("flags", sa.SmallInteger(), nullable=False),
        sa.Column("taken_at", sa.DateTime(), nullable=True),
        sa.Column("archived_at", sa.DateTime(), nullable=False),
        sa.Column("fidelity", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(["codec_id"], ["codec.id"], name=op.f("fk_image_codec_id_codec")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_image")),
        sa.UniqueConstraint("sha256", name=op.f("uq_image_sha256")),
    )
    op.create_index(op.f("ix_image_codec_id"), "image", ["codec_id"])

    op.create_table(
        "restoration",
        sa.Column("id", RowId, nullable=False),
        sa.Column("image_id", RowId, nullable=False),
        sa.Column("decoder", sa.Text(), nullable=False),
        sa.Column("decoder_sha256", sa.String(length=64), nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("seed", RowId, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("scores", sa.JSON(), nullable=True),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["image_id"], ["image.id"], name=op.f("fk_restoration_image_id_image")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_restoration")),
    )
    op.create_index(op.f("ix_restoration_image_id"), "restoration", ["image_id"])

    op.create_table(
        "source",
        sa.Column("id", RowId, nullable=False),
        sa.Column("image_id", RowId, nullable=False),
        sa.Column("volume_id", RowId, nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("size", RowId, nullable=False),
        sa.Column("mtime_ns", RowId, nullable=False),
        sa.Column("last_seen", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["image_id"], ["image.id"], name=op.f("fk_source_image_id_image")),
        sa.ForeignKeyConstraint(
            ["volume_id"], ["volume.id"], name=op.f("fk_source_volume_id_volume")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source")),
        sa.UniqueConstraint("volume_id", "path", name=op.f("uq_source_volume_id_path")),
    )
    op.create_index(op.f("ix_source_image_id"), "source", ["image_id"])


def downgrade() -> None:
    for table in ("source", "restoration", "image", "skipped", "codec", "volume", "model"):
        op.drop_table(table)
