"""Filters → ids of rows. All that SQL can decide: dates, format, camera, volume, folder and place.

    date     taken_at between two moments              camera   camera_id among those of that name
    format   the name in capitals                      volume   image has a source on it
    place    a box around the circle, then distance    folder   image has a source whose path is it,
                                                                or begins with it and a slash

Names are compared in Python, and prefixes by the order of bytes, in which texts that begin alike
are one range: no character of theirs means anything to SQL, and the index on paths serves. A path
that is stored as Base64 begins with a folder's bytes where its text begins with their Base64, the
last character of which may share its bits with the next byte.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, bindparam, false, func, or_, select, type_coerce

from archive.errors import NotFound
from archive.filters import Filters
from archive.filters.circles import Circle
from archive.store import schema
from archive.store.cameras import Cameras
from archive.store.database import Database
from archive.store.types import ESCAPED, stored_path
from archive.store.volumes import Volumes

IMAGE = schema.Image
SOURCE = schema.Source
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
Condition = ColumnElement[bool]


class Selection:
    """Which rows meet filters."""

    def __init__(self, database: Database, cameras: Cameras, volumes: Volumes) -> None:
        self._database = database
        self._cameras = cameras
        self._volumes = volumes

    def ids(self, filters: Filters, *, sort: str = "id") -> list[int]:
        """The rows that meet filters, but for `where` and `has_original`.

        `sort`: id, date (the oldest first) or -date; rows without a date come last. Raises NotFound
        for a volume that there is none of.
        """
        query = select(IMAGE.id, IMAGE.latitude_e5, IMAGE.longitude_e5)
        query = query.where(*self.conditions(filters)).order_by(*_order(sort))
        circle = filters.circle
        with self._database.reading() as connection:
            if circle is None:
                return list(connection.execute(query.with_only_columns(IMAGE.id)).scalars())
            return [row.id for row in connection.execute(query) if _is_within(circle, row)]

    def conditions(self, filters: Filters) -> Iterator[Condition]:
        """What `ids` asks of SQL: of a circle, a box around it. Raises NotFound."""
        first, last = filters.bounds
        if first is not None:
            yield IMAGE.taken_at >= first
        if last is not None:
            yield IMAGE.taken_at <= last
        if filters.stored_format is not None:
            yield func.upper(IMAGE.format) == filters.stored_format
        if filters.camera is not None:
            yield self._has_camera(filters.camera)
        if filters.circle is not None:
            yield _in_box(filters.circle)
        if filters.volume is not None:
            yield IMAGE.id.in_(select(SOURCE.image_id).where(self._on_volume(filters.volume)))
        if filters.folders:
            yield IMAGE.id.in_(select(SOURCE.image_id).where(self._is_under(filters.folders)))

    def _has_camera(self, part: str) -> Condition:
        part = part.strip().casefold()
        names = self._cameras.all().items()
        ids = [camera_id for camera_id, name in names if part in name.casefold()]
        return IMAGE.camera_id.in_(bindparam("cameras", ids, expanding=True, literal_execute=True))

    def _on_volume(self, name: str) -> Condition:
        """Raises NotFound."""
        volumes = self._volumes.all()
        ids = [volume.id for volume in volumes if name in (volume.label, volume.marker)]
        if not ids:
            raise NotFound(f"no drive {name!r} in this archive; `coldframe volumes` lists them")
        return SOURCE.volume_id.in_(ids)

    def _is_under(self, folders: tuple[str, ...]) -> Condition:
        collation = "BINARY" if self._database.engine.dialect.name == "sqlite" else "C"
        text = type_coerce(SOURCE.path, Text).collate(collation)
        conditions: list[Condition] = [false()]
        for volume in self._volumes.all():
            for folder in folders:
                on_volume = SOURCE.volume_id == volume.id
                if _is_below(volume.root, folder):
                    conditions.append(on_volume)
                elif _is_below(folder, volume.root):
                    path = os.path.relpath(folder, volume.root)
                    conditions += [on_volume & test for test in _is_or_begins(text, path)]
        return or_(*conditions)


def _order(sort: str) -> tuple[Any, ...]:
    if sort == "id":
        return (IMAGE.id,)
    date = IMAGE.taken_at.desc() if sort.startswith("-") else IMAGE.taken_at
    return (IMAGE.taken_at.is_(None), date, IMAGE.id)


def _in_box(circle: Circle) -> Condition:
    ranges = [IMAGE.longitude_e5.between(*longitudes) for longitudes in circle.longitudes()]
    return and_(IMAGE.latitude_e5.between(*circle.latitudes()), or_(*ranges))


def _is_within(circle: Circle, row: Any) -> bool:
    point = (row.latitude_e5, row.longitude_e5)
    return all(isinstance(part, int) for part in point) and circle.holds(*point)


def _is_below(path: str, folder: str) -> bool:
    """Whether a path is a folder, or below it."""
    return path == folder or path.startswith(os.path.join(folder, ""))


def _is_or_begins(text: ColumnElement[str], path: str) -> Iterator[Condition]:
    """Whether a source's path is this one, or below it; both relative to the volume.

    `text`: the stored one, compared by bytes.
    """
    folder = os.path.join(path, "")
    yield text == stored_path(path)
    yield _begins_escaped(text, os.fsencode(folder))
    if stored_path(folder) == folder:
        yield _begins(text, folder)


def _begins(text: ColumnElement[str], prefix: str) -> Condition:
    """Whether a text begins with a prefix, the last character of which is ASCII."""
    return (text >= prefix) & (text < prefix[:-1] + chr(ord(prefix[-1]) + 1))


def _begins_escaped(text: ColumnElement[str], prefix: bytes) -> Condition:
    """Whether a text is the Base64 of bytes that begin with a prefix, and of at least one more.

    3 bytes are 4 characters. What remains of the prefix, 1 or 2 bytes, fills 1 or 2 of them, and
    the high 2 or 4 bits of the next.
    """
    whole, rest = divmod(len(prefix), 3)
    encoded = base64.b64encode(prefix + bytes(2)).decode("ascii")
    exact = ESCAPED + encoded[: 4 * whole + rest]
    begins = _begins(text, exact)
    if not rest:
        return begins
    lowest = ALPHABET.index(encoded[4 * whole + rest])
    possible = ALPHABET[lowest : lowest + (1 << (6 - 2 * rest))]
    return begins & func.substr(text, len(exact) + 1, 1).in_(list(possible))
