"""A date means all of its year, month, day, minute or second."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from archive.errors import UsageError
from archive.filters import Filters
from archive.filters.periods import period_of

LAST = 999_999  # microseconds


@pytest.mark.parametrize(
    ("when", "first", "last"),
    [
        ("2019", datetime(2019, 1, 1), datetime(2019, 12, 31, 23, 59, 59, LAST)),
        ("2019-02", datetime(2019, 2, 1), datetime(2019, 2, 28, 23, 59, 59, LAST)),
        ("2020-2", datetime(2020, 2, 1), datetime(2020, 2, 29, 23, 59, 59, LAST)),
        (" 2019-08-24 ", datetime(2019, 8, 24), datetime(2019, 8, 24, 23, 59, 59, LAST)),
        (
            "2019-08-24T10:30",
            datetime(2019, 8, 24, 10, 30),
            datetime(2019, 8, 24, 10, 30, 59, LAST),
        ),
        ("2019-08-24 10:30:05", datetime(2019, 8, 24, 10, 30, 5), None),
        ("2019-08-24T10:30:05.25", datetime(2019, 8, 24, 10, 30, 5, 250_000), None),
        ("9999", datetime(9999, 1, 1), datetime.max),
        (date(2019, 8, 24), datetime(2019, 8, 24), datetime(2019, 8, 24, 23, 59, 59, LAST)),
        (datetime(2019, 8, 24, 1), datetime(2019, 8, 24, 1), datetime(2019, 8, 24, 1)),
    ],
)
def test_a_date_is_a_period(when: str | date, first: datetime, last: datetime | None) -> None:
    second = first.replace(microsecond=first.microsecond or LAST)
    assert period_of(when) == (first, last or second)


@pytest.mark.parametrize(
    "when",
    [
        *("", "19", "0000", "2019-13", "2019-02-30", "24.8.2019", "yesterday", "2019-08-24T25:00"),
        *("2019-08-24T10:30Z", "2019-08-24T10:30+02:00", "٢٠١٩-٠٨-٢٤", "2019-08-24T10"),
        datetime(2019, 8, 24, tzinfo=UTC),
    ],
)
def test_what_is_no_date_is_refused_with_the_ways_to_write_one(when: str | date) -> None:
    with pytest.raises(UsageError, match=r"expected a date like|time zone"):
        Filters(since=when)
    with pytest.raises(UsageError):
        Filters(until=when)
