"""Checksums of rows: CRC-32 (zlib's, polynomial 0x04C11DB7) over everything a row promises.

The columns in the order of their table, but UNCHECKED ones, each as SQLite stores it and as a
netstring: `LENGTH:BYTES,`, and `-,` for NULL. Integers are decimal digits, text is UTF-8.

Most codecs decode any bytes of the right length, and any width is a width: only the checksum
reveals a damaged row. It is no defense against forgery.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import Any

from archive.store.types import PathText, stored_path

UNCHECKED = ("id", "crc32", "last_seen")  # what a row does not promise
Table = Any  # a class of archive.store.schema


def crc32(values: Iterable[Any]) -> int:
    """Values of columns, paths as they are stored → 0 … 2³² − 1."""
    return zlib.crc32(b"".join(map(_netstring, values)))


def row_crc32(table: Table, row: Any) -> int:
    """The checksum that a row of a table should have."""
    return _crc32(table, lambda name: getattr(row, name))


def is_intact(table: Table, row: Any) -> bool:
    """Whether a row as it was read has the checksum it was written with."""
    return bool(row_crc32(table, row) == row.crc32)


def with_crc32(table: Table, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a new row, by column, and its checksum."""
    return {**values, "crc32": _crc32(table, values.__getitem__)}


def _crc32(table: Table, value: Callable[[str], Any]) -> int:
    paths = _checked(table).items()
    return crc32(stored_path(value(name)) if is_path else value(name) for name, is_path in paths)


@cache
def _checked(table: Table) -> dict[str, bool]:
    """The columns that the checksum of a table's rows covers, in its order; whether of paths."""
    return {
        column.key: isinstance(column.type, PathText)
        for column in table.__table__.columns
        if column.key not in UNCHECKED
    }


def _netstring(value: Any) -> bytes:
    if value is None:
        return b"-,"
    content = _stored(value)
    return b"%d:%b," % (len(content), content)


def _stored(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, datetime):
        value = value.isoformat(" ", "microseconds")
    elif isinstance(value, int):
        value = int(value)
    elif not isinstance(value, str):
        value = json.dumps(value)
    return str(value).encode("utf-8", "surrogateescape")
