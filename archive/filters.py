"""Which rows: conditions like `width>1000`, `format=JPEG`, `path~*/2019/*`, all of which a row must meet; and how many:
portions like `1%` or `500`.
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
COMPARED: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "~": lambda value, pattern: fnmatch(str(value), str(pattern)),
}


@dataclass(frozen=True)
class SampleSize:
    """A share of the rows, 0 … 1, or a number of them."""

    share: float = 0.0
    count: int = 0

    def of(self, rows: int) -> int:
        """How many of so many rows: at least one, where there is one."""
        return min(rows, self.count or math.ceil(round(self.share * rows, 6)))


def parse_sample_size(told: str) -> SampleSize:
    """`1%` or `500` → SampleSize. Raises UsageError."""
    share = re.fullmatch(r"(\d+(?:\.\d+)?)%", told.strip())
    count = re.fullmatch(r"\d+", told.strip())
    if share and 0 < float(share[1]) <= 100:
        return SampleSize(share=float(share[1]) / 100)
    if count and int(count[0]) > 0:
        return SampleSize(count=int(count[0]))
    raise UsageError(
        f"{told!r} is no sample; give a share above 0% and up to 100%, or a number of rows"
    )


def row_filter(conditions: Sequence[str]) -> RowFilter:
    """Conditions → what a row must meet; none means every row. Raises UsageError."""
    tests = [_test(condition) for condition in conditions]
    return lambda row: all(test(row) for test in tests)


def _test(condition: str) -> RowFilter:
    found = re.fullmatch(r"\s*(\w+)\s*(!=|<=|>=|=|<|>|~)\s*(.+?)\s*", condition)
    if found is None or found[1] not in FIELDS:
        raise UsageError(
            f"{condition!r} is no condition; write one of {', '.join(FIELDS)}, then = != < <= > >= or ~"
        )
    name = found[1]
    compare = COMPARED[found[2]]
    try:
        wanted = found[3] if found[2] == "~" else FIELDS[name](found[3])
    except ValueError as error:
        raise UsageError(
            f"{condition!r} compares {name} with what it cannot be: {error}"
        ) from error

    def test(row: Row) -> bool:
        values = row.paths if name == "path" else (getattr(row, name),)
        return any(value is not None and compare(value, wanted) for value in values)

    return test
