"""Records of the table of images ⇄ rows."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from archive.errors import DamagedRow
from archive.records import DEGREE, Flag, NewImage, Row
from archive.store import schema
from archive.store.checksum import row_crc32, with_crc32
from archive.store.clock import utc_now

DIGEST_BYTES = 32
LONGEST_SIDE = (1 << 31) - 1  # pixels


def read_row(record: Any, paths: tuple[str, ...], cameras: Mapping[int, str]) -> Row:
    """A record, its paths, and names of cameras by id → the row, which may be damaged.

    Warns of a camera that is damaged; its name is left out.
    """
    values = dict(record._mapping)
    intact = row_crc32(schema.Image, record) == record.crc32 and _is_possible(record)
    values["flags"] = Flag(record.flags) if intact else Flag.NONE
    camera = cameras.get(record.camera_id)
    if intact and camera is None and record.camera_id is not None:
        warnings.warn(DamagedRow(record.id), stacklevel=2)
    return Row(**values, camera=camera, paths=paths, intact=intact)


def _is_possible(record: Any) -> bool:
    """Whether there can be such a row; a checksum proves nothing of who wrote it."""
    seed_index = record.seed_index
    return bool(
        len(record.sha256) == DIGEST_BYTES
        and 0 < record.width <= LONGEST_SIDE
        and 0 < record.height <= LONGEST_SIDE
        and record.file_bytes >= 0
        and record.flags in range(max(Flag) << 1)
        and (seed_index is None or seed_index > 0)
        and _is_coordinate(record.latitude_e5, 90)
        and _is_coordinate(record.longitude_e5, 180)
        and (record.latitude_e5 is None) == (record.longitude_e5 is None)
    )


def _is_coordinate(value: Any, limit: int) -> bool:
    return value is None or (isinstance(value, int) and abs(value) <= limit * DEGREE)


def row_values(codec_id: int, image: NewImage, cameras: Mapping[str, int]) -> dict[str, Any]:
    """A new row, and ids of cameras by name → its columns, with the checksum."""
    capture = image.capture
    values = {
        "codec_id": codec_id,
        "sha256": image.sha256,
        "clip_code": image.clip_code,
        "color_code": image.color_code,
        "width": image.width,
        "height": image.height,
        "format": image.format,
        "file_bytes": image.place.stamp.size,
        "flags": int(image.flags),
        "taken_at": image.taken_at,
        "archived_at": utc_now(),
        "seed_index": None,
        "camera_id": None if capture.camera is None else cameras[capture.camera],
        "latitude_e5": capture.latitude_e5,
        "longitude_e5": capture.longitude_e5,
    }
    return with_crc32(schema.Image, values)
