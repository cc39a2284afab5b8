"""Checksums of rows: CRC-32 (zlib's, polynomial 0x04C11DB7) over everything a row promises.

The columns in the order of their table, but UNCHECKED ones, each as SQLite stores it and as a
netstring: `LENGTH:BYTES,`, and `-,` for NULL. Integers are decimal digits, text is UTF-8.

Most codecs decode any bytes of the right length, and any width is a width: only the checksum
reveals a damaged row. It is no defense against forgery.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from operator import attrgetter
from typing import Any

from archive.store.types import PathText, stored_path

UNCHECKED = ("id", "crc32", "last_seen")  # what a row does not promise
Table = Any  # a class of archive.store.schema


def crc32(values: Iterable[Any]) -> int:
    """Values of columns, paths as they are stored → 0 … 2³² − 1."""
    return zlib.crc32(b"".join(map(_netstring, values)))


def row_crc32(table: Table, row: Any) -> int:
    """The checksum that a row of a table should have."""
    names, paths = _checked(table)
    return _crc32(attrgetter(*names)(row), paths)


def is_intact(table: Table, row: Any) -> bool:
    """Whether a row as it was read has the checksum it was written with."""
    return bool(row_crc32(table, row) == row.crc32)


def with_crc32(table: Table, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a new row, by column, and its checksum."""
    names, paths = _checked(table)
    return {**values, "crc32": _crc32([values[name] for name in names], paths)}


def _crc32(values: Sequence[Any], paths: Sequence[int]) -> int:
    if paths:
        values = list(values)
        for place in paths:
            values[place] = stored_path(values[place])
    return crc32(values)


@cache
def _checked(table: Table) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """The columns that the checksum of a table's rows covers, in its order; which are paths."""
    columns = [column for column in table.__table__.columns if column.key not in UNCHECKED]
    paths = [place for place, column in enumerate(columns) if isinstance(column.type, PathText)]
    return tuple(column.key for column in columns), tuple(paths)


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
