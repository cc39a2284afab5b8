"""What rows are made of, counted by the database: no row is read, and memory does not grow.

    months     of taken_at                  formats    names in the order of their number
    cameras    likewise                     sizes      bytes of both codes and the detail, by tens
    fidelity   of each row's last audit, clip_similarity to the nearest multiple of 0.05
    folders    of each volume: those in the deepest folder that has all its files
    volumes    by id

A file whose path is not UTF-8 is in no folder. Of cameras and folders there are MOST, those with
most images. In folders and on volumes an image counts as often as it was seen there.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Text, case, func, or_, select, type_coerce

from archive.records import AUDITED
from archive.store import schema
from archive.store.cameras import Cameras
from archive.store.database import Database
from archive.store.types import ESCAPED
from archive.store.volumes import Volumes

IMAGE = schema.Image
SOURCE = schema.Source
MOST = 200  # cameras, and folders
FIDELITY_STEP = 0.05
SIZE_STEP = 10  # bytes
MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
IMAGES = func.count().label("images")


@dataclass(frozen=True)
class Summary:
    """Values, and how many images have each."""

    months: list[tuple[str, int]]  # "2019-07"; by time
    undated: int
    formats: list[tuple[str, int]]
    cameras: list[tuple[str, int]]
    folders: list[tuple[str, int]]  # absolute paths, by name
    volumes: dict[int, int]
    fidelity: list[tuple[float, int]]
    sizes: list[tuple[int, int]]


class Summaries:
    """Counts over all rows."""

    def __init__(self, database: Database, cameras: Cameras, volumes: Volumes) -> None:
        self._database = database
        self._cameras = cameras
        self._volumes = volumes

    def make(self) -> Summary:
        """Counts over one snapshot of the rows."""
        roots = {volume.id: volume.root for volume in self._volumes.all()}
        with self._database.reading() as connection:
            months = sorted(_months(connection))
            dated = sum(images for _, images in months)
            return Summary(
                months=months,
                undated=connection.execute(select(func.count(IMAGE.id))).scalar_one() - dated,
                formats=_counts(connection, IMAGE.format),
                cameras=self._cameras_of(connection),
                folders=_folders(connection, roots),
                volumes=dict(_counts(connection, SOURCE.volume_id)),
                fidelity=sorted(_fidelity(connection)),
                sizes=sorted(_sizes(connection)),
            )

    def _cameras_of(self, connection: Connection) -> list[tuple[str, int]]:
        known = select(IMAGE.camera_id, IMAGES).where(IMAGE.camera_id.is_not(None))
        query = known.group_by(IMAGE.camera_id).order_by(IMAGES.desc()).limit(MOST)
        counts = connection.execute(query).all()
        names = self._cameras.names(connection, [camera_id for camera_id, _ in counts])
        return [(names[camera_id], images) for camera_id, images in counts if camera_id in names]


def _counts(connection: Connection, column: Any) -> list[tuple[Any, int]]:
    query = select(column, IMAGES).group_by(column).order_by(IMAGES.desc())
    return [(value, images) for value, images in connection.execute(query)]


def _months(connection: Connection) -> Iterator[tuple[str, int]]:
    is_sqlite = connection.dialect.name == "sqlite"
    stored = func.substr(type_coerce(IMAGE.taken_at, Text), 1, 7)
    month = (stored if is_sqlite else func.to_char(IMAGE.taken_at, "YYYY-MM")).label("month")
    dated = select(month, IMAGES).where(IMAGE.taken_at.is_not(None))
    for row in connection.execute(dated.group_by(month)):
        if MONTH.fullmatch(str(row.month)):  # a damaged row may have any date
            yield row.month, row.images


def _fidelity(connection: Connection) -> Iterator[tuple[float, int]]:
    audit = schema.Restoration
    last_ids = select(func.max(audit.id)).where(audit.state == AUDITED).group_by(audit.image_id)
    similarity = audit.scores["clip_similarity"].as_float()
    step = func.round(similarity / FIDELITY_STEP).label("step")
    query = select(step, IMAGES).where(audit.id.in_(last_ids), similarity.is_not(None))
    for row in connection.execute(query.group_by(step)):
        yield round(float(row.step) * FIDELITY_STEP, 2), row.images


def _sizes(connection: Connection) -> Iterator[tuple[int, int]]:
    detail = func.coalesce(func.length(schema.Detail.code), 0)
    size = func.length(IMAGE.clip_code) + func.length(IMAGE.color_code) + detail
    step = (size // SIZE_STEP).label("step")
    joined = select(step, IMAGES).outerjoin(schema.Detail, schema.Detail.image_id == IMAGE.id)
    for row in connection.execute(joined.group_by(step)):
        yield SIZE_STEP * row.step, row.images


def _folders(connection: Connection, roots: dict[int, str]) -> list[tuple[str, int]]:
    folders: list[tuple[str, int]] = []
    for volume_id, root in roots.items():
        if os.path.isabs(root):  # not what was archived from memory
            folders += _folders_of(connection, volume_id, root)
    most = sorted(folders, key=lambda folder: folder[1], reverse=True)[:MOST]
    return sorted(most)


def _folders_of(connection: Connection, volume_id: int, root: str) -> Iterator[tuple[str, int]]:
    """The folders in the one that all files of a volume are in; itself, if it has files."""
    is_sqlite = connection.dialect.name == "sqlite"
    path = type_coerce(SOURCE.path, Text)
    in_bytes = path.collate("BINARY" if is_sqlite else "C")
    is_plain = or_(in_bytes < ESCAPED, in_bytes > ESCAPED + "~")  # Base64 has no ~
    readable = (SOURCE.volume_id == volume_id) & is_plain
    ends: Sequence[str | None] = connection.execute(
        select(func.min(in_bytes), func.max(in_bytes)).where(readable)
    ).one()
    parents = [os.path.dirname(os.path.join(os.sep, end)) for end in ends if end is not None]
    if not parents:
        return
    shared = os.path.commonpath(parents).lstrip(os.sep)
    below = func.substr(path, len(os.path.join(shared, "")) + 1)
    slash = func.instr(below, os.sep) if is_sqlite else func.strpos(below, os.sep)
    name = case((slash > 0, func.substr(below, 1, slash - 1)), else_="").label("name")
    query = select(name, IMAGES).where(readable).group_by(name).order_by(IMAGES.desc())
    for row in connection.execute(query.limit(MOST)):
        yield os.path.normpath(os.path.join(root, shared, row.name)), row.images
