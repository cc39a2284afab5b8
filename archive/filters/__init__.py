"""Which rows are meant: what commands and programs ask for, before anything is read.

    conditions  `width>1000`, `path~*/2019/*`       periods  `2019-08` → its first and last moment
    circles     a place and kilometers around it    samples  `1%` or `500`

archive.store.selection turns Filters into SQL; has_original and `where` are decided on what that
leaves, by archive.selection.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path

from archive.errors import UsageError
from archive.filters.circles import Circle, parse_near
from archive.filters.conditions import RowFilter, row_filter
from archive.filters.periods import period_of

ALIASES = {"JPG": "JPEG", "JPE": "JPEG", "TIF": "TIFF", "HEIC": "HEIF", "JP2": "JPEG2000"}


@dataclass(frozen=True)
class Filters:
    """What a row must meet, all of it; nothing: every row. Raises UsageError for nonsense.

    A row without a date, camera or place meets no filter on it.
    """

    since: str | date | None = None  # `2019`, `2019-08`, `2019-08-24`, `2019-08-24T10:30`
    until: str | date | None = None  # likewise, all of that year, month, day or minute included
    under: str | Path | None = None  # a folder that the file was seen in, at any depth
    camera: str | None = None  # a part of the camera's name, in any case
    format: str | None = None  # `JPEG`, `heic` …, in any case
    near: str | tuple[float, float, float] | None = None  # latitude, longitude in degrees, km
    volume: str | None = None  # label or marker of a drive; see Archive.volumes
    has_original: bool = False  # the original can be seen now
    where: str | Sequence[str] = ()  # conditions like "width>1000"

    def __post_init__(self) -> None:
        for name in ("under", "camera", "format", "volume"):
            text = getattr(self, name)
            if text is not None and (not str(text).strip() or "\0" in str(text)):
                raise UsageError(f"the filter {name} is {str(text)!r}; give it a value, or none")
        if self.format is not None and not self.format.isascii():
            raise UsageError(f"no file format is called {self.format!r}; try jpeg, png or heic")
        conditions = (self.where,) if isinstance(self.where, str) else tuple(self.where)
        object.__setattr__(self, "where", conditions)
        _ = (self.bounds, self.circle, self.meets)  # each raises for what means nothing

    @property
    def is_empty(self) -> bool:
        """Whether every row meets it."""
        return self == NONE

    @property
    def is_sql(self) -> bool:
        """Whether nothing remains to be decided on rows that were read."""
        return not (self.where or self.has_original)

    @cached_property
    def bounds(self) -> tuple[datetime | None, datetime | None]:
        """The first and the last moment that a picture may be of."""
        first = None if self.since is None else period_of(self.since)[0]
        last = None if self.until is None else period_of(self.until)[1]
        return first, last

    @cached_property
    def circle(self) -> Circle | None:
        """Where a picture may be from."""
        if self.near is None:
            return None
        return parse_near(self.near) if isinstance(self.near, str) else Circle.of(self.near)

    @cached_property
    def meets(self) -> RowFilter:
        """Whether a row meets all conditions of `where`."""
        return row_filter(self.where)

    @property
    def folders(self) -> tuple[str, ...]:
        """`under`, absolute: as it is written, and without links."""
        if self.under is None:
            return ()
        return tuple(dict.fromkeys((os.path.abspath(self.under), os.path.realpath(self.under))))

    @property
    def stored_format(self) -> str | None:
        """`format` as rows have it."""
        name = self.format and self.format.strip().upper().removeprefix(".")
        return name and ALIASES.get(name, name)


NONE = Filters()
