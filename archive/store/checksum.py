"""Checksums of rows: CRC-32 (zlib's, polynomial 0x04C11DB7) over everything a row promises.

The columns in the order of their table, but UNCHECKED ones, each as SQLite stores it and as a
netstring: `LENGTH:BYTES,`, and `-,` for NULL. Integers are decimal digits, text is UTF-8. NULLs at
the end are left out where the column is NEWER than the table's first checksums, so that those stay
valid.

Most codecs decode any bytes of the right length, and any width is a width: only the checksum
reveals a damaged row. It is no defense against forgery.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
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
    columns = _checked(table)
    return _crc32([getattr(row, name) for name in columns.names], columns)


def is_intact(table: Table, row: Any) -> bool:
    """Whether a row as it was read has the checksum it was written with."""
    return bool(row_crc32(table, row) == row.crc32)


def with_crc32(table: Table, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a new row, by column, and its checksum."""
    columns = _checked(table)
    return {**values, "crc32": _crc32([values[name] for name in columns.names], columns)}


@dataclass(frozen=True)
class _Columns:
    """The columns that the checksum of a table's rows covers, in its order."""

    names: tuple[str, ...]
    paths: tuple[int, ...]  # places of those that are paths
    always: int  # how many are never left out


def _crc32(values: Sequence[Any], columns: _Columns) -> int:
    if columns.paths:
        values = list(values)
        for place in columns.paths:
            values[place] = stored_path(values[place])
    count = len(values)
    while count > columns.always and values[count - 1] is None:
        count -= 1
    return crc32(values[:count])


@cache
def _checked(table: Table) -> _Columns:
    columns = [column for column in table.__table__.columns if column.key not in UNCHECKED]
    paths = [place for place, column in enumerate(columns) if isinstance(column.type, PathText)]
    newer = sum("newer" in column.info for column in columns)
    names = tuple(column.key for column in columns)
    return _Columns(names, tuple(paths), len(columns) - newer)


def _netstring(value: Any) -> bytes:
    if type(value) is int:  # the most frequent ones first
        content = b"%d" % value
    elif type(value) is bytes:
        content = value
    elif value is None:
        return b"-,"
    else:
        content = _text(value).encode("utf-8", "surrogateescape")
    return b"%d:%b," % (len(content), content)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return value.isoformat(" ", "microseconds")
    if isinstance(value, int):
        return str(int(value))  # of a Flag
    return json.dumps(value)
