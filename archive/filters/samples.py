"""How many rows: `1%` or `500`."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from archive.errors import UsageError

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
