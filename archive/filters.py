"""Which rows, and how many.

conditions    `width>1000`, `format=JPEG`, `path~*/2019/*`: a row must meet all of them
sample sizes  `1%` or `500`
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatch
from typing import Any

from archive.errors import UsageError
from archive.records import Row

RowFilter = Callable[[Row], bool]
FIELDS: Mapping[str, Callable[[str], Any]] = {
    "id": int,
    "codec_id": int,
    "width": int,
    "height": int,
    "file_bytes": int,
    "format": str,
    "path": str,
    "taken_at": datetime.fromisoformat,
    "archived_at": datetime.fromisoformat,
}
KINDS: Mapping[Callable[[str], Any], str] = {
    int: "a whole number",
    datetime.fromisoformat: "a date like 2019-08-24",
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
PERCENTAGE = re.compile(r"(\d+(?:\.\d+)?)%")
COUNT = re.compile(r"\d{1,18}")  # what a database counts to


@dataclass(frozen=True)
class SampleSize:
    """A share of the rows, 0 … 1, or a number of rows."""

    share: float = 0.0
    count: int = 0

    def of(self, rows: int) -> int:
        """How many of so many rows: at least one, if there is one."""
        return min(rows, self.count or math.ceil(round(self.share * rows, 6)))


def parse_sample_size(text: str) -> SampleSize:
    """`1%` or `500` → SampleSize. Raises UsageError."""
    percentage = PERCENTAGE.fullmatch(text.strip())
    if percentage and 0 < float(percentage[1]) <= 100:
        return SampleSize(share=float(percentage[1]) / 100)
    if COUNT.fullmatch(text.strip()) and int(text) > 0:
        return SampleSize(count=int(text))
    raise UsageError(f"invalid sample {text!r}: expected a percentage above 0% or a row count")


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
