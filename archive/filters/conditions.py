"""Conditions: `width>1000`, `format=JPEG`, `path~*/2019/*`. A row must meet all of them.

A row whose field is unknown meets no condition on it. Latitude and longitude are in degrees.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from fnmatch import fnmatch
from typing import Any

from archive.errors import UsageError
from archive.records import Row

RowFilter = Callable[[Row], bool]


def _moment(text: str) -> datetime:
    """A date as rows have it. Raises ValueError, also for a time zone."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is not None:
        raise ValueError("dates of rows have no time zone")
    return moment


FIELDS: Mapping[str, Callable[[str], Any]] = {
    "id": int,
    "codec_id": int,
    "width": int,
    "height": int,
    "file_bytes": int,
    "format": str,
    "path": str,
    "camera": str,
    "latitude": float,
    "longitude": float,
    "taken_at": _moment,
    "archived_at": _moment,
}
KINDS: Mapping[Callable[[str], Any], str] = {
    int: "a whole number",
    float: "a number",
    _moment: "a date like 2019-08-24",
}
OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "~": lambda value, pattern: fnmatch(str(value), str(pattern)),
}
CONDITION = re.compile(r"\s*(\w+)\s*(!=|<=|>=|=|<|>|~)\s*(.+?)\s*")


def row_filter(conditions: Sequence[str]) -> RowFilter:
    """Conditions → a filter that requires all of them; none match every row. Raises UsageError."""
    tests = [_parse_condition(condition) for condition in conditions]
    return lambda row: all(test(row) for test in tests)


def _parse_condition(condition: str) -> RowFilter:
    match = CONDITION.fullmatch(condition)
    if match is None or match[1] not in FIELDS:
        raise UsageError(
            f"invalid condition {condition!r}: expected one of {', '.join(FIELDS)}, "
            "then = != < <= > >= or ~, then a value"
        )
    name, symbol, text = match.groups()
    compare = OPERATORS[symbol]
    try:
        expected = text if symbol == "~" else FIELDS[name](text)
    except ValueError as error:
        kind = KINDS[FIELDS[name]]
        raise UsageError(f"expected {kind} in the condition {condition!r}, not {text!r}") from error

    def test(row: Row) -> bool:
        values = row.paths if name == "path" else (getattr(row, name),)
        return any(value is not None and compare(value, expected) for value in values)

    return test
