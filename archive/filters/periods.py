"""Dates as people write them → the first and the last moment that they may mean.

    2019                 2019-01-01 00:00:00    2019-12-31 23:59:59.999999
    2019-08              2019-08-01 00:00:00    2019-08-31 23:59:59.999999
    2019-08-24           2019-08-24 00:00:00    2019-08-24 23:59:59.999999
    2019-08-24T10:30     2019-08-24 10:30:00    2019-08-24 10:30:59.999999
    2019-08-24T10:30:05  2019-08-24 10:30:05    2019-08-24 10:30:05.999999

A blank may stand for the T. They are compared with the camera's local time, so they have no zone.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, datetime, time

from archive.errors import UsageError

MONTHS = re.compile(r"(\d{4})(?:-(\d{1,2}))?")
MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?P<second>:\d{2}(?P<fraction>\.\d+)?)?)?")


def period_of(when: str | date) -> tuple[datetime, datetime]:
    """A date, or a time of it → its first and its last microsecond. Raises UsageError."""
    if isinstance(when, datetime):
        if when.tzinfo is not None:
            raise UsageError(f"{when} has a time zone; rows have the camera's local time")
        return when, when
    if isinstance(when, date):
        return datetime.combine(when, time.min), datetime.combine(when, time.max)
    try:
        return _parsed(when.strip())
    except ValueError as error:
        raise UsageError(
            f"expected a date like 2019, 2019-08, 2019-08-24 or 2019-08-24T10:30, not {when!r}"
        ) from error


def _parsed(text: str) -> tuple[datetime, datetime]:
    """Raises ValueError."""
    if match := MONTHS.fullmatch(text):
        year = int(match[1])
        first = date(year, int(match[2] or 1), 1)
        month = int(match[2] or 12)
        return period_of(first)[0], period_of(date(year, month, monthrange(year, month)[1]))[1]
    match = MOMENT.fullmatch(text)
    if match is None:
        raise ValueError(text)
    first_moment = datetime.fromisoformat(text)
    if len(text) == len("2019-08-24"):
        return period_of(first_moment.date())
    if match["fraction"]:
        return first_moment, first_moment
    if match["second"]:
        return first_moment, first_moment.replace(microsecond=999_999)
    return first_moment, first_moment.replace(second=59, microsecond=999_999)
