"""Column types. Reading never fails: what a damaged SQLite file holds in a column becomes a value
that the row's checksum does not match, so that the row is refused and not the whole query.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import json
import os
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import DateTime, Dialect, LargeBinary, Text, TypeDecorator

ESCAPED = "base64:"  # precedes a path that is stored as Base64
UNREADABLE_TIME = datetime.min
T = TypeVar("T")


class PathText(TypeDecorator[str]):
    """A file path in a TEXT column, injective for every path.

    UTF-8 paths are stored as they are. A path that is not UTF-8, or that starts with `base64:`, is
    stored as `base64:` and the Base64 of its bytes.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Path → what the column stores."""
        return None if value is None else stored_path(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> str | None:
        """What the column stores → path."""
        if value is None or not str(value).startswith(ESCAPED):
            return None if value is None else str(value)
        with contextlib.suppress(binascii.Error, UnicodeEncodeError):
            return os.fsdecode(base64.b64decode(str(value).removeprefix(ESCAPED)))
        return str(value)


def stored_path(path: str) -> str:
    """What a column of type PathText stores."""
    if _is_utf8(path) and not path.startswith(ESCAPED):
        return path
    return ESCAPED + base64.b64encode(os.fsencode(path)).decode("ascii")


class PlainText(TypeDecorator[str]):
    """Text; of something else that is stored, what Python writes for it."""

    impl = Text
    cache_ok = True

    def process_result_value(self, value: Any | None, dialect: Dialect) -> str | None:
        """What the column stores → text."""
        return None if value is None else str(value)


class Bytes(TypeDecorator[bytes]):
    """Bytes; none where something else is stored."""

    impl = LargeBinary
    cache_ok = True

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        """What the column stores → bytes."""
        return lambda value: bytes(value) if isinstance(value, (bytes, memoryview)) else b""


class Time(TypeDecorator[datetime]):
    """A time without a zone, to the microsecond; year 1 where no time is stored."""

    impl = DateTime
    cache_ok = True

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        """What the column stores → time."""
        process = super().result_processor(dialect, coltype)
        return process and _tolerant(process, UNREADABLE_TIME)


def json_loads(text: Any) -> Any:
    """JSON → value; an empty object where it is none."""
    return _tolerant(json.loads, {})(text)


def utf8(stored: bytes) -> str:
    """What a TEXT column of SQLite stores → text; other bytes as `os.fsdecode` has them."""
    return stored.decode("utf-8", "surrogateescape")


def _tolerant(read: Callable[[Any], T], unreadable: T) -> Callable[[Any], T]:
    def process(value: Any) -> T:
        try:
            return read(value)
        except (ValueError, TypeError, RecursionError):
            return unreadable

    return process


def _is_utf8(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
