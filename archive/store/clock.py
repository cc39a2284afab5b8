"""The time, as the tables hold it."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now() -> datetime:
    """The current UTC time, to the second, without a time zone."""
    return datetime.now(UTC).replace(tzinfo=None, microsecond=0)
